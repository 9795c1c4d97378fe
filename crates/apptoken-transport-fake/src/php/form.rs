//! Parses form fields and query strings, with PHP's rules for nested names.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::php::{Array, Key, Value};

/// PHP drops further fields: `max_input_vars` in the configuration of the server.
const MAX_FIELDS: usize = 10_000;

/// PHP drops names with more brackets: `max_input_nesting_level`.
pub(crate) const MAX_NESTING: usize = 64;

/// Parses fields such as `a=1&b[c]=2`.
pub(crate) fn parse(text: &[u8]) -> Array {
    let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let mut fields = FormFields::default();
    for pair in pairs.take(MAX_FIELDS) {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (pair.get(..at), pair.get(at + 1..)),
            None => (Some(pair), None),
        };
        let name = decode(name.unwrap_or_default(), Plus::IsSpace);
        let value = decode(value.unwrap_or_default(), Plus::IsSpace);
        fields.add(&String::from_utf8_lossy(&name), to_value(&value));
    }
    fields.into_array()
}

/// The meaning of `+`.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Plus {
    /// In forms and query strings.
    IsSpace,
    /// In paths.
    IsPlus,
}

/// Decodes percent encoding. An invalid `%` stays as it is.
pub(crate) fn decode(text: &[u8], plus: Plus) -> Cow<'_, [u8]> {
    // Most names and values are plain.
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return text.into();
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'+', _) if plus == Plus::IsSpace => decoded.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = after;
                }
                _ => decoded.push(b'%'),
            },
            _ => decoded.push(*first),
        }
    }
    decoded.into()
}

/// The value of decoded bytes.
pub(crate) fn to_value(bytes: &[u8]) -> Value {
    str::from_utf8(bytes).map_or(Value::NotUtf8, Value::text)
}

/// A form while it is parsed: an array with its next free index, which `a[]` uses.
#[derive(Default)]
pub(crate) struct FormFields {
    /// The values, and null in the places of nested arrays.
    items: Array,
    nested: HashMap<Key, FormFields>,
    next: i64,
}

impl FormFields {
    /// Adds a field under a name such as `a`, `a[b]` or `a[]`. In top-level names PHP replaces spaces and dots by `_`.
    pub(crate) fn add(&mut self, name: &str, value: Value) {
        let name = name.split('\0').next().unwrap_or_default().trim_start_matches(' ');
        let (base, brackets) = name.find('[').map_or((name, ""), |at| name.split_at(at));
        if base.is_empty() {
            return;
        }
        // Most names are plain, and need no copy of their steps.
        if brackets.is_empty() && !base.contains([' ', '.']) {
            return self.put_value(Key::from(base), value);
        }
        let mut steps = vec![Some(base.replace([' ', '.'], "_"))];
        let mut rest = brackets;
        while let Some(inside) = rest.strip_prefix('[') {
            let Some((index, after)) = inside.split_once(']') else {
                if let [Some(only)] = steps.as_mut_slice() {
                    // The first bracket is never closed, so it is part of the name.
                    *only = format!("{only}_{}", inside.replace([' ', '.', '['], "_"));
                }
                break;
            };
            steps.push((!matches!(index, "" | " ")).then(|| index.to_owned()));
            if steps.len() > MAX_NESTING {
                return;
            }
            rest = after;
        }
        self.put(&steps, value);
    }

    pub(crate) fn into_array(self) -> Array {
        let Self { mut items, nested, .. } = self;
        for (key, fields) in nested {
            items.insert(key, Value::Array(fields.into_array()));
        }
        items
    }

    fn put(&mut self, steps: &[Option<String>], value: Value) {
        let Some((step, further)) = steps.split_first() else { return };
        let key = step.as_deref().map_or(Key::Int(self.next), Key::from);
        if further.is_empty() {
            return self.put_value(key, value);
        }
        self.skip_index(&key);
        self.items.insert(key.clone(), Value::Null);
        self.nested.entry(key).or_default().put(further, value);
    }

    fn put_value(&mut self, key: Key, value: Value) {
        self.skip_index(&key);
        // `remove` hashes the key even in an empty map.
        if !self.nested.is_empty() {
            self.nested.remove(&key);
        }
        self.items.insert(key, value);
    }

    /// The next free index is above all numbers that are keys.
    fn skip_index(&mut self, key: &Key) {
        if let Key::Int(number) = key {
            self.next = self.next.max(number.saturating_add(1));
        }
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        fn show(value: &Value) -> String {
            match value {
                Value::Array(array) => {
                    let items: Vec<_> =
                        array.iter().map(|(key, value)| format!("{}:{}", key.to_text(), show(value))).collect();
                    format!("{{{}}}", items.join(","))
                }
                value => crate::php::cast::to_text(value).into_owned(),
            }
        }
        show(&Value::Array(parse(text.as_bytes())))
    }

    // The expected values are the results of parse_str in PHP 8.2.
    #[test]
    fn names_are_parsed_as_by_php() {
        for (text, expected) in [
            ("a=1&b=2&a=3", "{a:3,b:2}"),
            ("a[b]=1&a[c]=2", "{a:{b:1,c:2}}"),
            ("a[]=1&a[]=2", "{a:{0:1,1:2}}"),
            ("a[b][]=1", "{a:{b:{0:1}}}"),
            ("1[service]=x", "{1:{service:x}}"),
            ("a.b=1&a c=2", "{a_b:1,a_c:2}"),
            ("a[x.y]=1", "{a:{x.y:1}}"),
            ("a[b=1", "{a_b:1}"),
            ("a[b][c=1", "{a:{b:1}}"),
            ("a[b]c[d]=1", "{a:{b:1}}"),
            ("a[ b]=1", "{a:{ b:1}}"),
            ("[a]=1&[]=2", "{}"),
            (" a=1", "{a:1}"),
            ("a", "{a:}"),
            ("=1&&a=%zz%41+", "{a:%zzA }"),
            ("a=1&a[b]=2", "{a:{b:2}}"),
            ("a:b=1", "{a:b:1}"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn fields_and_nesting_are_limited() {
        let many: String = (0..20_000).map(|n| format!("f{n}=1&")).collect();
        assert_eq!(parse(many.as_bytes()).len(), MAX_FIELDS);
        let deep = format!("a{}=1", "[x]".repeat(65));
        assert!(parse(deep.as_bytes()).is_empty());
    }

    #[test]
    fn an_empty_index_follows_the_highest_one() {
        for (text, expected) in [
            ("a[5]=x&a[1]=y&a[]=z", "{a:{5:x,1:y,6:z}}"),
            ("a[-3]=x&a[]=y", "{a:{-3:x,0:y}}"),
            ("a[][b]=x&a[][b]=y", "{a:{0:{b:x},1:{b:y}}}"),
            ("a[9223372036854775807]=x&a[]=y", "{a:{9223372036854775807:y}}"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_have_their_own_value() {
        assert_eq!(parse(b"a=%ff").get(&Key::from("a")), Some(&Value::NotUtf8));
    }
}
