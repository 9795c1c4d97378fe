//! Expressions such as `${hash:SHA256:w:t.token}` in requests and expected replies.

use std::collections::BTreeMap;

use apptoken_core::Clock as _;
use apptoken_transport_fake::FakeClock;
use base64::Engine as _;
use regex::Regex;
use serde_json::Value;
use sha1::Digest as _;

/// The variables of one run of a scenario.
pub(super) struct Context {
    clock: FakeClock,
    values: BTreeMap<String, Value>,
    pub(super) started: i64,
    pub(super) sent: i64,
    expression: Regex,
}

/// A suffix that makes the names of a run unique.
const SUFFIX: &str = "0c0ffee1";

impl Context {
    pub(super) fn new(clock: FakeClock) -> Self {
        let now = clock.now().wall.0;
        let expression = Regex::new(r"\$\{([^{}]*)\}").expect("a sound pattern");
        Self { clock, values: BTreeMap::new(), started: now, sent: now, expression }
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now().wall.0
    }

    pub(super) fn sent_now(&mut self) {
        self.sent = self.now();
    }

    pub(super) fn capture(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    pub(super) fn is_captured(&self, text: &str) -> bool {
        self.values.values().any(|value| value.as_str() == Some(text))
    }

    pub(super) fn expression(&self) -> &Regex {
        &self.expression
    }

    /// The value of an expression; `None` if a variable in it was not captured.
    pub(super) fn value(&self, expression: &str) -> Option<Value> {
        if let Some(value) = self.values.get(expression) {
            return Some(value.clone());
        }
        if let Some(offset) = expression.strip_prefix("now") {
            let offset = if offset.is_empty() { 0 } else { offset.parse::<i64>().ok()? };
            return Some((self.now() + offset).into());
        }
        let (name, rest) = expression.split_once(':')?;
        let of = |expression: &str| self.value(expression).map(|value| text(&value));
        Some(Value::String(match name {
            "unique" => format!("{rest}{SUFFIX}"),
            "hash" => {
                let (algorithm, names) = rest.split_once(':').unwrap_or((rest, ""));
                let parts = names.split(':').filter(|name| !name.is_empty()).map(of).collect::<Option<Vec<_>>>()?;
                hash(algorithm, &parts.concat())
            }
            "b64" => base64::engine::general_purpose::STANDARD.encode(rest),
            "repeat" => {
                let (text, count) = rest.split_once(':')?;
                text.repeat(count.parse().ok()?)
            }
            "upper" => of(rest)?.to_uppercase(),
            "lower" => of(rest)?.to_lowercase(),
            "str" => of(rest)?,
            "nopad" => of(rest)?.trim_end_matches('=').to_owned(),
            "plain" => of(rest)?.replace('-', "+").replace('_', "/"),
            "reverse" => of(rest)?.chars().rev().collect(),
            "tamper" => {
                let text = of(rest)?;
                changed(&text, text.len() - 8)
            }
            "flip" => changed(&of(rest)?, 40),
            _ => return None,
        }))
    }

    /// Whether all expressions have a value.
    pub(super) fn can_render(&self, template: &Value) -> bool {
        self.expression.captures_iter(&template.to_string()).all(|found| self.value(&found[1]).is_some())
    }

    /// Replaces expressions by their values. If a text is a single expression, its type is kept too.
    pub(super) fn render(&self, template: &Value) -> Value {
        match template {
            Value::Object(items) => items.iter().map(|(key, value)| (key.clone(), self.render(value))).collect(),
            Value::Array(items) => items.iter().map(|item| self.render(item)).collect(),
            Value::String(text) => self.render_text(text),
            other => other.clone(),
        }
    }

    fn render_text(&self, template: &str) -> Value {
        let value = |expression: &str| self.value(expression).unwrap_or_else(|| panic!("no value for {expression}"));
        if let Some(whole) = self.whole(template) {
            return value(whole);
        }
        self.expression.replace_all(template, |found: &regex::Captures<'_>| text(&value(&found[1]))).into()
    }

    /// The expression, if the whole text is one.
    pub(super) fn whole<'a>(&self, template: &'a str) -> Option<&'a str> {
        let found = self.expression.captures(template)?;
        (found.get(0)?.len() == template.len()).then(|| found.get(1).expect("a group").as_str())
    }
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn changed(text: &str, at: usize) -> String {
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

fn hash(algorithm: &str, text: &str) -> String {
    match algorithm {
        "MD5" => hex::encode(md5::Md5::digest(text)),
        "SHA1" => hex::encode(sha1::Sha1::digest(text)),
        "SHA256" => hex::encode(sha2::Sha256::digest(text)),
        "SHA512" => hex::encode(sha2::Sha512::digest(text)),
        other => panic!("hash {other}"),
    }
}
