//! `appToken.list`, as in `api_v3/services/AppTokenService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::error::Failure;
use crate::model::token::{STATUS_DELETED, TokenRow};
use crate::objects::app_token::record;
use crate::objects::app_token_filter::{CLASS as FILTER, ORDERS, matches};
use crate::objects::filter_pager::page;
use crate::objects::{Object, filter, validate};
use crate::output::{Output, Record};
use crate::php::cast::is_true_text;

pub(crate) const ACTION: Action = Action { service: "appToken", name: "list", run };

fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    validate::for_list(call.arguments.object("filter"))?;
    validate::for_list(call.arguments.object("pager"))?;
    let none = Object::empty(&FILTER);
    let wanted = call.arguments.object("filter").unwrap_or(&none);
    // For an unknown user the server omits `objects`; other empty lists have `objects: []`.
    let user = match wanted.text("sessionUserIdEqual").filter(|id| is_true_text(id)) {
        Some(id) => match call.state.users.find(call.partner_id(), Some(id)) {
            Some(user) => Some(user.row),
            None => return Ok(response(0, Output::Null)),
        },
        None => None,
    };
    let partners = call.context.visible_partners();
    let matches = matches(wanted);
    let is_wanted = |token: &&TokenRow| {
        partners.contains(&token.partner_id)
            && token.status != STATUS_DELETED
            && user.is_none_or(|user| token.user == user)
            && matches(token)
    };
    let mut tokens: Vec<&TokenRow> = call.state.tokens().filter(is_wanted).collect();
    filter::sort(&mut tokens, wanted, ORDERS);
    let total = tokens.len();
    let shown = page(tokens, call.arguments.object("pager"));
    Ok(response(total, Output::List(shown.into_iter().map(|token| record(token, call.profile).into()).collect())))
}

fn response(total: usize, objects: Output) -> Output {
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    Record::new("KalturaAppTokenListResponse", [("totalCount", total.into()), ("objects", objects)]).into()
}
