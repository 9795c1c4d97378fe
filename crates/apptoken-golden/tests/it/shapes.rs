use apptoken_golden::ParsedKs;

#[test]
fn a_recording_holds_the_bytes_of_the_exchange() {
    let recording = apptoken_golden::recording("happy_sha256_p101").unwrap();
    let widget = &recording.exchanges[2];
    assert_eq!(widget.name, "session.startWidgetSession");
    assert_eq!(widget.request.method, "POST");
    assert_eq!(widget.request.body.as_deref(), Some("widgetId=_101&format=1"));
    assert_eq!(widget.response.status, 200);
    assert_eq!(widget.response.headers["Content-Type"], "application/json");
    assert!(widget.response.body.ends_with(r#","userId":0,"objectType":"KalturaStartWidgetSessionResponse"}"#));
}

#[test]
fn an_unknown_name_is_none() {
    assert!(apptoken_golden::recording("nope").is_none());
    assert!(apptoken_golden::scenario("nope").is_none());
}

#[test]
fn every_kind_of_parse_result_occurs() {
    let parsed: Vec<ParsedKs> = (apptoken_golden::ks_parse().into_iter().map(|v| v.parsed))
        .chain(apptoken_golden::ks_v2_fields().into_iter().map(|v| v.parsed))
        .collect();
    let count = |kind: fn(&ParsedKs) -> bool| parsed.iter().filter(|p| kind(p)).count();
    assert_eq!(count(|p| matches!(p, ParsedKs::Valid(_))), 17);
    assert_eq!(count(|p| matches!(p, ParsedKs::Refused(_))), 9);
    assert_eq!(count(|p| matches!(p, ParsedKs::NoSecret(_))), 1);
    assert_eq!(count(|p| matches!(p, ParsedKs::Exception(_))), 1);
}

#[test]
fn steps_are_exchanges_waits_or_controls() {
    for scenario in apptoken_golden::scenarios() {
        for step in &scenario.steps {
            let kinds = ["request", "advance_seconds", "control"].iter().filter(|kind| step.get(kind).is_some());
            assert_eq!(kinds.count(), 1, "{}: {step}", scenario.name);
        }
    }
}

#[test]
fn partners_and_roles_are_there() {
    let partners = apptoken_golden::partners();
    assert_eq!(partners["partners"][0]["id"], 101);
    assert!(partners["roles"].as_array().unwrap().len() > 20);
}
