//! Errors for people, in three parts, and the exit codes.

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::io;
use std::process::ExitCode;

use apptoken::value::Printable;
use apptoken::{Error, ErrorKind, KalturaCode};

use crate::console::Console;

/// The exit codes. They are documented in the help and stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// The command could not do what it was asked to do.
    Failure = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Kaltura refused the call.
    Refused = 3,
    /// The server could not be reached, or its reply was not one of Kaltura's API.
    Network = 4,
    /// A setting is missing or wrong.
    Configuration = 5,
}

/// Ctrl-C, as shells report it.
pub(crate) const INTERRUPTED: u8 = 130;

/// Why a command failed: what happened, why probably, what to do. It never contains a secret.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    what: String,
    likely: Option<String>,
    cure: Option<String>,
}

impl Failure {
    pub(crate) fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code: code as u8, what: what.into(), likely: None, cure: None }
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Code::Usage, what)
    }

    pub(crate) fn configuration(what: impl Into<String>) -> Self {
        Self::new(Code::Configuration, what)
    }

    /// A failure with the exit code of another program's conventions.
    pub(crate) fn with_code(code: u8, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), likely: None, cure: None }
    }

    /// A failure whose messages were already written.
    pub(crate) fn reported(code: u8) -> Self {
        Self { code, what: String::new(), likely: None, cure: None }
    }

    pub(crate) fn likely(self, likely: impl Into<String>) -> Self {
        Self { likely: Some(likely.into()), ..self }
    }

    pub(crate) fn cure(self, cure: impl Into<String>) -> Self {
        Self { cure: Some(cure.into()), ..self }
    }

    /// A failure to read or write a file.
    pub(crate) fn of_file(what: &str, path: &std::path::Path, error: &io::Error) -> Self {
        Self::new(Code::Failure, format!("{what} {}: {error}", path.display()))
    }

    /// A failure to write to standard output. If its reader is gone, as with `| head`, that is the end and no error.
    pub(crate) fn of_stdout(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::reported(0);
        }
        Self::new(Code::Failure, format!("cannot write to standard output: {error}"))
    }

    pub(crate) fn code(&self) -> u8 {
        self.code
    }

    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    pub(crate) fn cure_text(&self) -> Option<&str> {
        self.cure.as_deref()
    }

    /// Writes the message to standard error, and returns the exit code.
    pub(crate) fn report(&self, console: &Console) -> ExitCode {
        if !self.what.is_empty() {
            console.error(&self.to_string());
        }
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Printable(&self.what))?;
        if let Some(likely) = &self.likely {
            write!(f, "\n  likely: {}", Printable(likely))?;
        }
        if let Some(cure) = &self.cure {
            write!(f, "\n  do:     {}", Printable(cure))?;
        }
        Ok(())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut what = error.to_string();
        if let Some(request) = error.request_id() {
            what += &format!(" [request {request}]");
        }
        let likely = likely(error.kind()).map(Cow::Borrowed).or_else(|| causes(&error).map(Cow::Owned));
        Self { code: code_of(&error) as u8, what, likely: likely.map(Cow::into_owned), cure: Some(cure(&error)) }
    }
}

fn code_of(error: &Error) -> Code {
    match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::WrongPartner | ErrorKind::WrongSession | ErrorKind::AlreadyExpired => {
            Code::Configuration
        }
        ErrorKind::Conflict => Code::Failure,
        ErrorKind::Kaltura(_) => Code::Refused,
        _ => Code::Network,
    }
}

/// What `apptoken` knows beyond the library: how its users get there.
fn likely(kind: ErrorKind) -> Option<&'static str> {
    let ErrorKind::Kaltura(code) = kind else { return None };
    Some(match code {
        KalturaCode::InvalidAppTokenHash => "the token has another hash type than the settings say, or another value",
        KalturaCode::AppTokenIdNotFound => "the token was deleted, or it is of another account or region",
        KalturaCode::InvalidWidgetId => "the partner id is wrong, or the account is in another region",
        KalturaCode::ServiceForbidden => {
            "the session's role or privileges do not allow this action (to administrate, set KALTURA_ADMIN_SECRET_FILE)"
        }
        KalturaCode::ServiceDoesNotExist | KalturaCode::ActionDoesNotExist => "the name is misspelled",
        _ => return None,
    })
}

fn cure(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Kaltura(KalturaCode::InvalidAppTokenHash) => {
            "apptoken doctor   (or set hash-type to detect, where apptoken config show says that it is set)".to_owned()
        }
        ErrorKind::Kaltura(KalturaCode::InvalidUserId) => {
            "check the user's id: apptoken user list   (for a program without its user: apptoken provision)".to_owned()
        }
        ErrorKind::WrongSession => {
            "leave out --user and --type, which the app token fixes, or use another one: apptoken token add".to_owned()
        }
        // The library names its setter.
        _ => error.advice().replace("(Rotate::expiry)", "(--expires-in)"),
    }
}

fn causes(error: &Error) -> Option<String> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    (!causes.is_empty()).then(|| causes.join(": "))
}
