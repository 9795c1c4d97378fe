//! The variables that a program needs to use the emulator, in the forms in which it is printed.

use std::path::Path;

use apptoken_core::PartnerId;
use apptoken_transport_fake::{Token, TokenStatus};
use serde_json::{Map, Value};

use crate::Emulator;

/// A form for scripts.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Format {
    /// A line `NAME=value` for each variable, for shells and environment files
    Env,
    /// One line with an object of all variables
    Json,
}

/// The variables for a login and for the administration of one account.
pub(super) struct Settings {
    variables: Vec<(&'static str, String)>,
    has_token: bool,
}

impl Settings {
    /// The settings for the first active app token and its account. If there is no such token, those of the first account.
    pub(super) fn of(emulator: &Emulator, certificate: Option<&Path>) -> Self {
        let fake = emulator.fake();
        let partners: Vec<PartnerId> =
            fake.accounts().into_iter().filter_map(|account| PartnerId::new(account.id()).ok()).collect();
        let mut tokens = partners.iter().flat_map(|partner| fake.tokens(*partner));
        let token = tokens.find(|token| token.status == TokenStatus::Active);
        let partner = token.as_ref().map(|token| token.partner).or(partners.first().copied());
        let secret = partner.and_then(|partner| fake.admin_secret(partner));
        let mut variables = vec![("KALTURA_SERVICE_URL", emulator.url())];
        variables.extend(partner.map(|partner| ("KALTURA_PARTNER_ID", partner.to_string())));
        variables.extend(token.iter().flat_map(of_token));
        variables.extend(secret.map(|secret| ("KALTURA_ADMIN_SECRET", secret.expose().to_owned())));
        variables.extend(certificate.map(|path| ("SSL_CERT_FILE", path.display().to_string())));
        Self { variables, has_token: token.is_some() }
    }

    /// For scripts, in one of their forms.
    pub(super) fn in_format(&self, format: Format) -> String {
        match format {
            Format::Env => self.lines(""),
            Format::Json => {
                let object: Map<String, Value> =
                    self.variables.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
                format!("{}\n", Value::from(object))
            }
        }
    }

    /// For people, who paste the lines into a terminal.
    pub(super) fn explained(&self, emulator: &Emulator) -> String {
        let purpose = match self.has_token {
            true => "To log in, and to administer app tokens, set:",
            false => "There is no active app token (appTokens in the configuration). To administer app tokens, set:",
        };
        let exports = self.lines("export ");
        let url = emulator.url();
        let console = emulator.console_url().map(|url| format!("# Console: {url}\n")).unwrap_or_default();
        format!("listening on {url}\n\n# {purpose}\n{exports}\n{console}# Control interface: curl {url}/__control\n")
    }

    fn lines(&self, prefix: &str) -> String {
        self.variables.iter().map(|(name, value)| format!("{prefix}{name}={}\n", quoted(value))).collect()
    }
}

fn of_token(token: &Token) -> [(&'static str, String); 3] {
    [
        ("KALTURA_APP_TOKEN_ID", token.id.to_string()),
        ("KALTURA_APP_TOKEN", token.secret.expose().to_owned()),
        ("KALTURA_APP_TOKEN_HASH_TYPE", token.hash_type.as_str().to_owned()),
    ]
}

/// A value for a shell. It has quotes only if it needs them, because not every reader of environment files removes them.
fn quoted(value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@%+=,-".contains(&byte);
    match !value.is_empty() && value.bytes().all(is_plain) {
        true => value.to_owned(),
        false => format!("'{}'", value.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_value_is_quoted_only_if_a_shell_would_change_it() {
        for (value, text) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("", "''"),
            ("two words", "'two words'"),
            ("$HOME", "'$HOME'"),
            ("it's", r"'it'\''s'"),
            ("ä", "'ä'"),
        ] {
            assert_eq!(quoted(value), text);
        }
    }
}
