//! Text from a server is shown in a form that cannot control a terminal or deceive a reader.

use std::fmt::{Debug, Display, Write as _};
use std::sync::{Arc, Mutex};

use apptoken::{
    AppTokenId, AppTokenSecret, Builder, Credential, Endpoint, Event, FnTransport, HashType, HttpResponse, Observer,
    PartnerId, RetryPolicy, SessionOptions, TransportFailure,
};

/// A change of the writing direction, a zero-width space, a tag, an escape sequence, and two line breaks.
const HIDDEN: [char; 6] = ['\u{202e}', '\u{200b}', '\u{e0041}', '\u{1b}', '\n', '\u{2028}'];

/// A user id with these characters, in JSON.
const SENT: &str = r"al\u202e\u200b\udb40\udc41\u001b[31m\n\u2028ice";

fn transport(
    reply: impl Fn() -> Result<String, TransportFailure>,
) -> FnTransport<impl Fn(&apptoken::HttpRequest) -> Result<HttpResponse, TransportFailure>> {
    FnTransport::new(move |request| {
        let body = if request.url().contains("startWidgetSession") {
            r#"{"partnerId":101,"ks":"djJ8MTAxfA=="}"#.to_owned()
        } else {
            reply()?
        };
        Ok(HttpResponse::new(200, [("X-Kaltura-Session", "17, 1795230763")], body.into_bytes()))
    })
}

fn session() -> String {
    format!(
        r#"{{"ks":"djJ8MTAxfHNlc3Npb24=","sessionType":0,"partnerId":101,"userId":"{SENT}","expiry":4102444800,"privileges":"list:{SENT}"}}"#
    )
}

fn refusal() -> String {
    // A message with control characters is not kept at all.
    refusal_with(&SENT.replace(r"\u001b[31m\n", ""))
}

fn refusal_with(message: &str) -> String {
    format!(r#"{{"objectType":"KalturaAPIException","code":"APP_TOKEN_NOT_ACTIVE","message":"{message}","args":{{}}}}"#)
}

fn endpoint() -> Endpoint {
    Endpoint::parse("https://kaltura.example.org").unwrap()
}

fn credential() -> Credential {
    let token = AppTokenSecret::parse("00112233445566778899aabbccddeeff").unwrap();
    Credential::new(PartnerId::new(101).unwrap(), AppTokenId::parse("1_a").unwrap(), token, HashType::Sha256)
}

/// Line breaks are ignored, because pretty `Debug` adds its own.
fn assert_shows_nothing_hidden(value: &(impl Debug + ?Sized)) {
    let (shown, pretty) = (format!("{value:?}"), format!("{value:#?}").replace('\n', ""));
    assert!(!shown.contains(HIDDEN) && !pretty.contains(HIDDEN), "{shown:?} {pretty:?}");
}

fn assert_text_shows_nothing_hidden(value: &(impl Display + ?Sized)) {
    for shown in [format!("{value}"), format!("{value:#}")] {
        assert!(!shown.contains(HIDDEN), "{shown:?}");
    }
}

#[test]
fn a_session_with_hidden_characters_shows_none() {
    let session = Builder::new(endpoint()).transport(transport(|| Ok(session()))).client(credential()).login().unwrap();
    assert!(session.user_id().contains('\u{202e}'), "the session has the user id as it was sent");
    assert_shows_nothing_hidden(&session);
}

#[test]
fn an_error_with_hidden_characters_shows_none() {
    let client = Builder::new(endpoint()).transport(transport(|| Ok(refusal()))).client(credential());
    let error = client.login().unwrap_err();
    assert!(error.to_string().contains(r"al\u{202e}\u{200b}\u{e0041}\u{2028}ice"), "{error}");
    assert_text_shows_nothing_hidden(&error);
    assert_text_shows_nothing_hidden(error.server_message().unwrap());
    assert_shows_nothing_hidden(&error);
    let client = Builder::new(endpoint()).transport(transport(|| Ok(refusal_with(SENT)))).client(credential());
    assert_eq!(client.login().unwrap_err().server_message(), None);
}

#[test]
fn a_failure_of_a_transport_with_hidden_characters_shows_none() {
    let hidden: String = HIDDEN.iter().collect();
    let fail = move || Err(TransportFailure::not_sent(hidden.clone()).permanent().advise(format!("ask {hidden}")));
    let error = Builder::new(endpoint()).transport(transport(fail)).client(credential()).login().unwrap_err();
    assert!(format!("{error:#}").contains(r"\u{202e}"), "{error:#}");
    assert_text_shows_nothing_hidden(&error);
    assert_text_shows_nothing_hidden(&error.advice());
    assert_shows_nothing_hidden(&error);
}

/// Records all forms in which an event can be shown.
#[derive(Clone, Default)]
struct EventRecorder(Arc<Mutex<String>>);

impl Observer for EventRecorder {
    fn observe(&self, event: &Event<'_>) {
        assert_shows_nothing_hidden(event);
        assert_text_shows_nothing_hidden(event);
        writeln!(self.0.lock().unwrap(), "{event} {event:?}").unwrap();
    }
}

/// Requests a session that is granted and one that is refused, for a user with hidden characters.
fn produce_events(observer: impl Observer + Send + Sync + Clone + 'static) {
    for reply in [session, refusal] {
        let mut options = SessionOptions::default();
        options.user_id = Some("bo\u{202e}\u{200b}\u{e0041}b".into());
        // The session in the reply is of another user, which is to be accepted.
        options.token_may_override = true;
        let builder = Builder::new(endpoint()).transport(transport(move || Ok(reply()))).retry(RetryPolicy::none());
        let provider = builder.provider(credential()).observer(observer.clone()).options(options).build();
        let _ = provider.session();
    }
}

#[test]
fn events_with_hidden_characters_show_none() {
    let all = EventRecorder::default();
    produce_events(all.clone());
    let shown = all.0.lock().unwrap();
    assert!(shown.contains("RenewalSucceeded") && shown.contains("RenewalFailed"), "{shown}");
    assert!(shown.contains(r"al\u{202e}") && shown.contains(r"bo\u{202e}"), "{shown}");
}

#[cfg(feature = "tracing")]
#[test]
fn log_lines_with_hidden_characters_show_none() {
    use std::io::Write;

    use tracing_subscriber::filter::LevelFilter;
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

    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
    let listening = lines.with_writer(move || writer.clone()).finish().set_default();
    produce_events(apptoken::TracingObserver);
    drop(listening);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains(r"al\u{202e}") && !text.replace('\n', "").contains(HIDDEN), "{text:?}");
}
