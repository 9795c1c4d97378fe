//! `user.list`, as in `api_v3/services/UserService.php` of the server.

use std::collections::BTreeMap;

use crate::actions::action::{Action, Call};
use crate::actions::user::record;
use crate::error::Failure;
use crate::model::user::UserRow;
use crate::objects::filter_pager::page;
use crate::objects::user_filter::{CLASS as FILTER, ORDERS, matches};
use crate::objects::{Object, filter, validate};
use crate::output::{Output, Record};

pub(crate) const ACTION: Action = Action { service: "user", name: "list", run };

/// Lists users. The search engine does not find those of partner 0.
fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    validate::for_list(call.arguments.object("filter"))?;
    validate::for_list(call.arguments.object("pager"))?;
    let none = Object::empty(&FILTER);
    let wanted = call.arguments.object("filter").unwrap_or(&none);
    let roles: BTreeMap<i64, Vec<&str>> = match ["permissionNamesMultiLikeOr", "permissionNamesMultiLikeAnd"]
        .iter()
        .any(|name| wanted.field(name).is_some())
    {
        true => call.state.roles.values().map(|role| (role.id, role.permissions().collect())).collect(),
        false => BTreeMap::new(),
    };
    let permissions_of =
        |user: &UserRow| user.roles().filter_map(|role| roles.get(&role)).flatten().copied().collect::<Vec<&str>>();
    let matches = matches(wanted, permissions_of);
    let is_wanted = |user: &&UserRow| {
        user.partner_id == call.partner_id()
            && user.partner_id != 0
            && user.id.is_some()
            && user.is_found()
            && matches(user)
    };
    let mut users: Vec<&UserRow> = call.state.users.iter().filter(is_wanted).collect();
    filter::sort(&mut users, wanted, ORDERS);
    let total = i64::try_from(users.len()).unwrap_or(i64::MAX);
    let shown = page(users, call.arguments.object("pager"));
    let objects = Output::List(shown.into_iter().map(|user| record(call, user).into()).collect());
    Ok(Record::new("KalturaUserListResponse", [("totalCount", total.into()), ("objects", objects)]).into())
}
