//! Reads, replaces and resets the whole state.

use serde::Deserialize;

use super::{Content, ControlError, ControlRequest};

pub(super) fn handle(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    match request.method {
        "GET" => Ok(Content::Text(request.fake.snapshot())),
        "PUT" => {
            request.fake.restore(request.text()?).map_err(|why| ControlError::new(400, why.to_string()))?;
            Ok(Content::None)
        }
        _ => Err(request.not_allowed("GET, PUT")),
    }
}

pub(super) fn reset(request: &ControlRequest<'_>, initial_state: &str) -> Result<Content, ControlError> {
    if request.method != "POST" {
        return Err(request.not_allowed("POST"));
    }
    request.fake.restore(initial_state).map_err(|why| ControlError::new(500, why.to_string()))?;
    request.fake.clear_faults();
    request.fake.clear_journal();
    Ok(Content::None)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResponseCache {
    on: bool,
}

pub(super) fn response_cache(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    if request.method != "POST" {
        return Err(request.not_allowed("POST"));
    }
    let ResponseCache { on } = request.json()?;
    request.fake.set_response_cache(on);
    Ok(Content::None)
}
