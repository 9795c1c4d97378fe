//! `session.startWidgetSession`, as in `api_v3/services/SessionService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::error::{self, Failure};
use crate::model::session::NewSession;
use crate::model::widget::Widget;
use crate::output::{Output, Record};

pub(crate) const ACTION: Action = Action { service: "session", name: "startWidgetSession", run };

/// The status of the account is not checked: the server creates widget sessions for blocked accounts too.
fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    let id = call.arguments.text("widgetId");
    let unknown = || error::INVALID_WIDGET_ID.with(&[id]);
    let widget = call.state.widget(id).ok_or_else(unknown)?.clone();
    let account = call.state.shared_account(widget.partner_id.into()).ok_or_else(unknown)?;
    let privileges = privileges(&widget, account.has_feature("FEATURE_ENTITLEMENT"));
    let asked = call.arguments.int("expiry");
    let lifetime = match account.max_lifetime {
        Some(max) if max != 0 => asked.min(max.into()),
        _ => asked,
    };
    let new = NewSession {
        user_id: "0",
        session_type: 0,
        lifetime,
        privileges: &privileges,
        master_partner_id: None,
        secret: None,
    };
    let ks = call.state.make_ks(&account, &new, call.now()).text;
    let properties = [("partnerId", i64::from(account.id).into()), ("ks", ks.into()), ("userId", 0.into())];
    Ok(Record::new("KalturaStartWidgetSessionResponse", properties).into())
}

/// The privileges of the sessions of a widget.
pub(crate) fn privileges(widget: &Widget, has_entitlement: bool) -> String {
    let mut privileges = match widget.privileges.as_deref() {
        Some(own) if !own.is_empty() => format!("{own},widget:1"),
        _ => "view:*,widget:1".to_owned(),
    };
    if has_entitlement {
        if let Some(entry) = widget.entry_id.as_deref().filter(|_| !widget.enforce_entitlement) {
            privileges.push_str(",disableentitlementforentry:");
            privileges.push_str(entry);
        }
        if let Some(context) = widget.privacy_context.as_deref().filter(|context| !context.is_empty()) {
            privileges.push_str(",privacycontext:");
            privileges.push_str(context);
        }
    }
    for role in &widget.roles {
        privileges.push_str(",setrole:");
        privileges.push_str(role);
    }
    if let Some(entry) = &widget.entry_id {
        privileges.push_str(",limitentry:");
        privileges.push_str(entry);
    }
    privileges
}
