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

/// The kind of an error. See the [table of errors](crate#errors).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting or an argument is invalid. Nothing was sent.
    InvalidInput,
    /// What exists in the account does not go together with what was requested. The flow has read it and left it as it was.
    Conflict,
    /// The request was not sent: the transport is certain that the server received nothing of it.
    NotSent,
    /// No complete reply arrived. The server may have executed the request.
    NoReply,
    /// The reply is a redirect. The API never redirects, so the URL is not that of the API.
    Redirect,
    /// The HTTP status is not 2xx, and the body contains no API error.
    HttpStatus,
    /// The reply has no body.
    EmptyReply,
    /// The reply is a web page.
    HtmlReply,
    /// The reply is XML instead of JSON: the server did not receive `format=1`.
    XmlReply,
    /// The reply is `null`, but the action returns a result.
    NullReply,
    /// The reply is JSON that ends too early.
    TruncatedReply,
    /// The reply is not JSON.
    MalformedReply,
    /// The reply has trailing data after the JSON.
    TrailingData,
    /// The reply is JSON, but not the result that the action returns.
    UnexpectedReply,
    /// The reply to a batch has fewer results than actions: this action was not executed.
    MissingResult,
    /// The reply is larger than any reply of the API.
    OversizedReply,
    /// The KS in the reply is empty or contains whitespace or control characters.
    UnusableKs,
    /// The session in the reply belongs to another account.
    WrongPartner,
    /// The session in the reply is of another user, type or app token than requested.
    WrongSession,
    /// The server started a session that is already expired.
    AlreadyExpired,
    /// Kaltura returned an API error.
    Kaltura(KalturaCode),
}
