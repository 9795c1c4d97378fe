//! Errors: what happened, whose fault it is and what to do next.

mod advice;
pub(crate) mod code;
pub(crate) mod kind;
pub(crate) mod printable;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

pub use code::{KalturaCode, KsFault};
pub use kind::{ActionName, ErrorKind};

use self::printable::Printable;

/// The error of every operation, whether its cause is the input, the transport, the protocol or Kaltura.
///
/// `Display` describes in one line what happened. [`advice`](Self::advice) says what to do next. The alternate form,
/// `{:#}`, contains both, and all causes. Apart from Kaltura's error code and messages that cannot contain a secret, the
/// texts contain nothing of the reply. An error can be cloned, so that several waiters can receive the same one.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    action: Option<ActionName>,
    /// Whether a transport failed for a permanent reason.
    permanent: bool,
    /// What happened, if the kind alone is not specific enough.
    detail: Option<Cow<'static, str>>,
    advice: Option<Cow<'static, str>>,
    code: Option<String>,
    server_message: Option<String>,
    request_id: Option<String>,
    http_status: Option<u16>,
    retry_after: Option<Duration>,
    /// The server's clock in the reply, in Unix seconds. Times of their own type belong to a later layer.
    server_time: Option<i64>,
    source: Option<Arc<dyn core::error::Error + Send + Sync>>,
}

impl Error {
    /// Creates an error about an invalid setting or argument, before anything is sent.
    ///
    /// `problem` says what is wrong and what a valid value looks like. It must not contain the value, which may be a secret.
    pub fn invalid_input(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidInput).detail(problem)
    }

    /// Creates the error that Kaltura returned to another HTTP client: the fields `code` and `message` of its error object
    /// (`KalturaAPIException`).
    ///
    /// Why a KS was refused is in the message of `INVALID_KS`. The message is kept only if messages of this code cannot contain
    /// a secret.
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_core::{Error, ErrorKind, KalturaCode, KsFault};
    ///
    /// let error = Error::from_kaltura("INVALID_KS", r#"Invalid KS "EXPIRED", Error "-1,INVALID_STR""#);
    /// assert_eq!(error.kind(), ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::Expired)));
    /// ```
    pub fn from_kaltura(code: &str, message: &str) -> Self {
        let args = code::InvalidKsMessage::parse(message);
        Self::kaltura(code, message.to_string(), |name| args.as_ref()?.arg(name))
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
            retry_after: None,
            server_time: None,
            source: None,
        }))
    }

    /// Creates an error from an API error, whose arguments `arg` returns by name. Of the message nothing is kept that can be
    /// a secret.
    pub(crate) fn kaltura<'a>(code: &str, message: String, arg: impl Fn(&str) -> Option<&'a str>) -> Self {
        let kind = KalturaCode::of(code, &arg);
        let mut error = Self::new(ErrorKind::Kaltura(kind));
        if let Some(texts) = advice::texts_for_argument(kind, &arg) {
            error = error.detail(texts.description).advise(texts.advice);
        }
        error.0.server_message = kind.text_without_secrets(message, arg).map(|text| Printable(text).to_string());
        error.0.code = code::looks_like_code(code).then(|| code.to_string());
        error
    }

    /// Marks the error as permanent, regardless of its kind.
    pub(crate) fn permanent(mut self) -> Self {
        self.0.permanent = true;
        self
    }

    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Sets what to do next, for a caller who knows more than the kind of the error says.
    ///
    /// The text must not contain a secret.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
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

    pub(crate) fn with_reply(
        mut self,
        http_status: u16,
        request_id: Option<String>,
        retry_after: Option<Duration>,
        server_time: Option<i64>,
    ) -> Self {
        self.0.http_status = Some(http_status);
        self.0.request_id = request_id;
        self.0.retry_after = retry_after;
        self.0.server_time = server_time;
        self
    }

    pub(crate) fn server_seconds(&self) -> Option<i64> {
        self.0.server_time
    }

    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The action that was called, if the error is about a call.
    #[must_use]
    pub fn action(&self) -> Option<ActionName> {
        self.0.action
    }

    /// Kaltura's code, such as `APP_TOKEN_EXPIRED`; only for [`ErrorKind::Kaltura`].
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Kaltura's message, if messages of this code cannot contain a secret, in a form that can be shown; see
    /// [`Printable`].
    #[must_use]
    pub fn server_message(&self) -> Option<&str> {
        self.0.server_message.as_deref()
    }

    /// The number of the request and the host name of the server, which Kaltura's support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The HTTP status of the reply, if there was one. It is 200 for every API error.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// How long the server asked to wait before another attempt, with status 429 or 503 and the header `Retry-After`.
    ///
    /// A flow waits that long by itself before it repeats a request, within the deadline of its
    /// [`RetryPolicy`](crate::RetryPolicy). An error has this if that wait would be too long, or if the request must not
    /// be repeated.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the error is transient: the same request may succeed later without a change.
    ///
    /// This does not mean that it is safe to repeat the request: see [`may_have_acted`](Self::may_have_acted).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.0.kind {
            ErrorKind::NotSent | ErrorKind::NoReply => !self.0.permanent,
            ErrorKind::EmptyReply | ErrorKind::TruncatedReply => true,
            // Kaltura sends API errors with 200; a proxy sends 429 and 5xx while the server is overloaded or unavailable.
            ErrorKind::HttpStatus => self.0.http_status.is_some_and(|status| status == 429 || status >= 500),
            ErrorKind::Kaltura(code) => code.is_transient(),
            _ => false,
        }
    }

    /// Whether the server may have executed the request despite the error.
    ///
    /// This is also true for an HTTP status other than 200 and for a redirect, because a proxy in front of the server can
    /// have sent them.
    #[must_use]
    pub fn may_have_acted(&self) -> bool {
        match self.0.kind {
            ErrorKind::InvalidInput | ErrorKind::Conflict | ErrorKind::NotSent | ErrorKind::MissingResult => false,
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
            retry_after,
            server_time: _,
            source: _,
        } = &*self.0;
        if let Some(action) = action {
            write!(f, "{action}: ")?;
        }
        match (detail, kind) {
            (Some(detail), _) => write!(f, "{}", Printable(detail))?,
            (None, ErrorKind::HttpStatus | ErrorKind::Redirect) => {
                write!(f, "{} {}", advice::description(*kind), http_status.unwrap_or_default())?;
            }
            (None, kind) => f.write_str(advice::description(*kind))?,
        }
        match (code, server_message) {
            (Some(code), Some(message)) => write!(f, " ({code}: {message})")?,
            (Some(code), None) => write!(f, " ({code})")?,
            (None, _) => {}
        }
        if let Some(retry_after) = retry_after {
            write!(f, ", try again after {retry_after:?}")?;
        }
        if f.alternate() { self.fmt_causes_and_advice(f) } else { Ok(()) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            action,
            permanent,
            detail,
            advice: _,
            code,
            server_message,
            request_id,
            http_status,
            retry_after,
            server_time,
            source,
        } = &*self.0;
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
        if let Some(retry_after) = retry_after {
            debug.field("retry_after", retry_after);
        }
        if let Some(server_time) = server_time {
            debug.field("server_time", server_time);
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
    fn errors_can_be_sent_between_threads() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Error>();
    }

    #[test]
    fn debug_names_what_is_known_of_a_failure() {
        let error = Error::new(ErrorKind::HttpStatus).permanent();
        assert!(alloc::format!("{error:?}").contains("permanent: true"), "{error:?}");
        assert!(!alloc::format!("{:?}", Error::new(ErrorKind::HttpStatus)).contains("permanent"));
    }
}
