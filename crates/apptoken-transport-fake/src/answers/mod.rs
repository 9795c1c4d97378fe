//! Answers of a test's own: what actions answer that the fake does not model, or that a test wants otherwise.

mod condition;
mod prepared;
pub(crate) mod table;
pub(crate) mod value;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::{RawValue, to_raw_value};

pub(crate) use self::prepared::PreparedAnswer;
use crate::config_error::ConfigError;

/// An answer of a test's own to an action, for [`Fake::answer`](crate::Fake::answer).
///
/// A value is anything that serializes to JSON: an object of the API with its `objectType`, a list of them, a number. It
/// is given as the server would write it: JSON has `objectType` last and no null properties, XML has `objectType` first
/// and a list as items. An object without `objectType` gets the class that the action returns, and inside of another
/// value it is an associative array.
///
/// # Examples
///
/// ```
/// use apptoken_transport_fake::{Answer, Fake};
/// use serde_json::json;
///
/// let fake = Fake::new();
/// fake.answer("partner.getInfo", Answer::value(json!({ "id": 101, "name": "Test account" })))?;
///
/// // Two pages, and then the second one again.
/// let page = |name| json!({ "totalCount": 2, "objects": [{ "name": name, "objectType": "KalturaMediaEntry" }] });
/// fake.answer("media.list", Answer::values([page("first"), page("second")]))?;
///
/// let text = "Entry id \"0_gone\" not found";
/// let gone = Answer::error("ENTRY_ID_NOT_FOUND", text, &[("ENTRY_ID", "0_gone")]);
/// fake.answer("media.get", gone.when("entryId", "0_gone"))?;
/// # Ok::<(), apptoken_transport_fake::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    content: Content,
    when: BTreeMap<String, Json>,
}

#[derive(Clone, Debug)]
enum Content {
    Value(Json),
    Values(Json),
    Error(Json),
}

/// JSON; `None` if a value of the test could not be serialized.
type Json = Option<Box<RawValue>>;

impl Answer {
    /// A value, the same for every call.
    #[must_use]
    pub fn value(value: impl Serialize) -> Self {
        Self::of(Content::Value(json(&value)))
    }

    /// A value for each of successive calls. After the last one, further calls get the last one again.
    ///
    /// A value with the `objectType` `KalturaAPIException` and the keys `code`, `message` and `args` is an error.
    #[must_use]
    pub fn values<T: Serialize>(values: impl IntoIterator<Item = T>) -> Self {
        Self::of(Content::Values(json(&values.into_iter().collect::<Vec<_>>())))
    }

    /// An error of the API: its code, its message, and the names and values of its arguments.
    #[must_use]
    pub fn error(code: &str, message: &str, args: &[(&str, &str)]) -> Self {
        let args: IndexMap<_, _> = args.iter().copied().collect();
        Self::of(Content::Error(json(&ErrorConfig { code, message, args })))
    }

    /// Gives the answer only to requests with this parameter, compared as text. `:` or `.` separates the names of nested
    /// parameters, as in `filter:statusEqual`; `true` and `false` match every form of them; `()` matches a parameter that
    /// is missing or null. With several conditions, all must hold.
    ///
    /// Of all answers that match a request, the one with the most conditions is given; of these, the latest.
    #[must_use]
    pub fn when(mut self, parameter: &str, value: impl Serialize) -> Self {
        self.when.insert(parameter.to_owned(), json(&value));
        self
    }

    fn of(content: Content) -> Self {
        Self { content, when: BTreeMap::new() }
    }

    pub(crate) fn for_action(self, action: &str) -> Result<PreparedAnswer, ConfigError> {
        let given =
            |key: &str, json: Json| json.ok_or_else(|| ConfigError::new(key, "a value that serializes to JSON"));
        let mut config = AnswerConfig { action: action.to_owned(), when: None, value: None, values: None, error: None };
        let mut when = BTreeMap::new();
        for (name, value) in self.when {
            let value = given(&format!("when.{name}"), value)?;
            when.insert(name, value);
        }
        config.when = json(&when);
        match self.content {
            Content::Value(value) => config.value = Some(given("value", value)?),
            Content::Values(values) => config.values = Some(given("values", values)?),
            Content::Error(error) => config.error = Some(given("error", error)?),
        }
        PreparedAnswer::of(config)
    }
}

fn json(value: &impl Serialize) -> Json {
    to_raw_value(value).ok()
}

#[derive(Serialize)]
struct ErrorConfig<'a> {
    code: &'a str,
    message: &'a str,
    args: IndexMap<&'a str, &'a str>,
}

/// An answer as JSON: in a configuration, in a snapshot and in the control interface.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerConfig {
    action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    when: Json,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    value: Json,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Json,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Json,
}

/// Distinguishes the value `null` from a missing key.
fn given<'de, D: Deserializer<'de>>(json: D) -> Result<Json, D::Error> {
    Deserialize::deserialize(json).map(Some)
}
