//! Faults: add, list, clear.

use apptoken_transport_fake::{Fault, FaultId};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Call, Done, Problem, query};

#[derive(Serialize)]
struct Waiting {
    id: u64,
    #[serde(flatten)]
    fault: Fault,
}

pub(super) fn answer(call: &Call<'_>) -> Result<Done, Problem> {
    match call.method {
        "GET" => {
            let waiting = call.fake.faults().into_iter().map(|(id, fault)| Waiting { id: id.number(), fault });
            let list: Result<Vec<Value>, _> = waiting.map(serde_json::to_value).collect();
            list.map(|list| Done::Json(Value::Array(list))).map_err(|why| Problem::new(500, why.to_string()))
        }
        "POST" => Ok(Done::Json(json!({ "id": call.fake.inject(call.json()?).number() }))),
        "DELETE" => {
            call.fake.clear_faults();
            Ok(Done::Nothing)
        }
        _ => Err(call.not_allowed("GET, POST, DELETE")),
    }
}

pub(super) fn one(call: &Call<'_>, number: &str) -> Result<Done, Problem> {
    if call.method != "DELETE" {
        return Err(call.not_allowed("DELETE"));
    }
    let number = query::value("the fault", number, "its number")?;
    match call.fake.remove_fault(FaultId::from_number(number)) {
        true => Ok(Done::Nothing),
        false => Err(Problem::new(404, format!("no fault {number} is waiting"))),
    }
}
