//! A transport with scripted replies, and a virtual clock.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use apptoken_core::{
    AppTokenId, AppTokenSecret, Clock, Credential, Endpoint, HashChoice, HashType, HttpRequest, HttpResponse, Login,
    Moment, PartnerId, Transport, TransportFailure, UnixSeconds,
};
use serde_json::Value;

pub(crate) const NOW: i64 = 1_795_230_763;
pub(crate) const TOKEN: &str = "d20f7d006404f2aad05bbdaac413b1e3";
pub(crate) const WIDGET_KS: &str = "djJ8MTAxfEOcbB43AGbzCl-uuS_em747hYrN-VWOsxogON3MJVqHE31Q";
pub(crate) const FRESH_KS: &str = "djJ8MTAxfHOcbB43AGbzCl-uuS_em747hYrN-VWOsxogON3MJVqHE31Q";
pub(crate) const KS: &str = "djJ8MTAxfFWoUBBZCQwgBFD9Wu3gAiLM4oea-zOLmZXO-UQ6qT5NKTtD";

pub(crate) struct Script {
    replies: RefCell<VecDeque<Result<HttpResponse, TransportFailure>>>,
    sent: RefCell<Vec<(String, Value)>>,
}

impl Script {
    pub(crate) fn new(replies: impl IntoIterator<Item = Result<HttpResponse, TransportFailure>>) -> Self {
        Self { replies: RefCell::new(replies.into_iter().collect()), sent: RefCell::default() }
    }

    /// The actions that were called, in order.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.sent.borrow().iter().map(|(url, _)| url.split(['/', '?']).rev().nth(1).unwrap().to_owned()).collect()
    }

    pub(crate) fn body(&self, position: usize) -> Value {
        self.sent.borrow()[position].1.clone()
    }
}

impl Transport for Script {
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
        self.sent.borrow_mut().push((request.url().to_owned(), serde_json::from_slice(request.body()).unwrap()));
        self.replies.borrow_mut().pop_front().expect("the script has no reply for this request")
    }
}

#[derive(Default)]
pub(crate) struct VirtualClock {
    elapsed: Cell<Duration>,
}

impl VirtualClock {
    pub(crate) fn slept(&self) -> Duration {
        self.elapsed.get()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Moment {
        Moment { wall: UnixSeconds(NOW).plus(self.elapsed.get()), elapsed: self.elapsed.get() }
    }

    fn sleep(&self, duration: Duration) {
        self.elapsed.set(self.elapsed.get() + duration);
    }
}

pub(crate) fn now() -> Moment {
    VirtualClock::default().now()
}

pub(crate) fn endpoint() -> Endpoint {
    Endpoint::parse("https://kaltura.example.org").unwrap()
}

pub(crate) fn credential() -> Credential {
    let (partner, id) = (PartnerId::new(101).unwrap(), AppTokenId::parse("0_jgc81x8q").unwrap());
    Credential::new(partner, id, AppTokenSecret::parse(TOKEN).unwrap(), HashType::Sha256)
}

pub(crate) fn login(hash: impl Into<HashChoice>) -> Login {
    Login::new(endpoint(), Credential { hash: hash.into(), ..credential() })
}

pub(crate) fn reply(status: u16, body: impl Into<String>) -> Result<HttpResponse, TransportFailure> {
    Ok(HttpResponse::new(status, [("X-Kaltura-Session", format!("17, {NOW}"))], body.into().into_bytes()))
}

pub(crate) fn widget(ks: &str) -> Result<HttpResponse, TransportFailure> {
    reply(
        200,
        format!(r#"{{"partnerId":101,"ks":"{ks}","userId":0,"objectType":"KalturaStartWidgetSessionResponse"}}"#),
    )
}

pub(crate) fn session() -> Result<HttpResponse, TransportFailure> {
    session_until(NOW + 3600)
}

pub(crate) fn session_until(expiry: i64) -> Result<HttpResponse, TransportFailure> {
    reply(
        200,
        format!(
            r#"{{"ks":"{KS}","sessionType":0,"partnerId":"101","userId":"alice","expiry":{expiry},"privileges":"sessionid:0_jgc81x8q,apptoken:0_jgc81x8q,list:*","objectType":"KalturaSessionInfo"}}"#
        ),
    )
}

pub(crate) fn api_error(code: &str) -> Result<HttpResponse, TransportFailure> {
    reply(200, format!(r#"{{"code":"{code}","message":"m","objectType":"KalturaAPIException","args":[]}}"#))
}

pub(crate) fn invalid_ks(reason: &str) -> Result<HttpResponse, TransportFailure> {
    reply(
        200,
        format!(
            r#"{{"code":"INVALID_KS","message":"Invalid KS \"{reason}\", Error \"-1,INVALID_STR\"","objectType":"KalturaAPIException","args":{{"KSID":"{reason}","ERR_CODE":"-1","ERR_DESC":"INVALID_STR"}}}}"#
        ),
    )
}

pub(crate) fn not_sent() -> Result<HttpResponse, TransportFailure> {
    Err(TransportFailure::not_sent("connection refused"))
}

pub(crate) fn no_reply() -> Result<HttpResponse, TransportFailure> {
    Err(TransportFailure::unknown("connection reset"))
}
