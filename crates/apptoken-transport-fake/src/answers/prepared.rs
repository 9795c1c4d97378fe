//! A checked answer, ready to be given.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::answers::AnswerConfig;
use crate::answers::condition::Condition;
use crate::answers::value::{self, NAMES};
use crate::catalog;
use crate::catalog::action::CatalogAction;
use crate::config_error::ConfigError;
use crate::error::{ApiError, Failure};
use crate::output::{Output, Record};
use crate::php::Array;

/// The class of an error.
const EXCEPTION: &str = "KalturaAPIException";

/// The maximum size of an error. A reply contains its arguments twice.
const MAX_ERROR: usize = 64 << 10;

/// A checked answer, ready to be given. It is serialized as the test wrote it.
#[derive(Deserialize)]
#[serde(try_from = "AnswerConfig")]
pub(crate) struct PreparedAnswer {
    config: AnswerConfig,
    action: &'static CatalogAction,
    conditions: Vec<Condition>,
    /// What successive calls get; at least one.
    results: Vec<Given>,
    size: usize,
}

#[derive(Clone)]
enum Given {
    Value(Arc<Output>),
    Error(ApiError),
}

impl PreparedAnswer {
    pub(super) fn of(mut config: AnswerConfig) -> Result<Self, ConfigError> {
        let action = catalog::find_full(&config.action).ok_or_else(|| unknown_action(&config.action))?;
        config.action = action.full_name.clone();
        let conditions = match &config.when {
            Some(when) => Condition::all_of(parse("when", when)?, action)?,
            None => Vec::new(),
        };
        let results = match (&config.value, &config.values, &config.error) {
            (Some(value), None, None) => vec![given("value", parse("value", value)?, action)?],
            (None, Some(values), None) => all_given(parse("values", values)?, action)?,
            (None, None, Some(error)) => vec![error_given("error", parse("error", error)?)?],
            _ => return Err(ConfigError::new("", "exactly one of the keys value, values and error")),
        };
        let size = total_size(&config, &results);
        Ok(Self { config, action, conditions, results, size })
    }

    /// The name of the action.
    pub(crate) fn action(&self) -> &str {
        &self.config.action
    }

    /// The number of conditions if the answer is for this request.
    pub(super) fn matches(&self, action: &CatalogAction, params: &Array) -> Option<usize> {
        let is_of_action = std::ptr::eq(self.action, action);
        (is_of_action && self.conditions.iter().all(|condition| condition.matches(params)))
            .then_some(self.conditions.len())
    }

    /// Whether both are for the same requests.
    pub(super) fn is_for_same(&self, other: &Self) -> bool {
        std::ptr::eq(self.action, other.action) && self.conditions == other.conditions
    }

    /// The result of the call after `before` others; the last one is repeated.
    pub(super) fn result(&self, before: u64) -> Result<Output, Failure> {
        let at = usize::try_from(before).unwrap_or(usize::MAX);
        match self.results.get(at).or(self.results.last()) {
            Some(Given::Value(value)) => Ok(Output::Shared(Arc::clone(value))),
            Some(Given::Error(error)) => Err(error.clone().into()),
            None => Ok(Output::Null),
        }
    }

    /// Its approximate size in bytes.
    pub(super) fn size(&self) -> usize {
        self.size
    }
}

impl TryFrom<AnswerConfig> for PreparedAnswer {
    type Error = ConfigError;

    fn try_from(config: AnswerConfig) -> Result<Self, ConfigError> {
        Self::of(config)
    }
}

impl Serialize for PreparedAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.config.serialize(serializer)
    }
}

impl fmt::Debug for PreparedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedAnswer").field("action", &self.config.action).finish_non_exhaustive()
    }
}

fn total_size(config: &AnswerConfig, results: &[Given]) -> usize {
    let AnswerConfig { action: _, when, value, values, error } = config;
    let texts = [when, value, values, error].into_iter().flatten().map(|json| json.get().len());
    let results = results.iter().map(|given| match given {
        Given::Value(value) => value.size(),
        Given::Error(error) => error.size(),
    });
    size_of::<PreparedAnswer>() + texts.chain(results).sum::<usize>()
}

fn unknown_action(name: &str) -> ConfigError {
    let expected = match catalog::nearest(name) {
        Some(nearest) => format!("an action of the API; the nearest name is {nearest}"),
        None => "an action of the API, such as media.list".to_owned(),
    };
    ConfigError::new("action", expected)
}

fn parse(key: &str, json: &RawValue) -> Result<Output, ConfigError> {
    value::parse(json.get()).map_err(|expected| ConfigError::new(key, expected))
}

fn all_given(values: Output, action: &CatalogAction) -> Result<Vec<Given>, ConfigError> {
    let Output::List(values) = values else { return Err(ConfigError::new("values", "a list")) };
    if values.is_empty() {
        return Err(ConfigError::new("values", "at least one value"));
    }
    let each = values.into_iter().enumerate();
    each.map(|(at, value)| given(&format!("values[{at}]"), value, action)).collect()
}

/// An object without a class gets the class that the action returns.
fn given(key: &str, value: Output, action: &CatalogAction) -> Result<Given, ConfigError> {
    let value = match value {
        Output::Object(Record { class, properties }) if class == EXCEPTION => {
            let named = properties.into_iter().map(|(name, value)| (name.into_owned(), value));
            return error_given(key, Output::Map(named.collect()));
        }
        Output::Map(named) if returns_object(action) => {
            value::object(action.returns.to_owned(), named).ok_or_else(|| ConfigError::new(key, NAMES))?
        }
        value => value,
    };
    Ok(Given::Value(Arc::new(value)))
}

fn returns_object(action: &CatalogAction) -> bool {
    action.returns.starts_with(|first: char| first.is_ascii_uppercase()) && !action.returns.ends_with("Array")
}

/// Reads an error as the server writes it, with or without its class. `args` can be an empty list, as in JSON of PHP.
fn error_given(key: &str, error: Output) -> Result<Given, ConfigError> {
    let named = match error {
        Output::Map(named) => named,
        Output::Object(Record { class, properties }) if class == EXCEPTION => {
            properties.into_iter().map(|(name, value)| (name.into_owned(), value)).collect()
        }
        _ => return Err(ConfigError::new(key, "an object with the keys code, message and args")),
    };
    let (mut code, mut message, mut args) = (None, None, Vec::new());
    for (name, value) in named {
        match (name.as_str(), value) {
            ("code", Output::Text(text)) => code = Some(text),
            ("message", Output::Text(text)) => message = Some(text),
            ("args", Output::List(none)) if none.is_empty() => {}
            ("args", Output::Map(named)) => args = texts(key, named)?,
            ("code" | "message", _) => return Err(ConfigError::new(&format!("{key}.{name}"), "a string")),
            ("args", _) => return Err(ConfigError::new(&format!("{key}.args"), "an object with strings")),
            _ => return Err(ConfigError::new(&format!("{key}.{name}"), "one of the keys code, message, args")),
        }
    }
    let code = code.ok_or_else(|| ConfigError::new(&format!("{key}.code"), "a string"))?;
    let error = ApiError::of_code(&code);
    let message = message.unwrap_or_else(|| error.message());
    let error = error.worded(message, args);
    if error.size() > MAX_ERROR {
        return Err(ConfigError::new(key, "an error of at most 64 KiB"));
    }
    Ok(Given::Error(error))
}

fn texts(key: &str, named: Vec<(String, Output)>) -> Result<Vec<(String, String)>, ConfigError> {
    let text = |(name, value)| match value {
        Output::Text(text) => Ok((name, text)),
        _ => Err(ConfigError::new(&format!("{key}.args.{name}"), "a string")),
    };
    named.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json;

    fn prepared(json: &str) -> Result<PreparedAnswer, ConfigError> {
        PreparedAnswer::of(serde_json::from_str(json).unwrap())
    }

    /// What the calls get: values as JSON, errors as their code, message and arguments.
    fn results(json: &str, calls: u64) -> Vec<String> {
        let answer = prepared(json).unwrap();
        let shown = |call| match answer.result(call) {
            Ok(output) => json::text(&output),
            Err(Failure::Api(error)) => {
                let args: Vec<_> = error.args().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{}|{}|{}", error.code, error.message(), args.join(","))
            }
            Err(Failure::Crash | Failure::NoFile(_)) => panic!("an answer"),
        };
        (0..calls).map(shown).collect()
    }

    #[test]
    fn the_last_of_several_values_is_repeated() {
        assert_eq!(results(r#"{"action":"media.count","values":[7,8]}"#, 4), ["7", "8", "8", "8"]);
    }

    #[test]
    fn an_object_gets_the_class_that_the_action_returns() {
        for (json, expected) in [
            (
                r#"{"action":"media.list","value":{"objects":[{"a":1}]}}"#,
                r#"{"objects":[{"a":1}],"objectType":"KalturaMediaListResponse"}"#,
            ),
            (r#"{"action":"media.get","value":{"objectType":"X"}}"#, r#"{"objectType":"X"}"#),
            (r#"{"action":"media.delete","value":null}"#, "null"),
            (r#"{"action":"media.count","value":{"a":1}}"#, r#"{"a":1}"#),
        ] {
            assert_eq!(results(json, 1), [expected]);
        }
    }

    #[test]
    fn an_error_is_written_as_the_server_writes_it() {
        let own = r#"{"code":"X","message":"No @A@","args":{"A":"1"}}"#;
        assert_eq!(results(&format!(r#"{{"action":"media.get","error":{own}}}"#), 2), ["X|No @A@|A=1"; 2]);
        let recorded = r#"{"code":"INVALID_USER_ID","objectType":"KalturaAPIException","args":[]}"#;
        let expected = "INVALID_USER_ID|Invalid user id|";
        assert_eq!(results(&format!(r#"{{"action":"media.get","error":{recorded}}}"#), 1), [expected]);
        assert_eq!(results(&format!(r#"{{"action":"media.count","values":[{recorded},5]}}"#), 2), [expected, "5"]);
    }

    #[test]
    fn an_invalid_answer_names_the_key_and_what_is_expected() {
        let long = "x".repeat(MAX_ERROR + 1);
        for (json, message) in [
            (
                r#"{"action":"media.lsit","value":1}"#,
                "action: expected an action of the API; the nearest name is media.list",
            ),
            (r#"{"action":"multirequest","value":1}"#, "action: expected an action of the API, such as media.list"),
            (r#"{"action":"media.list"}"#, "expected exactly one of the keys value, values and error"),
            (
                r#"{"action":"media.list","value":1,"error":{}}"#,
                "expected exactly one of the keys value, values and error",
            ),
            (r#"{"action":"media.list","values":[]}"#, "values: expected at least one value"),
            (r#"{"action":"media.list","values":1}"#, "values: expected a list"),
            (r#"{"action":"media.list","error":{}}"#, "error.code: expected a string"),
            (r#"{"action":"media.list","error":{"code":1}}"#, "error.code: expected a string"),
            (r#"{"action":"media.list","error":{"code":"X","args":{"A":1}}}"#, "error.args.A: expected a string"),
            (
                r#"{"action":"media.list","error":{"cod":"X"}}"#,
                "error.cod: expected one of the keys code, message, args",
            ),
            (
                r#"{"action":"media.list","value":{"a b":1}}"#,
                "value: expected names of letters, digits and _ in an object with an objectType",
            ),
            (
                &format!(r#"{{"action":"media.list","error":{{"code":"X","message":"{long}"}}}}"#),
                "error: expected an error of at most 64 KiB",
            ),
        ] {
            assert_eq!(prepared(json).err().unwrap().to_string(), message, "{json}");
        }
    }
}
