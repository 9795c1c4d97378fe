//! Casts and loose comparisons of PHP 8. The server casts nearly every parameter.

use std::borrow::Cow;

use crate::php::Value;

/// The whitespace that PHP allows around a number.
const WHITESPACE: [char; 6] = [' ', '\t', '\n', '\r', '\u{b}', '\u{c}'];

/// A number in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Int(i64),
    Float(f64),
}

/// `(string)`.
pub(crate) fn to_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null | Value::Bool(false) | Value::NotUtf8 => Cow::Borrowed(""),
        Value::Bool(true) => Cow::Borrowed("1"),
        Value::Int(number) => Cow::Owned(number.to_string()),
        Value::Float(number) => Cow::Owned(float_text(*number)),
        Value::Text(text) => Cow::Borrowed(text),
        Value::Array(_) => Cow::Borrowed("Array"),
    }
}

/// `(int)`.
pub(crate) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Null | Value::Bool(false) | Value::NotUtf8 => 0,
        Value::Bool(true) => 1,
        Value::Int(number) => *number,
        Value::Float(number) => wrapped(*number),
        Value::Text(text) => text_to_int(text),
        Value::Array(array) => i64::from(!array.is_empty()),
    }
}

/// `(int)` of a text: its leading number, or 0. Unlike a float, a number beyond the range is clamped.
pub(crate) fn text_to_int(text: &str) -> i64 {
    match leading_number(text) {
        Some((Number::Int(number), _)) => number,
        Some((Number::Float(number), _)) if number.is_finite() => number as i64,
        _ => 0,
    }
}

/// `(bool)`.
pub(crate) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null | Value::NotUtf8 => false,
        Value::Bool(value) => *value,
        Value::Int(number) => *number != 0,
        Value::Float(number) => *number != 0.0,
        Value::Text(text) => is_true_text(text),
        Value::Array(array) => !array.is_empty(),
    }
}

/// `(bool)` of a text.
pub(crate) fn is_true_text(text: &str) -> bool {
    !matches!(text, "" | "0")
}

/// `is_numeric`.
pub(crate) fn is_numeric(text: &str) -> bool {
    number(text).is_some()
}

/// Whether a text is a number above 0.
pub(crate) fn is_positive(text: &str) -> bool {
    match number(text) {
        Some(Number::Int(number)) => number > 0,
        Some(Number::Float(number)) => number > 0.0,
        None => false,
    }
}

/// Whether a text has a leading number. Without one, arithmetic in PHP 8 is a TypeError.
pub(crate) fn begins_with_number(text: &str) -> bool {
    leading_number(text).is_some()
}

/// `==` of a value and a number.
pub(crate) fn equals_int(value: &Value, other: i64) -> bool {
    match value {
        Value::Null => other == 0,
        Value::Bool(value) => *value == (other != 0),
        Value::Int(number) => *number == other,
        Value::Float(number) => *number == other as f64,
        Value::Text(text) => number(text).is_some_and(|number| same(number, Number::Int(other))),
        Value::NotUtf8 | Value::Array(_) => false,
    }
}

/// `==` of a value and a text.
pub(crate) fn equals_text(value: &Value, other: &str) -> bool {
    match value {
        Value::Null => other.is_empty(),
        Value::Bool(value) => *value == is_true_text(other),
        Value::Int(_) | Value::Float(_) => texts_are_equal(&to_text(value), other),
        Value::Text(text) => texts_are_equal(text, other),
        Value::NotUtf8 | Value::Array(_) => false,
    }
}

/// `==` of texts: numeric if both are numeric.
pub(crate) fn texts_are_equal(one: &str, other: &str) -> bool {
    match (number(one), number(other)) {
        (Some(one), Some(other)) => same(one, other),
        _ => one == other,
    }
}

/// A text in a form that is equal if [`texts_are_equal`] holds, for hash sets. Large whole numbers with the same float
/// value are also equal, which makes no difference for privilege names.
#[derive(PartialEq, Eq, Hash)]
pub(crate) enum LooseText {
    /// The bits of a float.
    Number(u64),
    Text(String),
}

impl LooseText {
    pub(crate) fn of(text: &str) -> Self {
        match number(text) {
            // The bits of -0.0 and 0.0 differ, but the numbers are equal.
            Some(Number::Int(0)) => Self::Number(0),
            Some(Number::Float(0.0)) => Self::Number(0),
            Some(Number::Int(number)) => Self::Number((number as f64).to_bits()),
            Some(Number::Float(number)) => Self::Number(number.to_bits()),
            None => Self::Text(text.to_owned()),
        }
    }
}

/// `trim`.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\0', '\u{b}'])
}

fn same(one: Number, other: Number) -> bool {
    match (one, other) {
        (Number::Int(one), Number::Int(other)) => one == other,
        (Number::Int(one), Number::Float(other)) => one as f64 == other,
        (Number::Float(one), Number::Int(other)) => one == other as f64,
        (Number::Float(one), Number::Float(other)) => one == other,
    }
}

/// The number of a numeric text, which may have whitespace around it.
fn number(text: &str) -> Option<Number> {
    let (number, rest) = leading_number(text)?;
    rest.trim_start_matches(WHITESPACE).is_empty().then_some(number)
}

/// The leading number of a text, and the rest.
fn leading_number(text: &str) -> Option<(Number, &str)> {
    let text = text.trim_start_matches(WHITESPACE);
    let after_sign = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = digits(after_sign);
    let mut length = text.len() - after_sign.len() + whole;
    let mut is_whole = true;
    let fraction = text.get(length..)?.strip_prefix('.').map(digits);
    match fraction {
        Some(fraction) if whole + fraction > 0 => {
            length += 1 + fraction;
            is_whole = false;
        }
        _ if whole == 0 => return None,
        _ => {}
    }
    let exponent = text.get(length..)?.strip_prefix(['e', 'E']).map_or(0, |rest| {
        let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        let digits = digits(unsigned);
        if digits == 0 { 0 } else { 1 + rest.len() - unsigned.len() + digits }
    });
    length += exponent;
    let (number, rest) = text.split_at_checked(length)?;
    let whole_number = if is_whole && exponent == 0 { number.parse().ok() } else { None };
    let number = match whole_number {
        Some(number) => Number::Int(number),
        None => Number::Float(number.parse().ok()?),
    };
    Some((number, rest))
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// `(int)` of a float. Beyond the range it wraps around, as on 64-bit PHP.
fn wrapped(number: f64) -> i64 {
    const RANGE: f64 = 18_446_744_073_709_551_616.0;
    if !number.is_finite() {
        return 0;
    }
    let number = number.trunc();
    if number.abs() < RANGE / 2.0 {
        return number as i64;
    }
    number.rem_euclid(RANGE) as u64 as i64
}

/// `(string)` of a float: 14 significant digits, which is the default of the setting `precision`.
fn float_text(number: f64) -> String {
    if number.is_nan() {
        return "NAN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "INF" } else { "-INF" }.into();
    }
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.into();
    }
    let scientific = format!("{number:.13e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..14).contains(&exponent) {
        let decimals = usize::try_from(13 - exponent).unwrap_or(0);
        let fixed = format!("{number:.decimals$}");
        return if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.').into() } else { fixed };
    }
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{point}E{sign}{}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected values are what PHP 8.2 prints.
    #[test]
    fn a_text_is_cast_to_its_leading_number() {
        for (text, expected) in [
            ("", 0),
            ("abc", 0),
            ("12", 12),
            (" 12", 12),
            ("\n12x", 12),
            ("1.9", 1),
            ("-1.9", -1),
            ("+5", 5),
            ("1e3", 1000),
            (".5e1", 5),
            ("1.", 1),
            ("-", 0),
            (".", 0),
            ("0x1A", 0),
            ("1_000", 1),
            ("1e", 1),
            ("1e1000", 0),
            ("9999999999999999999", i64::MAX),
            ("1e19", i64::MAX),
            ("-9999999999999999999", i64::MIN),
        ] {
            assert_eq!(to_int(&Value::text(text)), expected, "{text:?}");
        }
        assert_eq!(to_int(&Value::Float(1e19)), -8_446_744_073_709_551_616);
        assert_eq!(to_int(&Value::Float(-1.9)), -1);
        assert_eq!(to_int(&Value::Array([].into_iter().collect())), 0);
    }

    #[test]
    fn a_float_is_printed_with_14_digits() {
        for (number, expected) in [
            (0.1, "0.1"),
            (2.7, "2.7"),
            (-0.0, "-0"),
            (1e25, "1.0E+25"),
            (1e15, "1.0E+15"),
            (1e14, "1.0E+14"),
            (123_456_789_012_345_678.0, "1.2345678901235E+17"),
            (0.00001, "1.0E-5"),
            (0.0001, "0.0001"),
            (100.0, "100"),
        ] {
            assert_eq!(to_text(&Value::Float(number)), expected);
        }
    }

    #[test]
    fn values_are_compared_loosely_as_in_php_8() {
        for (value, number, equal) in [
            (Value::text(""), 0, false),
            (Value::text("0"), 0, true),
            (Value::text("2.0"), 2, true),
            (Value::text(" 2 "), 2, true),
            (Value::text("2x"), 2, false),
            (Value::Null, 0, true),
            (Value::Bool(true), 2, true),
            (Value::Bool(true), 0, false),
            (Value::Array([].into_iter().collect()), 0, false),
        ] {
            assert_eq!(equals_int(&value, number), equal, "{value:?} == {number}");
        }
        assert!(equals_text(&Value::Bool(true), "MD5"));
        assert!(!equals_text(&Value::Int(0), "MD5"));
        assert!(!equals_text(&Value::Null, "MD5"));
        for (one, other) in [("1e1", "10"), ("1 ", "1"), ("0", "-0.0"), ("a", "A"), ("1", "1x"), ("10", "1e1")] {
            assert_eq!(LooseText::of(one) == LooseText::of(other), texts_are_equal(one, other), "{one} {other}");
        }
        assert!(texts_are_equal("1e1", "10") && texts_are_equal("1 ", "1") && !texts_are_equal("a", "A"));
    }
}
