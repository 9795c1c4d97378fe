//! How PHP 8 compares text with a number: the server never converts the fields of a KS.

use alloc::string::ToString as _;
use core::cmp::Ordering;

/// Compares as numbers if the text is one, blanks around it allowed, else as texts.
pub(crate) fn compare(text: &str, number: i64) -> Option<Ordering> {
    match numeric(text) {
        #[allow(clippy::cast_precision_loss)] // PHP does the same.
        Some(value) => value.partial_cmp(&(number as f64)),
        None => Some(text.cmp(&number.to_string())),
    }
}

fn numeric(text: &str) -> Option<f64> {
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // Rust also reads names, such as `inf`.
    unsigned.starts_with(|first: char| first == '.' || first.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are those of PHP 8.2.
    #[test]
    fn compares_like_php() {
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
    }
}
