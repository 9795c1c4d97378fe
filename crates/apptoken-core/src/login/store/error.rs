//! The errors of stores.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::error::printable::Printable;

/// An error of a store. `Display` says what to do about it, and shows no secret.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    path: Option<String>,
    moved_to: Option<String>,
    source: Option<Box<dyn core::error::Error + Send + Sync>>,
}

/// The kinds of [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Reading or writing failed.
    Io,
    /// The record is not a session, or is damaged. The file store moves it aside.
    Corrupt,
    /// The record is of another version of this library, or of another program. The file store moves it aside.
    Foreign,
    /// The record was changed, or was written with another app token value. It is not used.
    NotAuthentic,
    /// Other users can read or change the record. It is not used.
    Exposed,
    /// Other users can replace the store through a folder above it.
    ExposedParent,
    /// Something that the store did not create is in the place of its file. It is not used.
    NotOurFile,
    /// Another caller is renewing the session and does not finish.
    Locked,
    /// The server of the store did not answer in time, or the connection failed.
    Unavailable,
    /// The server of the store refused the operation.
    Refused,
    /// The store does not work on this system.
    Unsupported,
}

impl StoreError {
    /// An error of this kind, for your own store.
    #[must_use]
    pub fn new(kind: StoreErrorKind) -> Self {
        Self { kind, path: None, moved_to: None, source: None }
    }

    /// An error with this cause, whose text must not contain a secret.
    pub fn caused_by(kind: StoreErrorKind, source: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::new(kind) }
    }

    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The file that the error is about, if any.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The new path of the file, if it was moved aside.
    #[must_use]
    pub fn moved_to(&self) -> Option<&str> {
        self.moved_to.as_deref()
    }

    /// Adds the path of the file that the error is about.
    #[must_use]
    pub fn at(self, path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    /// Adds the new path of the file, which was moved aside.
    #[must_use]
    pub fn with_new_path(self, to: impl Into<String>) -> Self {
        Self { moved_to: Some(to.into()), ..self }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", Printable(path))?;
        }
        f.write_str(what(self.kind))?;
        match &self.moved_to {
            Some(to) => write!(f, "; it was moved to {}", Printable(to)),
            None => Ok(()),
        }
    }
}

fn what(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::Io => "the stored session could not be read or written",
        StoreErrorKind::Corrupt => "this is not a session, or it is damaged",
        StoreErrorKind::Foreign => "this was written by another program, or by another version of this one",
        StoreErrorKind::NotAuthentic => {
            "the stored session was changed, or was written with another app token value: it is not used, and the next session replaces it"
        }
        StoreErrorKind::Exposed => {
            "other users can read or change it: make the user its owner, with mode 600 for a file and 700 for the folder"
        }
        StoreErrorKind::ExposedParent => {
            "other users can replace what is in this folder: make the user or root its owner and remove write permission for group and others (chmod go-w), or choose another folder for the store"
        }
        StoreErrorKind::NotOurFile => {
            "this is not a file of the store: a link, a folder, a pipe or a device is in its place, or the file has a second name (hard link); remove it"
        }
        StoreErrorKind::Locked => {
            "another caller is renewing the session and did not finish in the longest time of a login, or this thread itself is renewing it"
        }
        StoreErrorKind::Unavailable => "the server of the store did not answer in time, or the connection failed",
        StoreErrorKind::Refused => {
            "the server of the store refused the operation: check its role, its memory and the rights of the user"
        }
        StoreErrorKind::Unsupported => "sessions can be stored in files on Unix only: store them in memory",
    }
}

impl core::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn an_error_of_a_store_keeps_its_cause() {
        let cause = |error: &StoreError| core::error::Error::source(error).map(|cause| cause.to_string());
        assert_eq!(cause(&StoreError::new(StoreErrorKind::Io)), None);
        assert_eq!(cause(&StoreError::caused_by(StoreErrorKind::Io, "disk full")).as_deref(), Some("disk full"));
    }
}
