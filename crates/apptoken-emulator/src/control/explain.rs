//! Explains which check of a call refuses it, and what a session holds.

use apptoken_transport_fake::{Refusal, RepairStep, SessionReport};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Content, ControlError, ControlRequest, library};

pub(super) fn call(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    if request.method != "POST" {
        return Err(request.not_allowed("POST"));
    }
    let explanation = request.fake.explain(request.text()?);
    let explanation = explanation.map_err(|why| ControlError::new(400, why.to_string()))?;
    let mut reply = object(&explanation)?;
    if let Some(refusal) = &explanation.refusal {
        reply.insert("refusal".to_owned(), with_words(&explanation.action, refusal)?);
    }
    let repairs = explanation
        .repairs
        .iter()
        .map(|repair| json!({ "text": repair.text, "allows": repair.allows, "request": request_of(&repair.step) }));
    reply.insert("repairs".to_owned(), repairs.collect());
    Ok(Content::Json(reply.into()))
}

/// The request to this interface that makes a repair.
fn request_of(step: &RepairStep) -> Value {
    let (path, body) = match step {
        RepairStep::NewSession { partner, kind, user, privileges } => {
            // A widget session has no user of its own.
            let user = (*kind != "widget").then_some(user);
            let body = json!({ "partnerId": partner, "type": kind, "userId": user, "privileges": privileges });
            ("/__control/sessions".to_owned(), body)
        }
        RepairStep::ActivateAccount { partner } => (format!("/__control/partners/{partner}"), json!({ "status": 1 })),
        _ => return Value::Null,
    };
    json!({ "method": "POST", "path": path, "body": body })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionToInspect {
    ks: String,
}

pub(super) fn session(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    if request.method != "POST" {
        return Err(request.not_allowed("POST"));
    }
    let SessionToInspect { ks } = request.json()?;
    let report = request.fake.inspect_session(&ks);
    let mut reply = object(&report)?;
    let refusal = match &report {
        SessionReport::Unreadable { refusal, .. } => Some(refusal),
        SessionReport::Readable(session) => {
            let privileges = session
                .privileges
                .iter()
                .map(|(name, values)| json!({ "name": name, "values": values, "meaning": meaning(name) }));
            reply.insert("privileges".to_owned(), privileges.collect());
            session.refusal.as_ref()
        }
        _ => None,
    };
    if let Some(refusal) = refusal {
        reply.insert("refusal".to_owned(), with_words("session.get", refusal)?);
    }
    reply.insert("readable".to_owned(), matches!(report, SessionReport::Readable(_)).into());
    Ok(Content::Json(reply.into()))
}

/// A refusal with what the client library says of it.
fn with_words(action: &str, refusal: &Refusal) -> Result<Value, ControlError> {
    let mut shown = object(refusal)?;
    shown.insert("library".to_owned(), library::of_refusal(action, refusal));
    Ok(shown.into())
}

fn object(value: &impl Serialize) -> Result<Map<String, Value>, ControlError> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Ok(Map::new()),
        Err(why) => Err(ControlError::new(500, why.to_string())),
    }
}

/// What a privilege of a session means.
fn meaning(privilege: &str) -> &'static str {
    match privilege {
        "*" | "all" => "The session may do all that its privileges can allow.",
        "actionslimit" => "The session may be used this many times.",
        "apptoken" => "The app token that started the session.",
        "disableentitlement" => "Entries are found without regard to entitlement.",
        "disableentitlementforentry" => "This entry is found without regard to entitlement.",
        "download" => "The session may download this entry; `*` means every entry.",
        "downloadasset" => "The session may download this asset.",
        "edit" => "The session may change this entry, whoever owns it; `*` means every entry.",
        "editplaylist" => "The session may change the entries of this playlist.",
        "enableentitlement" => "Only entries are found to which the user is entitled.",
        "iprestrict" => "The session may be used from these addresses only.",
        "limitentry" => "The session gives access to this entry only.",
        "list" => "Lists have the objects of all users (`*`), not only those of the session's user.",
        "privacycontext" => "The privacy context of the entries that the session works with.",
        "reftime" => "The time that relative times in requests count from.",
        "restrictingrole" => "The session does not have the permissions of this role.",
        "sessionid" => "Sessions with the same value are revoked together.",
        "sessionkey" => "A key that the program which started the session has chosen.",
        "setrole" => "The session has the permissions of this role instead of those of its user.",
        "sview" => "The session may view this entry; `*` means every entry.",
        "sviewplaylist" => "The session may view the entries of this playlist.",
        "urirestrict" => "The session may be used for these URIs only; `*` at the end matches every continuation.",
        "view" => "The session may view this entry; `*` means every entry.",
        "widget" => "The session is one of a widget: anybody can start such a session.",
        _ => "The emulator gives it no meaning.",
    }
}
