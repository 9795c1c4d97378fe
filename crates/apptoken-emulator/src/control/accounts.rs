//! Changes of accounts that no API call can make.

use apptoken_core::PartnerId;
use apptoken_transport_fake::{Account, PartnerStatus};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{Content, ControlError, ControlRequest};

/// A change of an account. Missing keys change nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PartnerChange {
    status: Option<u8>,
    #[serde(default, deserialize_with = "given")]
    ks_max_expiry: Option<Option<u32>>,
    anonymous_user: Option<bool>,
}

/// Distinguishes `null` from a missing key.
fn given<'de, D: Deserializer<'de>>(json: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(json).map(Some)
}

/// The accounts, without their secrets.
pub(super) fn list(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    if request.method != "GET" {
        return Err(request.not_allowed("GET"));
    }
    let all: Result<Vec<Value>, _> = request.fake.accounts().iter().map(serde_json::to_value).collect();
    let all = all.map_err(|why| ControlError::new(500, why.to_string()))?;
    let shown = all.iter().map(|account| {
        json!({
            "id": account["id"],
            "ksVersion": account["ks_version"],
            "status": account["status"],
            "ksMaxExpiry": account["max_lifetime"],
            "anonymousUser": account["anonymous_user"],
            "httpsOnly": account["https_only"],
            "features": account["features"],
        })
    });
    Ok(Content::Json(shown.collect()))
}

pub(super) fn partner(request: &ControlRequest<'_>, id: &str) -> Result<Content, ControlError> {
    if request.method != "POST" {
        return Err(request.not_allowed("POST"));
    }
    let change: PartnerChange = request.json()?;
    let status = change.status.map(partner_status).transpose()?;
    let unknown = || ControlError::new(404, format!("no partner has the id {id}"));
    let partner = PartnerId::parse(id).map_err(|_| unknown())?;
    let changed = request.fake.change_account(partner, |mut account: Account| {
        if let Some(status) = status {
            account = account.status(status);
        }
        if let Some(seconds) = change.ks_max_expiry {
            account = account.max_lifetime(seconds);
        }
        if let Some(yes) = change.anonymous_user {
            account = account.anonymous_user(yes);
        }
        account
    });
    changed.then_some(Content::None).ok_or_else(unknown)
}

fn partner_status(status: u8) -> Result<PartnerStatus, ControlError> {
    match status {
        1 => Ok(PartnerStatus::Active),
        2 => Ok(PartnerStatus::ContentBlocked),
        3 => Ok(PartnerStatus::FullyBlocked),
        _ => Err(ControlError::new(400, "status: expected 1 (active), 2 (content blocked) or 3 (fully blocked)")),
    }
}
