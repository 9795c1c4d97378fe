//! The state as a whole: snapshot, load, reset.

use serde::Deserialize;

use super::{Call, Done, Problem};

pub(super) fn answer(call: &Call<'_>) -> Result<Done, Problem> {
    match call.method {
        "GET" => Ok(Done::Text(call.fake.snapshot())),
        "PUT" => {
            let text = std::str::from_utf8(call.body).map_err(|_| Problem::new(400, "the body is not UTF-8"))?;
            call.fake.restore(text).map_err(|why| Problem::new(400, why.to_string()))?;
            Ok(Done::Nothing)
        }
        _ => Err(call.not_allowed("GET, PUT")),
    }
}

pub(super) fn reset(call: &Call<'_>, at_start: &str) -> Result<Done, Problem> {
    if call.method != "POST" {
        return Err(call.not_allowed("POST"));
    }
    call.fake.restore(at_start).map_err(|why| Problem::new(500, why.to_string()))?;
    call.fake.clear_faults();
    call.fake.clear_journal();
    Ok(Done::Nothing)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResponseCache {
    on: bool,
}

pub(super) fn response_cache(call: &Call<'_>) -> Result<Done, Problem> {
    if call.method != "POST" {
        return Err(call.not_allowed("POST"));
    }
    let ResponseCache { on } = call.json()?;
    call.fake.set_response_cache(on);
    Ok(Done::Nothing)
}
