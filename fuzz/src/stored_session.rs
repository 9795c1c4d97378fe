use std::time::Duration;

use apptoken_core::api::app_token::StartedSession;
use apptoken_core::login::store::{SessionKey, StoreErrorKind, StoredSession};
use apptoken_core::login::{Grant, WidgetSession};
use apptoken_core::{
    AppTokenId, AppTokenSecret, Credential, Endpoint, Error, HashType, Ks, PartnerId, Privileges, Session,
    SessionOptions, SessionType,
};

use crate::script::NOW;
use crate::secrets::Secrets;

const TOKEN: &str = "d20f7d006404f2aad05bbdaac413b1e3";
const KS: &str = "djJ8MTAxfHNlc3Npb24=";
const WIDGET_KS: &str = "djJ8MTAxfHdpZGdldA==";

/// A record of a store: with any content, it is restored to one of the two stored sessions or to none.
///
/// Valid is a record that is restored to a session.
pub fn stored_session(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let secrets = Secrets::of(&[TOKEN, KS, WIDGET_KS]);
    let (key, credential, genuine) = stored().expect("valid values");
    let record = match StoredSession::parse(&*text) {
        Ok(record) => record,
        Err(error) => {
            assert!(matches!(error.kind(), StoreErrorKind::Corrupt | StoreErrorKind::Foreign));
            return false;
        }
    };
    let _ = record.has_ended(NOW.wall);
    let found = content(&record, &key, &credential);
    assert!(found.is_none() || genuine.iter().any(|genuine| content(genuine, &key, &credential) == found));
    if found.is_some() {
        secrets.assert_not_in(&record);
    }
    found.is_some()
}

/// The record of a session, with and without its widget session.
fn stored() -> Result<(SessionKey, Credential, [StoredSession; 2]), Error> {
    let (partner, id, options) = (PartnerId::new(101)?, AppTokenId::parse("0_jgc81x8q")?, SessionOptions::default());
    let credential = Credential::new(partner, id, AppTokenSecret::parse(TOKEN)?, HashType::Sha256);
    let key = SessionKey::new(&Endpoint::parse("https://kaltura.example.org")?, &credential, options.clone());
    let started = StartedSession {
        ks: Ks::parse(KS)?,
        session_type: SessionType::User,
        partner_id: 101,
        user_id: "user-sha256".into(),
        expiry: NOW.wall.plus(Duration::from_secs(3600)),
        privileges: Privileges::parse("list:*,sessionid:1"),
    };
    let server_time = Some(NOW.wall);
    let grant = Grant { started, hash_type: HashType::Sha256, server_time, sent_at: NOW, obtained_at: NOW };
    let session = Session::from_grant(grant, &credential, &options)?;
    let widget = WidgetSession { ks: Ks::parse(WIDGET_KS)?, obtained_at: NOW, fresh: true };
    let records =
        [None, Some(&widget)].map(|widget| StoredSession::with_widget(&key, &credential.token, &session, widget));
    Ok((key, credential, records))
}

/// The whole content of a record, if it is authentic.
fn content(record: &StoredSession, key: &SessionKey, credential: &Credential) -> Option<String> {
    let (session, term) = record.restore(key, credential, NOW).ok()??;
    let widget = record.widget(key, credential, NOW).ok()?;
    let widget = widget.map(|widget| (widget.ks.expose().to_owned(), widget.obtained_at, widget.fresh));
    Some(format!("{session:?} {} {term:?} {widget:?}", session.ks().expose()))
}
