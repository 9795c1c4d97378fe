//! The query string inside a KS V2. The server writes it with PHP's `http_build_query` and reads it with `parse_str`.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// Writes the fields in order.
pub(crate) fn build<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    /// The query of a usual session is shorter.
    const USUAL_SIZE: usize = 256;
    let mut query = String::with_capacity(USUAL_SIZE);
    for (name, value) in fields {
        if !query.is_empty() {
            query.push('&');
        }
        encode(&mut query, name);
        query.push('=');
        encode(&mut query, value);
    }
    query
}

/// The characters that PHP percent-encodes. A space becomes a plus sign instead.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b' ');

fn encode(query: &mut String, text: &str) {
    for (position, word) in text.split(' ').enumerate() {
        if position > 0 {
            query.push('+');
        }
        query.extend(utf8_percent_encode(word, ENCODED));
    }
}

/// The value of a query field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    /// A field with brackets in its name, `name[key]`, which is an array in PHP.
    Nested,
}

/// The maximum number of fields that PHP reads (`max_input_vars`, default value).
const MAX_FIELDS: usize = 1000;

/// Reads the fields. A repeated name keeps its first position and takes its last value.
///
/// Bytes that are not UTF-8 become U+FFFD.
pub(crate) fn parse(query: &[u8]) -> Vec<(String, Value)> {
    let mut fields = Vec::new();
    // For `parse_str`, a zero byte ends the text.
    let query = query.split(|byte| *byte == 0).next().unwrap_or_default();
    let items = query.split(|byte| *byte == b'&').filter(|item| !item.is_empty());
    for item in items.take(MAX_FIELDS) {
        let mut sides = item.splitn(2, |byte| *byte == b'=');
        let name = decode(sides.next().unwrap_or_default());
        let value = decode(sides.next().unwrap_or_default());
        if let Some((name, nested)) = variable_name(&name) {
            set(&mut fields, name, if nested { Value::Nested } else { Value::Text(value.into_owned()) });
        }
    }
    fields
}

/// Sets a field. An existing field keeps its position.
pub(crate) fn set<N: PartialEq, V>(fields: &mut Vec<(N, V)>, name: N, value: V) {
    match fields.iter_mut().find(|(existing, _)| *existing == name) {
        Some(field) => field.1 = value,
        None => fields.push((name, value)),
    }
}

fn decode(text: &[u8]) -> Cow<'_, str> {
    if !text.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return String::from_utf8_lossy(text);
    }
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded: Cow<'_, [u8]> = percent_decode(&spaced).into();
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

/// The name that PHP gives to a field, and whether it is an array; `None` if PHP drops the field.
///
/// PHP replaces the characters that its variable names cannot have.
fn variable_name(name: &str) -> Option<(String, bool)> {
    let name = name.split('\0').next()?.trim_start_matches(' ');
    let (base, nested) = match name.split_once('[') {
        Some(("", _)) => return None,
        Some((base, keys)) => {
            if keys.contains(']') {
                (base, true)
            } else {
                // PHP treats an unclosed bracket like any other character that it replaces.
                (name, false)
            }
        }
        None => (name, false),
    };
    let replaced = |byte: u8| if matches!(byte, b' ' | b'.' | b'[') { b'_' } else { byte };
    // In one step: `str::replace` would grow the name piece by piece. ASCII is replaced by ASCII, so it stays UTF-8.
    let name = String::from_utf8(base.bytes().map(replaced).collect()).unwrap_or_default();
    (!base.is_empty()).then_some((name, nested))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned as _;
    use proptest::prelude::*;

    fn check(query: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
        assert_eq!(parse(query.as_bytes()), expected, "{query}");
    }

    fn text(value: &str) -> Value {
        if value == "[]" { Value::Nested } else { Value::Text(value.to_owned()) }
    }

    /// The expected results are those of `parse_str` in PHP 8.2.
    #[test]
    fn parsing_equals_phps() {
        check("a=1=2&b&&c=&=x&d=%zz%4", &[("a", "1=2"), ("b", ""), ("c", ""), ("d", "%zz%4")]);
        check("a=1&b=2&a=3", &[("a", "3"), ("b", "2")]);
        check("5=1&05=2&-5=3&5=4", &[("5", "4"), ("05", "2"), ("-5", "3")]);
        check("%20%20a=1&+.b=2& =3&.=4", &[("a", "1"), ("_b", "2"), ("_", "4")]);
        check("a%00b=1&c=%00", &[("a", "1"), ("c", "\0")]);
        check("a=1\x002&b=3", &[("a", "1")]);
        check("a]b=1&[x]=2", &[("a]b", "1")]);
        check(
            "a[]=1&b%5Bc%5D=2&c[x]y=3&d[ ]=4&e[x[y]=5",
            &[("a", "[]"), ("b", "[]"), ("c", "[]"), ("d", "[]"), ("e", "[]")],
        );
        check("a[b=1&a[[b=2&a[b.c d=3&a b.c[=4", &[("a_b", "1"), ("a__b", "2"), ("a_b_c_d", "3"), ("a_b_c_", "4")]);
        check("a=1&a[]=2&b[]=1&b=2", &[("a", "[]"), ("b", "2")]);
    }

    #[test]
    fn no_more_fields_are_read_than_by_php() {
        let query: String = (0..1500).map(|number| alloc::format!("a{number}=&")).collect();
        assert_eq!(parse(query.as_bytes()).len(), 1000);
    }

    #[test]
    fn writing_equals_phps() {
        let fields = [("", "v"), ("b", "\0~*-_.é "), ("5", "1"), ("a[]", "b&c=d")];
        assert_eq!(build(fields), "=v&b=%00%7E%2A-_.%C3%A9+&5=1&a%5B%5D=b%26c%3Dd");
    }

    proptest! {
        #[test]
        fn parsing_never_panics(query in prop::collection::vec(any::<u8>(), 0..200)) {
            parse(&query);
        }

        #[test]
        fn written_fields_are_parsed_unchanged(fields in prop::collection::btree_map("[a-z_]{1,5}", any::<String>(), 0..6)) {
            let query = build(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let expected: Vec<_> = fields.into_iter().map(|(name, value)| (name, Value::Text(value))).collect();
            prop_assert_eq!(parse(query.as_bytes()), expected);
        }
    }
}
