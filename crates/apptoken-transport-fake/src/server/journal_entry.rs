//! Fills a journal entry from a request and its reply.

use std::borrow::Cow;

use crate::actions::requested::RequestedAction;
use crate::journal::{JournalEntry, short_name};
use crate::model::state::State;
use crate::php::Array;
use crate::php::cast::{is_numeric, text_to_int, to_text};
use crate::php::value::set;
use crate::wire::reply::Delivery;

pub(super) fn describe_request(
    entry: &mut JournalEntry,
    requested: &RequestedAction<'_>,
    params: &Array,
    state: &State,
) {
    entry.action = match requested.is_multirequest() {
        true => "multirequest".into(),
        false => short_name(requested.full_name.clone()),
    };
    entry.partner = account_of(params, state);
}

pub(super) fn describe_delivery(entry: &mut JournalEntry, delivery: &Delivery, outcome: Option<Cow<'static, str>>) {
    entry.status = delivery.kind.reply().map(|reply| reply.status);
    entry.outcome = outcome.unwrap_or_else(|| match entry.status {
        Some(status) => format!("HTTP {status}").into(),
        None => "no reply".into(),
    });
}

/// The account that a request names with a KS, a widget id or a partner id.
fn account_of(params: &Array, state: &State) -> Option<i64> {
    let text = |name| set(params, name).map(to_text);
    let of_ks = text("ks").and_then(|ks| state.account_named_by(&ks));
    let of_widget = || text("widgetId").and_then(|id| state.widget(&id)).map(|widget| widget.partner_id.into());
    let named = || text("partnerId").filter(|id| is_numeric(id)).map(|id| text_to_int(&id));
    of_ks.or_else(of_widget).or_else(named)
}
