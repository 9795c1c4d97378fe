//! What a session holds, and whether it can be used.

use apptoken_core::value::KsVersion;
use serde::Serialize;

use crate::catalog;
use crate::checks::{CHECKS, CheckName, PendingCall};
use crate::explain::Refusal;
use crate::fake::Fake;
use crate::model::role::RoleRow;
use crate::model::session::Session;
use crate::model::state::State;
use crate::model::token::TokenRow;
use crate::model::user::UserRow;
use crate::permissions::{Permissions, RoleSource, roles_of_session};
use crate::php::cast::text_to_int;
use crate::php::{Array, Key, Value};
use crate::request_info::RequestInfo;
use crate::session_check::actions_left;

/// What [`Fake::inspect_session`] finds.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum SessionReport {
    /// The KS cannot be read, or no account of the fake signed it.
    Unreadable {
        /// The reason.
        reason: String,
        /// The error that every call with it gets.
        refusal: Refusal,
    },
    /// The KS can be read.
    Readable(Box<InspectedSession>),
}

/// What a session holds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InspectedSession {
    /// The version of the KS: 1 or 2.
    pub version: u8,
    /// The account.
    pub partner_id: i64,
    /// `widget`, `user` or `admin`.
    pub kind: &'static str,
    /// The session type, usually 0 or 2.
    #[serde(rename = "type")]
    pub session_type: Option<i64>,
    /// The user; empty if it has none.
    pub user_id: String,
    /// When it was started, which only a KS of version 1 holds.
    pub started_at: Option<i64>,
    /// When it expires.
    pub expires_at: Option<i64>,
    /// The time of the fake's clock.
    pub now: i64,
    /// Whether a call with it gets as far as its permissions.
    #[serde(rename = "valid")]
    pub is_valid: bool,
    /// The error that a call with it gets, if it is not valid.
    pub refusal: Option<Refusal>,
    /// The privileges, each with its values.
    pub privileges: Vec<(String, Vec<String>)>,
    /// How often it may still be used, if that is limited.
    pub actions_left: Option<i64>,
    /// The app token that started it, without its value.
    pub app_token: Option<TokenOfSession>,
    /// The user, if there is one with this id.
    pub user: Option<UserOfSession>,
    /// The roles.
    pub roles: Vec<RoleOfSession>,
    /// Where the roles are from.
    pub roles_from: Option<RoleSource>,
    /// The names of its permissions.
    pub permissions: Vec<&'static str>,
}

/// The app token of a session.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TokenOfSession {
    /// The id.
    pub id: String,
    /// 1 disabled, 2 active, 3 deleted.
    pub status: i64,
    /// The hash type.
    pub hash_type: String,
    /// When the token itself expires.
    pub expiry: Option<i64>,
    /// The user of its sessions.
    pub session_user_id: Option<String>,
    /// The type of its sessions.
    pub session_type: Option<i64>,
    /// The maximum lifetime of its sessions, in seconds.
    pub session_duration: Option<i64>,
    /// The privileges of its sessions.
    pub session_privileges: Option<String>,
    /// The description.
    pub description: Option<String>,
}

/// The user of a session.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserOfSession {
    /// The id.
    pub id: Option<String>,
    /// 0 blocked, 1 active, 2 deleted.
    pub status: Option<i64>,
    /// Whether the user is an administrator.
    pub is_admin: bool,
    /// The roles.
    pub role_ids: Vec<i64>,
}

/// A role of a session.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RoleOfSession {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The name by which programs find it.
    pub system_name: Option<String>,
    /// Its permissions that have an effect in the account.
    pub permissions: Vec<&'static str>,
}

/// The checks that concern only the session. Its privilege `urirestrict` also concerns the request.
const OF_SESSION: &[CheckName] = &[
    CheckName::Signature,
    CheckName::Expiry,
    CheckName::Address,
    CheckName::Revocation,
    CheckName::AccountStatus,
    CheckName::User,
    CheckName::Role,
];

impl Fake {
    /// Reads a session with the secrets of its account, and checks it as a call with it is checked. It changes nothing, and
    /// returns no secret.
    #[must_use]
    pub fn inspect_session(&self, ks: &str) -> SessionReport {
        let now = self.clock().time().0;
        let state = self.lock().state.clone();
        let info = RequestInfo { uri: "", host: "localhost", is_https: true, now, files: &[] };
        let refusal = refusal_of(&state, ks, info);
        match state.clone().open(ks) {
            Ok(session) => SessionReport::Readable(Box::new(InspectedSession::of(&state, &session, refusal, now))),
            Err(problem) => {
                let refusal = refusal.unwrap_or_else(|| {
                    // A session that cannot be read fails the check of its signature.
                    Refusal::of(CheckName::Signature, crate::error::invalid_ks(ks).into())
                });
                SessionReport::Unreadable { reason: problem.to_string(), refusal }
            }
        }
    }
}

/// The first check of a session that fails.
fn refusal_of(state: &State, ks: &str, info: RequestInfo<'_>) -> Option<Refusal> {
    let params = Array::from_iter([(Key::from("ks"), Value::text(ks))]);
    // Any action would do: the checks concern the session.
    let action = catalog::find("session", "get")?;
    let mut copy = state.clone();
    let mut call = PendingCall::new(action, &params, &params, info, None);
    let checks = CHECKS.iter().filter(|check| OF_SESSION.contains(&check.name));
    checks
        .map(|check| (check, call.pass(check, &mut copy)))
        .find_map(|(check, result)| result.err().map(|failure| Refusal::of(check.name, failure)))
}

impl InspectedSession {
    fn of(state: &State, session: &Session, refusal: Option<Refusal>, now: i64) -> Self {
        let user = state.users.find(session.partner_id(), Some(session.user_id()));
        let user = user.filter(|_| !session.is_without_partner());
        let roles = roles_of_session(state, session, user).ok();
        let of_role = |id: &i64| Some(RoleOfSession::of(state.roles.get(id)?, state, session.partner_id()));
        let permissions = Permissions::of_session(state, session, user).unwrap_or_default();
        let token = session.privilege_value("apptoken").and_then(|id| state.token_in_any_status(id));
        let is_admin = session.ks.is_admin();
        Self {
            version: if session.ks.version == KsVersion::V1 { 1 } else { 2 },
            partner_id: session.partner_id(),
            kind: if session.ks.is_widget_session() {
                "widget"
            } else if is_admin {
                "admin"
            } else {
                "user"
            },
            session_type: session.ks.session_type.as_deref().map(text_to_int),
            user_id: session.user_id().to_owned(),
            started_at: started_at(session),
            expires_at: session.ks.expires_at().map(|time| time.0),
            now,
            is_valid: refusal.is_none(),
            refusal,
            privileges: session.ks.parsed_privileges.iter().filter(|(name, _)| !name.is_empty()).cloned().collect(),
            actions_left: actions_left(state, session),
            app_token: token.filter(|token| token.partner_id == session.partner_id()).map(TokenOfSession::of),
            user: user.map(UserOfSession::of),
            roles: roles.iter().flat_map(|(ids, _)| ids).filter_map(of_role).collect(),
            roles_from: roles.as_ref().map(|(_, source)| *source),
            permissions: permissions.names().collect(),
        }
    }
}

/// The random part of a KS of version 1 is the time at which it was made.
fn started_at(session: &Session) -> Option<i64> {
    let rand = session.ks.rand.as_deref().filter(|_| session.ks.version == KsVersion::V1)?;
    rand.split('.').next()?.parse().ok()
}

impl TokenOfSession {
    fn of(row: &TokenRow) -> Self {
        Self {
            id: row.id.clone(),
            status: row.status,
            hash_type: row.hash_type().to_owned(),
            expiry: row.expiry,
            session_user_id: row.session_user_id.clone(),
            session_type: row.session_type,
            session_duration: row.session_duration,
            session_privileges: row.session_privileges.clone(),
            description: row.description.clone(),
        }
    }
}

impl UserOfSession {
    fn of(row: &UserRow) -> Self {
        Self { id: row.id.clone(), status: row.status, is_admin: row.is_admin, role_ids: row.roles().collect() }
    }
}

impl RoleOfSession {
    fn of(row: &RoleRow, state: &State, partner_id: i64) -> Self {
        Self {
            id: row.id,
            name: row.name.clone(),
            system_name: row.system_name.clone(),
            permissions: Permissions::of_role(state, row, partner_id).names().collect(),
        }
    }
}
