//! The wire format: parses requests and serializes replies.

pub(crate) mod format;
pub(crate) mod json;
pub(crate) mod multipart;
pub(crate) mod php_serialize;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod route;
pub(crate) mod upload_form;
pub(crate) mod xml;
