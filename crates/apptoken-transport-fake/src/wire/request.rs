use std::fmt;

use crate::php::cast::to_text;
use crate::php::value::{replace_recursive, set};
use crate::php::{Array, Key, Value, form, json};
use crate::wire::multipart::{self, FileContent, UploadedFile};
use crate::wire::route::Route;
use crate::wire::upload_form::{FILE_FIELD, StreamedFile};

/// An HTTP request. A request over TLS must have the header `X-Forwarded-Proto: https`, as behind the load balancers of
/// Kaltura.
#[derive(Clone, PartialEq, Eq)]
pub struct WireRequest {
    /// The HTTP method, such as `POST`.
    pub method: String,
    /// The path and query.
    pub target: String,
    /// The names and values of the headers, in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl WireRequest {
    /// The value of the first header with this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The size of the target and the body in bytes.
    pub(crate) fn size(&self) -> usize {
        self.target.len() + self.body.len()
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    /// The parameters of the query.
    fn query(&self) -> Array {
        let query =
            self.target.split('#').next().and_then(|target| target.split_once('?')).map_or("", |(_, query)| query);
        form::parse(query.as_bytes())
    }

    /// Parses the parameters, for [`Fake::handle_parsed`](crate::Fake::handle_parsed). This does not lock the fake.
    #[must_use]
    pub fn parse(&self) -> ParsedRequest<'_> {
        let query = self.query();
        let (params, files) = match Route::of(self.path()) {
            Route::Api { path } => {
                let (params, files) = self.params(path, &query);
                (Some(params), files)
            }
            _ => (None, Vec::new()),
        };
        ParsedRequest { wire: self, query, params, files }
    }

    /// As [`parse`](Self::parse), for a request whose body is a form without its files: those of an [`UploadForm`].
    ///
    /// [`UploadForm`]: crate::UploadForm
    #[must_use]
    pub fn parse_upload<'a>(&'a self, file: &'a StreamedFile) -> ParsedRequest<'a> {
        let mut parsed = self.parse();
        if let Some(place) = parsed.files.iter_mut().find(|file| file.field == FILE_FIELD) {
            place.content = FileContent::Streamed(&file.0);
        }
        parsed
    }

    /// All parameters. The path takes precedence over the query, and both over the body.
    fn params(&self, path: Array, query: &Array) -> (Array, Vec<UploadedFile<'_>>) {
        let (mut params, files) = self.body_params();
        replace_recursive(&mut params, query.iter().map(|(key, value)| (key.clone(), value.clone())));
        replace_recursive(&mut params, path);
        (params, files)
    }

    /// The server parses JSON only with exactly this content type, without a charset, and PHP parses forms only for
    /// POST. Any other body is ignored.
    fn body_params(&self) -> (Array, Vec<UploadedFile<'_>>) {
        let content_type = self.header("Content-Type").unwrap_or_default();
        let kind = content_type.to_ascii_lowercase();
        let is_post = self.method == "POST";
        if kind == "application/json" {
            return (json_object(&self.body).unwrap_or_default(), Vec::new());
        }
        if !is_post {
            return Default::default();
        }
        if kind.starts_with("multipart/form-data") {
            let (fields, files) = multipart::parse(content_type, &self.body);
            let json = match set(&fields, "json") {
                Some(Value::Text(text)) => json::decode(text),
                _ => None,
            };
            return match json {
                Some(Value::Array(object)) if !object.is_empty() => (with_files(object, &fields, &files), files),
                _ => (fields, files),
            };
        }
        if kind.split(';').next().is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded") {
            return (form::parse(&self.body), Vec::new());
        }
        Default::default()
    }
}

/// A request with parsed parameters. For a large request, parsing is most of the work.
pub struct ParsedRequest<'a> {
    pub(crate) wire: &'a WireRequest,
    pub(crate) query: Array,
    /// `None` for a path outside the API.
    pub(crate) params: Option<Array>,
    pub(crate) files: Vec<UploadedFile<'a>>,
}

impl ParsedRequest<'_> {
    /// Whether the request is handled quickly: it is neither a multirequest nor a list. A server can then handle it
    /// without another thread.
    #[must_use]
    pub fn is_quick(&self) -> bool {
        let is = |name, text: &str| {
            let value = self.params.as_ref().and_then(|params| set(params, name));
            value.is_some_and(|value| to_text(value).eq_ignore_ascii_case(text))
        };
        !is("service", "multirequest") && !is("action", "list")
    }
}

impl fmt::Debug for ParsedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wire, query: _, params: _, files: _ } = self;
        f.debug_tuple("ParsedRequest").field(wire).finish()
    }
}

/// Adds the files of a form to the object in its field `json`, as PHP keeps them apart from the other fields.
fn with_files(mut object: Array, fields: &Array, files: &[UploadedFile<'_>]) -> Array {
    for file in files {
        if let Some(value) = set(fields, &file.field) {
            object.insert(Key::from(file.field.as_str()), value.clone());
        }
    }
    object
}

/// The object in a JSON body; `None` for anything else.
fn json_object(body: &[u8]) -> Option<Array> {
    let text = crate::php::cast::trim(std::str::from_utf8(body).ok()?);
    if !text.starts_with('{') || !text.ends_with('}') {
        return None;
    }
    match json::decode(text)? {
        Value::Array(object) => Some(object),
        _ => None,
    }
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, target: _, headers: _, body } = self;
        write!(f, "WireRequest({method} {}, body of {} bytes)", shown_path(self.path()), body.len())
    }
}

/// The service and action of a path. The rest can be secret.
fn shown_path(path: &str) -> String {
    let shown: Vec<&str> = path.split('/').take(6).collect();
    let is_plain = |part: &&str| {
        part.len() <= 32 && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
    };
    match shown.as_slice() {
        [_, base, "service", service, "action", action] if [base, service, action].into_iter().all(is_plain) => {
            shown.join("/")
        }
        [_, base, "service", service, ..] if [base, service].into_iter().all(is_plain) => {
            format!("/{base}/service/{service}")
        }
        [_, base, ..] if is_plain(base) => format!("/{base}"),
        _ => "(path)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, target: &str, content_type: &str, body: &str) -> WireRequest {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        WireRequest { method: method.into(), target: target.into(), headers, body: body.into() }
    }

    fn shown(request: &WireRequest) -> String {
        let (params, _) = request.params(Array::new(), &request.query());
        params.iter().map(|(key, value)| format!("{}={};", key.to_text(), to_text(value))).collect()
    }

    #[test]
    fn json_is_read_only_with_its_exact_content_type() {
        let body = r#" {"a":1,"b":true} "#;
        assert_eq!(shown(&request("POST", "/", "Application/JSON", body)), "a=1;b=1;");
        assert_eq!(shown(&request("PUT", "/", "application/json", body)), "a=1;b=1;");
        for kind in ["application/json; charset=utf-8", "text/json", "", "application/x-www-form-urlencoded-x"] {
            assert_eq!(shown(&request("POST", "/", kind, body)), "", "{kind}");
        }
        for body in ["[1]", "{\"a\":", "\u{feff}{\"a\":1}", "{}", "x"] {
            assert_eq!(shown(&request("POST", "/", "application/json", body)), "", "{body}");
        }
    }

    #[test]
    fn a_form_is_read_only_from_post_and_the_query_wins() {
        let kind = "application/x-www-form-urlencoded; charset=UTF-8";
        assert_eq!(shown(&request("POST", "/?a=q&c=3#x", kind, "a=b&b=2")), "a=q;b=2;c=3;");
        assert_eq!(shown(&request("PUT", "/?a=q", kind, "a=b&b=2")), "a=q;");
    }

    #[test]
    fn debug_shows_no_parameters() {
        let target = "/api_v3/service/session/action/start/secret/SECRET?ks=SECRET";
        let shown = format!("{:?}", request("POST", target, "", "SECRET"));
        assert_eq!(shown, "WireRequest(POST /api_v3/service/session/action/start, body of 6 bytes)");
    }
}
