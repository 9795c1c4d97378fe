//! Replays of the recorded logins and errors of a real server.

use std::collections::BTreeMap;

use apptoken_core::{
    Action, AppTokenId, AppTokenSecret, Call, Credential, ErrorKind, HashType, HttpResponse, KalturaCode, Login,
    Moment, PartnerId, UnixSeconds, drive,
};
use apptoken_golden::{RecordedExchange, Recording};
use serde_json::Value;

use crate::support::{Script, VirtualClock, endpoint};

fn response(exchange: &RecordedExchange) -> HttpResponse {
    let recorded = &exchange.response;
    HttpResponse::new(recorded.status, recorded.headers.clone(), recorded.body.clone().into_bytes())
}

fn parameters(exchange: &RecordedExchange) -> BTreeMap<String, String> {
    let body = exchange.request.body.as_deref().unwrap_or_default();
    form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

fn called<'a>(recording: &'a Recording, action: &str) -> &'a RecordedExchange {
    let path = format!("/action/{action}");
    recording.exchanges.iter().find(|exchange| exchange.request.path.ends_with(&path)).unwrap()
}

/// The parameters of our request as form values, without the client tag, which differs in every client.
fn sent(body: &Value) -> BTreeMap<String, String> {
    let members = body.as_object().unwrap().iter().filter(|(name, _)| *name != "clientTag");
    members
        .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect()
}

#[test]
fn recorded_logins_give_the_recorded_sessions() {
    let recordings: Vec<_> = apptoken_golden::recordings()
        .into_iter()
        .filter(|it| it.name.starts_with("happy_") && !it.name.contains("xml"))
        .collect();
    assert_eq!(recordings.len(), 4);
    let mut hash_types = Vec::new();
    for recording in recordings {
        let (widget, start) = (called(&recording, "startWidgetSession"), called(&recording, "startSession"));
        let token: Value = serde_json::from_str(&called(&recording, "add").response.body).unwrap();
        let hash_type: HashType = token["hashType"].as_str().unwrap().parse().unwrap();
        let partner = PartnerId::new(token["partnerId"].as_u64().unwrap() as u32).unwrap();
        let credential = Credential::new(
            partner,
            AppTokenId::parse(token["id"].as_str().unwrap()).unwrap(),
            AppTokenSecret::parse(token["token"].as_str().unwrap()).unwrap(),
            hash_type,
        );

        let script = Script::new([Ok(response(widget)), Ok(response(start))]);
        let now = Moment { wall: UnixSeconds(start.unix_time), elapsed: Default::default() };
        let session =
            drive(Login::new(endpoint(), credential).start(now).unwrap(), &script, VirtualClock::default()).unwrap();

        assert_eq!(sent(&script.body(0)), parameters(widget), "{}", recording.name);
        assert_eq!(sent(&script.body(1)), parameters(start), "{}", recording.name);
        let recorded: Value = serde_json::from_str(&start.response.body).unwrap();
        assert_eq!(session.ks().expose(), recorded["ks"]);
        assert_eq!(session.user_id(), recorded["userId"]);
        assert_eq!(session.expires_at().0, recorded["expiry"]);
        assert_eq!(session.privileges().to_string(), recorded["privileges"]);
        assert_eq!(session.session_type().code(), recorded["sessionType"]);
        assert_eq!(session.ks().partner(), Some(partner));
        hash_types.push(hash_type);
    }
    hash_types.sort();
    assert_eq!(hash_types, [HashType::Md5, HashType::Sha1, HashType::Sha256, HashType::Sha512]);
}

/// Stands for any action, because errors do not depend on the action.
#[derive(serde::Serialize)]
struct AnyAction {}

impl Action for AnyAction {
    type Reply = serde_json::Map<String, Value>;
    const SERVICE: &'static str = "any";
    const ACTION: &'static str = "thing";
}

fn read(exchange: &RecordedExchange) -> Result<serde_json::Map<String, Value>, apptoken_core::Error> {
    let now = Moment { wall: UnixSeconds(exchange.unix_time), elapsed: Default::default() };
    let call = Call::new(endpoint(), AnyAction {}).start(now).unwrap();
    Ok(drive(call, Script::new([Ok(response(exchange))]), VirtualClock::default())?)
}

#[test]
fn every_recorded_error_is_a_kaltura_error() {
    let mut seen = 0;
    for recording in apptoken_golden::recordings() {
        for exchange in &recording.exchanges {
            let Ok(recorded) = serde_json::from_str::<Value>(&exchange.response.body) else { continue };
            if recorded["objectType"] != "KalturaAPIException" {
                continue;
            }
            let error = read(exchange).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Kaltura(_)), "{}: {error:?}", exchange.name);
            assert_eq!(error.code(), recorded["code"].as_str(), "{}", exchange.name);
            // The message of this code repeats the value of the request, so it is shown without it.
            let is_rewritten = error.kind() == ErrorKind::Kaltura(KalturaCode::InvalidEnumValue);
            if let Some(message) = error.server_message().filter(|_| !is_rewritten) {
                assert_eq!(message, recorded["message"], "{}", exchange.name);
            }
            assert!(!error.advice().is_empty());
            seen += 1;
        }
    }
    assert!(seen > 100, "only {seen} recorded errors");
}

#[test]
fn recorded_xml_is_reported_as_xml() {
    let recording = apptoken_golden::recording("happy_xml_sha256_p101").unwrap();
    let mut seen = 0;
    for exchange in recording.exchanges.iter().filter(|exchange| exchange.response.body.starts_with('<')) {
        let error = read(exchange).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::XmlReply, "{}", exchange.name);
        assert!(error.advice().contains("format=1"));
        seen += 1;
    }
    assert!(seen >= 5, "only {seen} XML replies");
}

#[test]
fn a_truncated_reply_never_gives_a_session() {
    for recording in
        apptoken_golden::recordings().into_iter().filter(|it| it.name.starts_with("happy_") && !it.name.contains("xml"))
    {
        let (widget, start) = (called(&recording, "startWidgetSession"), called(&recording, "startSession"));
        let token: Value = serde_json::from_str(&called(&recording, "add").response.body).unwrap();
        let login = || {
            let id = AppTokenId::parse(token["id"].as_str().unwrap()).unwrap();
            let partner = PartnerId::new(token["partnerId"].as_u64().unwrap() as u32).unwrap();
            let credential = Credential::new(partner, id, AppTokenSecret::parse("t0ken").unwrap(), HashType::Sha256);
            Login::new(endpoint(), credential)
                .retry(apptoken_core::RetryPolicy::none())
                .start(crate::support::now())
                .unwrap()
        };
        let cut = |exchange: &RecordedExchange, at: usize| {
            HttpResponse::new(200, exchange.response.headers.clone(), exchange.response.body.as_bytes()[..at].to_vec())
        };
        for at in 0..widget.response.body.len() {
            let stopped = drive(login(), Script::new([Ok(cut(widget, at))]), VirtualClock::default()).unwrap_err();
            assert!(
                matches!(stopped.error.kind(), ErrorKind::TruncatedReply | ErrorKind::EmptyReply),
                "{at}: {stopped}"
            );
        }
        for at in 0..start.response.body.len() {
            let script = Script::new([Ok(response(widget)), Ok(cut(start, at))]);
            let stopped = drive(login(), script, VirtualClock::default()).unwrap_err();
            assert!(
                matches!(stopped.error.kind(), ErrorKind::TruncatedReply | ErrorKind::EmptyReply),
                "{at}: {stopped}"
            );
        }
    }
}
