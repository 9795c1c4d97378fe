//! Reads, sets and advances the clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use apptoken_core::UnixSeconds;
use serde::Deserialize;
use serde_json::json;

use super::{Content, ControlError, ControlRequest, query};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    time: Time,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a Unix time in seconds or \"now\"")]
enum Time {
    At(i64),
    Now(Now),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Now {
    Now,
}

pub(super) fn handle(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    match request.method {
        "GET" => {}
        "POST" => {
            let Setting { time } = request.json()?;
            request.fake.clock().set(match time {
                Time::At(seconds) => UnixSeconds(seconds),
                Time::Now(Now::Now) => system_time(),
            });
        }
        _ => return Err(request.not_allowed("GET, POST")),
    }
    Ok(time(request))
}

pub(super) fn advance(request: &ControlRequest<'_>) -> Result<Content, ControlError> {
    if request.method != "POST" {
        return Err(request.not_allowed("POST"));
    }
    const EXPECTED: &str = "a non-negative number of seconds";
    let pairs = query::pairs(request.query, &["seconds"])?;
    let (name, seconds) =
        pairs.first().ok_or_else(|| ControlError::new(400, format!("seconds: expected {EXPECTED}")))?;
    let seconds = query::value(name, seconds, EXPECTED)?;
    let duration = Duration::try_from_secs_f64(seconds)
        .map_err(|_| ControlError::new(400, format!("{name}: expected {EXPECTED}")))?;
    request.fake.clock().advance(duration);
    Ok(time(request))
}

fn time(request: &ControlRequest<'_>) -> Content {
    Content::Json(json!({ "time": request.fake.clock().time().0 }))
}

fn system_time() -> UnixSeconds {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixSeconds(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX))
}
