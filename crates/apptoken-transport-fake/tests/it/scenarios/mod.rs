//! Runs the recorded scenarios with `Fake::handle`.

mod exchange;
mod expected;
mod template;

use std::time::Duration;

use apptoken_core::{AppTokenId, PartnerId};
use apptoken_golden::{Scenario, partners, scenarios};
use apptoken_transport_fake::{Fake, PartnerStatus, TokenStatus};
use serde_json::Value;

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

/// Each scenario has its own fake with the response cache on, as on the recorded server.
fn run(scenario: &Scenario) -> (usize, usize, Vec<String>) {
    let fake =
        Fake::builder().response_cache(true).build_from_config(&partners().to_string()).expect("a sound configuration");
    let mut context = Context::new(fake.clock());
    let (mut total, mut failures) = (0, Vec::new());
    for step in &scenario.steps {
        if let Some(seconds) = step.get("advance_seconds") {
            fake.clock().advance(Duration::from_secs(seconds.as_u64().expect("seconds")));
        } else if let Some(control) = step.get("control") {
            change(&fake, &context.render(control));
        } else {
            total += 1;
            if let Err(difference) = exchange(&fake, &mut context, step) {
                failures.push(format!(
                    "{} [{}] {difference}",
                    scenario.name,
                    step["name"].as_str().unwrap_or_default()
                ));
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
