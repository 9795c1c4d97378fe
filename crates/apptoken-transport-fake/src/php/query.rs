//! `http_build_query`, which the server's cache makes its keys with.

use crate::php::cast::to_text;
use crate::php::{Array, Value};

/// The parameters as one text, sorted by name at the top level.
///
/// Lengths and braces stand in for the percent encoding and the whole names of nested values: they too keep different
/// parameters apart, and a long name is written once.
pub(crate) fn build_sorted(params: &Array) -> String {
    let mut items: Vec<(String, &Value)> = params.iter().map(|(key, value)| (key.to_text(), value)).collect();
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
            // What holds nothing is not there for PHP.
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
    fn numbers_and_texts_are_alike_and_order_does_not_matter() {
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
    fn a_long_name_is_written_once_for_all_that_it_holds() {
        let name = "n".repeat(10_000);
        let fields: String = (0..1_000).map(|number| format!("{name}[{number}]=1&")).collect();
        assert!(build_sorted(&crate::php::form::parse(fields.as_bytes())).len() < 2 * name.len());
    }
}
