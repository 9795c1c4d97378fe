//! The form of an upload, read as it arrives.

use std::ops::ControlFlow;
use std::{fmt, mem};

use memchr::memmem;

use crate::model::object::StoredFile;
use crate::wire::multipart::{boundary, disposition, head_end};

/// The field of the file in the form of `uploadToken.upload`.
pub(crate) const FILE_FIELD: &str = "fileData";

/// Far more than any client uses: RFC 2046 allows 70 bytes.
const MAX_BOUNDARY: usize = 1_000;

/// The multipart form of `uploadToken.upload`, read as it arrives. Its memory does not depend on the size of the file.
///
/// It keeps the form without its files. The file `fileData` is counted and hashed; its bytes are kept if there are at most
/// 1 MiB. Give both to [`WireRequest::parse_upload`](crate::WireRequest::parse_upload).
///
/// # Examples
///
/// ```
/// use apptoken_transport_fake::UploadForm;
///
/// let mut form = UploadForm::new("multipart/form-data; boundary=b").expect("a boundary");
/// form.push(b"--b\r\nContent-Disposition: form-data; name=\"fileData\"; filename=\"a.mp4\"\r\n\r\n");
/// for _ in 0..1_000 {
///     form.push(&[0; 10_000]);
/// }
/// form.push(b"\r\n--b--\r\n");
/// assert!(form.memory() < 2_000);
/// let (fields, file) = form.finish();
/// assert_eq!((fields.len(), file.size()), (81, 10_000_000));
/// ```
pub struct UploadForm {
    /// A line break, two dashes and the boundary, as between two parts.
    separator: Vec<u8>,
    place: Place,
    /// What has arrived and was not read, because a separator can begin in it.
    unread: Vec<u8>,
    /// The form without the content of its files.
    fields: Vec<u8>,
    /// The file `fileData`; of several, the first.
    file: Option<StoredFile>,
}

/// What the next byte belongs to.
#[derive(Clone, Copy)]
enum Place {
    Preamble,
    /// A line break begins a part; anything else ends the form.
    AfterSeparator,
    /// The head of a part, which begins at this position of the fields.
    Head(usize),
    Field,
    File,
    OtherFile,
    End,
}

impl UploadForm {
    /// A form with the boundary of this content type. `None` if there is none, or a very long one.
    #[must_use]
    pub fn new(content_type: &str) -> Option<Self> {
        let boundary = boundary(content_type).filter(|boundary| boundary.len() <= MAX_BOUNDARY)?;
        // The first line begins after a line break, too.
        let unread = b"\n".to_vec();
        let separator = format!("\r\n--{boundary}").into_bytes();
        Some(Self { separator, place: Place::Preamble, unread, fields: Vec::new(), file: None })
    }

    /// Reads the next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut unread = mem::take(&mut self.unread);
        unread.extend_from_slice(bytes);
        let mut read = 0;
        while let Some(rest) = unread.get(read..) {
            match self.read(rest) {
                ControlFlow::Continue(length) => read += length,
                ControlFlow::Break(length) => {
                    read += length;
                    break;
                }
            }
        }
        unread.drain(..read);
        self.unread = unread;
    }

    /// How many bytes it holds in memory.
    #[must_use]
    pub fn memory(&self) -> usize {
        let kept = self.file.as_ref().and_then(StoredFile::bytes).map_or(0, <[u8]>::len);
        self.unread.len() + self.fields.len() + kept
    }

    /// The size of the form without its files.
    #[must_use]
    pub fn fields_len(&self) -> usize {
        self.fields.len()
    }

    /// The form without the content of its files, and the file.
    #[must_use]
    pub fn finish(mut self) -> (Vec<u8>, StreamedFile) {
        let rest = mem::take(&mut self.unread);
        self.take_content(&rest);
        (self.fields, StreamedFile(self.file.unwrap_or_default()))
    }

    /// Reads up to the next separator, or what there is. Returns how much it has read, and whether to go on.
    fn read(&mut self, data: &[u8]) -> ControlFlow<usize, usize> {
        match self.place {
            Place::End => ControlFlow::Break(data.len()),
            Place::AfterSeparator => self.begin_part(data),
            // Before the first part, a line break without \r is enough.
            Place::Preamble => self.find(data, 1),
            Place::Head(_) | Place::Field | Place::File | Place::OtherFile => self.find(data, 0),
        }
    }

    /// Reads up to the separator without its first bytes.
    fn find(&mut self, data: &[u8], without: usize) -> ControlFlow<usize, usize> {
        let separator = self.separator.get(without..).unwrap_or_default();
        let length = separator.len();
        match memmem::find(data, separator) {
            Some(at) => {
                self.take_content(data.get(..at).unwrap_or_default());
                self.fields.extend_from_slice(&self.separator);
                self.place = Place::AfterSeparator;
                ControlFlow::Continue(at + length)
            }
            None => {
                // A separator can begin in the rest.
                let content = data.len().saturating_sub(length - 1);
                self.take_content(data.get(..content).unwrap_or_default());
                ControlFlow::Break(content)
            }
        }
    }

    fn begin_part(&mut self, data: &[u8]) -> ControlFlow<usize, usize> {
        let line_break: &[u8] = match data {
            [] | [b'\r'] => return ControlFlow::Break(0),
            [b'\r', b'\n', ..] => b"\r\n",
            [b'\n', ..] => b"\n",
            _ => {
                self.place = Place::End;
                return ControlFlow::Continue(0);
            }
        };
        self.fields.extend_from_slice(line_break);
        self.place = Place::Head(self.fields.len());
        ControlFlow::Continue(line_break.len())
    }

    /// Takes a piece of a part.
    fn take_content(&mut self, content: &[u8]) {
        match self.place {
            Place::Preamble | Place::AfterSeparator | Place::OtherFile | Place::End => {}
            Place::Field => self.fields.extend_from_slice(content),
            Place::File => {
                let file = self.file.get_or_insert_default();
                file.write(file.size, content);
            }
            Place::Head(start) => {
                // The end can begin in the last three bytes that were there.
                let searched = self.fields.len().saturating_sub(3).max(start);
                self.fields.extend_from_slice(content);
                let Some(end) = self.fields.get(searched..).and_then(head_end).map(|end| searched + end) else {
                    return;
                };
                let head = self.fields.get(start..end).unwrap_or_default();
                self.place = match disposition(head) {
                    None | Some((_, None)) => Place::Field,
                    Some((field, Some(_))) if field == FILE_FIELD && self.file.is_none() => Place::File,
                    Some(_) => Place::OtherFile,
                };
                if !matches!(self.place, Place::Field) {
                    let rest = self.fields.split_off(end);
                    self.take_content(&rest);
                }
            }
        }
    }
}

impl fmt::Debug for UploadForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UploadForm({} bytes of fields, {} in memory)", self.fields.len(), self.memory())
    }
}

/// A file that was read as it arrived: its size, its hash, and its bytes if there are at most 1 MiB.
pub struct StreamedFile(pub(crate) StoredFile);

impl StreamedFile {
    /// The number of bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.size
    }
}

impl fmt::Debug for StreamedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamedFile({} bytes)", self.size())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::object::MAX_KEPT;
    use crate::wire::multipart::{FileContent, parse};

    const TYPE: &str = "multipart/form-data; boundary=b";

    /// Parses a form whole: its fields, and the size and hash of its file.
    fn whole(body: &[u8]) -> (String, Option<(u64, Option<String>)>) {
        let (fields, files) = parse(TYPE, body);
        let file = files.iter().find(|file| file.field == FILE_FIELD).map(|file| {
            let FileContent::Whole(content) = file.content else { panic!("nothing is streamed") };
            let file = StoredFile::of(content);
            (file.size, file.sha256)
        });
        let names: Vec<_> = files.iter().map(|file| (file.field.as_str(), file.name.as_str())).collect();
        (format!("{:?} {names:?}", shown(&fields)), file)
    }

    fn shown(fields: &crate::php::Array) -> Vec<(String, String)> {
        fields
            .iter()
            .map(|(key, value)| (key.to_text().into_owned(), crate::php::cast::to_text(value).into_owned()))
            .collect()
    }

    fn streamed(body: &[u8], piece: usize) -> (String, Option<(u64, Option<String>)>) {
        let mut form = UploadForm::new(TYPE).unwrap();
        body.chunks(piece).for_each(|piece| form.push(piece));
        let (fields, StreamedFile(stored)) = form.finish();
        let (shown, file) = whole(&fields);
        (shown, file.map(|_| (stored.size, stored.sha256)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn a_form_in_pieces_is_read_as_the_whole(
            words in proptest::collection::vec(
                proptest::sample::select(vec![
                    "--b", "\r\n", "\n", "\r", "-", "--", "x", "\r\n\r\n", "\r\n--b\r\n", "\r\n--b--\r\n",
                    "Content-Disposition: form-data; name=\"a\"",
                    "Content-Disposition: form-data; name=\"fileData\"; filename=\"f\"\r\n\r\n",
                    "Content-Disposition: form-data; name=other; filename=f",
                ]),
                0..30,
            ),
            piece in 1..40_usize,
        ) {
            let body = words.concat();
            prop_assert_eq!(streamed(body.as_bytes(), piece), whole(body.as_bytes()));
        }
    }

    #[test]
    fn the_memory_does_not_depend_on_the_size_of_a_file() {
        for field in [FILE_FIELD, "other"] {
            let mut form = UploadForm::new(TYPE).unwrap();
            let head = format!("--b\r\nContent-Disposition: form-data; name={field}; filename=f\r\n\r\n");
            form.push(head.as_bytes());
            let piece = vec![b'\n'; 100_000];
            for _ in 0..20 {
                form.push(&piece);
                assert!(form.memory() <= MAX_KEPT + head.len() + 2 * form.separator.len(), "{form:?}");
            }
            assert_eq!(form.fields_len(), head.len() + 2);
        }
    }

    #[test]
    fn a_form_without_a_usable_boundary_is_not_read() {
        let long = format!("multipart/form-data; boundary={}", "b".repeat(MAX_BOUNDARY + 1));
        for kind in ["multipart/form-data", "multipart/form-data; boundary=", long.as_str()] {
            assert!(UploadForm::new(kind).is_none(), "{kind}");
        }
    }
}
