//! `serialize` of PHP, for `format=3`.

use std::fmt::Write as _;

use crate::output::{Output, Record};
use crate::php::Value;
use crate::php::cast::to_text;

pub(crate) fn text(output: &Output) -> String {
    let mut php = String::new();
    write(&mut php, output);
    php
}

pub(crate) fn list(outputs: &[Output]) -> String {
    let mut php = String::new();
    write_list(&mut php, outputs);
    php
}

fn write(php: &mut String, output: &Output) {
    let _ = match output {
        Output::Null | Output::File(_) => write!(php, "N;"),
        Output::Bool(value) => write!(php, "b:{};", u8::from(*value)),
        Output::Int(number) => write!(php, "i:{number};"),
        Output::Float(number) => write!(php, "d:{};", to_text(&Value::Float(*number))),
        Output::Text(text) => return write_text(php, text),
        Output::Object(record) => return write_record(php, record),
        Output::List(items) => return write_list(php, items),
        Output::Map(items) => return write_map(php, items),
        Output::Shared(output) => return write(php, output),
        Output::Error(error) => {
            let _ = write!(php, "a:4:{{");
            for (name, value) in
                [("code", &*error.code), ("message", &error.message()), ("objectType", "KalturaAPIException")]
            {
                write_text(php, name);
                write_text(php, value);
            }
            write_text(php, "args");
            let _ = write!(php, "a:{}:{{", error.args().len());
            for (name, value) in error.args() {
                write_text(php, name);
                write_text(php, &value);
            }
            write!(php, "}}}}")
        }
    };
}

fn write_list(php: &mut String, items: &[Output]) {
    let _ = write!(php, "a:{}:{{", items.len());
    for (at, item) in items.iter().enumerate() {
        let _ = write!(php, "i:{at};");
        write(php, item);
    }
    php.push('}');
}

fn write_map(php: &mut String, items: &[(String, Output)]) {
    let _ = write!(php, "a:{}:{{", items.len());
    for (name, value) in items {
        write_text(php, name);
        write(php, value);
    }
    php.push('}');
}

fn write_record(php: &mut String, record: &Record) {
    let given: Vec<_> = record.properties.iter().filter(|(_, value)| !matches!(value, Output::Null)).collect();
    let _ = write!(php, "O:{}:\"{}\":{}:{{", record.class.len(), record.class, given.len());
    for (name, value) in given {
        write_text(php, name);
        write(php, value);
    }
    php.push('}');
}

fn write_text(php: &mut String, text: &str) {
    let _ = write!(php, "s:{}:\"{text}\";", text.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_serialized_as_by_php() {
        let record = Record::new("X", [("a", "é".into()), ("b", Output::Null), ("c", 1.into())]);
        assert_eq!(text(&record.into()), "O:1:\"X\":2:{s:1:\"a\";s:2:\"é\";s:1:\"c\";i:1;}");
        assert_eq!(list(&[true.into(), Output::Null]), "a:2:{i:0;b:1;i:1;N;}");
        assert_eq!(
            text(&Output::Error(crate::error::INVALID_WIDGET_ID.with(&["x"]))),
            "a:4:{s:4:\"code\";s:17:\"INVALID_WIDGET_ID\";s:7:\"message\";s:18:\"Unknown widget [x]\";s:10:\"objectType\";s:19:\"KalturaAPIException\";s:4:\"args\";a:1:{s:9:\"WIDGET_ID\";s:1:\"x\";}}"
        );
    }
}
