//! Checks of text that comes from a person, a file or a variable. Their errors name the mistake, never the text.

use alloc::format;

use crate::error::Error;

/// Refuses text that is not set, or that was copied together with something that does not belong to it.
pub(crate) fn check_copied(text: &str, what: &str) -> Result<(), Error> {
    let mistake = if text.is_empty() {
        NOT_SET
    } else if text.starts_with(BYTE_ORDER_MARK) {
        "starts with a byte order mark: save the file as UTF-8 without it"
    } else if text.ends_with(['\n', '\r']) {
        "ends with a line break: strip it (files usually end with one)"
    } else if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        "starts or ends with whitespace: remove it"
    } else if is_quoted(text) {
        "has quotes around it: remove them (a shell removes them, but not every program that reads a file does)"
    } else if text.starts_with('$') {
        "starts with $, so it is a variable that was not expanded: write the value itself"
    } else {
        return Ok(());
    };
    Err(Error::invalid_input(format!("{what} {mistake}")))
}

/// Refuses an id that is empty.
///
/// The server does not: it takes an empty id for one that is not given, and acts on another object, or on all of them.
pub(crate) fn check_set(id: &str, what: &str) -> Result<(), Error> {
    if id.trim().is_empty() { Err(Error::invalid_input(format!("{what} {NOT_SET}"))) } else { Ok(()) }
}

/// Like [`check_set`], for an id that can be left out, which means `absent`.
pub(crate) fn check_set_or_absent<T: AsRef<str>>(id: Option<T>, what: &str, absent: &str) -> Result<(), Error> {
    match id {
        Some(id) if id.as_ref().trim().is_empty() => {
            Err(Error::invalid_input(format!("{what} {NOT_SET}, or leave it out for {absent}")))
        }
        _ => Ok(()),
    }
}

const NOT_SET: &str = "is empty: check that the variable it comes from is set";

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Whether a quote is the first or the last character. No id, secret or URL of Kaltura's starts or ends with one.
fn is_quoted(text: &str) -> bool {
    const QUOTES: [char; 7] = ['"', '\'', '`', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}'];
    text.starts_with(QUOTES) || text.ends_with(QUOTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn a_quote_on_one_side_is_refused() {
        for text in ["'abc", "abc'", "\"abc", "abc\u{201d}"] {
            assert!(check_copied(text, "the id").unwrap_err().to_string().contains("quotes"), "{text}");
        }
        assert!(check_copied("a'c", "the id").is_ok());
    }
}
