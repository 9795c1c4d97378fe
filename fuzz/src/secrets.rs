//! The secrets that no text may show.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::Debug;

use apptoken_core::{Error, HttpRequest, HttpResponse};
use serde_json::Value;

/// The secrets in requests and replies.
#[derive(Default)]
pub(crate) struct Secrets {
    hidden: BTreeSet<String>,
    /// All public text of the replies. If a server returns a KS as the name of the user, that KS is public.
    open: String,
}

impl Secrets {
    pub(crate) fn of(planted: &[&str]) -> Self {
        Self { hidden: planted.iter().map(|secret| (*secret).to_owned()).collect(), open: String::new() }
    }

    pub(crate) fn sent(&mut self, request: &HttpRequest) {
        let body: Value = serde_json::from_slice(request.body()).expect("a request is JSON");
        self.collect(&body, "");
    }

    pub(crate) fn received(&mut self, reply: &HttpResponse) {
        match serde_json::from_slice(reply.body()) {
            // The result of `session.start` is a KS and nothing else.
            Ok(Value::String(text)) => self.hide(text),
            Ok(body) => self.collect(&body, ""),
            // Another parser may read more of it than this one.
            Err(_) => self.open += &String::from_utf8_lossy(reply.body()),
        }
    }

    fn collect(&mut self, value: &Value, name: &str) {
        match value {
            Value::String(text) if ["ks", "token", "tokenHash", "secret"].contains(&name) => self.hide(text.clone()),
            Value::String(text) => self.open += text,
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, "")),
            Value::Object(members) => members.iter().for_each(|(name, value)| {
                self.open += name;
                self.collect(value, name);
            }),
            _ => {}
        }
    }

    /// Adds a secret, if it can be distinguished from other text.
    fn hide(&mut self, secret: String) {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+/=".contains(&byte);
        if secret.len() > 28 && secret.bytes().all(is_word) {
            self.hidden.insert(secret);
        }
    }

    /// Checks that an error shows no secret, wherever the server puts it.
    pub(crate) fn assert_not_in_error(&self, error: &Error) {
        let mut shown = format!("{error} {error:?} {}", error.advice());
        let mut source = error.source();
        while let Some(cause) = source {
            shown += &format!(" {cause} {cause:?}");
            source = cause.source();
        }
        for secret in &self.hidden {
            assert!(!shown.contains(secret.as_str()), "{secret} is in {shown}");
        }
    }

    /// Checks that a result shows no secret, except for text that is public too.
    pub(crate) fn assert_not_in(&self, value: &impl Debug) {
        let shown = format!("{value:?}");
        for secret in self.hidden.iter().filter(|secret| !self.open.contains(secret.as_str())) {
            assert!(!shown.contains(secret.as_str()), "{secret} is in {shown}");
        }
    }
}
