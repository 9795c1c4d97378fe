//! Multipart bodies, for requests with a file.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use core::fmt;

use memchr::memmem;

use crate::value::wiped::WipedBytes;

/// The file of a request, such as one piece of an upload. See [`Action::file`](crate::Action::file).
#[derive(Clone, Copy)]
pub struct FilePart<'a> {
    /// The name of the parameter, such as `fileData`.
    pub parameter: &'a str,
    /// The name of the file. The server may use it as the name of what it stores.
    pub file_name: &'a str,
    /// The content, which is held in memory.
    pub content: &'a [u8],
}

impl fmt::Debug for FilePart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parameter, file_name, content } = self;
        write!(f, "FilePart({parameter}: {file_name:?}, {} bytes)", content.len())
    }
}

/// A multipart body, and the boundary between its parts.
pub(crate) struct MultipartBody {
    pub(crate) boundary: String,
    pub(crate) bytes: WipedBytes,
}

/// Writes parameters and a file. The parameters are one field `json`, which the server reads like a JSON body (observed on
/// release Venus-22.19.0).
pub(crate) fn body(parameters: &[u8], file: FilePart<'_>) -> MultipartBody {
    let boundary = boundary(file.content);
    let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n");
    let between = format!(
        "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n",
        quoted(file.parameter),
        quoted(file.file_name)
    );
    let end = format!("\r\n--{boundary}--\r\n");
    let parts = [head.as_bytes(), parameters, between.as_bytes(), file.content, end.as_bytes()];
    // Allocated at once, so that no copy of the KS is left behind.
    let mut bytes = WipedBytes::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    MultipartBody { boundary, bytes }
}

/// The start of every boundary. A number of 16 digits follows, so that no boundary is the start of another.
const MARK: &str = "apptoken-";

/// A boundary that is not in the file. In the parameters no line begins with it: JSON has no line breaks.
fn boundary(content: &[u8]) -> String {
    // One search finds the numbers that are taken, however many a file has.
    let taken: BTreeSet<u64> =
        memmem::find_iter(content, MARK).filter_map(|at| number(content.get(at + MARK.len()..)?)).collect();
    let free = (0..=u64::MAX).find(|number| !taken.contains(number)).unwrap_or_default();
    format!("{MARK}{free:016x}")
}

fn number(text: &[u8]) -> Option<u64> {
    u64::from_str_radix(str::from_utf8(text.get(..16)?).ok()?, 16).ok()
}

/// A name between quotes, in which browsers escape quotes and line breaks like this. PHP would drop what is before a
/// backslash, and read one before the closing quote as a part of the name.
fn quoted(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for each in name.chars() {
        match each {
            '"' | '\\' | '\0'..='\x1f' | '\x7f' => text.push_str(&format!("%{:02X}", u32::from(each))),
            each => text.push(each),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned as _;

    fn text_of(content: &[u8], file_name: &str) -> (String, String) {
        let body = body(b"{\"format\":1}", FilePart { parameter: "fileData", file_name, content });
        (body.boundary.clone(), String::from_utf8(body.bytes.to_vec()).unwrap())
    }

    #[test]
    fn the_parameters_come_before_the_file() {
        let (boundary, text) = text_of(b"content", "a.mp4");
        let expected = "--apptoken-0000000000000000\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{\"format\":1}\r\n\
             --apptoken-0000000000000000\r\nContent-Disposition: form-data; name=\"fileData\"; filename=\"a.mp4\"\r\n\
             Content-Type: application/octet-stream\r\n\r\ncontent\r\n--apptoken-0000000000000000--\r\n";
        assert_eq!((boundary, text), ("apptoken-0000000000000000".to_owned(), expected.to_owned()));
    }

    #[test]
    fn the_boundary_is_not_in_the_file() {
        let taken = "--apptoken-0000000000000000 apptoken-0000000000000001\r\napptoken-0000000000000003 apptoken-";
        assert_eq!(text_of(taken.as_bytes(), "a").0, "apptoken-0000000000000002");
        assert_eq!(text_of(b"apptoken-ffffffffffffffff", "a").0, "apptoken-0000000000000000");
    }

    #[test]
    fn a_file_name_cannot_end_its_header() {
        let (_, text) = text_of(b"", "\u{fc}\"; x=\"\r\nX: y\0\\");
        assert!(text.contains("filename=\"\u{fc}%22; x=%22%0D%0AX: y%00%5C\"\r\n"), "{text}");
    }
}
