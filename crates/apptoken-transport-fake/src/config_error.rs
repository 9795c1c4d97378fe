use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny};

/// Why a configuration, an answer or a call to explain cannot be used. It names the key and what is expected there, but never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    file: String,
    key: String,
    expected: String,
}

/// Longer keys are truncated: an unknown key can be any text.
const MAX_KEY: usize = 80;

impl ConfigError {
    pub(crate) fn new(key: &str, expected: impl Into<String>) -> Self {
        Self { file: String::new(), key: key.chars().take(MAX_KEY).collect(), expected: expected.into() }
    }

    /// Parses JSON.
    pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Self> {
        Self::parse_part(text, "")
    }

    /// Parses JSON that is a part of a configuration, such as an item of `appTokens[]`.
    pub(crate) fn parse_part<T: DeserializeOwned>(text: &str, part: &str) -> Result<T, Self> {
        let _: IgnoredAny = serde_json::from_str(text)
            .map_err(|error| Self::new("", format!("JSON (line {}, column {})", error.line(), error.column())))?;
        let mut reader = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| Self::of(&error, part))
    }

    /// Takes only field names from serde's message, which can contain a value of the file.
    fn of(error: &serde_path_to_error::Error<serde_json::Error>, part: &str) -> Self {
        let text = error.inner().to_string();
        let text = text.rsplit_once(" at line ").map_or(&*text, |(text, _)| text);
        let mut key = if error.path().iter().len() == 0 { String::new() } else { error.path().to_string() };
        let known = text.strip_prefix("unknown field `").and_then(|text| text.rsplit_once("`, expected one of "));
        if let Some((_, names)) = known {
            return Self::new(&key, format!("one of the keys {}", names.replace('`', "")));
        }
        if let Some(name) = text.strip_prefix("missing field `").and_then(|text| text.split('`').next()) {
            key.push_str(if key.is_empty() { "" } else { "." });
            key.push_str(name);
        }
        let separator = if part.is_empty() || key.is_empty() { "" } else { "." };
        let expected = expected_at(&format!("{part}{separator}{}", without_numbers(&key)));
        Self::new(&key, expected)
    }

    /// The error in a part of the file: `key` is the key of that part.
    pub(crate) fn inside(self, key: &str) -> Self {
        let separator = if self.key.is_empty() { "" } else { "." };
        Self { key: format!("{key}{separator}{}", self.key), ..self }
    }

    /// The error in a file with this name.
    pub(crate) fn in_file(self, name: &str) -> Self {
        Self { file: name.to_owned(), ..self }
    }

    /// The name of the file, if the configuration was given with one; otherwise empty.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The key, such as `partners[0].id`; empty for the file as a whole.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, key, expected } = self;
        if !file.is_empty() {
            write!(f, "{file}: ")?;
        }
        if key.is_empty() { write!(f, "expected {expected}") } else { write!(f, "{key}: expected {expected}") }
    }
}

impl std::error::Error for ConfigError {}

/// What is expected at a key; `[]` stands for any item of a list.
fn expected_at(key: &str) -> &'static str {
    match key {
        "" | "partners[]" | "appTokens[]" | "roles[]" | "answers[]" | "parameters" => "an object",
        "partners"
        | "appTokens"
        | "partners[].additionalAdminSecrets"
        | "partners[].features"
        | "roles"
        | "answers" => "a list",
        "partners[].id" | "roles[].id" | "appTokens[].partnerId" => "a number from 1 to 2147483647",
        "partners[].ksVersion" => "1 or 2",
        "partners[].adminSecret" | "partners[].additionalAdminSecrets[]" | "partners[].secret" => {
            "a secret: printable characters without surrounding whitespace"
        }
        "partners[].ksMaxExpiry" => "a number of seconds or null",
        "partners[].status" => "1 (active), 2 (content blocked) or 3 (fully blocked)",
        "partners[].features[]" => "the name of a feature",
        "partners[].anonymousUser" | "https" => "true or false",
        "objects" => "an object with a list for each service",
        "uploads" => "\"ready\", \"converting\" or {\"readyAfter\": a number of seconds}",
        "appTokens[].id" => "an app token id, such as 0_ab12cd34",
        "appTokens[].token" => "an app token value, such as 32 hex digits",
        "appTokens[].hashType" => "SHA1, MD5, SHA256 or SHA512",
        "appTokens[].status" => "1 (disabled), 2 (active) or 3 (deleted)",
        "appTokens[].sessionType" => "0 (user) or 2 (admin)",
        "appTokens[].sessionDuration" => "a number of seconds",
        "appTokens[].expiry" | "appTokens[].createdAt" | "appTokens[].updatedAt" => "a Unix time in seconds",
        _ => "a string",
    }
}

/// Removes the item numbers from a key.
fn without_numbers(key: &str) -> String {
    let without_number = |part: &str| part.trim_start_matches(|each: char| each.is_ascii_digit()).to_owned();
    key.split('[').map(without_number).collect::<Vec<_>>().join("[")
}
