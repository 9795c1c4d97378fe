//! What makes a failed check pass. Each repair is tried on a copy of the state.

use serde::Serialize;

use crate::checks::{CHECKS, CheckName, PendingCall};
use crate::explain::{Examination, suitable_roles};
use crate::model::account::{Account, PartnerStatus};
use crate::model::session::Session;
use crate::model::session_spec::{SessionKind, SessionSpec};
use crate::model::state::State;
use crate::objects::build::group;
use crate::php::{Array, Key, Value};
use crate::test_access::make_session;

/// A change after which a failed check passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Repair {
    /// What to do, in a sentence.
    pub text: String,
    /// The change.
    #[serde(skip)]
    pub step: RepairStep,
    /// Whether all checks pass after it.
    pub allows: bool,
}

/// A change of the state or of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepairStep {
    /// A new session, instead of that of the request.
    NewSession {
        /// The account.
        partner: u32,
        /// `admin`, `user` or `widget`.
        kind: &'static str,
        /// The user; empty for a widget session.
        user: String,
        /// The privileges. A widget session has them in addition to those of its widget.
        privileges: String,
    },
    /// The account becomes active.
    ActivateAccount {
        /// The account.
        partner: u32,
    },
}

/// How many roles are tried as a repair.
const MAX_ROLES: usize = 5;

/// The repairs of the check at `position`.
pub(super) fn find(
    position: usize,
    failed: CheckName,
    call: &PendingCall<'_>,
    params: &Array,
    state: &State,
) -> Vec<Repair> {
    let mut repairs: Vec<Repair> = Vec::new();
    for (text, step) in candidates(failed, call, state) {
        if repairs.iter().any(|known| known.step == step) {
            continue;
        }
        let Some(passed) = checks_passed_with(&step, call, params, state) else { continue };
        if passed > position {
            repairs.push(Repair { text, step, allows: passed == CHECKS.len() });
        }
    }
    repairs
}

/// How many checks pass after a change; `None` if it is not possible.
fn checks_passed_with(step: &RepairStep, call: &PendingCall<'_>, params: &Array, state: &State) -> Option<usize> {
    let mut copy = state.clone();
    let mut params = params.clone();
    match step {
        RepairStep::NewSession { partner, kind, user, privileges } => {
            let spec = match *kind {
                "admin" => SessionSpec::admin(user),
                "widget" => SessionSpec::widget(),
                _ => SessionSpec::user(user),
            };
            let ks = make_session(&mut copy, *partner, &spec.privileges(privileges), call.info.now)?;
            params.insert(Key::from("ks"), Value::text(ks));
        }
        RepairStep::ActivateAccount { partner } => {
            let account = copy.accounts.get_mut(partner)?;
            *account = Account::clone(account).status(PartnerStatus::Active).into();
        }
    }
    let grouped = group(&params);
    let call = PendingCall::new(call.action, &params, &grouped, call.info, None);
    Some(Examination::of(call, &mut copy).passed)
}

fn candidates(failed: CheckName, call: &PendingCall<'_>, state: &State) -> Vec<(String, RepairStep)> {
    let partner = account_for_session(call, state);
    let session = call.context.session_of_account();
    let like = |change: &dyn Fn(&str) -> bool, more: &str| Some(session_like(session?, partner?, change, more));
    let admin = || {
        let user = session.map(Session::user_id).filter(|user| !matches!(*user, "" | "0")).unwrap_or("admin");
        Some(new_session(partner?, SessionKind::Admin, user, String::new()))
    };
    let without = |names: &'static [&'static str]| like(&|name| !names.contains(&name), "");
    let some = |all: Vec<(&str, Option<RepairStep>)>| -> Vec<(String, RepairStep)> {
        all.into_iter().filter_map(|(text, step)| Some((text.to_owned(), step?))).collect()
    };
    match failed {
        CheckName::Signature => some(vec![(
            "Start a new user session.",
            partner.map(|partner| new_session(partner, SessionKind::User, "", String::new())),
        )]),
        CheckName::Expiry => some(vec![(SAME, without(&[]))]),
        CheckName::Address => {
            some(vec![("Start a session without the privilege iprestrict.", without(&["iprestrict"]))])
        }
        CheckName::Uri => some(vec![("Start a session without the privilege urirestrict.", without(&["urirestrict"]))]),
        CheckName::Revocation => some(vec![
            (SAME, without(&[])),
            ("Start a session without the privilege actionslimit.", without(&["actionslimit"])),
            (
                "Start a session without the privilege sessionid: all sessions with this one were revoked together.",
                without(&["sessionid"]),
            ),
        ]),
        CheckName::AccountStatus => {
            let ids = [Some(call.context.partner_id()), session.map(Session::partner_id)];
            let blocked = ids.into_iter().flatten().filter_map(|id| state.account(id)).filter(|each| !each.is_active());
            let activate = |account: &Account| {
                (format!("Make account {} active.", account.id), RepairStep::ActivateAccount { partner: account.id })
            };
            blocked.map(activate).collect()
        }
        CheckName::Owner => {
            let id = call.action.flags.owner.as_ref().map(|check| {
                let id = call.arguments.shown(check.parameter).unwrap_or_default();
                format!("{}:{id}", check.privilege)
            });
            some(vec![
                ("Start a session with the privilege for this object.", id.and_then(|id| like(&|_| true, &id))),
                ("Start an admin session.", admin()),
                (
                    "Start a user session.",
                    partner.map(|partner| new_session(partner, SessionKind::User, "", String::new())),
                ),
            ])
        }
        CheckName::User => some(vec![(
            "Start a session of another user.",
            partner.map(|partner| new_session(partner, SessionKind::Admin, "admin", String::new())),
        )]),
        CheckName::Role => some(vec![
            ("Start a session without the privilege setrole.", without(&["setrole"])),
            ("Start a session without the privilege restrictingrole.", without(&["restrictingrole"])),
            (
                "Start a session without the privileges setrole and restrictingrole.",
                without(&["setrole", "restrictingrole"]),
            ),
        ]),
        CheckName::Permission => {
            let roles = suitable_roles(failed, call, state);
            let of_role = roles.iter().take(MAX_ROLES).filter_map(|role| {
                let step = like(&|name| name != "setrole", &format!("setrole:{}", role.id))?;
                Some((format!("Start a session with the role {} (privilege setrole:{}).", role.name, role.id), step))
            });
            let user = partner.map(|partner| new_session(partner, SessionKind::User, "", String::new()));
            let of_type = some(vec![("Start a user session.", user), ("Start an admin session.", admin())]);
            of_type.into_iter().chain(of_role).collect()
        }
        CheckName::Caller | CheckName::Filter => some(vec![("Start an admin session.", admin())]),
        _ => Vec::new(),
    }
}

const SAME: &str = "Start a new session of the same user, with the same privileges.";

/// The account of a new session: that of the session, the requested one, or the first one.
fn account_for_session(call: &PendingCall<'_>, state: &State) -> Option<u32> {
    let of_session = call.context.session.as_ref().map(Session::partner_id);
    let ids = of_session.into_iter().chain([call.context.partner_id()]);
    let named = ids.filter_map(|id| state.account(id)).map(|account| account.id).next();
    named.or_else(|| state.accounts.keys().next().copied())
}

/// A session with the type, the user and those privileges of another one that are kept.
fn session_like(session: &Session, partner: u32, keeps: &dyn Fn(&str) -> bool, more: &str) -> RepairStep {
    let name_of = |item: &&str| keeps(item.split(':').next().unwrap_or_default());
    let kept = session.privileges().split(',').filter(|item| !item.is_empty()).filter(name_of);
    if session.ks.is_widget_session() && more.is_empty() {
        return new_session(partner, SessionKind::Widget, "", String::new());
    }
    let privileges = kept.chain((!more.is_empty()).then_some(more)).collect::<Vec<_>>().join(",");
    let kind = if session.ks.is_admin() { SessionKind::Admin } else { SessionKind::User };
    new_session(partner, kind, session.user_id(), privileges)
}

fn new_session(partner: u32, kind: SessionKind, user: &str, privileges: String) -> RepairStep {
    let kind = match kind {
        SessionKind::Admin => "admin",
        SessionKind::User => "user",
        SessionKind::Widget => "widget",
    };
    RepairStep::NewSession { partner, kind, user: user.to_owned(), privileges }
}
