use std::fmt;
#[cfg(unix)]
use std::io;
use std::path::{Path, PathBuf};

/// Why a store could not do its work. `Display` says what to do about it, and holds no secret.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    path: Option<PathBuf>,
    moved_to: Option<PathBuf>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
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
    pub fn caused_by(kind: StoreErrorKind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::new(kind) }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The file, if it is about one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Where the file was moved to, if it was moved aside.
    #[must_use]
    pub fn moved_to(&self) -> Option<&Path> {
        self.moved_to.as_deref()
    }

    pub(crate) fn at(self, path: &Path) -> Self {
        Self { path: Some(path.to_owned()), ..self }
    }

    #[cfg(unix)]
    pub(crate) fn moved(self, to: PathBuf) -> Self {
        Self { moved_to: Some(to), ..self }
    }

    #[cfg(unix)]
    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        Self::caused_by(StoreErrorKind::Io, error).at(path)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
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
            Some(to) => write!(f, "; it was moved to {}", to.display()),
            None => Ok(()),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
