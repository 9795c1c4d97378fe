//! `userRole.clone`, as in `api_v3/services/UserRoleService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::user_role::{record, role_that};
use crate::error::Failure;
use crate::model::role::RoleRow;
use crate::output::Output;
use crate::php::date::gmdate;

pub(crate) const ACTION: Action = Action { service: "userRole", name: "clone", run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let original = role_that(call, |role| role.is_of(call.partner_id()))?;
    let now = call.now();
    let role = RoleRow {
        id: call.state.next_role_id(),
        name: format!("{} copy ({})", original.name, date(now)),
        partner_id: call.partner_id(),
        created_at: now,
        updated_at: now,
        ..original
    };
    let answer = record(call, &role);
    call.state.put_role(role);
    Ok(answer.into())
}

/// The date in the name of a cloned role, such as `Sat 21 Nov 2026, 04:47:00`.
fn date(time: i64) -> String {
    gmdate("%a %-d %b %G, %H:%M:%S", time)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_date_of_a_clone_has_no_leading_zero() {
        assert_eq!(super::date(1_795_236_420), "Sat 21 Nov 2026, 04:47:00");
        assert_eq!(super::date(1_793_577_600), "Mon 2 Nov 2026, 00:00:00");
    }
}
