//! A search for secrets in everything that can be printed or logged.

use std::error::Error as _;
use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use apptoken::admin::{OldToken, ServiceRole};
use apptoken::{
    Builder, Clock as _, Credential, Endpoint, HashType, Ks, Login, Privileges, StoppedFlow, UreqTransport, drive,
};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, Fault, FaultKind, TokenSpec};
use log::{LevelFilter, Log, Metadata, Record};

use crate::client::partner;

/// All log lines: of these crates at every level, of all others down to DEBUG.
static LOGGED: Mutex<String> = Mutex::new(String::new());

struct Collector;

impl Log for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Debug || metadata.target().starts_with("apptoken")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut logged = LOGGED.lock().unwrap();
            let _ = writeln!(logged, "{} {} {}", record.level(), record.target(), record.args());
        }
    }

    fn flush(&self) {}
}

fn collect_logs() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        log::set_logger(&Collector).unwrap();
        log::set_max_level(LevelFilter::Trace);
    });
}

/// The secrets, and all text that was shown.
struct Search {
    secrets: Vec<String>,
    seen: String,
}

impl Search {
    fn see(&mut self, thing: &impl Debug) {
        let _ = writeln!(self.seen, "{thing:?}\n{thing:#?}");
    }

    fn see_error(&mut self, error: &apptoken::Error) {
        self.see(error);
        let _ = writeln!(self.seen, "{error}\n{}\n{:?}", error.advice(), error.server_message());
        let mut source = error.source();
        while let Some(cause) = source {
            let _ = writeln!(self.seen, "{cause}\n{cause:?}");
            source = cause.source();
        }
    }

    fn hide(&mut self, secret: &str) {
        self.secrets.push(secret.to_owned());
    }

    fn hide_ks(&mut self, ks: &Ks, credential: &Credential) {
        self.hide(ks.expose());
        for hash_type in HashType::ALL {
            self.hide(hash_type.token_hash(ks, &credential.token).expose());
        }
    }

    /// Parts of secrets count too: of a KS, the part that differs from every other KS of the account.
    fn check(&self, case: &str) {
        for secret in &self.secrets {
            let piece = secret.get(16..32).unwrap_or(secret);
            assert!(!self.seen.contains(piece), "{case}: {}", self.seen);
            let logged = LOGGED.lock().unwrap();
            assert!(!logged.contains(piece), "{case}: logged: {logged}");
        }
    }
}

fn troubles() -> Vec<FaultKind> {
    let mut troubles = vec![
        FaultKind::Reset,
        FaultKind::CutAfter(60),
        FaultKind::EmptyReply,
        FaultKind::Html(200),
        FaultKind::Html(502),
        FaultKind::Xml,
        FaultKind::Null,
        FaultKind::Truncated,
        FaultKind::Malformed,
        FaultKind::Redirect { status: 302, location: "/elsewhere".into() },
        FaultKind::Status(429),
        FaultKind::Status(500),
    ];
    let codes = [
        "INVALID_KS",
        "INVALID_APP_TOKEN_HASH",
        "APP_TOKEN_ID_NOT_FOUND",
        "APP_TOKEN_EXPIRED",
        "INTERNAL_SERVERL_ERROR",
    ];
    troubles.extend(codes.map(|code| FaultKind::ApiError(code.into())));
    troubles
}

#[test]
fn no_secret_of_a_login_shows_anywhere() {
    collect_logs();
    for (nth, trouble) in (1..=2).flat_map(|nth| troubles().into_iter().map(move |trouble| (nth, trouble))) {
        let case = format!("request {nth}, {trouble:?}");
        let emulator = Emulator::start(Fake::new()).unwrap();
        let fake = emulator.fake().clone();
        let token = fake.add_token(partner(), TokenSpec::new(HashType::Sha256).user("alice"));
        let credential = Credential::new(partner(), token.id.clone(), token.secret.clone(), HashType::Sha256);
        let mut search = Search { secrets: vec![], seen: String::new() };
        search.hide(token.secret.expose());

        let client = Builder::new(emulator.endpoint().clone()).clock(fake.clock()).client(credential.clone());
        let good = client.login().unwrap();
        search.hide_ks(good.ks(), &credential);
        search.hide_ks(&good.widget().unwrap().ks, &credential);
        fake.inject(Fault::on_any(trouble).nth(nth));

        let clock = fake.clock();
        let login = Login::new(emulator.endpoint().clone(), credential.clone());
        search.see(&login);
        let exchange = login.start_with_or_widget(good.widget().unwrap().ks.clone(), clock.now()).unwrap();
        search.see(&exchange);
        match drive(exchange, UreqTransport::new(), &clock) {
            Ok(session) => {
                search.hide_ks(session.ks(), &credential);
                search.see(&session);
            }
            Err(stopped) => {
                search.see(&stopped);
                search.see_error(&stopped.error);
            }
        }
        search.see(&(&token, &credential, &client, &fake.journal(), &fake, &fake.faults()));
        search.check(&case);
    }
    assert!(LOGGED.lock().unwrap().contains("ureq"), "the log was not collected");
}

#[test]
fn a_damaged_ks_that_the_server_repeats_shows_nowhere() {
    let fake = Fake::new();
    let token = fake.add_token(partner(), TokenSpec::new(HashType::Sha256).user("alice"));
    let credential = Credential::new(partner(), token.id, token.secret, HashType::Sha256);
    let foreign = "djJ8MTAxfFWoUBBZCQwgBFD9Wu3gAiLM4oea-zOLmZXO-UQ6qT5NKTtD_Ei8VQNv";
    let clock = fake.clock();
    let login = Login::new(Endpoint::parse("http://localhost").unwrap(), credential)
        .start_with(Ks::parse(foreign).unwrap(), clock.now())
        .unwrap();
    let stopped = drive(login, &fake, &clock).unwrap_err();
    let mut search = Search { secrets: vec![foreign.into()], seen: String::new() };
    search.see_error(&stopped.error);
    search.see(&fake.journal());
    search.check("a KS of another server");
}

#[test]
fn no_secret_of_administration_shows_anywhere() {
    for (nth, trouble) in (1..=4).flat_map(|nth| troubles().into_iter().map(move |trouble| (nth, trouble))) {
        let case = format!("request {nth}, {trouble:?}");
        let fake = Fake::new();
        let partner = partner();
        let secret = fake.admin_secret(partner).unwrap();
        let mut search = Search { secrets: vec![secret.expose().to_owned()], seen: String::new() };
        let endpoint = Endpoint::parse("http://localhost").unwrap();
        let admin = Builder::new(endpoint).transport(fake.clone()).clock(fake.clock()).admin(partner, secret);
        fake.inject(Fault::on_any(trouble).nth(nth));

        let provision = admin.provision("importer", "importer").unwrap();
        let provision = provision
            .role(ServiceRole::with_permissions("R", &["BASE_USER_SESSION_PERMISSION"]))
            .privileges(Privileges::new().list_all());
        search.see(&(&admin, &provision));
        match admin.drive(provision.start(admin.now()).unwrap()) {
            Ok(handover) => search.see(&handover),
            Err(stopped) => {
                let StoppedFlow { error, progress } = stopped;
                search.see(&progress);
                search.see_error(&error);
            }
        }
        for token in fake.tokens(partner) {
            search.hide(token.secret.expose());
            match admin.drive(
                admin.rotate(token.id, OldToken::DeleteAfter(Duration::ZERO)).unwrap().start(admin.now()).unwrap(),
            ) {
                Ok(rotated) => search.see(&rotated),
                Err(stopped) => {
                    search.see(&stopped);
                    search.see_error(&stopped.error);
                }
            }
        }
        for token in fake.tokens(partner) {
            search.hide(token.secret.expose());
        }
        search.see(&(&fake.journal(), &fake));
        search.check(&case);
    }
}
