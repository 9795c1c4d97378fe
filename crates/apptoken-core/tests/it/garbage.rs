//! Random replies: a login returns a session or a typed error, never panics, and shows no secret.

use apptoken_core::{HashChoice, HashType, HttpResponse, Transport, TransportFailure, drive};
use proptest::prelude::*;

use crate::support::{
    KS, Script, TOKEN, VirtualClock, WIDGET_KS, api_error, invalid_ks, login, no_reply, not_sent, now, reply, session,
    widget,
};

type Reply = Result<HttpResponse, TransportFailure>;

/// Replies that a login can get, with secrets wherever a server could repeat them.
fn any_reply() -> impl Strategy<Value = Reply> {
    let echo = format!(
        r#"{{"code":"INVALID_KS","message":"Invalid KS \"{WIDGET_KS}\"","objectType":"KalturaAPIException","args":{{"KSID":"{WIDGET_KS}"}}}}"#
    );
    let echoed_token = format!(
        r#"{{"code":"APP_TOKEN_ID_NOT_FOUND","message":"Application token id \"{TOKEN}\" not found","objectType":"KalturaAPIException","args":{{"ID":"{TOKEN}"}}}}"#
    );
    prop_oneof![
        4 => Just(()).prop_map(|()| widget(WIDGET_KS)),
        4 => Just(()).prop_map(|()| session()),
        2 => Just(()).prop_map(|()| api_error("INVALID_APP_TOKEN_HASH")),
        1 => Just(()).prop_map(|()| invalid_ks("EXPIRED")),
        1 => Just(()).prop_map(move |()| reply(200, echo.clone())),
        1 => Just(()).prop_map(move |()| reply(200, echoed_token.clone())),
        1 => Just(()).prop_map(|()| not_sent()),
        1 => Just(()).prop_map(|()| no_reply()),
        3 => (any::<u16>(), prop::collection::vec(any::<u8>(), 0..120)).prop_map(|(status, body)| Ok(HttpResponse::new(status, [("Date", "x")], body))),
        2 => (100..600_u16, 0..400_usize).prop_map(|(status, at)| {
            let body = session().unwrap().body().to_vec();
            Ok(HttpResponse::new(status, [("X-Me", KS)], body[..at.min(body.len())].to_vec()))
        }),
        2 => (0..400_usize, any::<u8>()).prop_map(|(at, byte)| {
            let mut body = session().unwrap().body().to_vec();
            let last = body.len() - 1;
            body[at.min(last)] = byte;
            Ok(HttpResponse::new(200, [("Date", "x")], body))
        }),
    ]
}

/// All texts that an error can show.
pub(crate) fn texts(error: &dyn std::error::Error) -> String {
    let mut all = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        all += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_login_ends_in_a_session_or_a_typed_error(replies in prop::collection::vec(any_reply(), 20..21), detect: bool) {
        let script = Script::new(replies);
        let hash = if detect { HashChoice::Detect } else { HashType::Sha256.into() };
        let ended = drive(login(hash).start(now()).unwrap(), &script as &dyn Transport, VirtualClock::default());
        let most = if detect { 5 } else { 12 };
        prop_assert!(script.actions().len() <= most);
        let shown = match ended {
            Ok(session) => format!("{session:?} {session:#?}"),
            Err(stopped) => texts(&stopped.error) + &format!("{stopped:?} {}", stopped.error.advice()),
        };
        for secret in [TOKEN, WIDGET_KS, KS] {
            prop_assert!(!shown.contains(&secret[..12]), "{shown}");
        }
    }
}
