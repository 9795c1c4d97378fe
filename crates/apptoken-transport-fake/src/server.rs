//! The server: one request at a time, from the wire to the wire.

use std::collections::HashSet;

use crate::actions::{self, session};
use crate::cache::{Cache, CacheKey, Storing};
use crate::clock::FakeClock;
use crate::context::{Surroundings, ks_state};
use crate::dispatch::{Previous, dispatch};
use crate::error::{self, ApiError, Failure};
use crate::fault::{Fault, Faults, Place, Trouble};
use crate::journal::{Journal, JournalEntry, MAX_PARTS, short_name, shown};
use crate::model::State;
use crate::multirequest::Multirequest;
use crate::objects::build::group;
use crate::output::Output;
use crate::php::cast::{is_numeric, to_text};
use crate::php::value::set;
use crate::php::{Array, Key, Value};
use crate::turn::Turn;
use crate::wire::format::Format;
use crate::wire::reply::{Answer, Delivery, WireReply, http_date};
use crate::wire::request::{ParsedRequest, WireRequest};
use crate::wire::route::{Route, SCRIPT};
use crate::wire::{json, php_serialize, xml};

/// The name that the server gives itself in the header X-Me.
const HOST_NAME: &str = "fake";

/// A time long ago: nothing may be kept by caches on the way.
const LONG_AGO: &str = "Sun, 19 Nov 2000 08:52:00 GMT";

/// The results of a multirequest together, in bytes: with more, PHP runs out of memory.
const MAX_RESULTS: usize = 64 << 20;

/// How many rows of tables the parts of a multirequest may look at together: with more, PHP runs out of time.
const MAX_VISITED: u64 = 10_000_000;

/// How many parts of a multirequest tell in a header that they came from the store.
const MAX_CACHE_HEADERS: usize = 30;

pub(crate) struct Server {
    pub(crate) state: State,
    pub(crate) clock: FakeClock,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) journal_capacity: usize,
    pub(crate) stores_replies: bool,
    pub(crate) replies: Cache<Stored>,
    pub(crate) results: Cache<Output>,
}

/// A reply in the store.
#[derive(Clone)]
pub(crate) struct Stored {
    reply: WireReply,
    outcome: String,
}

/// A reply being made.
struct Made {
    reply: WireReply,
    outcome: String,
}

/// What a reply says beside its body.
#[derive(Default)]
struct Notes {
    kaltura: Option<String>,
    app: Option<String>,
    of_parts: Vec<String>,
    parts: Vec<(String, String)>,
    /// How many rows of tables were looked at.
    visited: u64,
}

impl Turn<'_> {
    pub(crate) fn handle(&mut self, request: &ParsedRequest<'_>) -> Delivery {
        let mut entry = JournalEntry::new(self.clock.time(), &request.wire.method);
        if let Some(params) = &request.params {
            entry.parameters = self.aside(|| shown(params));
        }
        let delivery = self.deliver(request, &mut entry);
        let capacity = self.journal_capacity;
        self.journal.add(entry, capacity);
        delivery
    }

    fn deliver(&mut self, parsed: &ParsedRequest<'_>, entry: &mut JournalEntry) -> Delivery {
        let ParsedRequest { wire: request, query, params } = parsed;
        if let Some(params) = params {
            let name = |name| set(params, name).map(to_text).unwrap_or_default();
            entry.action = short_name(&actions::full_name(&name("service"), &name("action")));
            if name("service") == "multirequest" {
                entry.action = "multirequest".to_owned();
            }
            entry.partner = self.partner_of(params);
        }
        let fault = self.faults.meet(&entry.action, Place::Request);
        entry.fault = fault.as_ref().map(|fault| fault.trouble().name());
        if let Some(fault) = fault.as_ref().filter(|fault| !fault.commits()) {
            let answer = answer_with(fault.trouble(), WireReply::new(200), &self.head(None));
            return finish(answer, entry, None);
        }
        let wants_xml = fault.as_ref().is_some_and(|fault| *fault.trouble() == Trouble::Xml);
        let made = match params {
            Some(_) if request.method == "OPTIONS" => self.preflight(),
            Some(params) => self.answer(request, query, params, wants_xml, entry),
            None => self.web_server(request),
        };
        let Made { mut reply, outcome } = made;
        if request.method == "HEAD" {
            reply.body.clear();
        }
        let answer = match &fault {
            Some(fault) => deliver_with(fault, reply, &self.head(None)),
            None => Delivery { delay: std::time::Duration::ZERO, answer: Answer::Reply(reply) },
        };
        finish(answer, entry, Some(outcome))
    }

    /// The account that a request tells.
    fn partner_of(&self, params: &Array) -> Option<i64> {
        let of_ks =
            set(params, "ks").and_then(|ks| self.state.peek(&to_text(ks)).ok()).map(|session| session.partner_id());
        let of_widget = || {
            set(params, "widgetId")
                .and_then(|id| self.state.widget(&to_text(id)))
                .map(|widget| widget.partner_id.into())
        };
        let named = || {
            set(params, "partnerId")
                .map(to_text)
                .filter(|id| is_numeric(id))
                .map(|id| crate::php::cast::text_to_int(&id))
        };
        of_ks.or_else(of_widget).or_else(named)
    }

    fn answer(
        &mut self,
        request: &WireRequest,
        query: &Array,
        params: &Array,
        wants_xml: bool,
        entry: &mut JournalEntry,
    ) -> Made {
        let is_https =
            request.header("X-Forwarded-Proto").is_some_and(|protocol| protocol.eq_ignore_ascii_case("https"));
        let around = Surroundings { uri: &request.target, is_https, now_nanos: self.clock.wall_nanos() };
        let mut format = Format::of(params, query);
        if wants_xml {
            format = Ok(Format::Xml { ignore_null: false });
        }
        let is_uncached = set(params, "nocache").is_some();
        if let Ok(format) = &format
            && !is_uncached
            && format.is_plain()
            && let Some(made) = self.shortcut(params, format, around)
        {
            return made;
        }
        let key = if is_uncached { None } else { self.key(request, params, around) };
        if let Some((stored, stored_at)) = key.as_ref().and_then(|key| self.replies.get(key, around.now())) {
            return from_store(stored, stored_at, key.as_ref(), request, query, around.now());
        }
        let format = match format {
            Ok(format) => format,
            Err(error) => return self.without_format(&error),
        };
        let content_type = format.content_type();
        let mut notes = Notes::default();
        let mut storing = Storing::default();
        let body = if matches!(set(params, "service"), Some(Value::Text(service)) if service == "multirequest") {
            let made = self.multirequest(params, around, &mut storing, &mut notes);
            made.map(|outputs| (self.aside(move || format.write_all(&outputs)), "ok".to_owned()))
        } else {
            let made = self.action(params, around, &mut storing, &mut None, &mut notes);
            made.map(|(output, outcome)| (self.aside(move || format.write(&output)), outcome))
        };
        entry.parts = std::mem::take(&mut notes.parts);
        let Ok((body, outcome)) = body else { return self.crash() };
        let content_type = match set(params, "content-type") {
            Some(wanted) => with_charset(&to_text(wanted)),
            None => content_type.map_or_else(|| "text/html; charset=UTF-8".to_owned(), with_charset),
        };
        let number = self.state.request_number();
        let mut reply = self.head(Some(number)).with_header("Content-Type", &content_type).with_body(body);
        for part in &notes.of_parts {
            reply = reply.with_header("X-Kaltura-Part-Of-MultiRequest", part);
        }
        if let Some(app) = &notes.app {
            reply = reply.with_header("X-Kaltura-App", app);
        }
        let stored = Stored { reply, outcome: outcome.clone() };
        let size = stored.reply.body.len();
        let was_stored = key.as_ref().is_some_and(|key| self.replies.put(key, &stored, size, storing, around.now()));
        let Stored { mut reply, .. } = stored;
        match (&notes.kaltura, key.filter(|_| was_stored)) {
            (Some(note), _) => reply = reply.with_header("X-Kaltura", note),
            (None, Some(key)) => reply = reply.with_header("X-Kaltura", &format!("cache-key,{}", key.as_str())),
            (None, None) => {}
        }
        Made { reply: no_store(reply), outcome }
    }

    /// Runs one action; an error of the API is a result like any other.
    fn action(
        &mut self,
        params: &Array,
        around: Surroundings<'_>,
        storing: &mut Storing,
        previous: &mut Previous,
        notes: &mut Notes,
    ) -> Result<(Output, String), Failure> {
        let name = |name| set(params, name).map(to_text).unwrap_or_default();
        let action = actions::full_name(&name("service"), &name("action"));
        let fault = self.faults.meet(&action, Place::Action);
        let mut result = match &fault {
            Some(fault) if !fault.commits() => Ok(Output::Null),
            _ => {
                let grouped = self.aside(|| group(params));
                let visited_before = self.state.visited();
                let result = dispatch(&mut self.state, params, &grouped, around, storing, previous);
                notes.visited += self.state.visited().wrapping_sub(visited_before);
                self.aside(move || drop(grouped));
                result
            }
        };
        if let Some(fault) = &fault {
            result = Err(api_error(fault.trouble(), &name("service"), &name("action")).into());
        }
        let error = match result {
            Ok(output) => return Ok((output, "ok".to_owned())),
            Err(Failure::Crash) => return Err(Failure::Crash),
            Err(Failure::Api(error)) => error,
        };
        storing.failed();
        if fault.is_some() {
            storing.disable();
        }
        if error.code == error::SERVICE_FORBIDDEN.code() {
            notes.kaltura = Some(format!("error-{}", error.code));
            notes.app = Some(exiting(&error));
        }
        let code = error.code.clone();
        Ok((Output::Error(error), code))
    }

    fn multirequest(
        &mut self,
        params: &Array,
        around: Surroundings<'_>,
        storing: &mut Storing,
        notes: &mut Notes,
    ) -> Result<Vec<Output>, Failure> {
        let mut requests = self.aside(|| Multirequest::of(params));
        let mut outputs = Vec::new();
        let mut size = 0;
        let mut previous = None;
        // Other requests have their turns between the parts.
        while let Some(request) = self.aside(|| requests.next_request())? {
            let name = |name| set(&request, name).map(to_text).unwrap_or_default();
            let action = short_name(&actions::full_name(&name("service"), &name("action")));
            let key = self.part_key(&request, around);
            let stored = key.as_ref().and_then(|key| Some((self.results.get(key, around.now())?.0, key)));
            let (output, outcome) = match stored {
                Some((output, key)) => {
                    if notes.of_parts.len() < MAX_CACHE_HEADERS {
                        notes.of_parts.push(format!("cached-dispatcher,{},0.0001", key.as_str()));
                    }
                    (output, "ok".to_owned())
                }
                None => {
                    let mut of_part = Storing::default();
                    let made = self.action(&request, around, &mut of_part, &mut previous, notes)?;
                    if let Some(key) = &key {
                        self.results.put(key, &made.0, made.0.size(), of_part, around.now());
                    }
                    storing.and(of_part);
                    made
                }
            };
            size += output.size();
            if size > MAX_RESULTS || notes.visited > MAX_VISITED {
                return Err(Failure::Crash);
            }
            self.journal.count_call(&action);
            if notes.parts.len() < MAX_PARTS {
                notes.parts.push((action, outcome));
            }
            self.aside(|| requests.finished(&output))?;
            outputs.push(output);
        }
        self.aside(move || drop(requests));
        Ok(outputs)
    }

    /// The short way of `session.start`.
    fn shortcut(&mut self, params: &Array, format: &Format, around: Surroundings<'_>) -> Option<Made> {
        let ks = match session::shortcut::start(&mut self.state, params, around.is_https, around.now_nanos)? {
            Ok(ks) => Output::Text(ks),
            Err(_) => return Some(self.crash()),
        };
        let (content_type, body) = match format {
            Format::Xml { .. } => ("text/xml;charset=UTF-8", xml::bare_document(|xml| xml::write(xml, &ks, false))),
            Format::Php => ("text/html; charset=UTF-8", php_serialize::text(&ks)),
            Format::Json | Format::Jsonp { .. } => ("application/json", json::text(&ks)),
        };
        use md5::{Digest as _, Md5};
        let key = hex::encode(Md5::digest(format!("{}", self.state.request_number())));
        let reply = self.head(None).with_header("X-Kaltura", &format!("cached-dispatcher,{key},0.0001"));
        let reply = no_store(reply.with_header("Content-Type", content_type)).with_body(body);
        Some(Made { reply, outcome: "ok".to_owned() })
    }

    /// The key of a request in the store of replies.
    fn key(&mut self, request: &WireRequest, params: &Array, around: Surroundings<'_>) -> Option<CacheKey> {
        if !self.stores_replies {
            return None;
        }
        let (params, ks) = self.aside(|| {
            let mut params = params.clone();
            let ks = common_ks(&mut params)?;
            Some((params, ks))
        })?;
        let state = ks_state(&self.state, ks.as_ref(), around);
        let host = request.header("Host").unwrap_or_default();
        self.aside(move || CacheKey::of(params, &state, host, around.is_https, SCRIPT))
    }

    /// The key of a part of a multirequest in the store of results.
    fn part_key(&mut self, params: &Array, around: Surroundings<'_>) -> Option<CacheKey> {
        if !self.stores_replies || set(params, "nocache").is_some() {
            return None;
        }
        let state = ks_state(&self.state, set(params, "ks"), around);
        self.aside(|| CacheKey::of(params.clone(), &state, "", around.is_https, SCRIPT))
    }

    /// What every reply of the API has.
    fn head(&self, number: Option<i32>) -> WireReply {
        let now = self.clock.time().0;
        let mut reply =
            WireReply::new(200).with_header("Date", &http_date(now)).with_header("Server", "Apache").with_header(
                "Access-Control-Expose-Headers",
                "Server, Content-Length, Content-Range, Date, X-Kaltura, X-Kaltura-Session, X-Me",
            );
        if let Some(number) = number {
            reply = reply.with_header("X-Kaltura-Session", &format!("{number}, {now}"));
        }
        reply.with_header("X-Me", HOST_NAME)
    }

    /// The reply to a format that the server does not know: headers only.
    fn without_format(&mut self, error: &ApiError) -> Made {
        let number = self.state.request_number();
        let why = self.aside(|| exiting(error));
        let reply = self.head(Some(number)).with_header("X-Kaltura", &format!("error- {}", error.code));
        let reply = reply.with_header("X-Kaltura-App", &why).with_header("Content-Type", "text/html; charset=UTF-8");
        Made { reply: no_store(reply), outcome: error.code.clone() }
    }

    fn crash(&self) -> Made {
        let mut reply = self.head(None).with_header("Content-Type", "text/html; charset=UTF-8");
        reply.status = 500;
        Made { reply: no_store(reply), outcome: "HTTP 500".to_owned() }
    }

    fn preflight(&self) -> Made {
        let reply = self
            .head(None)
            .with_header("Access-Control-Allow-Origin", "*")
            .with_header(
                "Access-Control-Allow-Headers",
                "Origin, X-Requested-With, Content-Type, Accept, Range, Cache-Control",
            )
            .with_header("Access-Control-Allow-Methods", "POST, GET, HEAD, OPTIONS")
            .with_header("Access-Control-Max-Age", "86400")
            .with_header("Content-Type", "text/html; charset=UTF-8");
        Made { reply, outcome: "ok".to_owned() }
    }

    /// What the web server answers without the API.
    fn web_server(&self, request: &WireRequest) -> Made {
        let now = self.clock.time().0;
        let page = |status, title: &str| {
            let body = format!(
                "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>{status} {title}</title>\n</head><body>\n<h1>{title}</h1>\n</body></html>\n"
            );
            let reply = WireReply::new(status).with_header("Date", &http_date(now)).with_header("Server", "Apache");
            reply.with_header("Content-Type", "text/html; charset=iso-8859-1").with_body(body)
        };
        let reply = match Route::of(request.path()) {
            Route::AddSlash => {
                let query = request.target.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
                page(301, "Moved Permanently").with_header("Location", &format!("/api_v3/{query}"))
            }
            Route::BadRequest => page(400, "Bad Request"),
            Route::NotFound | Route::Api { .. } => page(404, "Not Found"),
        };
        let outcome = format!("HTTP {}", reply.status);
        Made { reply, outcome }
    }
}

/// The KS of a request and its parts, which are taken out of the parameters. `None` if they differ.
fn common_ks(params: &mut Array) -> Option<Option<Value>> {
    let mut ks = set(params, "ks").cloned();
    let is_reference = |value: &Value| to_text(value).contains(":result");
    let mut parts = Vec::new();
    let mut names = HashSet::new();
    for (key, value) in &*params {
        let name = key.to_text();
        let of_part = match value {
            Value::Array(part) if is_numeric(&name) => set(part, "ks").cloned(),
            value if name.strip_suffix(":ks").is_some_and(is_numeric) => Some(value.clone()),
            _ => None,
        };
        let Some(of_part) = of_part.filter(|value| !is_reference(value)) else { continue };
        if ks.as_ref().is_some_and(|ks| crate::php::cast::is_true(ks) && *ks != of_part) {
            return None;
        }
        ks = Some(of_part);
        match value {
            Value::Array(_) => parts.push(key.clone()),
            _ => {
                names.insert(key.clone());
            }
        }
    }
    for key in parts {
        if let Some(Value::Array(part)) = params.get_mut(&key) {
            part.shift_remove(&Key::from("ks"));
        }
    }
    params.retain(|key, _| !names.contains(key));
    Some(ks)
}

/// A reply from the store.
fn from_store(
    stored: Stored,
    stored_at: i64,
    key: Option<&CacheKey>,
    request: &WireRequest,
    query: &Array,
    now: i64,
) -> Made {
    let Stored { mut reply, outcome } = stored;
    reply.headers.retain(|(name, _)| !matches!(&**name, "Date" | "X-Kaltura-Session" | "X-Kaltura-App"));
    reply = reply.with_header("Date", &http_date(now));
    if let Some(key) = key {
        reply = reply.with_header("X-Kaltura", &format!("cached-dispatcher,{},0.0001", key.as_str()));
    }
    let is_signed = request.method == "GET" && set(query, "kalsig").is_some();
    if !is_signed {
        return Made { reply: no_store(reply), outcome };
    }
    let reply = reply
        .with_header("Access-Control-Allow-Origin", "*")
        .with_header("Cache-Control", "private, max-age=60, max-stale=0")
        .with_header("Expires", &http_date(now + 60))
        .with_header("Last-Modified", &http_date(stored_at));
    Made { reply, outcome }
}

/// The headers that keep caches from keeping a reply.
fn no_store(reply: WireReply) -> WireReply {
    reply
        .with_header("Access-Control-Allow-Origin", "*")
        .with_header("Expires", LONG_AGO)
        .with_header("Cache-Control", "no-store, no-cache, must-revalidate, post-check=0, pre-check=0")
        .with_header("Pragma", "no-cache")
}

/// PHP adds its charset to text.
fn with_charset(content_type: &str) -> String {
    let lower = content_type.to_ascii_lowercase();
    if lower.starts_with("text/") && !lower.contains("charset=") {
        format!("{content_type};charset=UTF-8")
    } else {
        content_type.to_owned()
    }
}

fn exiting(error: &ApiError) -> String {
    format!("exiting on error {} - {}", error.code, error.message())
}

fn api_error(trouble: &Trouble, service: &str, action: &str) -> ApiError {
    match trouble {
        Trouble::ApiError(code) => ApiError::of_code(code),
        _ => error::ACTION_BLOCKED.with(&[&action.to_ascii_lowercase(), &service.to_ascii_lowercase()]),
    }
}

/// The reply of a request that met a fault after the server acted.
fn deliver_with(fault: &Fault, reply: WireReply, head: &WireReply) -> Delivery {
    match fault.trouble() {
        Trouble::Delay(delay) => Delivery { delay: *delay, answer: Answer::Reply(reply) },
        trouble => answer_with(trouble, reply, head),
    }
}

fn answer_with(trouble: &Trouble, reply: WireReply, head: &WireReply) -> Delivery {
    let html = |status| {
        let page =
            format!("<html><head><title>{status}</title></head><body><h1>Something is in the way</h1></body></html>");
        WireReply { status, ..head.clone() }.with_header("Content-Type", "text/html; charset=UTF-8").with_body(page)
    };
    let in_json = |body: Vec<u8>| head.clone().with_header("Content-Type", "application/json").with_body(body);
    let answer = match trouble {
        Trouble::Refused => Answer::Refused,
        Trouble::Reset => Answer::Reset,
        Trouble::CutAfter(bytes) => Answer::Cut { reply, after: *bytes },
        Trouble::Drip { chunk, pause } => Answer::Drip { reply, chunk: (*chunk).max(1), pause: *pause },
        Trouble::EmptyReply => Answer::Reply(head.clone().with_header("Content-Type", "text/html; charset=UTF-8")),
        Trouble::Html(status) => Answer::Reply(html(*status)),
        Trouble::Null => Answer::Reply(in_json(b"null".to_vec())),
        Trouble::Truncated => {
            let half = reply.body.len() / 2;
            let body = reply.body.get(..half).unwrap_or_default().to_vec();
            Answer::Reply(WireReply { body, ..reply })
        }
        Trouble::Malformed => {
            let body = [b"{,", reply.body.as_slice()].concat();
            Answer::Reply(WireReply { body, ..reply })
        }
        Trouble::Redirect { status, location } => {
            Answer::Reply(WireReply { status: *status, ..head.clone() }.with_header("Location", location))
        }
        Trouble::Status(status) => Answer::Reply(WireReply { status: *status, ..head.clone() }),
        Trouble::Xml | Trouble::Delay(_) | Trouble::ApiError(_) | Trouble::ActionBlocked => Answer::Reply(reply),
    };
    Delivery { delay: std::time::Duration::ZERO, answer }
}

/// Notes in the journal how a request ended.
fn finish(delivery: Delivery, entry: &mut JournalEntry, outcome: Option<String>) -> Delivery {
    entry.status = delivery.answer.reply().map(|reply| reply.status);
    entry.outcome = outcome.unwrap_or_else(|| match entry.status {
        Some(status) => format!("HTTP {status}"),
        None => "no reply".to_owned(),
    });
    delivery
}
