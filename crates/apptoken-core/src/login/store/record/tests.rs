use super::*;
use alloc::format;
use proptest::prelude::*;

use crate::value::ids::{AppTokenId, PartnerId};
use crate::wire::endpoint::Endpoint;

const NOW: Moment = Moment { wall: UnixSeconds(1_795_230_763), elapsed: Duration::from_secs(7) };
const HOUR: Duration = Duration::from_secs(3600);

fn key() -> SessionKey {
    let endpoint = Endpoint::parse("https://www.kaltura.com").unwrap();
    SessionKey::new(&endpoint, &credential(), Default::default())
}

fn id() -> AppTokenId {
    AppTokenId::parse("0_jgc81x8q").unwrap()
}

fn token(value: &str) -> AppTokenSecret {
    AppTokenSecret::parse(value).unwrap()
}

fn credential() -> Credential {
    let token = token("00112233445566778899aabbccddeeff");
    Credential::new(PartnerId::new(101).unwrap(), id(), token, HashType::Sha256)
}

fn session() -> Session {
    let started = StartedSession {
        ks: Ks::parse("djJ8MTAxfHNlc3Npb24=").unwrap(),
        session_type: SessionType::User,
        partner_id: 101,
        user_id: "alice".into(),
        expiry: NOW.wall.plus(HOUR),
        privileges: Privileges::parse("list:*,sessionid:1"),
    };
    let server_time = Some(NOW.wall);
    let grant = Grant { started, hash_type: HashType::Sha256, server_time, sent_at: NOW, obtained_at: NOW };
    Session::from_grant(grant, &credential(), &Default::default()).unwrap()
}

fn widget(fresh: bool) -> WidgetSession {
    WidgetSession { ks: Ks::parse("djJ8MTAxfHdpZGdldA==").unwrap(), obtained_at: NOW, fresh }
}

fn record() -> StoredSession {
    StoredSession::with_widget(&key(), &credential().token, &session(), Some(&widget(true)))
}

/// The whole content of a record, if it is authentic.
fn content(record: &StoredSession) -> Option<String> {
    let (session, term) = record.restore(&key(), &credential(), NOW).ok()??;
    let widget = record.widget(&key(), &credential(), NOW).ok()?;
    let widget = widget.map(|widget| (widget.ks.expose().to_owned(), widget.obtained_at, widget.fresh));
    Some(format!("{session:?} {} {term:?} {widget:?}", session.ks().expose()))
}

fn parse(text: &str) -> Result<StoredSession, StoreErrorKind> {
    StoredSession::parse(text).map_err(|error| error.kind())
}

/// A record of version 2, which must stay readable.
const TEXT: &str = r#"{"format":"apptoken session","version":2,"key":"https://www.kaltura.com/api_v3 101 0_jgc81x8q {}","encoding":"plain","body":"{\"hashType\":\"SHA256\",\"session\":{\"sentAt\":1795230763,\"serverTime\":1795230763,\"ks\":\"djJ8MTAxfHNlc3Npb24=\",\"sessionType\":0,\"partnerId\":101,\"userId\":\"alice\",\"expiry\":1795234363,\"privileges\":\"list:*,sessionid:1\"},\"widget\":{\"ks\":\"djJ8MTAxfHdpZGdldA==\",\"obtainedAt\":1795230763,\"fresh\":true}}","mac":"2f804647efd8e50ae10017e8d0e2efd9e60ceaaee1f6d501206132a99a148cc9"}"#;

#[test]
fn the_format_of_a_record_does_not_change() {
    assert_eq!(record().expose(), TEXT);
    assert!(content(&parse(TEXT).unwrap()).is_some());
}

#[test]
fn a_record_gives_back_its_session_and_widget_session() {
    let stored = parse(record().expose()).unwrap();
    let later = NOW.plus(Duration::from_secs(60));
    let (restored, term) = stored.restore(&key(), &credential(), later).unwrap().unwrap();
    let of = |session: &Session| {
        let times = (session.expires_at(), session.server_time(), session.lifetime(), session.sent_at().wall);
        let kind = (session.hash_type(), session.session_type(), session.partner());
        (times, kind, session.user_id().to_owned(), session.privileges().clone(), session.ks().expose().to_owned())
    };
    assert_eq!(of(&restored), of(&session()));
    assert_eq!((term.age, term.left(later)), (Duration::from_secs(60), HOUR - Duration::from_secs(60)));
    let WidgetSession { ks, obtained_at, fresh } = stored.widget(&key(), &credential(), later).unwrap().unwrap();
    assert!(ks.is_same(&widget(true).ks) && fresh);
    assert_eq!(obtained_at, Moment { elapsed: Duration::from_secs(7), ..NOW });
    let without = StoredSession::new(&key(), &credential().token, &session());
    assert!(without.widget(&key(), &credential(), later).unwrap().is_none());
}

#[test]
fn a_record_with_any_field_changed_is_not_authentic() {
    for (old, new) in [
        ("alice", "admin"),
        ("1795234363", "1895234363"),
        (r#"\"sentAt\":1795230763"#, r#"\"sentAt\":1795230764"#),
        (r#"\"serverTime\":1795230763"#, r#"\"serverTime\":null"#),
        (r#"\"obtainedAt\":1795230763"#, r#"\"obtainedAt\":1795230764"#),
        ("list:*,", "list:*,disableentitlement,"),
        ("djJ8MTAxfHNlc3Npb24=", "djJ8MTAxfHNlc3Npb25="),
        ("djJ8MTAxfHdpZGdldA==", "djJ8MTAxfHdpZGdldB=="),
        (r#"\"sessionType\":0"#, r#"\"sessionType\":2"#),
        (r#"\"partnerId\":101"#, r#"\"partnerId\":102"#),
        (r#"\"fresh\":true"#, r#"\"fresh\":false"#),
        (r#"\"hashType\":\"SHA256\""#, r#"\"hashType\":\"SHA1\""#),
        ("0_jgc81x8q {}", "0_jgc81x8r {}"),
        (r#""mac":""#, r#""mac":"0"#),
    ] {
        let text = TEXT.replace(old, new);
        assert_ne!(text, TEXT, "{old}");
        let changed = parse(&text).unwrap();
        let restored = changed.restore(&key(), &credential(), NOW).map(drop);
        assert_eq!(restored.unwrap_err().kind(), StoreErrorKind::NotAuthentic, "{new}");
        let widget = changed.widget(&key(), &credential(), NOW).map(drop);
        assert_eq!(widget.unwrap_err().kind(), StoreErrorKind::NotAuthentic, "{new}");
    }
}

#[test]
fn a_record_of_another_encoding_version_or_format_is_foreign() {
    for (old, new) in [("plain", "sealed"), (":2,", ":3,"), (":2,", ":1,"), ("apptoken session", "other")] {
        assert_eq!(parse(&TEXT.replacen(old, new, 1)).unwrap_err(), StoreErrorKind::Foreign, "{new}");
    }
    let one_more = TEXT.replace(r#","mac""#, r#","more":1,"mac""#);
    assert_eq!(parse(&one_more).unwrap_err(), StoreErrorKind::Corrupt, "each field is part of the code");
}

#[test]
fn a_record_of_another_key_or_token_value_is_not_authentic() {
    let other_server = Endpoint::parse("https://other.example.org").unwrap();
    let other_key = SessionKey::new(&other_server, &credential(), Default::default());
    let other_token = Credential { token: token("ffeeddccbbaa99887766554433221100"), ..credential() };
    for (key, credential) in [(&other_key, &credential()), (&key(), &other_token)] {
        let error = record().restore(key, credential, NOW).map(drop).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::NotAuthentic);
        assert!(error.to_string().contains("with another app token value"));
    }
}

#[test]
fn the_age_in_the_store_counts_if_it_is_the_greater_one() {
    let aged = || record().with_age(HOUR / 2);
    for (wall, age) in [(-7200, HOUR / 2), (60, HOUR / 2), (2000, Duration::from_secs(2000))] {
        let now = Moment { wall: UnixSeconds(NOW.wall.0 + wall), ..NOW };
        let (_, term) = aged().restore(&key(), &credential(), now).unwrap().unwrap();
        assert_eq!(term.age, age, "{wall}");
    }
}

#[test]
fn the_lifetime_of_a_record_lasts_until_its_last_session_ends() {
    assert_eq!(record().lifetime(), record().lifetime().max(HOUR));
    assert_eq!(StoredSession::with_widget(&key(), &credential().token, &session(), None).lifetime(), HOUR);
}

#[test]
fn a_session_of_unknown_age_is_not_restored() {
    let set_back = Moment { wall: UnixSeconds(NOW.wall.0 - 1), ..NOW };
    assert!(record().restore(&key(), &credential(), set_back).unwrap().is_none());
    assert!(record().widget(&key(), &credential(), set_back).unwrap().is_none());
}

#[test]
fn a_widget_session_is_used_until_a_minute_before_its_expiry() {
    const DAY: u64 = 86_400;
    for (fresh, good_for) in [(true, DAY - 60), (false, DAY - 660)] {
        let stored = StoredSession::with_widget(&key(), &credential().token, &session(), Some(&widget(fresh)));
        for (age, is_good) in [(good_for - 1, true), (good_for, false)] {
            let then = NOW.plus(Duration::from_secs(age));
            assert_eq!(stored.widget(&key(), &credential(), then).unwrap().is_some(), is_good, "{fresh} {age}");
            assert_eq!(stored.has_ended(then.wall), !is_good, "{fresh} {age}");
        }
    }
    let without = StoredSession::new(&key(), &credential().token, &session());
    assert!(!without.has_ended(NOW.wall.plus(HOUR - Duration::from_secs(1))));
    assert!(without.has_ended(NOW.wall.plus(HOUR)));
}

#[test]
fn a_record_contains_no_hash_that_kaltura_accepts() {
    let stored = record();
    assert!(!stored.expose().contains(credential().token.expose()));
    for hash_type in HashType::ALL {
        for ks in [session().ks(), &widget(true).ks] {
            assert!(!stored.expose().contains(hash_type.token_hash(ks, &credential().token).expose()));
        }
    }
}

#[test]
fn debug_of_a_record_shows_its_key_only() {
    let shown = format!("{:?}", record());
    assert_eq!(shown, r#"StoredSession { key: "https://www.kaltura.com/api_v3 101 0_jgc81x8q {}", .. }"#);
}

#[test]
fn a_truncated_record_is_damaged_and_other_json_is_foreign() {
    for (text, kind) in [
        ("", StoreErrorKind::Corrupt),
        ("\0\0", StoreErrorKind::Corrupt),
        ("{\"format\":", StoreErrorKind::Corrupt),
        ("{}", StoreErrorKind::Foreign),
        ("[1]", StoreErrorKind::Foreign),
    ] {
        assert_eq!(StoredSession::parse(text).unwrap_err().kind(), kind, "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_changed_byte_makes_another_session(position in 0..TEXT.len(), flip in 1..=255_u8) {
        let mut bytes = record().expose().as_bytes().to_vec();
        bytes[position % TEXT.len()] ^= flip;
        let changed = String::from_utf8(bytes).ok().and_then(|text| StoredSession::parse(text).ok());
        if let Some(found) = changed.as_ref().and_then(content) {
            prop_assert_eq!(Some(found), content(&record()));
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC*", body in "\\PC*", position in 0..TEXT.len()) {
        let escaped = serde_json::to_string(&body).unwrap();
        let with_body = TEXT.replacen(r#""body":"#, &format!(r#""body":{escaped},"was":"#), 1);
        let spliced = format!("{}{text}{}", &TEXT[..position], &TEXT[position..]);
        for text in [text, with_body, spliced] {
            if let Ok(record) = StoredSession::parse(text) {
                let _ = (record.has_ended(NOW.wall), content(&record));
            }
        }
    }
}
