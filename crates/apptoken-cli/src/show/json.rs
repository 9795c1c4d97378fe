//! JSON, which programs read and terminals show.

use serde::Serialize;

use apptoken::value::Printable;

use crate::console::Console;
use crate::failure::{Code, Failure};

/// What a command prints: text for people, or an object for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

impl Format {
    pub(crate) fn is_json(self) -> bool {
        self == Self::Json
    }
}

/// Writes a value: indented on a terminal, on one line into a pipe.
pub(crate) fn write(console: &Console, value: &impl Serialize) -> Result<(), Failure> {
    let text = if console.stdout_is_terminal() {
        serde_json::to_string_pretty(value).map(|text| printable(&text))
    } else {
        serde_json::to_string(value)
    };
    console.line(&text.map_err(|error| unwritable(&error))?)
}

/// Writes a value on one line, for JSON lines.
pub(crate) fn write_line(console: &Console, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| unwritable(&error))?;
    console.line(&if console.stdout_is_terminal() { printable(&text) } else { text })
}

fn unwritable(error: &serde_json::Error) -> Failure {
    Failure::new(Code::Failure, format!("cannot write the result as JSON: {error}"))
}

/// Escapes what would act on a terminal, as JSON does it. JSON itself requires that only for the ASCII control characters.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || Printable(c).to_string().chars().eq([c]) {
            shown.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                shown += &format!("\\u{unit:04x}");
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_escaped_and_stays_the_same_value() {
        let value = serde_json::json!({"name": "a\u{202e}b\u{9b}c\u{e0041}é"});
        let text = printable(&value.to_string());
        assert!(text.contains(r"a\u202eb\u009bc\udb40\udc41é"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
