//! The check of actions that only the owner of an object may call.

use crate::catalog::flags::OwnerCheck;
use crate::context::Context;
use crate::model::object::{ObjectKind, ObjectRow};
use crate::model::state::State;
use crate::php::cast::texts_are_equal;

/// Whether the caller may change the object. The server lets any KS pass if the object does not exist.
pub(crate) fn is_allowed(check: &OwnerCheck, id: Option<&str>, context: &Context, state: &State) -> bool {
    let Some(session) = &context.session else { return false };
    let row = id.and_then(|id| state.objects.find(ObjectKind::Entry, id));
    let Some(row) = row.filter(|row| row.is_of(context.partner_id())) else { return true };
    let has_privilege = || {
        let values = session.ks.privilege(check.privilege).unwrap_or_default();
        values.iter().any(|value| value == "*" || *value == row.id)
    };
    session.ks.is_admin()
        || texts_are_equal(&row.text("userId"), session.user_id())
        || (!check.only_owner && is_editor(row, session.user_id()))
        || has_privilege()
}

fn is_editor(row: &ObjectRow, user: &str) -> bool {
    !user.is_empty() && row.text("entitledUsersEdit").split(',').any(|editor| texts_are_equal(editor.trim(), user))
}
