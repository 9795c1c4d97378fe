//! PHP 8's loose comparison of a string with a number.
//!
//! The server compares the fields of a KS with numbers, but never converts them (`isAdmin` and `tryToValidateKS` in
//! `alpha/apps/kaltura/lib/webservices/kSessionBase.class.php`).

use alloc::string::ToString as _;
use core::cmp::Ordering;

/// Compares as numbers if the text is a number, with whitespace around it allowed. Otherwise compares as strings.
pub(crate) fn compare(text: &str, number: i64) -> Option<Ordering> {
    match numeric(text) {
        #[allow(clippy::cast_precision_loss)] // PHP converts both sides to floating point too.
        Some(value) => value.partial_cmp(&(number as f64)),
        None => Some(text.cmp(&number.to_string())),
    }
}

fn numeric(text: &str) -> Option<f64> {
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // Rust also parses words such as `inf`, which PHP does not.
    unsigned.starts_with(|first: char| first == '.' || first.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected results are those of PHP 8.2.
    #[test]
    fn comparison_equals_phps() {
        for text in
            ["abc", " 2", "2 ", "1e1", "1e", "1.", "+1", "2abc", "\u{b}2", "\u{c}2\n", "1.0", "inf", "nan", "1e999"]
        {
            assert_ne!(compare(text, 1), Some(Ordering::Less), "{text:?}");
        }
        for text in ["0;_u=x", "0x1", ".5", "-1", "", "00", "0.0", " ", "-0"] {
            assert_eq!(compare(text, 1), Some(Ordering::Less), "{text:?}");
        }
        for text in ["00", "0.0", "-0", " 0"] {
            assert_eq!(compare(text, 0), Some(Ordering::Equal), "{text:?}");
        }
        for text in ["", " ", "0x0", "false"] {
            assert_ne!(compare(text, 0), Some(Ordering::Equal), "{text:?}");
        }
        assert_eq!(compare(".5", 0), Some(Ordering::Greater), "a number without a digit before its point");
        assert_eq!(compare("-inf", -5), Some(Ordering::Greater), "two strings, as `inf` is not a number");
    }
}
