//! Explains which check accepts or refuses a call, without running the action.
//!
//! The checks are those of [`checks`](crate::checks), made on a copy of the state. So a session that may be used a few times
//! only is not used up, and nothing reaches the journal, the faults or the response cache.

pub(crate) mod repair;
mod sentence;
pub(crate) mod session;

pub(crate) use self::sentence::needed;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value as Json};

use crate::actions::requested::RequestedAction;
use crate::actions::without_model;
use crate::catalog::action::CatalogAction;
use crate::checks::{CHECKS, CheckName, PendingCall, known_action};
use crate::config_error::ConfigError;
use crate::coverage::{Coverage, coverage_of};
use crate::dispatch::as_returned;
use crate::error::Failure;
use crate::explain::repair::Repair;
use crate::fake::Fake;
use crate::model::role::RoleRow;
use crate::model::state::State;
use crate::objects::build::group;
use crate::permissions::Permissions;
use crate::php::{Array, Key, Value, json};
use crate::request_info::RequestInfo;

/// Which checks a call would pass, and what would follow; see [`Fake::explain`].
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The action in its declared case, or as the request names it.
    pub action: String,
    /// Whether all checks pass.
    pub allowed: bool,
    /// What follows the checks.
    pub then: Option<FollowUp>,
    /// The checks in the order of the server.
    pub checks: Vec<ExplainedCheck>,
    /// The error of the check that failed.
    pub refusal: Option<Refusal>,
    /// The permissions that allow the action; one is enough.
    pub needed: Vec<&'static str>,
    /// If the caller has none of these permissions, the roles of the account that have one.
    pub roles: Vec<SuitableRole>,
    /// What makes the failed check pass.
    pub repairs: Vec<Repair>,
}

/// What follows the checks of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FollowUp {
    /// An answer of the test's own.
    Answer,
    /// What the fake does for the action.
    #[serde(untagged)]
    Imitation(Coverage),
}

/// A check of a call.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ExplainedCheck {
    /// What is checked.
    pub check: CheckName,
    /// What is true if it passes, in a few words.
    pub title: &'static str,
    /// Its outcome.
    pub outcome: CheckOutcome,
    /// What is needed and what the caller has, in a sentence; empty if it was not reached.
    pub detail: String,
}

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum CheckOutcome {
    /// The call passes it.
    Passed,
    /// The call fails it.
    Failed,
    /// An earlier check fails.
    NotReached,
    /// It concerns nothing in the call.
    NotNeeded,
}

/// The error that the server returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Refusal {
    /// The check that fails.
    pub check: CheckName,
    /// The HTTP status.
    pub status: u16,
    /// The code of the API error; empty for a fatal PHP error, which has status 500 and an empty body.
    pub code: String,
    /// The message of the API error.
    pub message: String,
    /// The arguments of the API error.
    #[serde(serialize_with = "as_map")]
    pub args: Vec<(String, String)>,
    /// Whether the code is only in a header and the body is empty, as for an action that returns a file.
    #[serde(rename = "inHeader")]
    pub is_in_header: bool,
}

/// A role that allows an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SuitableRole {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Which of the needed permissions it has.
    pub has: Vec<&'static str>,
}

/// A call to explain.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    action: String,
    ks: Option<String>,
    #[serde(default)]
    parameters: Map<String, Json>,
    #[serde(default)]
    https: bool,
    uri: Option<String>,
}

impl Fake {
    /// Explains which check accepts or refuses a call. It changes nothing: the action is not run, and neither the journal nor
    /// a fault, an answer, the response cache or the limit of a session's uses is touched.
    ///
    /// `json` is an object with the key `action`, such as `media.list`, and optionally `ks`, `parameters` (an object), `https`
    /// (a boolean) and `uri` (the path and query of the request, which the privilege `urirestrict` is compared with).
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if `json` is not such an object. An action that does not exist is not an error: the explanation says
    /// so.
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_transport_fake::{CheckName, Fake};
    ///
    /// let fake = Fake::new();
    /// let explanation = fake.explain(r#"{"action": "media.list"}"#)?;
    /// let refusal = explanation.refusal.ok_or("a caller without a session may not list entries")?;
    /// assert_eq!((refusal.check, &*refusal.code), (CheckName::Permission, "SERVICE_FORBIDDEN"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self, json: &str) -> Result<Explanation, ConfigError> {
        let question: Question = ConfigError::parse(json)?;
        let now = self.clock().time().0;
        let state = self.lock().state.clone();
        let params = question.params();
        let uri = question.uri.unwrap_or_else(|| {
            let (service, action) = question.action.split_once('.').unwrap_or((&question.action, ""));
            format!("/api_v3/service/{service}/action/{action}?format=1")
        });
        let info = RequestInfo { uri: &uri, host: "localhost", is_https: question.https, now, files: &[] };
        Ok(Explanation::of(&state, &params, info))
    }
}

impl Question {
    /// The parameters of the request.
    fn params(&self) -> Array {
        let mut params = match json::decode(&Json::Object(self.parameters.clone()).to_string()) {
            Some(Value::Array(params)) => params,
            _ => Array::new(),
        };
        let (service, action) = self.action.split_once('.').unwrap_or((&self.action, ""));
        let ks = self.ks.as_deref().map(|ks| ("ks", ks));
        for (name, value) in [("service", service), ("action", action)].into_iter().chain(ks) {
            params.insert(Key::from(name), Value::text(value));
        }
        params
    }
}

impl Explanation {
    fn of(state: &State, params: &Array, info: RequestInfo<'_>) -> Self {
        let requested = RequestedAction::of(params);
        let action = match known_action(&requested) {
            Ok(action) => action,
            Err(failure) => return Self::of_unknown_action(&requested, failure),
        };
        let exists = ExplainedCheck {
            check: CheckName::Action,
            title: sentence::title(CheckName::Action),
            outcome: CheckOutcome::Passed,
            detail: format!("{} exists.", action.full_name),
        };
        if without_model::shortcut(action).is_some() {
            let skipped = |_, _| (CheckOutcome::NotNeeded, "The action answers before any check.".to_owned());
            return Self { checks: with_first(exists, skipped), ..Self::allowed(action, coverage_of(action)) };
        }
        let grouped = group(params);
        let mut copy = state.clone();
        let call = PendingCall::new(action, params, &grouped, info, None);
        let Examination { call, passed, failure } = Examination::of(call, &mut copy);
        let has_failed = failure.is_some();
        let checks = with_first(exists, |name, at| {
            if at > passed || (at == passed && !has_failed) {
                return (CheckOutcome::NotReached, String::new());
            }
            sentence::of(name, &call, state, at < passed)
        });
        let follow_up = match copy.answers.take(action, &grouped) {
            Some(_) => FollowUp::Answer,
            None => FollowUp::Imitation(coverage_of(action)),
        };
        let explanation = Self { checks, then: Some(follow_up), ..Self::allowed(action, coverage_of(action)) };
        let (Some(failure), Some(check)) = (failure, CHECKS.get(passed)) else { return explanation };
        Self {
            allowed: false,
            refusal: Some(Refusal::of(check.name, as_returned(action, failure))),
            roles: suitable_roles(check.name, &call, state),
            repairs: repair::find(passed, check.name, &call, params, state),
            ..explanation
        }
    }

    fn allowed(action: &CatalogAction, coverage: Coverage) -> Self {
        Self {
            action: action.full_name.clone(),
            allowed: true,
            then: Some(FollowUp::Imitation(coverage)),
            checks: Vec::new(),
            refusal: None,
            needed: action.permissions.clone(),
            roles: Vec::new(),
            repairs: Vec::new(),
        }
    }

    fn of_unknown_action(requested: &RequestedAction<'_>, failure: Failure) -> Self {
        let refusal = Refusal::of(CheckName::Action, failure);
        let fails = ExplainedCheck {
            check: CheckName::Action,
            title: sentence::title(CheckName::Action),
            outcome: CheckOutcome::Failed,
            detail: format!("{}.", refusal.message),
        };
        Self {
            action: requested.full_name.clone().into_owned(),
            allowed: false,
            then: None,
            checks: with_first(fails, |_, _| (CheckOutcome::NotReached, String::new())),
            refusal: Some(refusal),
            needed: Vec::new(),
            roles: Vec::new(),
            repairs: Vec::new(),
        }
    }
}

/// The first check, and the others with their outcomes. `outcome` gets the position of a check.
fn with_first(
    first: ExplainedCheck,
    outcome: impl Fn(CheckName, usize) -> (CheckOutcome, String),
) -> Vec<ExplainedCheck> {
    let others = CHECKS.iter().enumerate().map(|(at, check)| {
        let (outcome, detail) = outcome(check.name, at);
        ExplainedCheck { check: check.name, title: sentence::title(check.name), outcome, detail }
    });
    std::iter::once(first).chain(others).collect()
}

/// The checks of a call on a copy of the state.
struct Examination<'a> {
    call: PendingCall<'a>,
    /// How many checks passed.
    passed: usize,
    /// Why the next one failed.
    failure: Option<Failure>,
}

impl<'a> Examination<'a> {
    fn of(mut call: PendingCall<'a>, copy: &mut State) -> Self {
        for (passed, check) in CHECKS.iter().enumerate() {
            if let Err(failure) = call.pass(check, copy) {
                return Self { call, passed, failure: Some(failure) };
            }
        }
        Self { call, passed: CHECKS.len(), failure: None }
    }
}

impl Refusal {
    pub(crate) fn of(check: CheckName, failure: Failure) -> Self {
        let is_in_header = matches!(failure, Failure::NoFile(_));
        let (status, code, message, args) = match failure {
            Failure::Crash => (500, String::new(), String::new(), Vec::new()),
            Failure::Api(error) | Failure::NoFile(error) => {
                let args = error.args().map(|(name, value)| (name.to_owned(), value)).collect();
                (200, error.code.clone(), error.message(), args)
            }
        };
        Self { check, status, code, message, args, is_in_header }
    }
}

/// The roles of the account that allow the action, if the caller has none of them.
fn suitable_roles(failed: CheckName, call: &PendingCall<'_>, state: &State) -> Vec<SuitableRole> {
    if failed != CheckName::Permission || !call.context.is_for_own_account() {
        return Vec::new();
    }
    let partner_id = call.context.permissions_partner_id();
    let suitable = |role: &RoleRow| {
        let has = Permissions::of_role(state, role, partner_id).those_of(&call.action.permissions);
        (!has.is_empty()).then(|| SuitableRole { id: role.id, name: role.name.clone(), has })
    };
    state.roles.values().filter(|role| role.is_of(partner_id) && !role.is_deleted()).filter_map(suitable).collect()
}

fn as_map<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}
