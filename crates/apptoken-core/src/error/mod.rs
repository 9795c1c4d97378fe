//! What can go wrong, whose fault it is and what to do next.

mod advice;
pub(crate) mod code;
pub(crate) mod kind;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use core::fmt;

pub use code::{KalturaCode, KsFault};
pub use kind::{ActionName, ErrorKind};

use crate::value::printable::Printable;

/// Why something did not work: input, transport, protocol and Kaltura alike.
///
/// `Display` says what happened in one line, [`advice`](Self::advice) what to do next; the alternate form, `{:#}`, says
/// both with all causes. None holds a secret, nor a byte of a reply. Can be cloned, so that everybody who waited for the
/// same thing gets it.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    action: Option<ActionName>,
    /// Whether a transport failed for a reason that stays.
    permanent: bool,
    /// What happened, where the kind alone does not say enough.
    detail: Option<Cow<'static, str>>,
    advice: Option<Cow<'static, str>>,
    code: Option<String>,
    server_message: Option<String>,
    request_id: Option<String>,
    http_status: Option<u16>,
    source: Option<Arc<dyn core::error::Error + Send + Sync>>,
}

impl Error {
    /// An error about a setting or argument that is refused before anything is sent.
    ///
    /// `what` says what is wrong and what it should look like; it must not hold the value.
    pub fn invalid_input(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidInput).detail(what)
    }

    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            action: None,
            permanent: false,
            detail: None,
            advice: None,
            code: None,
            server_message: None,
            request_id: None,
            http_status: None,
            source: None,
        }))
    }

    /// An error of Kaltura's own; its message is kept only if messages of this code hold no secret.
    pub(crate) fn kaltura(kind: KalturaCode, code: String, message: String) -> Self {
        let mut error = Self::new(ErrorKind::Kaltura(kind));
        error.0.server_message = kind.harmless_message(message).map(|message| Printable(message).to_string());
        error.0.code = code::looks_like_code(&code).then_some(code);
        error
    }

    /// An error that does not pass by itself, whatever its kind.
    pub(crate) fn permanent(mut self) -> Self {
        self.0.permanent = true;
        self
    }

    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    pub(crate) fn advise(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.0.advice = Some(Printable(advice.into()).to_string().into());
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    pub(crate) fn during(mut self, action: ActionName) -> Self {
        self.0.action.get_or_insert(action);
        self
    }

    pub(crate) fn with_reply(mut self, http_status: u16, request_id: Option<String>) -> Self {
        (self.0.http_status, self.0.request_id) = (Some(http_status), request_id);
        self
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The action that was called, if it came so far.
    #[must_use]
    pub fn action(&self) -> Option<ActionName> {
        self.0.action
    }

    /// Kaltura's code, such as `APP_TOKEN_EXPIRED`; only for [`ErrorKind::Kaltura`].
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Kaltura's message, for the codes whose messages are known to hold no secret; fit to be shown, see
    /// [`Printable`].
    #[must_use]
    pub fn server_message(&self) -> Option<&str> {
        self.0.server_message.as_deref()
    }

    /// What Kaltura's support asks for: the number of the request and the host that answered it.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The HTTP status of the reply, if there was one; 200 for every error of Kaltura's own.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// Whether the same request may well succeed later without anything being changed.
    ///
    /// Says nothing about whether it is safe to repeat: see [`may_have_acted`](Self::may_have_acted).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.0.kind {
            ErrorKind::NotSent | ErrorKind::NoReply => !self.0.permanent,
            ErrorKind::EmptyReply | ErrorKind::TruncatedReply => true,
            ErrorKind::HttpStatus => self.0.http_status.is_some_and(|status| status == 429 || status >= 500),
            ErrorKind::Kaltura(code) => code.is_transient(),
            _ => false,
        }
    }

    /// Whether the server may have done what it was asked in spite of the error.
    ///
    /// An HTTP status or a redirect says nothing about that: it can come from something that stands before the server.
    #[must_use]
    pub fn may_have_acted(&self) -> bool {
        match self.0.kind {
            ErrorKind::InvalidInput | ErrorKind::NotSent | ErrorKind::MissingResult => false,
            ErrorKind::Kaltura(code) => code.may_have_acted(),
            _ => true,
        }
    }

    /// What to do next, in one sentence.
    #[must_use]
    pub fn advice(&self) -> Cow<'_, str> {
        match &self.0.advice {
            Some(advice) => Cow::Borrowed(advice),
            None => Cow::Borrowed(advice::advice(self.0.kind)),
        }
    }
}

impl Error {
    fn fmt_causes_and_advice(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut next = core::error::Error::source(self);
        while let Some(cause) = next {
            write!(f, ": {}", Printable(cause))?;
            next = cause.source();
        }
        write!(f, "; advice: {}", self.advice())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            action,
            permanent: _,
            detail,
            advice: _,
            code,
            server_message,
            request_id: _,
            http_status,
            source: _,
        } = &*self.0;
        if let Some(action) = action {
            write!(f, "{action}: ")?;
        }
        match (detail, kind) {
            (Some(detail), _) => write!(f, "{}", Printable(detail))?,
            (None, ErrorKind::HttpStatus | ErrorKind::Redirect) => {
                write!(f, "{} {}", advice::what(*kind), http_status.unwrap_or_default())?;
            }
            (None, kind) => f.write_str(advice::what(*kind))?,
        }
        match (code, server_message) {
            (Some(code), Some(message)) => write!(f, " ({code}: {message})")?,
            (Some(code), None) => write!(f, " ({code})")?,
            (None, _) => {}
        }
        if f.alternate() { self.fmt_causes_and_advice(f) } else { Ok(()) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, action, permanent, detail, advice: _, code, server_message, request_id, http_status, source } =
            &*self.0;
        let mut debug = f.debug_struct("Error");
        debug.field("kind", kind);
        if let Some(action) = action {
            debug.field("action", &format_args!("{action}"));
        }
        for (name, value) in [
            ("detail", detail.as_deref()),
            ("code", code.as_deref()),
            ("server_message", server_message.as_deref()),
            ("request_id", request_id.as_deref()),
        ] {
            if let Some(value) = value {
                debug.field(name, &value);
            }
        }
        if let Some(status) = http_status {
            debug.field("http_status", status);
        }
        if *permanent {
            debug.field("permanent", permanent);
        }
        if let Some(source) = source {
            debug.field("source", &Printable(source));
        }
        debug.finish()
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_can_cross_threads() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Error>();
    }
}
