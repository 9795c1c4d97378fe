//! The clock: read, set, advance.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use apptoken_core::UnixSeconds;
use serde::Deserialize;
use serde_json::json;

use super::{Call, Done, Problem, query};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    time: Time,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a unix time in seconds, or \"now\"")]
enum Time {
    At(i64),
    Now(Now),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Now {
    Now,
}

pub(super) fn answer(call: &Call<'_>) -> Result<Done, Problem> {
    match call.method {
        "GET" => {}
        "POST" => {
            let Setting { time } = call.json()?;
            call.fake.clock().set(match time {
                Time::At(seconds) => UnixSeconds(seconds),
                Time::Now(Now::Now) => of_this_machine(),
            });
        }
        _ => return Err(call.not_allowed("GET, POST")),
    }
    Ok(time(call))
}

pub(super) fn advance(call: &Call<'_>) -> Result<Done, Problem> {
    if call.method != "POST" {
        return Err(call.not_allowed("POST"));
    }
    const EXPECTED: &str = "a number of seconds, not below 0";
    let pairs = query::pairs(call.query, &["seconds"])?;
    let (name, seconds) = pairs.first().ok_or_else(|| Problem::new(400, format!("seconds: expected {EXPECTED}")))?;
    let seconds = query::value(name, seconds, EXPECTED)?;
    let duration =
        Duration::try_from_secs_f64(seconds).map_err(|_| Problem::new(400, format!("{name}: expected {EXPECTED}")))?;
    call.fake.clock().advance(duration);
    Ok(time(call))
}

fn time(call: &Call<'_>) -> Done {
    Done::Json(json!({ "time": call.fake.clock().time().0 }))
}

fn of_this_machine() -> UnixSeconds {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixSeconds(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX))
}
