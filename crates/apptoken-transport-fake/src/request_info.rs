use crate::wire::multipart::UploadedFile;

/// Properties of the HTTP request that the checks of an action need.
#[derive(Clone, Copy)]
pub(crate) struct RequestInfo<'a> {
    pub(crate) uri: &'a str,
    /// The name of the server in the request, for the URLs in replies.
    pub(crate) host: &'a str,
    pub(crate) is_https: bool,
    /// The time of the request, in seconds since 1970.
    pub(crate) now: i64,
    /// The files in a form.
    pub(crate) files: &'a [UploadedFile<'a>],
}
