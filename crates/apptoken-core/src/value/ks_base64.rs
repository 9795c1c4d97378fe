//! The base64 around a KS.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes the base64 of a KS string as the server does: by PHP's strict decoder, after putting `+/` for `-_`.
///
/// Spaces, tabs and line breaks may stand anywhere. Padding may be missing, but not wrong. Bits beyond the last whole byte
/// may be anything. `None` for anything else.
///
/// # Security
///
/// What a KS V1 decodes to is the session in plain text: wipe it, and do not log it.
#[must_use]
pub fn decode_ks(text: &str) -> Option<Vec<u8>> {
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    let mut padding = 0;
    for character in text.chars() {
        match character {
            ' ' | '\t' | '\n' | '\r' => {}
            '=' => padding += 1,
            _ if padding > 0 => return None,
            '-' => digits.push('+'),
            '_' => digits.push('/'),
            other => digits.push(other),
        }
    }
    let padded = padding == 0 || (padding <= 2 && (digits.len() + padding).is_multiple_of(4));
    LENIENT.decode(digits.as_bytes()).ok().filter(|_| padded)
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
        for text in
            ["YQ=", "YQ===", "Y=Q=", "Y", "=", "==", "YWJj=", "YWI==", "\u{b}YQ", "YQ\u{c}", "YQ==\n=", "YWJjZ", "Ä"]
        {
            check(text, None);
        }
    }
}
