//! `userRole.list`, as in `api_v3/services/UserRoleService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::user_role::{is_shown, record};
use crate::error::Failure;
use crate::model::role::RoleRow;
use crate::objects::filter_pager::page;
use crate::objects::user_role_filter::{CLASS as FILTER, ORDERS, matches};
use crate::objects::{Object, filter, validate};
use crate::output::{Output, Record};

pub(crate) const ACTION: Action = Action { service: "userRole", name: "list", run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    validate::for_list(call.arguments.object("filter"))?;
    validate::for_list(call.arguments.object("pager"))?;
    let none = Object::empty(&FILTER);
    let wanted = call.arguments.object("filter").unwrap_or(&none);
    let matches = matches(wanted);
    let is_wanted = |role: &&RoleRow| is_shown(call, role) && !role.is_deleted() && matches(role);
    let mut roles: Vec<&RoleRow> = call.state.roles.values().filter(is_wanted).collect();
    filter::sort(&mut roles, wanted, ORDERS);
    let total = i64::try_from(roles.len()).unwrap_or(i64::MAX);
    let shown = page(roles, call.arguments.object("pager"));
    let objects = Output::List(shown.into_iter().map(|role| record(call, role).into()).collect());
    Ok(Record::new("KalturaUserRoleListResponse", [("totalCount", total.into()), ("objects", objects)]).into())
}
