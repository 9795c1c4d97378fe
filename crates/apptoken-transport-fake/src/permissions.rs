//! Permissions of a caller: from the role of the session, and changed by its privileges `setrole` and
//! `restrictingrole`.

use std::collections::HashSet;

use serde::Serialize;

use crate::catalog;
use crate::catalog::permissions::PermissionSet;
use crate::error::{self, ApiError};
use crate::model::collation;
use crate::model::role::RoleRow;
use crate::model::session::Session;
use crate::model::state::State;
use crate::model::user::{STATUS_ACTIVE as USER_ACTIVE, UserRow};
use crate::php::cast::{is_numeric, is_true_text, text_to_int};

/// A feature that every account has. The server lists it among the permissions of a role with `*`, but no role can name
/// it.
const GLOBAL_FEATURE: &str = "FEATURE_MOBILE_FLAVORS";

const ALWAYS_ALLOWED: &str = "ALWAYS_ALLOWED_ACTIONS";

const BASE_USER_ROLE: i64 = 1;
const PARTNER_ADMIN_ROLE: i64 = 2;
const NO_SESSION_ROLE: i64 = 3;
const WIDGET_ROLE: i64 = 6;

/// The permissions of a caller.
#[derive(Clone, Default)]
pub(crate) struct Permissions(PermissionSet);

impl Permissions {
    pub(crate) fn has_any_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.contains(name))
    }

    /// Those of the names that are among the permissions.
    pub(crate) fn those_of(&self, names: &[&'static str]) -> Vec<&'static str> {
        names.iter().copied().filter(|name| self.0.contains(name)).collect()
    }

    /// The names of the permissions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        catalog::permissions::names().filter(|name| self.0.contains(name))
    }

    /// The permissions of a role in an account, as far as they have an effect.
    pub(crate) fn of_role(state: &State, role: &RoleRow, partner_id: i64) -> Self {
        Self(permissions_of(state, role, partner_id))
    }

    /// The permissions of a request without a KS.
    pub(crate) fn without_session(state: &State, partner_id: i64) -> Result<Self, ApiError> {
        Self::of_roles(state, partner_id, &[NO_SESSION_ROLE], None)
    }

    /// The permissions of a session. `user` is the user of the KS, if it exists.
    pub(crate) fn of_session(state: &State, session: &Session, user: Option<&UserRow>) -> Result<Self, ApiError> {
        let restricting = restricting_role(state, session)?;
        let (roles, _) = roles_of_session(state, session, user)?;
        Self::of_roles(state, session.partner_id(), &roles, restricting)
    }

    fn of_roles(state: &State, partner_id: i64, roles: &[i64], without: Option<&RoleRow>) -> Result<Self, ApiError> {
        let removed = without.map(|role| permissions_of(state, role, partner_id)).unwrap_or_default();
        let mut set = PermissionSet::of([ALWAYS_ALLOWED]);
        for id in roles {
            let role = state.roles.get(id).ok_or_else(|| error::INTERNAL_SERVERL_ERROR.plain())?;
            set = set.union(permissions_of(state, role, partner_id));
        }
        Ok(Self(set.without(removed)))
    }
}

/// Where the roles of a session are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RoleSource {
    /// The privilege `setrole` of the session.
    SetRole,
    /// The user of the session, who has roles.
    User,
    /// The type of the session.
    Default,
}

/// The ids of the roles of a session, and where they are from.
pub(crate) fn roles_of_session(
    state: &State,
    session: &Session,
    user: Option<&UserRow>,
) -> Result<(Vec<i64>, RoleSource), ApiError> {
    let partner_id = session.partner_id();
    Ok(match role_of_privilege(session, "setrole")? {
        Some("null") => (Vec::new(), RoleSource::SetRole),
        Some(wanted) => {
            let role = find_role(state, partner_id, wanted).ok_or_else(|| error::INVALID_OBJECT_ID.plain())?;
            (vec![role.id], RoleSource::SetRole)
        }
        None => match roles_of_user(user) {
            Some(roles) => (roles, RoleSource::User),
            None => (vec![default_role(session)], RoleSource::Default),
        },
    })
}

/// The effective permissions of a role in an account, with `*` expanded.
fn permissions_of(state: &State, role: &RoleRow, partner_id: i64) -> PermissionSet {
    let account = state.account(partner_id);
    let set = if has_all(role) { PermissionSet::all() } else { PermissionSet::of(role.permissions()) };
    set.with_effect(|feature| account.is_some_and(|account| account.has_feature(feature)))
}

fn has_all(role: &RoleRow) -> bool {
    role.permissions().any(|name| name == "*")
}

/// The permissions of a role in a reply, with `*` expanded.
pub(crate) fn shown_names(state: &State, role: &RoleRow, partner_id: i64) -> String {
    if !has_all(role) {
        return role.permissions().collect::<Vec<_>>().join(",");
    }
    let mut names: Vec<&str> = std::iter::once(GLOBAL_FEATURE).chain(catalog::permissions::names()).collect();
    if let Some(account) = state.account(partner_id) {
        names.extend(account.features.iter().map(String::as_str));
    }
    names.join(",")
}

/// Checks that all names are permissions of the server.
pub(crate) fn check_names(names: &str, partner_id: i64) -> Result<(), ApiError> {
    if names == "*" {
        return Ok(());
    }
    let known: HashSet<String> = catalog::permissions::names().map(collation::fold).collect();
    for name in names.split(',').map(crate::php::cast::trim).filter(|name| is_true_text(name)) {
        if !known.contains(&collation::fold(name)) {
            let text = format!("Permission [{name}] was not found for partner [{partner_id}]");
            return Err(error::PERMISSION_NOT_FOUND.with(&[&text]));
        }
    }
    Ok(())
}

/// Finds a role of the account or of partner 0 by its id or system name.
pub(crate) fn find_role<'a>(state: &'a State, partner_id: i64, wanted: &str) -> Option<&'a RoleRow> {
    let is_found = |role: &&RoleRow| role.is_of(partner_id) && !role.is_deleted();
    if is_numeric(wanted) {
        return state.roles.get(&text_to_int(wanted)).filter(is_found);
    }
    let wanted = collation::fold(wanted);
    let is_wanted = |role: &RoleRow| role.system_name.as_deref().is_some_and(|name| collation::fold(name) == wanted);
    state.roles.values().find(|role| is_found(role) && is_wanted(role))
}

/// The role that a privilege names; `None` if the privilege is missing or empty.
fn role_of_privilege<'a>(session: &'a Session, privilege: &str) -> Result<Option<&'a str>, ApiError> {
    match session.privilege_text(privilege) {
        Some(role) if is_numeric(role) && text_to_int(role) < 0 => Err(error::INVALID_SET_ROLE.plain()),
        role => Ok(role.filter(|role| is_true_text(role))),
    }
}

/// The role whose permissions the session does not have.
fn restricting_role<'a>(state: &'a State, session: &Session) -> Result<Option<&'a RoleRow>, ApiError> {
    let Some(wanted) = role_of_privilege(session, "restrictingrole")? else { return Ok(None) };
    if is_numeric(wanted) {
        return state.roles.get(&text_to_int(wanted)).map(Some).ok_or_else(|| error::INTERNAL_SERVERL_ERROR.plain());
    }
    Ok(find_role(state, 0, wanted))
}

fn roles_of_user(user: Option<&UserRow>) -> Option<Vec<i64>> {
    let user = user.filter(|user| user.status == Some(USER_ACTIVE))?;
    let mut roles: Vec<i64> = user.roles().collect();
    roles.sort_unstable();
    roles.dedup();
    (!roles.is_empty()).then_some(roles)
}

fn default_role(session: &Session) -> i64 {
    if session.ks.is_widget_session() {
        WIDGET_ROLE
    } else if session.ks.is_admin() {
        PARTNER_ADMIN_ROLE
    } else {
        BASE_USER_ROLE
    }
}
