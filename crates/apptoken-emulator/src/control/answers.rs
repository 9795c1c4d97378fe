//! Sets, lists and removes answers of the test's own.

use apptoken_transport_fake::AnswerId;
use serde_json::json;

use super::{Content, ControlError, ControlRequest, query};

pub(super) fn handle(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    match request.method {
        "GET" => {
            // Not as a `Value`, which would sort the keys of the answers.
            let list = serde_json::to_string(&request.fake.answers());
            list.map(Content::Text).map_err(|why| ControlError::new(500, why.to_string()))
        }
        "POST" => {
            let id = request.fake.answer_from_json(request.text()?);
            let id = id.map_err(|why| ControlError::new(400, why.to_string()))?;
            Ok(Content::Json(json!({ "id": id.number() })))
        }
        "DELETE" => {
            request.fake.clear_answers();
            Ok(Content::None)
        }
        _ => Err(request.not_allowed("GET, POST, DELETE")),
    }
}

pub(super) fn remove(request: &ControlRequest<'_>, number: &str) -> Result<Content, ControlError> {
    if request.method != "DELETE" {
        return Err(request.not_allowed("DELETE"));
    }
    let number = query::value("answer", number, "its number")?;
    match request.fake.remove_answer(AnswerId::from_number(number)) {
        true => Ok(Content::None),
        false => Err(ControlError::new(404, format!("no answer has the number {number}"))),
    }
}
