//! Which events are reported, and that none shows a secret.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use apptoken::{Builder, Endpoint, Event, Observer, UnixSeconds, WithExpiry};
use apptoken_transport_fake::{Fake, Fault, FaultKind};

use super::support::{DAY, HOUR, Notes, START, builder_with, credential, requests_to, token};

fn advance(fake: &Fake, seconds: u64) {
    fake.clock().advance(Duration::from_secs(seconds));
}

#[test]
fn each_step_of_a_session_is_reported() {
    let (fake, notes) = (Fake::new(), Notes::default());
    let calm = apptoken::login::renewal::RenewalPolicy { jitter_percent: 0, ..Default::default() };
    let builder = requests_to(&fake).retry(apptoken::RetryPolicy::none()).provider(credential(&token(&fake, DAY)));
    let provider = builder.observer(notes.clone()).renewal(calm).build();
    let first = provider.session().unwrap();
    let (ks, ends) = (first.ks().fingerprint(), first.expires_at());
    assert_eq!(
        notes.take(),
        [
            "renewing the session: no session was started yet".to_owned(),
            format!("session {ks} started, good until {ends} (2 requests, 0.0ns)"),
        ]
    );
    advance(&fake, 64_800);
    fake.inject(Fault::on(START, FaultKind::Status(503)).nth(1));
    provider.session().unwrap();
    assert_eq!(
        notes.take(),
        [
            "renewing the session: it expires in 21599.0s".to_owned(),
            "no session (1 requests, 0.0ns): appToken.startSession: the server answered with HTTP status 503; advice: for 429 or \
             5xx try again later, otherwise check the service URL: Kaltura sends its own errors with status 200"
                .to_owned(),
            format!("session {ks} stays in use: it expires in 21599.0s, failed renewals in a row: 1"),
        ]
    );
    provider.session().unwrap();
    assert!(notes.take().is_empty(), "a failure is reported once");
    provider.invalidate(first.ks());
    provider.invalidate(first.ks());
    assert_eq!(notes.take(), [format!("session {ks} dropped: it was dropped on request")]);
    provider.session().unwrap();
    assert_eq!(notes.take()[0], "renewing the session: it was dropped on request");
    provider.for_user("bob\n").session().unwrap_err();
    assert!(notes.take()[0].starts_with("renewing the session of \"bob\\n\""));
}

#[test]
fn the_expiry_of_a_token_is_reported_30_and_7_days_before() {
    let (fake, notes) = (Fake::new(), Notes::default());
    let own = token(&fake, DAY);
    let end = UnixSeconds(fake.clock().time().0 + 40 * 86_400);
    let source = WithExpiry::new(credential(&own), end);
    let provider = requests_to(&fake).provider(source).observer(notes.clone()).build();
    let mut reported = Vec::new();
    for hour in 0..39 * 24 {
        provider.session().unwrap();
        let ends = notes.take().into_iter().filter(|note| note.contains("app token"));
        reported.extend(ends.map(|note| (hour / 24, note)));
        advance(&fake, 3600);
    }
    let note = |days: u64| format!("app token {} expires at {end}, in {days} days: replace it", own.id);
    assert_eq!(reported.len(), 2, "{reported:?}");
    assert!(
        (10..=11).contains(&reported[0].0) && (reported[0].1 == note(29) || reported[0].1 == note(30)),
        "{reported:?}"
    );
    assert!(
        (33..=34).contains(&reported[1].0) && (reported[1].1 == note(6) || reported[1].1 == note(7)),
        "{reported:?}"
    );
}

/// Records all forms in which an event can be shown.
#[derive(Clone, Default)]
struct EventRecorder(Arc<Mutex<String>>);

impl Observer for EventRecorder {
    fn observe(&self, event: &Event<'_>) {
        use std::fmt::Write as _;
        write!(self.0.lock().unwrap(), "{event} {event:?} {event:#?}").unwrap();
    }
}

#[test]
fn no_event_shows_a_secret() {
    let (fake, all) = (Fake::new(), EventRecorder::default());
    let own = token(&fake, DAY);
    let provider = builder_with(&fake, &own).observer(all.clone()).build();
    let mut secrets = vec![own.secret.expose().to_owned()];
    let troubles = [
        FaultKind::Reset,
        FaultKind::Html(200),
        FaultKind::Truncated,
        FaultKind::Malformed,
        FaultKind::Xml,
        FaultKind::ApiError("INVALID_KS".into()),
        FaultKind::ApiError("INVALID_APP_TOKEN_HASH".into()),
    ];
    for trouble in troubles {
        let session = provider.session().unwrap();
        let hash = session.hash_type().token_hash(session.ks(), &own.secret);
        secrets.extend([session.ks().expose().to_owned(), hash.expose().to_owned()]);
        advance(&fake, 80_000);
        fake.inject(Fault::on(START, trouble));
        provider.session().unwrap();
        provider.invalidate(session.ks());
        provider.session().unwrap_err();
        fake.clear_faults();
        advance(&fake, 60);
    }
    let shown = all.0.lock().unwrap();
    assert!(shown.contains("RenewalFailed") && shown.contains("StaleSessionServed") && shown.contains("Invalidated"));
    assert!(secrets.iter().all(|secret| !shown.contains(secret)));
    assert!(!format!("{provider:?}").contains(own.secret.expose()));
}

#[cfg(feature = "tracing")]
#[test]
fn events_become_log_lines() {
    use std::io::Write;

    use apptoken::TracingObserver;
    use tracing_subscriber::filter::LevelFilter;
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::util::SubscriberInitExt as _;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Log {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    let (fake, log) = (Fake::new(), Log::default());
    let own = token(&fake, DAY);
    let provider = builder_with(&fake, &own).observer(TracingObserver).build();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).with_writer(log.clone()).finish();
    let listening = subscriber.set_default();
    let session = provider.session().unwrap();
    fake.inject(Fault::on_any(FaultKind::ApiError("APP_TOKEN_EXPIRED".into())));
    provider.invalidate(session.ks());
    provider.session().unwrap_err();
    drop(listening);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("DEBUG apptoken: renewing the session: no session was started yet"), "{text}");
    assert!(text.contains("WARN apptoken: no session (") && text.contains("; advice: "), "{text}");
    assert!(!text.contains(session.ks().expose()) && !text.contains(own.secret.expose()), "{text}");
}

#[test]
fn an_unencrypted_server_is_reported_once() {
    for (url, reports) in [("http://emulator:8080", 1), ("https://emulator:8080", 0), ("http://127.0.0.1:8080", 0)] {
        let (fake, notes) = (Fake::new(), Notes::default());
        let token = token(&fake, HOUR);
        let endpoint = Endpoint::parse_allowing_unencrypted_http_to(url, &["emulator"]).unwrap();
        let builder = Builder::new(endpoint).transport(fake.clone()).clock(fake.clock()).provider(credential(&token));
        let provider = builder.observer(notes.clone()).build();
        for _ in 0..2 {
            provider.session().unwrap();
            fake.clock().advance(HOUR);
        }
        let reported =
            notes.take().into_iter().filter(|note| note.contains("secrets are sent unencrypted to http://emu"));
        assert_eq!(reported.count(), reports, "{url}");
    }
}
