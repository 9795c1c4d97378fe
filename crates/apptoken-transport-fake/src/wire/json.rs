//! JSON as `json_encode` of PHP writes it: `/` and non-ASCII characters are escaped.

use std::fmt::Write as _;

use crate::error::ApiError;
use crate::output::{Output, Record};
use crate::php::Value;
use crate::php::cast::to_text;

/// A session or an app token fits into it.
const TYPICAL_SIZE: usize = 512;

pub(crate) fn text(output: &Output) -> String {
    let mut json = String::with_capacity(TYPICAL_SIZE);
    write(&mut json, output);
    json
}

pub(crate) fn list(outputs: &[Output]) -> String {
    let mut json = String::with_capacity(TYPICAL_SIZE);
    write_list(&mut json, outputs);
    json
}

fn write(json: &mut String, output: &Output) {
    match output {
        Output::Null | Output::File(_) => json.push_str("null"),
        Output::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
        Output::Int(number) => json.push_str(&number.to_string()),
        Output::Float(number) => json.push_str(&to_text(&Value::Float(*number))),
        Output::Text(text) => write_text(json, text),
        Output::Object(record) => write_record(json, record),
        Output::List(items) => write_list(json, items),
        Output::Map(items) => write_map(json, items),
        Output::Error(error) => write_error(json, error),
        Output::Shared(output) => write(json, output),
    }
}

fn write_list(json: &mut String, items: &[Output]) {
    json.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        write(json, item);
    }
    json.push(']');
}

fn write_map(json: &mut String, items: &[(String, Output)]) {
    json.push('{');
    for (at, (name, value)) in items.iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        write_text(json, name);
        json.push(':');
        write(json, value);
    }
    json.push('}');
}

/// The server omits null properties and writes `objectType` last.
fn write_record(json: &mut String, record: &Record) {
    json.push('{');
    for (name, value) in record.properties.iter().filter(|(_, value)| !matches!(value, Output::Null)) {
        write_text(json, name);
        json.push(':');
        write(json, value);
        json.push(',');
    }
    json.push_str("\"objectType\":");
    write_text(json, &record.class);
    json.push('}');
}

/// Without arguments `args` is `[]`, because PHP writes an empty array so.
fn write_error(json: &mut String, error: &ApiError) {
    json.push_str("{\"code\":");
    write_text(json, &error.code);
    json.push_str(",\"message\":");
    write_text(json, &error.message());
    json.push_str(",\"objectType\":\"KalturaAPIException\",\"args\":");
    if error.args().len() == 0 {
        json.push_str("[]");
    } else {
        for (at, (name, value)) in error.args().enumerate() {
            json.push(if at == 0 { '{' } else { ',' });
            write_text(json, name);
            json.push(':');
            write_text(json, &value);
        }
        json.push('}');
    }
    json.push('}');
}

fn write_text(json: &mut String, text: &str) {
    json.push('"');
    // Without an early return, the compiler can check many bytes at once.
    if text.bytes().fold(true, |plain, each| plain & is_plain(each)) {
        json.push_str(text);
    } else {
        write_with_escapes(json, text);
    }
    json.push('"');
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=0x7f) & (byte != b'"') & (byte != b'\\') & (byte != b'/')
}

fn write_with_escapes(json: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !is_plain(byte)) {
        let (plain, after) = rest.split_at(at);
        json.push_str(plain);
        let mut further = after.chars();
        if let Some(each) = further.next() {
            write_escaped(json, each);
        }
        rest = further.as_str();
    }
    json.push_str(rest);
}

fn write_escaped(json: &mut String, each: char) {
    match each {
        '"' => json.push_str("\\\""),
        '\\' => json.push_str("\\\\"),
        '/' => json.push_str("\\/"),
        '\u{8}' => json.push_str("\\b"),
        '\u{c}' => json.push_str("\\f"),
        '\n' => json.push_str("\\n"),
        '\r' => json.push_str("\\r"),
        '\t' => json.push_str("\\t"),
        each => {
            for unit in each.encode_utf16(&mut [0; 2]) {
                let _ = write!(json, "\\u{unit:04x}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::INVALID_APP_TOKEN_HASH;

    #[test]
    fn strings_are_escaped_as_by_php() {
        let escaped = text(&"é\u{1f600}\u{7f}<>&'/\"\\\u{1}\n".into());
        assert_eq!(escaped, r#""\u00e9\ud83d\ude00"#.to_owned() + "\u{7f}" + r#"<>&'\/\"\\\u0001\n""#);
    }

    #[test]
    fn an_object_has_its_class_last_and_no_nulls() {
        let record = Record::new("X", [("a", 1.into()), ("b", Output::Null), ("c", Output::List(Vec::new()))]);
        assert_eq!(text(&record.into()), r#"{"a":1,"c":[],"objectType":"X"}"#);
    }

    #[test]
    fn an_error_without_arguments_has_an_empty_list() {
        assert_eq!(
            text(&Output::Error(INVALID_APP_TOKEN_HASH.plain())),
            r#"{"code":"INVALID_APP_TOKEN_HASH","message":"Invalid application token hash","objectType":"KalturaAPIException","args":[]}"#
        );
    }

    #[test]
    fn all_results_are_written_as_valid_json() {
        let everything = [
            Output::Null,
            true.into(),
            Output::Float(1.5),
            "x/y".into(),
            Output::Error(crate::error::invalid_ks("k\"s")),
        ];
        let read: serde_json::Value = serde_json::from_str(&list(&everything)).unwrap();
        assert_eq!(read.as_array().unwrap().len(), 5);
        assert_eq!(read[4]["args"]["KSID"], "k\"s");
    }
}
