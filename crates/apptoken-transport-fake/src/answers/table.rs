//! The answers that are set. They are part of the state, so a snapshot contains them and a reset restores those of the
//! start.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::answers::PreparedAnswer;
use crate::catalog::action::CatalogAction;
use crate::config_error::ConfigError;
use crate::error::Failure;
use crate::model::checked;
use crate::output::Output;
use crate::php::Array;

/// How many answers there can be, and their size in bytes.
const MAX_ANSWERS: usize = 1_000;
const MAX_BYTES: usize = 16 << 20;

/// The id of an answer that a test has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AnswerId(u64);

impl AnswerId {
    /// The number of the answer; the first one of a fake is 1.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// The id with that number.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        Self(number)
    }
}

/// An answer that is set, as [`Fake::answers`](crate::Fake::answers) returns it. It serializes to its id, how often it
/// was given, and the answer as it was set.
#[derive(Clone, Debug, Serialize)]
pub struct SetAnswer {
    id: AnswerId,
    given: u64,
    #[serde(flatten)]
    answer: Arc<PreparedAnswer>,
}

impl SetAnswer {
    /// The id.
    #[must_use]
    pub fn id(&self) -> AnswerId {
        self.id
    }

    /// The action that it is for, such as `media.list`.
    #[must_use]
    pub fn action(&self) -> &str {
        self.answer.action()
    }

    /// How often it was given.
    #[must_use]
    pub fn given(&self) -> u64 {
        self.given
    }
}

/// All answers, sorted by id.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Answers {
    #[serde(deserialize_with = "checked::count")]
    last: u64,
    rows: Vec<Row>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Row {
    id: AnswerId,
    #[serde(deserialize_with = "checked::count")]
    given: u64,
    answer: Arc<PreparedAnswer>,
}

impl Answers {
    /// Adds an answer. It replaces the one for the same action and conditions.
    pub(crate) fn set(&mut self, answer: PreparedAnswer) -> Result<AnswerId, ConfigError> {
        let others = || self.rows.iter().filter(|row| !row.answer.is_for_same(&answer));
        let bytes: usize = others().map(|row| row.answer.size()).sum();
        if others().count() >= MAX_ANSWERS || bytes + answer.size() > MAX_BYTES {
            return Err(ConfigError::new("", "at most 1,000 answers of together 16 MiB"));
        }
        self.rows.retain(|row| !row.answer.is_for_same(&answer));
        self.last += 1;
        let id = AnswerId(self.last);
        self.rows.push(Row { id, given: 0, answer: Arc::new(answer) });
        Ok(id)
    }

    /// Gives the answer for a request, if there is one, and counts it. `params` are nested arrays.
    pub(crate) fn take(
        &mut self,
        action: &CatalogAction,
        params: &Array,
    ) -> Option<(AnswerId, Result<Output, Failure>)> {
        let matching = self.rows.iter_mut().filter_map(|row| Some((row.answer.matches(action, params)?, row)));
        // Of several with as many conditions, this is the last and so the latest one.
        let (_, row) = matching.max_by_key(|(conditions, _)| *conditions)?;
        let result = row.answer.result(row.given);
        row.given = row.given.saturating_add(1);
        Some((row.id, result))
    }

    /// Whether there is an answer for an action.
    pub(crate) fn has_any_for(&self, action: &str) -> bool {
        self.rows.iter().any(|row| row.answer.action() == action)
    }

    pub(crate) fn list(&self) -> Vec<SetAnswer> {
        let listed = |row: &Row| SetAnswer { id: row.id, given: row.given, answer: Arc::clone(&row.answer) };
        self.rows.iter().map(listed).collect()
    }

    pub(crate) fn remove(&mut self, id: AnswerId) -> bool {
        let before = self.rows.len();
        self.rows.retain(|row| row.id != id);
        self.rows.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.rows.clear();
    }

    /// The first inconsistency of answers from a snapshot.
    pub(crate) fn inconsistency(&self) -> Option<&'static str> {
        let bytes: usize = self.rows.iter().map(|row| row.answer.size()).sum();
        if self.rows.len() > MAX_ANSWERS || bytes > MAX_BYTES {
            return Some("expected at most 1,000 answers of together 16 MiB");
        }
        let ids: Vec<u64> = self.rows.iter().map(|row| row.id.0).collect();
        let is_sorted = ids.is_sorted_by(|one, next| one < next) && ids.last().is_none_or(|id| *id <= self.last);
        (!is_sorted).then_some("expected answers sorted by id, and the last id at the end")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::find_full;
    use crate::php::json::decode;
    use crate::wire::json;

    fn set(answers: &mut Answers, json: &str) -> Result<u64, String> {
        let answer = serde_json::from_str(json).map_err(|error| error.to_string())?;
        answers.set(answer).map(AnswerId::number).map_err(|error| error.to_string())
    }

    /// The id of the answer and its value as JSON.
    fn take(answers: &mut Answers, action: &str, params: &str) -> Option<(u64, String)> {
        let params = decode(params).unwrap();
        let (id, result) = answers.take(find_full(action).unwrap(), params.as_array().unwrap())?;
        Some((id.number(), result.map_or_else(|_| "error".to_owned(), |output| json::text(&output))))
    }

    #[test]
    fn the_answer_with_the_most_conditions_is_given() {
        let mut answers = Answers::default();
        for (json, id) in [
            (r#"{"action":"media.get","value":"both","when":{"entryId":"a","version":1}}"#, 1),
            (r#"{"action":"media.get","value":"id","when":{"entryId":"a"}}"#, 2),
            (r#"{"action":"media.get","value":"version","when":{"version":1}}"#, 3),
            (r#"{"action":"media.get","value":"any"}"#, 4),
        ] {
            assert_eq!(set(&mut answers, json), Ok(id));
        }
        for (params, expected) in [
            (r#"{"entryId":"a","version":"1"}"#, "both"),
            (r#"{"entryId":"a"}"#, "id"),
            (r#"{"entryId":"b","version":1}"#, "version"),
            (r#"{"entryId":"b"}"#, "any"),
        ] {
            assert_eq!(
                take(&mut answers, "media.get", params).map(|(_, value)| value),
                Some(format!("\"{expected}\""))
            );
        }
        assert_eq!(take(&mut answers, "media.list", "{}"), None);
        assert_eq!(answers.list().iter().map(SetAnswer::given).collect::<Vec<_>>(), [1; 4]);
    }

    #[test]
    fn an_answer_for_the_same_requests_is_replaced() {
        let mut answers = Answers::default();
        let json =
            |value: &str| format!(r#"{{"action":"media.get","value":{value},"when":{{"entryId":"a","version":1}}}}"#);
        assert_eq!(set(&mut answers, &json("1")), Ok(1));
        assert_eq!(set(&mut answers, &json("2").replace(r#""a","version":1"#, r#""a","version":"1""#)), Ok(2));
        assert_eq!(answers.list().len(), 1);
        assert_eq!(take(&mut answers, "media.get", r#"{"entryId":"a","version":1}"#), Some((2, "2".to_owned())));
        assert!(answers.remove(AnswerId(2)) && !answers.remove(AnswerId(2)));
    }

    #[test]
    fn answers_are_limited_in_number_and_bytes() {
        let mut answers = Answers::default();
        let json = |id: usize, value: &str| {
            format!(r#"{{"action":"media.get","value":"{value}","when":{{"entryId":"{id}"}}}}"#)
        };
        for id in 0..MAX_ANSWERS {
            assert!(set(&mut answers, &json(id, "")).is_ok());
        }
        let full = Err("expected at most 1,000 answers of together 16 MiB".to_owned());
        assert_eq!(set(&mut answers, &json(MAX_ANSWERS, "")), full);
        assert!(set(&mut answers, &json(0, "replaced")).is_ok());
        answers.clear();
        let large = "x".repeat(3 << 20);
        assert!(set(&mut answers, &json(1, &large)).is_ok() && set(&mut answers, &json(2, &large)).is_ok());
        assert_eq!(set(&mut answers, &json(3, &large)), full);
        assert_eq!(answers.list().len(), 2);
    }

    #[test]
    fn a_snapshot_keeps_the_position_in_a_list_of_values() {
        let mut answers = Answers::default();
        set(&mut answers, r#"{"action":"media.count","values":[1,2,3]}"#).unwrap();
        take(&mut answers, "media.count", "{}").unwrap();
        let snapshot = serde_json::to_string(&answers).unwrap();
        let mut restored: Answers = serde_json::from_str(&snapshot).unwrap();
        assert_eq!(restored.inconsistency(), None);
        assert_eq!(take(&mut restored, "media.count", "{}"), Some((1, "2".to_owned())));
        let inconsistent: Answers = serde_json::from_str(&snapshot.replace("\"last\":1", "\"last\":0")).unwrap();
        assert!(inconsistent.inconsistency().is_some());
        assert!(serde_json::from_str::<Answers>(&snapshot.replace("media.count", "media.cuont")).is_err());
    }
}
