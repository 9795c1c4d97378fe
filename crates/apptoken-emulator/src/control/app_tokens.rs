//! Lists, adds, changes and deletes app tokens.

use apptoken_core::AppTokenId;
use apptoken_transport_fake::TokenStatus;
use serde::Deserialize;
use serde_json::json;

use super::{Content, ControlError, ControlRequest};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppTokenChange {
    status: u8,
}

pub(super) fn handle(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    match request.method {
        "GET" => Ok(Content::Text(request.fake.tokens_as_json())),
        "POST" => add(request),
        _ => Err(request.not_allowed("GET, POST")),
    }
}

fn add(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    let token = request.fake.add_token_from_json(request.text()?);
    let token = token.map_err(|why| ControlError::new(400, why.to_string()))?;
    Ok(Content::Json(json!({
        "partnerId": token.partner.get(),
        "id": token.id.as_str(),
        "token": token.secret.expose(),
        "hashType": token.hash_type,
    })))
}

pub(super) fn one(request: &ControlRequest<'_>, id: &str) -> Result<Content, ControlError> {
    let parsed = AppTokenId::parse(id);
    let is_done = match request.method {
        "POST" => {
            let AppTokenChange { status } = request.json()?;
            let status = token_status(status)?;
            parsed.as_ref().is_ok_and(|id| request.fake.set_token_status(id, status))
        }
        "DELETE" => parsed.as_ref().is_ok_and(|id| request.fake.delete_token(id)),
        _ => return Err(request.not_allowed("POST, DELETE")),
    };
    is_done.then_some(Content::None).ok_or_else(|| ControlError::new(404, format!("no app token has the id {id}")))
}

fn token_status(status: u8) -> Result<TokenStatus, ControlError> {
    match status {
        1 => Ok(TokenStatus::Disabled),
        2 => Ok(TokenStatus::Active),
        3 => Ok(TokenStatus::Deleted),
        _ => Err(ControlError::new(400, "status: expected 1 (disabled), 2 (active) or 3 (deleted)")),
    }
}
