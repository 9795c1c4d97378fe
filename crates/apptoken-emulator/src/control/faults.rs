//! Adds, lists and removes faults.

use apptoken_transport_fake::{Fault, FaultId};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Content, ControlError, ControlRequest, query};

#[derive(Serialize)]
struct ListedFault {
    id: u64,
    #[serde(flatten)]
    fault: Fault,
}

pub(super) fn handle(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    match request.method {
        "GET" => {
            let waiting = request.fake.faults().into_iter().map(|(id, fault)| ListedFault { id: id.number(), fault });
            let list: Result<Vec<Value>, _> = waiting.map(serde_json::to_value).collect();
            list.map(|list| Content::Json(Value::Array(list))).map_err(|why| ControlError::new(500, why.to_string()))
        }
        "POST" => Ok(Content::Json(json!({ "id": request.fake.inject(request.json()?).number() }))),
        "DELETE" => {
            request.fake.clear_faults();
            Ok(Content::None)
        }
        _ => Err(request.not_allowed("GET, POST, DELETE")),
    }
}

pub(super) fn remove(request: &ControlRequest<'_>, number: &str) -> Result<Content, ControlError> {
    if request.method != "DELETE" {
        return Err(request.not_allowed("DELETE"));
    }
    let number = query::value("fault", number, "its number")?;
    match request.fake.remove_fault(FaultId::from_number(number)) {
        true => Ok(Content::None),
        false => Err(ControlError::new(404, format!("no active fault has the number {number}"))),
    }
}
