//! Parses `multipart/form-data` as PHP does.

use memchr::memmem;

use crate::model::object::StoredFile;
use crate::php::form::{FormFields, to_value};
use crate::php::{Array, Key, Value};

/// PHP drops further parts: `max_input_vars`.
const MAX_PARTS: usize = 10_000;

/// A file in a form.
pub(crate) struct UploadedFile<'a> {
    /// The name of the form field.
    pub(crate) field: String,
    /// The name of the file.
    pub(crate) name: String,
    pub(crate) content: FileContent<'a>,
}

#[derive(Clone, Copy)]
pub(crate) enum FileContent<'a> {
    Whole(&'a [u8]),
    /// What is known of a file that was read as it arrived.
    Streamed(&'a StoredFile),
}

/// Parses the fields and the files of a body. Invalid parts are skipped.
pub(crate) fn parse<'a>(content_type: &str, body: &'a [u8]) -> (Array, Vec<UploadedFile<'a>>) {
    let (mut fields, mut files) = (FormFields::default(), Vec::new());
    let delimiter = boundary(content_type).map(|boundary| format!("--{boundary}")).unwrap_or_default();
    let mut delimiters = delimiters(body, delimiter.as_bytes());
    let mut next = delimiters.next().filter(|_| !delimiter.is_empty());
    for _ in 0..MAX_PARTS {
        let Some(after) = next.and_then(|at| body.get(at + delimiter.len()..)) else { break };
        // Two dashes after the delimiter mark the end.
        let Some(part) = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n")) else { break };
        let start = body.len() - part.len();
        next = delimiters.find(|at| body.get(start..*at).is_some_and(|part| part.ends_with(b"\r\n")));
        let content = next.and_then(|at| body.get(start..at - 2)).unwrap_or(part);
        add_part(&mut fields, &mut files, content);
    }
    (fields.into_array(), files)
}

pub(crate) fn boundary(content_type: &str) -> Option<String> {
    parameter(content_type, "boundary").filter(|boundary| !boundary.is_empty())
}

/// The positions of lines that start with the delimiter.
///
/// A delimiter contains no line break, so each line is compared with it at most once. The time is proportional to the
/// body, however long and repetitive the boundary is.
fn delimiters(body: &[u8], delimiter: &[u8]) -> impl Iterator<Item = usize> {
    let lines = body.split_inclusive(|byte| *byte == b'\n').scan(0, |end, line| {
        *end += line.len();
        Some((*end - line.len(), line))
    });
    lines.filter(move |(_, line)| begins_with(line, delimiter)).map(|(start, _)| start)
}

fn begins_with(line: &[u8], delimiter: &[u8]) -> bool {
    #[cfg(test)]
    tests::COMPARED.with(|compared| compared.set(compared.get() + line.len().min(delimiter.len())));
    line.starts_with(delimiter)
}

fn add_part<'a>(fields: &mut FormFields, files: &mut Vec<UploadedFile<'a>>, part: &'a [u8]) {
    let Some((head, content)) = head_end(part).and_then(|at| part.split_at_checked(at)) else { return };
    match disposition(head) {
        None => {}
        Some((name, None)) => fields.add(&name, to_value(content)),
        Some((field, Some(name))) => {
            // PHP represents a file as an array.
            fields.add(&field, Value::Array([(Key::from("name"), Value::text(""))].into_iter().collect()));
            files.push(UploadedFile { field, name, content: FileContent::Whole(content) });
        }
    }
}

/// Where the content of a part begins.
pub(crate) fn head_end(part: &[u8]) -> Option<usize> {
    memmem::find(part, b"\r\n\r\n").map(|at| at + 4)
}

/// The name of a part's field, and of its file if it is one.
pub(crate) fn disposition(head: &[u8]) -> Option<(String, Option<String>)> {
    let head = String::from_utf8_lossy(head);
    let value = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then(|| value.trim())
    })?;
    Some((parameter(value, "name")?, parameter(value, "filename")))
}

/// A parameter of a header value, with or without quotes.
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

/// The text up to the closing quote, and the rest.
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// The number of bytes compared with a delimiter.
        pub(super) static COMPARED: Cell<usize> = const { Cell::new(0) };
    }

    #[test]
    fn a_long_boundary_takes_time_proportional_to_the_body() {
        let content_type = format!("multipart/form-data; boundary={}x", "-".repeat(50_000));
        let dashes = "-".repeat(1 << 20);
        let lines = format!("{}\n", "-".repeat(60_000)).repeat(20);
        for body in [dashes, lines] {
            COMPARED.set(0);
            assert!(parse(&content_type, body.as_bytes()).0.is_empty());
            assert!(COMPARED.get() <= body.len(), "{} of {}", COMPARED.get(), body.len());
        }
    }

    fn shown(content_type: &str, body: &str) -> String {
        let (fields, _) = parse(content_type, body.as_bytes());
        fields.iter().map(|(key, value)| format!("{}={};", key.to_text(), crate::php::cast::to_text(value))).collect()
    }

    const TYPE: &str = "multipart/form-data; boundary=xx";

    #[test]
    fn fields_of_all_parts_are_read() {
        let body = "--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--xx\r\ncontent-disposition: form-data; name=b:c\r\n\r\n2\r\n\r\n--xx--\r\n";
        assert_eq!(shown(TYPE, body), "a=1;b:c=2\r\n;");
        assert_eq!(shown("multipart/form-data; charset=x; boundary=\"xx\"", body), "a=1;b:c=2\r\n;");
    }

    #[test]
    fn invalid_parts_are_skipped() {
        for body in
            ["", "--xx", "--xx--", "x", "--xx\r\nno head", "--xx\r\nContent-Disposition: form-data\r\n\r\n1\r\n--xx--"]
        {
            assert_eq!(shown(TYPE, body), "", "{body}");
        }
        assert_eq!(shown(TYPE, "--xx\r\nContent-Disposition: form-data; name=a\r\n\r\n1"), "a=1;");
        assert_eq!(shown("multipart/form-data", "--xx"), "");
    }

    #[test]
    fn a_file_is_an_array() {
        let body = "--xx\r\nContent-Disposition: form-data; name=\"ks\"; filename=\"f\"\r\n\r\ndata\r\n--xx--";
        assert_eq!(shown(TYPE, body), "ks=Array;");
    }
}
