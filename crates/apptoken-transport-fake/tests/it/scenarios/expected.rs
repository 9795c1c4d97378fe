//! Compares a reply with the expected one. Everything must be equal, except for expressions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use regex::Regex;
use serde_json::Value;

use super::exchange::Response;
use super::template::{Context, text};

/// How many seconds a time may be before or after the expected one.
const EARLY: i64 = 6;
const LATE: i64 = 3;

/// Compares all parts of the reply that the step defines.
pub(super) fn compare(step: &Value, response: &Response, context: &Context) -> Result<(), String> {
    let expect = &step["expect"];
    let differs =
        |part: &str, expected: &Value, actual: &Value| Err(format!("{part}: expected {expected}, got {actual}"));
    if let Some(status) = expect.get("status").filter(|status| **status != response.status) {
        return differs("status", status, &response.status.into());
    }
    let content_type = Value::from(response.content_type.as_str());
    if let Some(expected) = expect.get("content_type").filter(|expected| !fits(expected, &content_type, context)) {
        return differs("content type", expected, &content_type);
    }
    for (name, expected) in expect.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let actual = response.header(name).map_or(Value::Null, Value::from);
        if !fits(expected, &actual, context) {
            return differs(name, expected, &actual);
        }
    }
    let ignored: Vec<&str> =
        step.get("ignore").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let is_unordered = step.get("unordered") == Some(&Value::Bool(true));
    match expect.get("body").filter(|_| !ignored.contains(&"")) {
        Some(body) => Comparison { context, is_unordered }.difference(body, &response.body, "$").map_or(Ok(()), Err),
        None => Ok(()),
    }
}

struct Comparison<'a> {
    context: &'a Context,
    is_unordered: bool,
}

impl Comparison<'_> {
    fn difference(&self, expected: &Value, actual: &Value, path: &str) -> Option<String> {
        match (expected, actual) {
            (Value::Object(wanted), Value::Object(given)) => {
                for (key, value) in wanted {
                    let path = format!("{path}.{key}");
                    match given.get(key) {
                        Some(given) => {
                            if let Some(difference) = self.difference(value, given, &path) {
                                return Some(difference);
                            }
                        }
                        None if value == "${any}" => {}
                        None => return Some(format!("{path}: expected {value}, got nothing")),
                    }
                }
                let more = given.iter().find(|(key, _)| !wanted.contains_key(*key));
                more.map(|(key, value)| format!("{path}.{key}: expected nothing, got {value}"))
            }
            (Value::Array(wanted), Value::Array(given)) => {
                if wanted.len() != given.len() {
                    return Some(format!("{path}: expected {} items, got {}", wanted.len(), given.len()));
                }
                let mut left: Vec<&Value> = given.iter().collect();
                for (at, item) in wanted.iter().enumerate() {
                    let path = format!("{path}[{at}]");
                    let options = if self.is_unordered { left.len() } else { 1 };
                    let hit = (0..options).find(|option| self.difference(item, left[*option], &path).is_none());
                    match hit {
                        Some(hit) => left.remove(hit),
                        None => return self.difference(item, left[0], &path),
                    };
                }
                None
            }
            (expected, actual) if fits(expected, actual, self.context) => None,
            (expected, actual) => Some(format!("{path}: expected {expected}, got {actual}")),
        }
    }
}

fn fits(expected: &Value, actual: &Value, context: &Context) -> bool {
    let Some(pattern) = expected.as_str().filter(|text| context.expression().is_match(text)) else {
        return expected == actual;
    };
    if let Some(whole) = context.whole(pattern) {
        let (name, argument) = whole.split_once(':').unwrap_or((whole, ""));
        match name {
            "any" => return true,
            "time" | "int" => return actual.is_i64() && hole_fits(name, argument, &text(actual), context),
            name if hole(name).is_none() => return context.value(whole).as_ref() == Some(actual),
            _ => {}
        }
    }
    let Some(actual) = actual.as_str() else { return false };
    let (mut regex, mut holes, mut last) = (String::new(), Vec::new(), 0);
    for found in context.expression().captures_iter(pattern) {
        let all = found.get(0).expect("a match");
        regex += &regex::escape(&pattern[last..all.start()]);
        last = all.end();
        let (name, argument) = found[1].split_once(':').unwrap_or((&found[1], ""));
        match hole(name) {
            Some(of_hole) => {
                regex += &format!("({of_hole})");
                holes.push((name.to_owned(), argument.to_owned()));
            }
            None => match context.value(&found[1]) {
                Some(value) => regex += &regex::escape(&text(&value)),
                None => return false,
            },
        }
    }
    regex += &regex::escape(&pattern[last..]);
    let regex = Regex::new(&format!(r"\A(?:{regex})\z")).expect("a sound pattern");
    let Some(groups) = regex.captures(actual) else { return false };
    holes
        .iter()
        .zip(groups.iter().skip(1))
        .all(|((name, argument), group)| hole_fits(name, argument, group.map_or("", |group| group.as_str()), context))
}

/// Whether a text matches a placeholder.
fn hole(name: &str) -> Option<&'static str> {
    Some(match name {
        "ks" => "[A-Za-z0-9+/_-]{60,}={0,2}",
        "tokenid" => "[01]_[0-9a-z]{8}",
        "hex32" => "[0-9a-f]{32}",
        "time" | "timestr" | "int" => r"-?\d+",
        "float" => "[0-9.E-]+",
        "any" => "(?s:.*)",
        _ => return None,
    })
}

fn hole_fits(name: &str, argument: &str, text: &str, context: &Context) -> bool {
    match (name, argument) {
        ("ks", _) => ks_kind(text).as_deref() == Some(argument) && !context.is_captured(text),
        ("time" | "timestr", "") => true,
        ("time" | "timestr", _) => {
            let Ok(time) = text.parse::<i64>() else { return false };
            match argument {
                "recent" => (context.started - EARLY..=context.now() + LATE).contains(&time),
                "past" => (0..=context.now() + LATE).contains(&time),
                offset => {
                    let offset: i64 = offset.parse().expect("a number of seconds");
                    (offset - EARLY..=offset + LATE).contains(&(time - context.sent))
                }
            }
        }
        _ => true,
    }
}

/// The version and partner of a KS, such as `v2:103`.
fn ks_kind(text: &str) -> Option<String> {
    let plain = text.replace('-', "+").replace('_', "/");
    let data = STANDARD_NO_PAD.decode(plain.trim_end_matches('=')).ok()?;
    let head = String::from_utf8_lossy(&data);
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    match head.strip_prefix("v2|") {
        Some(rest) => Some(format!("v2:{}", digits(rest))),
        None => head.split_once('|').map(|(_, rest)| format!("v1:{}", digits(rest))),
    }
}
