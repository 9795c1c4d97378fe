//! What can go wrong with a store.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::error::printable::Printable;

/// Why a store could not do its work. `Display` says what to do about it, and holds no secret.
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
    /// What was kept is not a session, or one that was damaged; it was moved aside.
    Corrupt,
    /// What was kept is of a later version of this library, or of another program; it was moved aside.
    Foreign,
    /// What was kept was changed, or was written with another app token value; it was not used.
    NotAuthentic,
    /// Others than the user can read or change what is kept; it was not used.
    Exposed,
    /// Others than the user can replace what is in a folder above the store.
    ExposedParent,
    /// In the place of a file of the store there is something else; it was not used.
    NotOurFile,
    /// Somebody else is renewing the session and does not finish.
    Locked,
    /// There is no such store on this system.
    Unsupported,
}

impl StoreError {
    /// An error of this kind, for a store of one's own.
    #[must_use]
    pub fn new(kind: StoreErrorKind) -> Self {
        Self { kind, path: None, moved_to: None, source: None }
    }

    /// An error because of another, whose text must hold no secret.
    pub fn caused_by(kind: StoreErrorKind, source: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::new(kind) }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The file, if it is about one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// Where the file was moved to, if it was moved aside.
    #[must_use]
    pub fn moved_to(&self) -> Option<&str> {
        self.moved_to.as_deref()
    }

    /// The same error, about this file.
    #[must_use]
    pub fn at(self, path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    /// The same error, with where the file was moved to.
    #[must_use]
    pub fn moved(self, to: impl Into<String>) -> Self {
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
        StoreErrorKind::Io => "the kept session could not be read or written",
        StoreErrorKind::Corrupt => "this is not a session, or a damaged one",
        StoreErrorKind::Foreign => "this was written by another program, or by a later version of this one",
        StoreErrorKind::NotAuthentic => {
            "the kept session was changed, or was written with another app token value: it is not used, and the next one replaces it"
        }
        StoreErrorKind::Exposed => {
            "others than its owner can read or change it: give it to the user, mode 600 for the file and 700 for the folder"
        }
        StoreErrorKind::ExposedParent => {
            "others than the user can replace what is in this folder: give it to the user or to root, and take write permission from group and others (chmod go-w), or choose another place for the store"
        }
        StoreErrorKind::NotOurFile => {
            "this is not a file of the store: a link, a folder, a pipe or a device is in its place, or the file has a second name (hard link); remove it"
        }
        StoreErrorKind::Locked => {
            "another is renewing the session and did not finish in the longest time that a login takes, or this very thread is renewing it"
        }
        StoreErrorKind::Unsupported => "sessions are kept in files on Unix only: keep them in memory",
    }
}

impl core::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
