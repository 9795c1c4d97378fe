//! `http_build_query`, which the server's cache makes its keys with.

use crate::php::cast::to_text;
use crate::php::{Array, Key, Value};

/// The parameters as one text, sorted by name at the top level.
pub(crate) fn build_sorted(params: &Array) -> String {
    let mut items: Vec<(&Key, &Value)> = params.iter().collect();
    items.sort_by_cached_key(|(key, _)| key.to_text());
    let mut text = String::new();
    for (key, value) in items {
        write(&mut text, &key.to_text(), value);
    }
    text
}

fn write(text: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Array(array) => {
            for (key, value) in array {
                write(text, &format!("{name}[{}]", key.to_text().replace(['[', ']', '=', '&'], "%")), value);
            }
        }
        value => {
            let value = if *value == Value::Bool(false) { "0".into() } else { to_text(value) };
            // The lengths stand in for the percent encoding: they too keep different parameters apart.
            text.push_str(&format!("{}:{name}={}:{value}&", name.len(), value.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
