//! Makes sessions without a login.

use apptoken_core::PartnerId;
use apptoken_transport_fake::SessionSpec;
use serde::Deserialize;
use serde_json::json;

use super::{Content, ControlError, ControlRequest};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WantedSession {
    partner_id: u32,
    #[serde(rename = "type")]
    kind: SessionKind,
    user_id: Option<String>,
    privileges: Option<String>,
    /// In how many seconds it expires.
    expiry: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum SessionKind {
    Admin,
    User,
    Widget,
}

pub(super) fn handle(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    if request.method != "POST" {
        return Err(request.not_allowed("POST"));
    }
    let WantedSession { partner_id, kind, user_id, privileges, expiry } = request.json()?;
    let spec = match (kind, user_id) {
        (SessionKind::Admin, user_id) => SessionSpec::admin(user_id.as_deref().unwrap_or("admin")),
        (SessionKind::User, user_id) => SessionSpec::user(user_id.as_deref().unwrap_or_default()),
        (SessionKind::Widget, None) => SessionSpec::widget(),
        (SessionKind::Widget, Some(_)) => {
            return Err(ControlError::new(400, "userId: expected no user for a widget session"));
        }
    };
    let spec = match privileges {
        Some(privileges) => spec.privileges(&privileges),
        None => spec,
    };
    let spec = match expiry {
        Some(seconds) => spec.expires_in(seconds),
        None => spec,
    };
    let session = PartnerId::new(partner_id).ok().and_then(|partner| request.fake.session(partner, spec));
    let ks = session.ok_or_else(|| ControlError::new(404, format!("no partner has the id {partner_id}")))?;
    Ok(Content::Json(json!({ "ks": ks.expose() })))
}
