//! `session.get`, as in `api_v3/services/SessionService.php` of the server.

use crate::actions::action::{Action, Call};
use crate::error::{self, Failure};
use crate::output::{Output, Record};
use crate::php::cast::is_true_text;

pub(crate) const ACTION: Action = Action { service: "session", name: "get", run };

/// Returns the fields of a session. The server checks neither its expiry nor its revocation.
fn run(call: &mut Call<'_>) -> Result<Output, Failure> {
    call.cache_policy.disable();
    let own = call.context.session.as_ref().map_or("", |session| &session.text);
    let asked = call.arguments.text("session");
    let text = if is_true_text(asked) { asked } else { own };
    let session = call.state.open(text).map_err(|_| error::INTERNAL_SERVERL_ERROR.plain())?;
    if session.partner_id() != call.partner_id() {
        let accessing = call.context.partner_text();
        return Err(error::PARTNER_ACCESS_FORBIDDEN.with(&[&accessing, &session.ks.partner_id]).into());
    }
    let ks = session.ks;
    let properties = [
        ("ks", Output::Null),
        ("sessionType", ks.session_type.into()),
        ("partnerId", ks.partner_id.into()),
        ("userId", ks.user_id.into()),
        ("expiry", ks.valid_until.into()),
        ("privileges", ks.privileges.into()),
    ];
    Ok(Record::new("KalturaSessionInfo", properties).into())
}
