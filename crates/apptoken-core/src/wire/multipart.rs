//! Multipart bodies, for requests with a file.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::wire::search::contains;

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
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

/// Writes parameters and a file. The parameters are one field `json`, which the server reads like a JSON body (observed on
/// release Venus-22.19.0).
pub(crate) fn body(parameters: &[u8], file: FilePart<'_>) -> MultipartBody {
    let boundary = boundary(parameters, file.content);
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
    let mut bytes = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    MultipartBody { boundary, bytes }
}

/// A boundary that neither part contains.
fn boundary(parameters: &[u8], content: &[u8]) -> String {
    let mut number = 0_u64;
    loop {
        // The letter at the end keeps `apptoken-1-z` apart from `apptoken-10-z`.
        let boundary = format!("apptoken-{number}-z");
        if !contains(parameters, boundary.as_bytes()) && !contains(content, boundary.as_bytes()) {
            return boundary;
        }
        number = number.wrapping_add(1);
    }
}

/// A name between quotes, as browsers write it.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
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
        let expected = "--apptoken-0-z\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{\"format\":1}\r\n\
             --apptoken-0-z\r\nContent-Disposition: form-data; name=\"fileData\"; filename=\"a.mp4\"\r\n\
             Content-Type: application/octet-stream\r\n\r\ncontent\r\n--apptoken-0-z--\r\n";
        assert_eq!((boundary, text), ("apptoken-0-z".to_owned(), expected.to_owned()));
    }

    #[test]
    fn the_boundary_is_not_in_the_file() {
        assert_eq!(text_of(b"--apptoken-0-z and apptoken-1-z", "a").0, "apptoken-2-z");
    }

    #[test]
    fn a_file_name_cannot_end_its_header() {
        let (_, text) = text_of(b"", "a\"; x=\"\r\nX: y");
        assert!(text.contains("filename=\"a%22; x=%22%0D%0AX: y\"\r\n"), "{text}");
    }
}
