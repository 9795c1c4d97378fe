//! What the API has: its actions and classes.

use std::collections::BTreeMap;

use apptoken_transport_fake::{ActionName, Coverage, Fake};
use serde::Serialize;

use super::{Content, ControlError, ControlRequest};

/// All actions by service, in a form that is small enough for a page to load at once.
pub(super) fn actions(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    let all = Fake::coverage();
    let mut services: BTreeMap<&str, BTreeMap<&str, Coverage>> = BTreeMap::new();
    for known in &all {
        services.entry(known.service).or_default().insert(known.action, known.coverage);
    }
    get(request, &services)
}

pub(super) fn action(request: &ControlRequest<'_>, name: &str) -> Result<Content, ControlError> {
    let unknown = || match name.parse::<ActionName>() {
        Err(why) => ControlError::new(404, why.to_string()),
        // `multirequest` is a name for faults and the journal, but no action.
        Ok(_) => ControlError::new(404, format!("{name} has no parameters of its own")),
    };
    get(request, &Fake::describe_action(name).ok_or_else(unknown)?)
}

pub(super) fn class(request: &ControlRequest<'_>, name: &str) -> Result<Content, ControlError> {
    let unknown = || ControlError::new(404, "the properties of this class are not known; any are accepted");
    get(request, &Fake::describe_class(name).ok_or_else(unknown)?)
}

fn get(request: &ControlRequest<'_>, value: &impl Serialize) -> Result<Content, ControlError> {
    if request.method != "GET" {
        return Err(request.not_allowed("GET"));
    }
    let text = serde_json::to_string(value).map_err(|why| ControlError::new(500, why.to_string()))?;
    Ok(Content::Text(text))
}
