//! A canonical text of parameters. The server uses `http_build_query` for the keys of its cache.

use std::borrow::Cow;

use crate::php::cast::to_text;
use crate::php::{Array, Value};

/// The parameters as text, sorted by name at the top level.
///
/// It uses lengths and braces instead of percent encoding and full names of nested values. Different parameters still
/// have different texts, and a long name is not repeated for each nested value.
pub(crate) fn build_sorted(params: &Array) -> String {
    let mut items: Vec<(Cow<'_, str>, &Value)> = params.iter().map(|(key, value)| (key.to_text(), value)).collect();
    items.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut text = String::new();
    for (name, value) in items {
        write(&mut text, &name, value);
    }
    text
}

fn write(text: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Array(array) => {
            let start = text.len();
            text.push_str(&format!("{}:{name}{{", name.len()));
            let empty = text.len();
            for (key, value) in array {
                write(text, &key.to_text(), value);
            }
            // PHP omits empty arrays.
            if text.len() == empty { text.truncate(start) } else { text.push('}') }
        }
        value => {
            let value = if *value == Value::Bool(false) { "0".into() } else { to_text(value) };
            text.push_str(&format!("{}:{name}={}:{value}&", name.len(), value.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::php::Key;

    #[test]
    fn order_and_type_of_values_do_not_matter() {
        let one: Array = [(Key::from("a"), Value::Int(1)), (Key::from("b"), Value::text("x"))].into_iter().collect();
        let other: Array =
            [(Key::from("b"), Value::text("x")), (Key::from("a"), Value::text("1"))].into_iter().collect();
        assert_eq!(build_sorted(&one), build_sorted(&other));
    }

    #[test]
    fn different_parameters_have_different_texts() {
        let with =
            |name: &str, value: &str| build_sorted(&[(Key::from(name), Value::text(value))].into_iter().collect());
        assert_ne!(with("a", "1&b=2"), build_sorted(&crate::php::form::parse(b"a=1&b=2")));
        assert_ne!(with("a", "b"), with("a", "c"));
        let of = |form: &[u8]| build_sorted(&crate::php::form::parse(form));
        assert_ne!(of(b"a[b]=1&c=2"), of(b"a[b]=1&a[c]=2"));
        assert_ne!(of(b"a[b][c]=1"), of(b"a[b]=1"));
        let empty: Array = [(Key::from("a"), Value::Array(Array::new()))].into_iter().collect();
        assert_eq!(build_sorted(&empty), "");
    }

    #[test]
    fn a_long_name_is_written_once_for_all_its_values() {
        let name = "n".repeat(10_000);
        let fields: String = (0..1_000).map(|number| format!("{name}[{number}]=1&")).collect();
        assert!(build_sorted(&crate::php::form::parse(fields.as_bytes())).len() < 2 * name.len());
    }
}
