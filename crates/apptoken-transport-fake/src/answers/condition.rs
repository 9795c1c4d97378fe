//! When an answer is given: equality with parameters of the request.

use crate::catalog::action::CatalogAction;
use crate::config_error::ConfigError;
use crate::objects::build::to_bool;
use crate::output::Output;
use crate::php::cast::to_text;
use crate::php::{Array, Key, Value};

/// How many conditions an answer can have.
const MAX_CONDITIONS: usize = 64;

/// Parameters that every action has.
const COMMON: &[&str] = &["apiVersion", "clientTag", "ks", "language", "p", "partnerId", "responseProfile"];

/// What a parameter must be.
#[derive(Clone, PartialEq)]
pub(super) struct Condition {
    /// The names of nested parameters, from the outside.
    path: Vec<String>,
    expected: Expected,
}

#[derive(Clone, PartialEq)]
enum Expected {
    /// Not sent, or null.
    Absent,
    Bool(bool),
    /// Compared as text, because forms have no numbers.
    Text(String),
}

impl Condition {
    /// Reads conditions, sorted by name: an object with a value for each name, such as `filter:statusEqual`.
    pub(super) fn all_of(when: Output, action: &CatalogAction) -> Result<Vec<Self>, ConfigError> {
        let named = match when {
            Output::Map(named) if named.len() <= MAX_CONDITIONS => named,
            _ => return Err(ConfigError::new("when", "an object with at most 64 values by the names of parameters")),
        };
        let mut conditions =
            named.into_iter().map(|(name, value)| Self::of(&name, value, action)).collect::<Result<Vec<_>, _>>()?;
        conditions.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(conditions)
    }

    /// Only the first part of the name is checked: it must be a parameter of the action.
    fn of(name: &str, value: Output, action: &CatalogAction) -> Result<Self, ConfigError> {
        let path: Vec<String> = name.split([':', '.']).map(str::to_owned).collect();
        let key = || format!("when.{name}");
        let own = action.parameters.iter().map(|parameter| parameter.name);
        if !path.first().is_some_and(|first| own.clone().chain(COMMON.iter().copied()).any(|known| known == first)) {
            let names = own.chain(["or one of all actions, such as partnerId"]).collect::<Vec<_>>().join(", ");
            return Err(ConfigError::new(&key(), format!("a parameter of {}: {names}", action.full_name)));
        }
        let expected = match value {
            Output::Null => Expected::Absent,
            Output::Bool(value) => Expected::Bool(value),
            Output::Int(number) => Expected::Text(number.to_string()),
            Output::Float(number) => Expected::Text(to_text(&Value::Float(number)).into_owned()),
            Output::Text(text) => Expected::Text(text),
            _ => return Err(ConfigError::new(&key(), "a string, a number, true, false or null")),
        };
        Ok(Self { path, expected })
    }

    /// Whether the parameters of a request fulfil it; nested parameters are arrays.
    pub(super) fn matches(&self, params: &Array) -> bool {
        let value = at(params, &self.path).filter(|value| **value != Value::Null);
        match (&self.expected, value) {
            (Expected::Absent, value) => value.is_none(),
            (_, None | Some(Value::Array(_))) => false,
            (Expected::Bool(expected), Some(value)) => to_bool(value).is_ok_and(|value| value == *expected),
            (Expected::Text(expected), Some(value)) => to_text(value) == *expected,
        }
    }
}

fn at<'a>(params: &'a Array, path: &[String]) -> Option<&'a Value> {
    let (first, further) = path.split_first()?;
    let value = params.get(&Key::from(first.as_str()))?;
    match value {
        _ if further.is_empty() => Some(value),
        Value::Array(inner) => at(inner, further),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::value::parse;
    use crate::catalog::find_full;
    use crate::php::json::decode;

    fn conditions(when: &str) -> Result<Vec<Condition>, ConfigError> {
        Condition::all_of(parse(when).ok().unwrap(), find_full("media.list").unwrap())
    }

    #[test]
    fn a_parameter_is_compared_as_text_or_truth() {
        for (when, params, expected) in [
            (r#"{"filter:statusEqual":2}"#, r#"{"filter":{"statusEqual":"2"}}"#, true),
            (r#"{"filter.statusEqual":"2"}"#, r#"{"filter":{"statusEqual":2}}"#, true),
            (r#"{"filter:statusEqual":2}"#, r#"{"filter":{"statusEqual":"2.0"}}"#, false),
            (r#"{"filter:isRoot":true}"#, r#"{"filter":{"isRoot":"1"}}"#, true),
            (r#"{"filter:isRoot":false}"#, r#"{"filter":{"isRoot":"false"}}"#, true),
            (r#"{"filter:isRoot":false}"#, "{}", false),
            (r#"{"pager":null}"#, r#"{"pager":null}"#, true),
            (r#"{"pager":null}"#, r#"{"pager":{}}"#, false),
            (r#"{"pager":""}"#, r#"{"pager":{}}"#, false),
            (r#"{"filter:a:b":1}"#, r#"{"filter":{"a":1}}"#, false),
        ] {
            let params = decode(params).unwrap();
            let [condition] = &*conditions(when).ok().unwrap() else { panic!("one condition") };
            assert_eq!(condition.matches(params.as_array().unwrap()), expected, "{when}");
        }
    }

    #[test]
    fn a_condition_on_an_unknown_parameter_is_refused() {
        assert_eq!(
            conditions(r#"{"filtre:statusEqual":2}"#).err().unwrap().to_string(),
            "when.filtre:statusEqual: expected a parameter of media.list: filter, pager, or one of all actions, such as partnerId"
        );
        assert!(conditions(r#"{"filter:statusEqual":[1]}"#).is_err() && conditions("[]").is_err());
    }
}
