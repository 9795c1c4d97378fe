use apptoken_core::api::session::StartWidgetSession;
use apptoken_core::{Call, Endpoint, PartnerId};
use url::{Host, Url};

use crate::script::NOW;

/// The example that each error about a URL contains.
const EXAMPLE: &str = "https://www.kaltura.com";

/// A base URL: an accepted URL does not change when parsed again, and another parser finds the same host in it.
pub fn endpoint(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let (strict, consenting) = (Endpoint::parse(&text), Endpoint::parse_allowing_unencrypted_http(&text));
    if let Ok(endpoint) = &strict {
        assert_eq!(consenting.as_ref().ok(), Some(endpoint), "consent changes nothing where none is needed");
    }
    if let Ok(endpoint) = &consenting {
        assert_eq!(Endpoint::parse_allowing_unencrypted_http(endpoint.as_str()).ok().as_ref(), Some(endpoint));
        check(endpoint, strict.is_err());
        check_host(&text, endpoint);
    }
    for error in [&strict, &consenting].into_iter().filter_map(|read| read.as_ref().err()) {
        let shown = format!("{error} {error:?}");
        let login = text.split_once('@').map(|(before, _)| before.trim_start_matches("https://")).unwrap_or_default();
        assert!(login.len() < 12 || EXAMPLE.contains(login) || !shown.contains(login), "{shown}");
    }
    strict.is_ok()
}

/// The other parser finds the same host and port in the text as in the URL that was made of it.
fn check_host(text: &str, endpoint: &Endpoint) {
    if let (Ok(given), Ok(read)) = (Url::parse(text), Url::parse(endpoint.as_str())) {
        assert_eq!((given.host(), given.port_or_known_default()), (read.host(), read.port_or_known_default()));
    }
}

fn check(endpoint: &Endpoint, needs_consent: bool) {
    let base = endpoint.as_str();
    assert!(base.ends_with("/api_v3") && base.bytes().all(|byte| byte.is_ascii_graphic()), "{base}");
    let partner = PartnerId::new(101).expect("a valid partner id");
    let call = Call::new(endpoint.clone(), StartWidgetSession::of(partner)).start(NOW).expect("a request");
    assert!(call.request().url().starts_with(base));
    // The other parser refuses some hosts, such as numbers that are not addresses.
    let Ok(url) = Url::parse(call.request().url()) else { return };
    assert_eq!((url.username(), url.password(), url.fragment()), ("", None, None));
    assert_eq!(url.query(), Some("format=1"));
    let is_this_machine = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => assert!(!needs_consent),
        "http" => assert!(needs_consent || is_this_machine, "secrets would leave this machine for {url}"),
        scheme => panic!("neither https nor http: {scheme}"),
    }
}
