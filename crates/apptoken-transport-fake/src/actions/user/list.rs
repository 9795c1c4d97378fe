//! `user.list`, as in `api_v3/services/UserService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::actions::user::record;
use crate::error::Failure;
use crate::model::user::{STATUS_DELETED, UserRow};
use crate::objects::filter_pager::page;
use crate::objects::user_filter::{CLASS as FILTER, ORDERS, matches};
use crate::objects::{Object, filter};
use crate::output::{Output, Record};

pub(crate) const ACTION: Action = Action { service: "user", name: "list", run };

/// Lists users. The server uses a search engine here; the fake supports only the simple conditions.
fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let none = Object::empty(&FILTER);
    let wanted = call.arguments.object("filter").unwrap_or(&none);
    let matches = matches(wanted);
    let is_wanted = |user: &&UserRow| {
        user.partner_id == call.partner_id() && user.id.is_some() && user.status != STATUS_DELETED && matches(user)
    };
    let mut users: Vec<&UserRow> = call.state.users.iter().filter(is_wanted).collect();
    filter::sort(&mut users, wanted, ORDERS);
    let total = i64::try_from(users.len()).unwrap_or(i64::MAX);
    let shown = page(users, call.arguments.object("pager"));
    let objects = Output::List(shown.into_iter().map(|user| record(call, user).into()).collect());
    Ok(Record::new("KalturaUserListResponse", [("totalCount", total.into()), ("objects", objects)]).into())
}
