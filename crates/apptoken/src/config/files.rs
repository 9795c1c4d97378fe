//! Files with settings.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use apptoken_core::Error;
use zeroize::Zeroizing;

use super::lines::is_assignment;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Opens a file, if it exists. A link is followed.
pub(crate) fn open(path: &Path) -> Result<Option<File>, Error> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// The text of a file, without a byte order mark.
pub(crate) fn text_of(file: File, path: &Path) -> Result<Zeroizing<String>, Error> {
    let mut text = read(file).map_err(|error| unreadable(path, &error))?;
    if text.starts_with(BYTE_ORDER_MARK) {
        text.remove(0);
    }
    Ok(text)
}

pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Error {
    let path = path.display();
    Error::invalid_input(match error.kind() {
        ErrorKind::InvalidData => format!("{path} is not UTF-8 text: save it as UTF-8"),
        kind => format!("{path} cannot be read: {kind}"),
    })
}

/// The value in a file that contains only it, if the file exists.
pub(super) fn read_value(path: &Path, name: &str) -> Result<Option<Zeroizing<String>>, Error> {
    let Some(file) = open(path)? else { return Ok(None) };
    let text = text_of(file, path)?;
    let value = text.trim();
    if value.lines().any(|line| is_assignment(line, name)) {
        let path = path.display();
        return Err(Error::invalid_input(format!("{path} contains {name}=…: the file must contain only the value")));
    }
    Ok(Some(Zeroizing::new(value.to_owned())))
}

/// Reads several files of a folder, again if the folder changed meanwhile, so that an old id never meets a new value.
///
/// Kubernetes replaces a mounted secret in one step: each file is a link through the link `..data`, which it changes.
pub(super) fn read_unchanged<T>(folder: &Path, read: impl FnMut() -> T) -> T {
    same_version(|| std::fs::read_link(folder.join("..data")).ok(), read)
}

/// How often a folder that changes each time is read.
const ATTEMPTS: usize = 3;

fn same_version<T>(version: impl Fn() -> Option<PathBuf>, mut read: impl FnMut() -> T) -> T {
    let mut before = version();
    let mut result = read();
    for _ in 1..ATTEMPTS {
        let after = version();
        if after == before {
            break;
        }
        (before, result) = (after, read());
    }
    result
}

/// Whether other users than its owner can read or change a file. A link is followed.
#[cfg(unix)]
pub(crate) fn is_exposed(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o066 != 0)
}

#[cfg(not(unix))]
pub(crate) fn is_exposed(_: &Path) -> bool {
    false
}

/// Reads into memory that is wiped, also if reading fails half-way. `read_to_string` reserves the file's size first; a buffer
/// that grows would leave copies of the secret in freed memory.
fn read(mut file: File) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_folder_that_changes_meanwhile_is_read_again() {
        for (changes, reads) in [(0, 1), (1, 2), (2, 3), (9, 3)] {
            let (looked, read) = (Cell::new(0), Cell::new(0));
            let version = || {
                looked.set(looked.get() + 1);
                Some(PathBuf::from(looked.get().min(changes + 1).to_string()))
            };
            let last = same_version(version, || {
                read.set(read.get() + 1);
                read.get()
            });
            assert_eq!((read.get(), last), (reads, reads), "{changes}");
        }
    }
}
