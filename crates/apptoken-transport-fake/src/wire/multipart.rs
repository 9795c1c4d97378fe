//! `multipart/form-data`, as far as PHP reads it.

use crate::php::form::{add, to_value};
use crate::php::{Array, Key, Value};

/// Parts beyond this number are dropped.
const MAX_PARTS: usize = 10_000;

/// Reads the fields of a body; what is no sound part is passed over.
pub(crate) fn parse(content_type: &str, body: &[u8]) -> Array {
    let mut fields = Array::new();
    let Some(boundary) = parameter(content_type, "boundary").filter(|boundary| !boundary.is_empty()) else {
        return fields;
    };
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let Some(start) = find(body, &delimiter) else { return fields };
    let mut rest = body.get(start + delimiter.len()..).unwrap_or_default();
    for _ in 0..MAX_PARTS {
        // Two dashes behind the delimiter are the end.
        let Some(part) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) else { break };
        let end = find(part, &[b"\r\n", delimiter.as_slice()].concat());
        let content = end.and_then(|end| part.get(..end)).unwrap_or(part);
        add_part(&mut fields, content);
        match end.and_then(|end| part.get(end + 2 + delimiter.len()..)) {
            Some(further) => rest = further,
            None => break,
        }
    }
    fields
}

fn add_part(fields: &mut Array, part: &[u8]) {
    let Some(at) = find(part, b"\r\n\r\n") else { return };
    let (head, content) = (part.get(..at).unwrap_or_default(), part.get(at + 4..).unwrap_or_default());
    let head = String::from_utf8_lossy(head);
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then(|| value.trim())
    });
    let Some((name, is_file)) = disposition.and_then(|value| {
        let name = parameter(value, "name")?;
        Some((name, parameter(value, "filename").is_some()))
    }) else {
        return;
    };
    // A file is an array to PHP; no parameter of an action is one.
    let value = if is_file {
        Value::Array([(Key::from("name"), Value::text(""))].into_iter().collect())
    } else {
        to_value(content.to_vec())
    };
    add(fields, &name, value);
}

/// A parameter of a header's value, with or without quotes.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (text, further) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (text, further) = after.split_once(';').unwrap_or((after, ""));
                (text.trim().to_owned(), further)
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(text);
        }
        rest = further.trim_start().strip_prefix(';').unwrap_or(further);
    }
}

/// The text up to the closing quote, and what follows it.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let (mut text, mut is_escaped) = (String::new(), false);
    for (at, each) in quoted.char_indices() {
        match each {
            '"' if !is_escaped => return Some((text, quoted.get(at + 1..)?)),
            '\\' if !is_escaped => is_escaped = true,
            each => {
                if is_escaped && each != '"' && each != '\\' {
                    text.push('\\');
                }
                text.push(each);
                is_escaped = false;
            }
        }
    }
    None
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(content_type: &str, body: &str) -> String {
        let fields = parse(content_type, body.as_bytes());
        fields.iter().map(|(key, value)| format!("{}={};", key.to_text(), crate::php::cast::to_text(value))).collect()
    }

    const TYPE: &str = "multipart/form-data; boundary=xx";

    #[test]
    fn fields_are_read() {
        let body = "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--xx\r\ncontent-disposition: form-data; name=b:c\r\n\r\n2\r\n\r\n--xx--\r\n";
        assert_eq!(shown(TYPE, body), "a=1;b:c=2\r\n;");
        assert_eq!(shown("multipart/form-data; charset=x; boundary=\"xx\"", body), "a=1;b:c=2\r\n;");
    }

    #[test]
    fn damaged_bodies_give_what_is_sound() {
        for body in
            ["", "--xx", "--xx--", "x", "--xx\r\nno head", "--xx\r\nContent-Disposition: form-data\r\n\r\n1\r\n--xx--"]
        {
            assert_eq!(shown(TYPE, body), "", "{body}");
        }
        assert_eq!(shown(TYPE, "--xx\r\nContent-Disposition: form-data; name=a\r\n\r\n1"), "a=1;");
        assert_eq!(shown("multipart/form-data", "--xx"), "");
    }

    #[test]
    fn files_are_arrays() {
        let body = "--xx\r\nContent-Disposition: form-data; name=\"ks\"; filename=\"f\"\r\n\r\ndata\r\n--xx--";
        assert_eq!(shown(TYPE, body), "ks=Array;");
    }
}
