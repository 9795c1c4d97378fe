//! The lines of a report.

use std::process::ExitCode;

use apptoken::value::Printable;
use serde_json::{Value, json};

use crate::console::{Console, Mark};
use crate::failure::Failure;
use crate::show::json;

/// A link between this machine and a working session.
#[derive(Clone, Copy)]
pub(super) enum Link {
    Settings,
    Proxy,
    Store,
    Name,
    Tcp,
    Tls,
    Service,
    Clock,
    Account,
    Token,
    Session,
    Action,
}

impl Link {
    fn name(self) -> &'static str {
        match self {
            Self::Settings => "server",
            Self::Proxy => "proxy",
            Self::Store => "store",
            Self::Name => "name",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Service => "service",
            Self::Clock => "clock",
            Self::Account => "account",
            Self::Token => "token",
            Self::Session => "session",
            Self::Action => "action",
        }
    }
}

#[derive(Clone, Copy)]
enum Status {
    Good,
    Broken,
    Note,
    Skipped,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Broken => "FAIL",
            Self::Note => "note",
            Self::Skipped => "skip",
        }
    }

    fn mark(self) -> Mark {
        match self {
            Self::Good => Mark::Good,
            Self::Broken => Mark::Bad,
            Self::Note | Self::Skipped => Mark::Dim,
        }
    }
}

/// Writes each line as soon as it is known, because the next link can take its whole timeout.
pub(super) struct Report<'a> {
    console: &'a Console,
    format: json::Format,
    lines: Vec<Value>,
    problems: usize,
    first_code: Option<u8>,
    /// A reader that is gone ends the report.
    failed: Option<Failure>,
}

impl<'a> Report<'a> {
    pub(super) fn new(console: &'a Console, format: json::Format) -> Self {
        Self { console, format, lines: Vec::new(), problems: 0, first_code: None, failed: None }
    }

    pub(super) fn heading(&mut self, text: &str) {
        if !self.format.is_json() {
            self.write(&format!("profile  {}", Printable(text)));
        }
    }

    pub(super) fn good(&mut self, link: Link, text: impl Into<String>) {
        self.line(Status::Good, link, &text.into(), None);
    }

    pub(super) fn note(&mut self, link: Link, text: impl Into<String>) {
        self.line(Status::Note, link, &text.into(), None);
    }

    pub(super) fn skip(&mut self, link: Link, text: impl Into<String>) {
        self.line(Status::Skipped, link, &text.into(), None);
    }

    pub(super) fn broken(&mut self, link: Link, failure: &Failure) {
        self.problems += 1;
        self.first_code.get_or_insert(failure.code());
        self.line(Status::Broken, link, failure.what(), failure.cure_text());
    }

    /// Reports a result, and returns its value if it is good.
    pub(super) fn checked<T>(&mut self, link: Link, result: Result<(String, T), Failure>) -> Option<T> {
        match result {
            Ok((text, value)) => {
                self.good(link, text);
                Some(value)
            }
            Err(failure) => {
                self.broken(link, &failure);
                None
            }
        }
    }

    fn line(&mut self, status: Status, link: Link, text: &str, cure: Option<&str>) {
        self.lines.push(json!({"link": link.name(), "status": status.word().to_lowercase(), "text": text, "do": cure}));
        if self.format.is_json() {
            return;
        }
        let word = self.console.on_stdout(status.mark(), &format!("{:4}", status.word()));
        self.write(&format!("{word}  {:8}  {}", link.name(), Printable(text)));
        if let Some(cure) = cure {
            self.write(&format!("      {:8}  do: {}", "", Printable(cure)));
        }
    }

    fn write(&mut self, line: &str) {
        if self.failed.is_none() {
            self.failed = self.console.line(line).err();
        }
    }

    pub(super) fn end(mut self) -> Result<ExitCode, Failure> {
        if self.format.is_json() {
            json::write(self.console, &json!({"problems": self.problems, "links": self.lines}))?;
        } else {
            let count = match self.problems {
                0 => "No problem.".to_owned(),
                1 => "1 problem.".to_owned(),
                many => format!("{many} problems."),
            };
            self.write(&format!("{count} Safe to paste: no secret is shown."));
        }
        match self.failed {
            Some(failure) => Err(failure),
            None => Ok(ExitCode::from(self.first_code.unwrap_or_default())),
        }
    }
}
