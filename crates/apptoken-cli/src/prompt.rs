//! Questions to a person at a terminal.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::failure::{Code, Failure, INTERRUPTED};

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const CTRL_U: u8 = 21;
const BACKSPACE: [u8; 2] = [8, 127];

/// Asks before something is destroyed. Without a terminal nobody can answer, so `--yes` is required.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let terminal = open_terminal().map_err(|_| {
        Failure::usage(format!("{question} There is no terminal to ask")).cure("add --yes if that is what you want")
    })?;
    let answer = ask(&terminal, &format!("{question} [y/N] "), Echo::On)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(Failure::new(Code::Failure, "not confirmed, nothing was changed"))
    }
}

/// Asks for a secret, without showing it.
pub(crate) fn secret(what: &str) -> Result<Zeroizing<String>, Failure> {
    let terminal = open_terminal().map_err(|_| {
        Failure::usage(format!("{what} is needed, and there is no terminal to ask for it"))
            .cure("give it on standard input, as in: apptoken ... < file")
    })?;
    ask(&terminal, &format!("{what}: "), Echo::Off)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Echo {
    On,
    Off,
}

/// The terminal of the process, also if standard input is a pipe.
fn open_terminal() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

fn ask(terminal: &File, question: &str, echo: Echo) -> Result<Zeroizing<String>, Failure> {
    let failed = |error: io::Error| Failure::new(Code::Failure, format!("cannot ask on the terminal: {error}"));
    // Before the question is shown: what is typed at once must not be echoed, and Ctrl-C must not end the process.
    let mode = RawMode::enter(terminal).map_err(failed)?;
    mode.terminal().write_all(question.as_bytes()).map_err(failed)?;
    let mut answer = Zeroizing::new(Vec::with_capacity(1024));
    let ended = loop {
        let mut byte = [0];
        if mode.terminal().read(&mut byte).map_err(failed)? == 0 {
            break Err(INTERRUPTED);
        }
        match byte[0] {
            b'\r' | b'\n' => break Ok(()),
            CTRL_C | CTRL_D => break Err(INTERRUPTED),
            CTRL_U => answer.clear(),
            byte if BACKSPACE.contains(&byte) => {
                if answer.pop().is_some() && echo == Echo::On {
                    mode.terminal().write_all(b"\x08 \x08").map_err(failed)?;
                }
            }
            byte => {
                answer.push(byte);
                if echo == Echo::On {
                    mode.terminal().write_all(&[byte]).map_err(failed)?;
                }
            }
        }
    };
    drop(mode);
    let _ = (&*terminal).write_all(b"\n");
    ended.map_err(Failure::reported)?;
    let text = std::str::from_utf8(&answer).map_err(|_| Failure::usage("the answer is not valid UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A terminal that passes each key on and shows none. The keys for signals are read too, so that the terminal is in order
/// again before the process ends.
struct RawMode<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> RawMode<'a> {
    fn enter(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut raw = before.clone();
        raw.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(terminal, OptionalActions::Flush, &raw)?;
        Ok(Self { terminal, before })
    }

    fn terminal(&self) -> &'a File {
        self.terminal
    }
}

impl Drop for RawMode<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}
