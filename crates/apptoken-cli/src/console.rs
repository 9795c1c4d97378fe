//! Standard output is data, standard error is for people.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};

use apptoken::value::Printable;

use crate::failure::Failure;

/// Where a command writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
    colour: bool,
    unicode: bool,
}

/// How a word is marked. The word itself carries the meaning.
#[derive(Clone, Copy)]
pub(crate) enum Mark {
    Good,
    Bad,
    Dim,
}

impl Console {
    pub(crate) fn of_process() -> Self {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
            colour: !is_set("NO_COLOR") && !dumb,
            unicode: !dumb && locale_is_utf8(),
        }
    }

    pub(crate) fn stdout_is_terminal(&self) -> bool {
        self.stdout_is_terminal
    }

    pub(crate) fn stderr_is_terminal(&self) -> bool {
        self.stderr_is_terminal
    }

    /// Whether a bar may use other characters than ASCII.
    pub(crate) fn unicode(&self) -> bool {
        self.unicode && self.stdout_is_terminal
    }

    /// Writes a line of data.
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        self.data(format!("{text}\n").as_bytes())
    }

    /// Writes data as it is.
    pub(crate) fn data(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| Failure::of_stdout(&error))
    }

    /// Writes a text of a server: as it is into a pipe, without what acts on a terminal to a terminal.
    pub(crate) fn server_text(&self, text: &str) -> Result<(), Failure> {
        if self.stdout_is_terminal { self.line(&Printable(text).to_string()) } else { self.line(text) }
    }

    /// Writes a message for people.
    pub(crate) fn note(&self, text: &str) {
        // If standard error is closed, nobody can read the message.
        let _ = writeln!(io::stderr(), "{}", Printable(text));
    }

    /// Writes several lines of our own for people.
    pub(crate) fn note_lines(&self, text: &str) {
        text.lines().for_each(|line| self.note(line));
    }

    pub(crate) fn warning(&self, text: &str) {
        let word = self.on_stderr(Mark::Bad, "warning:");
        let _ = writeln!(io::stderr(), "{word} {}", Printable(text));
    }

    /// Writes the three parts of a failure, which are printable already.
    pub(crate) fn error(&self, text: &str) {
        let word = self.on_stderr(Mark::Bad, "error:");
        let _ = writeln!(io::stderr(), "{word} {text}");
    }

    /// Shows how far a long command is, on a terminal only: one line, which the next one replaces.
    pub(crate) fn progress(&self, text: &str) {
        if self.stderr_is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K{}", Printable(text));
        }
    }

    /// Removes the line of [`progress`](Self::progress).
    pub(crate) fn clear_progress(&self) {
        if self.stderr_is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    /// Ends the line of [`progress`](Self::progress).
    pub(crate) fn end_progress(&self) {
        if self.stderr_is_terminal {
            let _ = writeln!(io::stderr());
        }
    }

    pub(crate) fn on_stdout(&self, mark: Mark, word: &str) -> String {
        if self.colour && self.stdout_is_terminal { mark.paint(word) } else { word.to_owned() }
    }

    fn on_stderr(&self, mark: Mark, word: &str) -> String {
        if self.colour && self.stderr_is_terminal { mark.paint(word) } else { word.to_owned() }
    }
}

impl Mark {
    fn paint(self, word: &str) -> String {
        let colour = match self {
            Self::Good => 32,
            Self::Bad => 31,
            Self::Dim => 2,
        };
        format!("\x1b[{colour}m{word}\x1b[0m")
    }
}

/// The first of these variables that is set decides, as for the C library.
fn locale_is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
