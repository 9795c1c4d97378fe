//! The base64 encoding of a KS.

use alloc::vec::Vec;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::value::wiped::WipedBytes;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes the base64 of a KS string as the server does: with PHP's strict decoder, after replacing `-_` by `+/`.
///
/// It ignores spaces, tabs, line breaks, and bits after the last whole byte. Padding may be missing, but must not be
/// wrong. Returns `None` for anything else.
///
/// # Security
///
/// A decoded KS V1 is the session in plain text: wipe it, and do not log it.
#[must_use]
pub fn decode_ks(text: &str) -> Option<Vec<u8>> {
    let mut digits = WipedBytes::with_capacity(text.len());
    let mut padding = 0;
    for byte in text.bytes() {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'=' => padding += 1,
            _ if padding > 0 => return None,
            b'-' => digits.push(b'+'),
            b'_' => digits.push(b'/'),
            other => digits.push(other),
        }
    }
    let padded = padding == 0 || (padding <= 2 && (digits.len() + padding).is_multiple_of(4));
    LENIENT.decode(&*digits).ok().filter(|_| padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(decode_ks(text).as_deref(), expected.map(str::as_bytes), "{text:?}");
    }

    /// The expected values are those of PHP 8.2's `base64_decode(.., true)`.
    #[test]
    fn decodes_like_php() {
        for text in ["YQ", "YQ==", "Y Q = =", "Y\nQ\r\t", "YR=="] {
            check(text, Some("a"));
        }
        check("YWI=", Some("ab"));
        check("Pz8/", Some("???"));
        check("Pz8_", Some("???"));
        check("Pj4-", Some(">>>"));
        check("", Some(""));
        for text in [
            "YQ=", "YQ===", "Y=Q=", "Y", "=", "==", "YWJj=", "YWI==", "\u{b}YQ", "YQ\u{c}", "YQ==\n=", "Y===", "====",
            "YWJj====", "YWJjZ", "Ä",
        ] {
            check(text, None);
        }
    }
}
