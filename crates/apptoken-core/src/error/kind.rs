//! The kinds of errors.

use core::fmt;

use crate::error::code::KalturaCode;

/// The service and action of a request, such as `appToken.startSession`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionName {
    /// The service, such as `appToken`.
    pub service: &'static str,
    /// The action, such as `startSession`; empty for `multirequest`.
    pub action: &'static str,
}

impl fmt::Display for ActionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.service)?;
        if !self.action.is_empty() {
            write!(f, ".{}", self.action)?;
        }
        Ok(())
    }
}

/// The kinds of errors. See the [table of errors](crate#errors).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Refused before anything was sent: a setting or an argument that cannot be right.
    InvalidInput,
    /// The transport is certain that the server saw nothing of the request.
    NotSent,
    /// No whole reply came; the server may have acted.
    NoReply,
    /// A redirect: the API never redirects, so the URL is not the API's.
    Redirect,
    /// An HTTP status other than 2xx, without an API error in the body.
    HttpStatus,
    /// A reply without a body.
    EmptyReply,
    /// A web page in place of a reply.
    HtmlReply,
    /// XML in place of JSON: the server did not read `format=1`.
    XmlReply,
    /// `null` where the action returns something.
    NullReply,
    /// JSON that ends too early.
    TruncatedReply,
    /// A reply that is no JSON.
    MalformedReply,
    /// JSON with something behind it.
    TrailingData,
    /// JSON of another shape than the action returns.
    UnexpectedReply,
    /// Fewer results of a batch came back than actions were sent: this one was not executed.
    MissingResult,
    /// A reply larger than any that the API gives.
    OversizedReply,
    /// A reply whose KS is empty or holds white space or control characters.
    UnusableKs,
    /// The session that came back belongs to another account.
    WrongPartner,
    /// The server started a session that has already ended.
    BornExpired,
    /// Kaltura answered with an error of its own.
    Kaltura(KalturaCode),
}
