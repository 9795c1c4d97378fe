//! What can go wrong with a store.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

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
    /// What was kept is no session, or one that was damaged; it was moved aside.
    Corrupt,
    /// What was kept is of a later version of this library, or of another program; it was moved aside.
    Foreign,
    /// Others than the user can read or change what is kept; it was not used.
    Exposed,
    /// Somebody else is renewing the session and does not come to an end.
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
            write!(f, "{path}: ")?;
        }
        f.write_str(match self.kind {
            StoreErrorKind::Io => "the kept session could not be read or written",
            StoreErrorKind::Corrupt => "this is no session, or a damaged one",
            StoreErrorKind::Foreign => "this was written by another program, or by a later version of this one",
            StoreErrorKind::Exposed => "others than its owner can read or change it: give it to the user, mode 600 for the file and 700 for the folder",
            StoreErrorKind::Locked => "another process holds its lock and does not let go",
            StoreErrorKind::Unsupported => "sessions are kept in files on Unix only: keep them in memory",
        })?;
        match &self.moved_to {
            Some(to) => write!(f, "; it was moved to {to}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
