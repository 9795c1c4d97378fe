//! Runs the recorded scenarios with `Fake::handle`.

mod exchange;
mod expected;
mod template;

use std::time::Duration;

use apptoken_core::{AppTokenId, PartnerId};
use apptoken_golden::{Scenario, partners, scenarios};
use apptoken_transport_fake::{Fake, PartnerStatus, TokenStatus, Uploads};
use serde_json::{Value, json};

use self::exchange::Response;
use self::template::Context;

#[test]
fn every_recorded_exchange_gets_the_recorded_reply() {
    let mut failures = Vec::new();
    for scenario in scenarios() {
        let (passed, total, failed) = run(&scenario);
        println!("{}: {passed}/{total}", scenario.name);
        failures.extend(failed);
    }
    assert!(failures.is_empty(), "{} exchanges differ:\n{}", failures.len(), failures.join("\n"));
}

/// The account that has default profiles.
const WITH_PROFILES: i64 = 107;

/// The steps that the fake answers otherwise than the recorded server, as its documentation says: it has no playback
/// context and no HLS playlists, and of playlists only those of fixed entries.
const DIFFERENT: &[(&str, &str)] = &[
    ("content_add_content_p107", "baseEntry.getPlaybackContext"),
    ("content_captions_p107", "captionAsset.serveWebVTT"),
    ("content_playlist_p107", "playlist.add, dynamic, by a user"),
    ("content_playlist_p107", "playlist.add, dynamic, by an admin"),
    ("content_playlist_p107", "playlist.get dynamic"),
];

/// Two configurations: the accounts of the recordings, and the one with default profiles.
fn configurations() -> [String; 2] {
    let mut all = partners();
    let accounts = all["partners"].as_array_mut().expect("accounts");
    let with_profiles: Vec<Value> = accounts.extract_if(.., |account| account["id"] == WITH_PROFILES).collect();
    [all.to_string(), json!({ "partners": with_profiles, "accessControl": {} }).to_string()]
}

/// Each scenario has its own fake with the response cache on and without workers for conversion, as on the recorded
/// server.
fn run(scenario: &Scenario) -> (usize, usize, Vec<String>) {
    let [accounts, with_profiles] = configurations();
    let files = [("accounts", &*accounts), ("with profiles", &*with_profiles)];
    let fake = Fake::builder().response_cache(true).build_from_files(&files).expect("a sound configuration");
    fake.set_uploads(Uploads::Converting);
    let mut context = Context::new(fake.clock());
    let (mut total, mut failures) = (0, Vec::new());
    for step in &scenario.steps {
        if let Some(seconds) = step.get("advance_seconds") {
            fake.clock().advance(Duration::from_secs(seconds.as_u64().expect("seconds")));
        } else if let Some(control) = step.get("control") {
            change(&fake, &context.render(control));
        } else {
            total += 1;
            let name = step["name"].as_str().unwrap_or_default();
            let is_different = DIFFERENT.contains(&(scenario.name, name));
            let compared = exchange(&fake, &mut context, step);
            if is_different {
                assert!(compared.is_err(), "{name} is as recorded now: remove it from the list");
            } else if let Err(difference) = compared {
                failures.push(format!("{} [{}] {difference}", scenario.name, name));
            }
        }
    }
    (total - failures.len(), total, failures)
}

fn exchange(fake: &Fake, context: &mut Context, step: &Value) -> Result<(), String> {
    for (name, value) in step.get("set").and_then(Value::as_object).into_iter().flatten() {
        let value = context.render(value);
        context.capture(name, value);
    }
    if !context.can_render(&step["request"]) {
        return Err("an earlier reply did not have a value of the request".to_owned());
    }
    context.sent_now();
    let request = context.render(&step["request"]);
    let response = Response::of(fake, &request);
    let compared = expected::compare(step, &response, context);
    for (name, path) in step.get("capture").and_then(Value::as_object).into_iter().flatten() {
        let path = path.as_str().expect("a path");
        match response.at(path) {
            Some(value) => context.capture(name, value.clone()),
            None => return compared.and(Err(format!("no {path:?} to capture as {name:?}"))),
        }
    }
    compared
}

/// A change that no API call can make.
fn change(fake: &Fake, control: &Value) {
    let path = control["path"].as_str().expect("a path");
    let body = &control["body"];
    let id = path.rsplit('/').next().expect("an id");
    if path.starts_with("/partners/") {
        let partner = PartnerId::parse(id).expect("a partner id");
        let changed = fake.change_account(partner, |mut account| {
            if let Some(status) = body.get("status") {
                account = account.status(match status.as_i64() {
                    Some(1) => PartnerStatus::Active,
                    Some(2) => PartnerStatus::ContentBlocked,
                    other => panic!("status {other:?}"),
                });
            }
            if let Some(max) = body.get("ksMaxExpiry") {
                account = account.max_lifetime(max.as_u64().map(|seconds| u32::try_from(seconds).expect("seconds")));
            }
            account
        });
        assert!(changed, "{path}");
    } else {
        let status = match body["status"].as_i64() {
            Some(1) => TokenStatus::Disabled,
            other => panic!("status {other:?}"),
        };
        assert!(fake.set_token_status(&AppTokenId::parse(id).expect("a token id"), status), "{path}");
    }
}
