//! What a check needs and what a call has, as a sentence.

use apptoken_core::UnixSeconds;
use apptoken_core::value::KsVersion;

use crate::catalog::flags::Need;
use crate::checks::{CheckName, PendingCall};
use crate::explain::CheckOutcome;
use crate::model::account::Account;
use crate::model::session::Session;
use crate::model::state::State;
use crate::permissions::{RoleSource, roles_of_session};
use crate::php::cast::{is_true, to_text};
use crate::php::value::set;
use crate::session_check::{REMOTE_ADDRESS, actions_left};

/// What is true if a check passes.
pub(super) fn title(name: CheckName) -> &'static str {
    match name {
        CheckName::Action => "The action exists",
        CheckName::Language => "The language has the form of a code",
        CheckName::Signature => "The session can be read, and its account signed it",
        CheckName::Arguments => "The arguments are complete and have their types",
        CheckName::ResponseProfile => "The response profile is valid",
        CheckName::Account => "The requested account is a number",
        CheckName::Expiry => "The session has not expired",
        CheckName::Address => "The session may be used from this address",
        CheckName::Uri => "The session may be used for this URI",
        CheckName::Revocation => "The session was not revoked, and its uses are not used up",
        CheckName::AccountStatus => "The account is active",
        CheckName::Owner => "The caller may change this object",
        CheckName::User => "The user is not blocked",
        CheckName::Role => "The roles of the session exist",
        CheckName::Permission => "The caller has a permission for the action",
        CheckName::Https => "The account allows the protocol",
        CheckName::Features => "The account has the features that the action needs",
        CheckName::Caller => "The action accepts the caller",
        CheckName::Filter => "The filter has a field that the action needs",
        CheckName::Search => "The search has a condition",
        CheckName::NewObject => "The new object has what it must have, and nothing that only the server sets",
    }
}

/// The outcome of a check that was reached, and the sentence about it. `state` is the one before the checks.
pub(super) fn of(name: CheckName, call: &PendingCall<'_>, state: &State, has_passed: bool) -> (CheckOutcome, String) {
    let outcome = if has_passed { CheckOutcome::Passed } else { CheckOutcome::Failed };
    match detail(name, call, state, has_passed) {
        Detail::Concerns(text) => (outcome, text),
        // What concerns nothing in the call cannot fail.
        Detail::Nothing(text) if has_passed => (CheckOutcome::NotNeeded, text.to_owned()),
        Detail::Nothing(text) => (outcome, text.to_owned()),
    }
}

enum Detail {
    Concerns(String),
    /// The check concerns nothing in the call.
    Nothing(&'static str),
}

fn detail(name: CheckName, call: &PendingCall<'_>, state: &State, has_passed: bool) -> Detail {
    let session = call.context.session.as_ref();
    let of_session = |text: &dyn Fn(&Session) -> Detail| session.map_or(Detail::Nothing(NO_SESSION), text);
    match name {
        CheckName::Action => Detail::Concerns(format!("{} exists.", call.action.full_name)),
        CheckName::Language => language(call, has_passed),
        CheckName::Signature => signature(call, state, has_passed),
        CheckName::Arguments => arguments(call, has_passed),
        CheckName::ResponseProfile => match set(call.grouped, "responseProfile") {
            None => Detail::Nothing("The request has no response profile."),
            Some(_) if has_passed => Detail::Concerns("Its properties have their types.".to_owned()),
            Some(_) => Detail::Concerns("A property of it has a value that is not of its type.".to_owned()),
        },
        CheckName::Account if has_passed && call.context.is_for_no_account() => {
            Detail::Nothing("The call names no account.")
        }
        CheckName::Account => Detail::Concerns(match session {
            _ if !has_passed => "The requested account is an array, which the server cannot read.".to_owned(),
            Some(_) if call.context.is_for_own_account() => {
                format!("The account is {}, that of the session.", call.context.partner_text())
            }
            _ => format!("The account is {}, that of the request.", call.context.partner_text()),
        }),
        CheckName::Expiry => of_session(&|session| Detail::Concerns(expiry(session, call.info.now))),
        CheckName::Address => of_session(&|session| restriction(session, "iprestrict", REMOTE_ADDRESS, has_passed)),
        CheckName::Uri => of_session(&|session| restriction(session, "urirestrict", call.info.uri, has_passed)),
        CheckName::Revocation => of_session(&|session| revocation(session, state, has_passed)),
        CheckName::AccountStatus => account_status(call, state),
        CheckName::Owner => owner(call, has_passed),
        CheckName::User => user(call, state, has_passed),
        CheckName::Role => Detail::Concerns(role(call, state, has_passed)),
        CheckName::Permission => Detail::Concerns(permission(call, has_passed)),
        CheckName::Https => https(call, state),
        CheckName::Features => features(call),
        CheckName::Caller => match (&call.action.flags.inside, call.model) {
            (Some(need), None) => Detail::Concerns(format!("The action needs {}.", needed(need))),
            (_, Some(_)) => Detail::Nothing("What the action itself checks follows when it runs."),
            (None, None) => Detail::Nothing("The action accepts every caller with the permission."),
        },
        CheckName::Filter => match &call.action.flags.wants {
            Some(wanted) if call.model.is_none() => {
                let fields: Vec<&str> = wanted.fields().collect();
                let but = if wanted.not_for_admins { " An administrator needs none." } else { "" };
                Detail::Concerns(format!("The action needs one of the fields {}.{but}", fields.join(", ")))
            }
            _ => Detail::Nothing("The action needs no filter."),
        },
        CheckName::Search if call.action.service == "elasticsearch_esearch" && call.model.is_none() => {
            Detail::Concerns("A search needs searchParams:searchOperator:searchItems with an item.".to_owned())
        }
        CheckName::Search => Detail::Nothing("The action is not a search."),
        CheckName::NewObject if call.action.name == "add" && call.model.is_none() => {
            Detail::Concerns(match has_passed {
                true => "The object has the properties that it must have.".to_owned(),
                false => "A property is missing, or only the server sets it.".to_owned(),
            })
        }
        CheckName::NewObject => Detail::Nothing("The action adds no object, or checks it when it runs."),
    }
}

const NO_SESSION: &str = "The call has no session.";

fn language(call: &PendingCall<'_>, has_passed: bool) -> Detail {
    match set(call.grouped, "language") {
        None => Detail::Nothing("The request names no language."),
        Some(_) if has_passed => Detail::Concerns("The language has the form of a code.".to_owned()),
        Some(_) => Detail::Concerns("A language is `multi`, or a code such as `en` or `en_US`.".to_owned()),
    }
}

fn signature(call: &PendingCall<'_>, state: &State, has_passed: bool) -> Detail {
    if let Some(session) = &call.context.session {
        let version = if session.ks.version == KsVersion::V1 { 1 } else { 2 };
        let account = match session.is_without_partner() {
            true => "it names no account".to_owned(),
            false => format!("a secret of account {} signed it", session.ks.partner_id),
        };
        return Detail::Concerns(format!("The KS has version {version}, and {account}."));
    }
    if has_passed {
        return Detail::Nothing(NO_SESSION);
    }
    let ks = set(call.grouped, "ks").filter(|ks| is_true(ks)).map(to_text);
    let problem = ks.and_then(|ks| state.clone().open(&ks).err());
    Detail::Concerns(match problem {
        Some(problem) => format!("The session cannot be used: {problem}."),
        None => "A parameter is an array where the server needs a text.".to_owned(),
    })
}

fn arguments(call: &PendingCall<'_>, has_passed: bool) -> Detail {
    let parameters = &call.action.parameters;
    let missing: Vec<&str> = parameters
        .iter()
        .filter(|each| each.default.is_none() && set(call.grouped, each.name).is_none())
        .map(|each| each.name)
        .collect();
    if parameters.is_empty() {
        Detail::Nothing("The action has no parameters.")
    } else if has_passed {
        Detail::Concerns("All mandatory parameters are given, and each value has its type.".to_owned())
    } else if missing.is_empty() {
        Detail::Concerns("A parameter has a value that is not of its type.".to_owned())
    } else {
        Detail::Concerns(format!("Not given, although mandatory: {}.", missing.join(", ")))
    }
}

fn expiry(session: &Session, now: i64) -> String {
    let Some(end) = session.ks.expires_at() else {
        return "The session has no time that the server can read, so it counts as expired.".to_owned();
    };
    let verb = if session.ks.is_expired(UnixSeconds(now)) { "expired" } else { "expires" };
    format!("The session {verb} at {end}, {}.", end.relative_to(UnixSeconds(now)))
}

/// A privilege that restricts where a session may be used.
fn restriction(session: &Session, privilege: &str, actual: &str, has_passed: bool) -> Detail {
    let Some(allowed) = session.ks.privilege(privilege) else {
        return Detail::Nothing(match privilege {
            "iprestrict" => "The session has no privilege `iprestrict`.",
            _ => "The session has no privilege `urirestrict`.",
        });
    };
    let verb = if has_passed { "includes" } else { "does not include" };
    Detail::Concerns(format!("The privilege `{privilege}:{}` {verb} {actual}.", allowed.join("/")))
}

fn revocation(session: &Session, state: &State, has_passed: bool) -> Detail {
    let left = actions_left(state, session);
    Detail::Concerns(match (has_passed, left) {
        _ if session.ks.is_widget_session() => "A widget session cannot be revoked.".to_owned(),
        (true, None) => "The session was not revoked.".to_owned(),
        (true, Some(left)) => format!("The session was not revoked, and may be used {left} more times."),
        (false, Some(left)) if left <= 0 => "The number of uses in its privilege `actionslimit` is used up.".to_owned(),
        (false, _) if session.privilege_text("actionslimit").is_some() => {
            "It was revoked, or its privilege `actionslimit` is not a number from 1.".to_owned()
        }
        (false, _) => "It was revoked: by session.end, or because its app token was deleted.".to_owned(),
    })
}

fn account_status(call: &PendingCall<'_>, state: &State) -> Detail {
    let of_session = call.context.session_of_account().map(Session::partner_id);
    let mut ids = vec![call.context.partner_id()];
    ids.extend(of_session.filter(|id| *id != call.context.partner_id()));
    ids.retain(|id| *id > 0);
    if ids.is_empty() {
        return Detail::Nothing("The call names no account.");
    }
    let status = |id: &i64| match state.account(*id) {
        None => format!("Account {id} does not exist."),
        Some(account) if account.is_active() => format!("Account {id} is active."),
        Some(account) => format!("Account {id} is blocked (status {}).", account.status),
    };
    Detail::Concerns(ids.iter().map(status).collect::<Vec<_>>().join(" "))
}

fn owner(call: &PendingCall<'_>, has_passed: bool) -> Detail {
    let Some(check) = &call.action.flags.owner else {
        return Detail::Nothing("The action does not depend on who owns the object.");
    };
    let id = call.arguments.shown(check.parameter).unwrap_or_default();
    let editors = if check.only_owner { "" } else { ", its editors" };
    let verdict = if has_passed { "The caller may" } else { "The caller is none of them" };
    Detail::Concerns(format!(
        "Only its owner{editors}, an administrator, and a session with the privilege `{}:{id}` may change `{id}`. {verdict}.",
        check.privilege
    ))
}

fn user(call: &PendingCall<'_>, state: &State, has_passed: bool) -> Detail {
    let Some(session) = call.context.session_of_account() else { return Detail::Nothing(NO_SESSION) };
    let user = session.user_id();
    match call.context.user(state) {
        _ if session.ks.is_anonymous_session() => Detail::Nothing("The session has no user."),
        _ if !has_passed => Detail::Concerns(format!("The user `{user}` is blocked.")),
        Some(_) => Detail::Concerns(format!("The user `{user}` is not blocked.")),
        None => Detail::Concerns(format!("No user has the id `{user}`, which is not an error.")),
    }
}

fn role(call: &PendingCall<'_>, state: &State, has_passed: bool) -> String {
    let Some(session) = call.context.session_of_account() else {
        return "A caller without a session has the role for such callers.".to_owned();
    };
    if !has_passed {
        return "A role in the privilege `setrole` or `restrictingrole`, or of the user, does not exist.".to_owned();
    }
    let Ok((ids, source)) = roles_of_session(state, session, call.context.user(state)) else { return String::new() };
    let named = |id: &i64| state.roles.get(id).map_or_else(|| id.to_string(), |role| format!("`{}` ({id})", role.name));
    let roles = ids.iter().map(named).collect::<Vec<_>>().join(", ");
    match source {
        RoleSource::SetRole if ids.is_empty() => "The privilege `setrole:null` gives it no role.".to_owned(),
        RoleSource::SetRole => format!("The privilege `setrole` gives it the role {roles}."),
        RoleSource::User => format!("It has the roles of its user: {roles}."),
        RoleSource::Default => format!("It has the role for sessions of its type: {roles}."),
    }
}

fn permission(call: &PendingCall<'_>, has_passed: bool) -> String {
    let needed = &call.action.permissions;
    let held = call.permissions.those_of(needed);
    if !call.context.is_for_own_account() {
        return format!(
            "The request is for account {}, but the session is of account {}.",
            call.context.partner_text(),
            call.context.permissions_partner_id()
        );
    }
    match (has_passed, needed.as_slice()) {
        (true, _) if held.is_empty() => "The action needs no permission of this caller.".to_owned(),
        (true, _) => format!("The caller has {}, which allows the action.", held.join(", ")),
        (false, []) => "The action is only for accounts of Kaltura itself.".to_owned(),
        (false, [one]) => format!("The action needs the permission {one}, which the caller does not have."),
        (false, several) => {
            format!("The action needs one of the permissions {}; the caller has none of them.", several.join(", "))
        }
    }
}

fn https(call: &PendingCall<'_>, state: &State) -> Detail {
    match state.account(call.context.partner_id()).map(|account: &Account| account.https_only) {
        Some(true) if call.info.is_https => {
            Detail::Concerns("The request uses HTTPS, as the account needs.".to_owned())
        }
        Some(true) => Detail::Concerns("The account needs HTTPS, and the request is plain HTTP.".to_owned()),
        _ => Detail::Nothing("The account allows plain HTTP."),
    }
}

fn features(call: &PendingCall<'_>) -> Detail {
    let flags = &call.action.flags;
    if flags.needs.is_empty() && flags.without.is_none() {
        return Detail::Nothing("The action needs no feature.");
    }
    let needs = flags.needs.iter().map(|need| format!("needs {}", needed(need)));
    let without = flags.without.iter().map(|need| format!("must not have {}", needed(need)));
    Detail::Concerns(format!("The account {}.", needs.chain(without).collect::<Vec<_>>().join(", and ")))
}

/// The alternatives of a condition.
pub(crate) fn needed(need: &Need) -> String {
    let each = need.any_of.iter().map(|each| match *each {
        "admin" => "an administrator".to_owned(),
        "user" => "a user who exists".to_owned(),
        "partner0" => "a request without an account".to_owned(),
        other => other.to_owned(),
    });
    each.collect::<Vec<_>>().join(" or ")
}
