//! Builds the reply to an API request: by the fast path of `session.start`, from the response cache, or by running
//! actions.
//!
//! The order is that of the server's `KalturaResponseCacher.php`, which runs before the dispatcher.

use std::borrow::Cow;

use crate::actions::requested::RequestedAction;
use crate::actions::session::fast_path;
use crate::cache::CacheKey;
use crate::error::Failure;
use crate::journal::{JournalEntry, MAX_PARTS};
use crate::output::Output;
use crate::php::Array;
use crate::php::cast::to_text;
use crate::php::hash::md5;
use crate::php::value::set;
use crate::request_info::RequestInfo;
use crate::server::execute::{Body, Execution};
use crate::server::fixed_reply::{crash, error_in_header};
use crate::server::headers::{HTML, from_cache, no_store, of_api, store_for_a_minute, with_charset};
use crate::server::locked_server::LockedServer;
use crate::server::logged_reply::LoggedReply;
use crate::wire::format::Format;
use crate::wire::reply::http_date;
use crate::wire::request::{ParsedRequest, WireRequest};
use crate::wire::{json, php_serialize, xml};

impl LockedServer<'_> {
    pub(super) fn answer(
        &mut self,
        parsed: &ParsedRequest<'_>,
        params: &Array,
        requested: &RequestedAction<'_>,
        wants_xml: bool,
        entry: &mut JournalEntry,
    ) -> LoggedReply {
        let ParsedRequest { wire: request, query, params: _, files } = parsed;
        let info = RequestInfo {
            uri: &request.target,
            host: request.header("Host").unwrap_or("localhost"),
            is_https: is_https(request),
            now: self.clock.time().0,
            files,
        };
        let format = match wants_xml {
            true => Ok(Format::Xml { ignore_null: false }),
            false => Format::of(params, query),
        };
        if let Ok(format) = &format
            && let Some(reply) = self.fast_path(params, format, info)
        {
            self.record_sessions(&mut entry.sessions);
            return reply;
        }
        let key = self.request_key(params, request.header("Host").unwrap_or_default(), info);
        if let Some(key) = &key
            && let Some((stored, stored_at)) = self.replies.get(key, info.now)
        {
            return stored_reply(stored, stored_at, key, parsed, info.now);
        }
        let format = match format {
            Ok(format) => format,
            Err(error) => {
                let number = self.state.request_number();
                return error_in_header(&error, info.now, number);
            }
        };
        let mut execution = Execution::default();
        let body = self.execute(params, requested, &format, info, &mut execution);
        entry.parts = std::mem::take(&mut execution.parts);
        entry.sessions = std::mem::take(&mut execution.sessions);
        entry.answers = execution.history.own_answers.iter().take(MAX_PARTS).map(|id| id.number()).collect();
        match body {
            Ok(body) => self.reply(body, params, &format, &execution, key, info.now),
            Err(Failure::NoFile(error)) => {
                let number = self.state.request_number();
                error_in_header(&error, info.now, number)
            }
            Err(Failure::Crash | Failure::Api(_)) => crash(info.now),
        }
    }

    /// The fast path of `session.start`, unless a test has answers of its own for it.
    fn fast_path(&mut self, params: &Array, format: &Format, info: RequestInfo<'_>) -> Option<LoggedReply> {
        if set(params, "nocache").is_some()
            || !format.is_on_fast_path()
            || self.state.answers.has_any_for("session.start")
        {
            return None;
        }
        let ks = match fast_path::start(&mut self.state, params, info.is_https, info.now)? {
            Ok(ks) => Output::Text(ks),
            Err(_) => return Some(crash(info.now)),
        };
        let body = match format {
            Format::Xml { .. } => xml::bare_document(|xml| xml::write(xml, &ks, false)),
            Format::Php => php_serialize::text(&ks),
            Format::Json | Format::Jsonp { .. } => json::text(&ks),
        };
        let key = md5(self.state.request_number().to_string());
        let wire = of_api(info.now, None)
            .with_header("X-Kaltura", from_cache(&key))
            .with_header("Content-Type", format.content_type().unwrap_or(HTML));
        Some(LoggedReply::ok(no_store(wire).with_body(body)))
    }

    /// Builds the reply after the actions ran, and caches it if the policy allows it.
    fn reply(
        &mut self,
        body: Body,
        params: &Array,
        format: &Format,
        execution: &Execution,
        key: Option<CacheKey>,
        now: i64,
    ) -> LoggedReply {
        let mut wire = of_api(now, Some(self.state.request_number()))
            .with_header("Content-Type", body.content_type.map_or_else(|| content_type(params, format), Cow::Borrowed))
            .with_body(body.text);
        for part in &execution.part_headers {
            wire = wire.with_header("X-Kaltura-Part-Of-MultiRequest", part.clone());
        }
        if let Some(app) = &execution.app_header {
            wire = wire.with_header("X-Kaltura-App", app.clone());
        }
        let mut reply = LoggedReply { wire, outcome: body.outcome };
        let size = reply.size();
        let stored_key = key.filter(|key| self.replies.put(key, &reply, size, execution.cache_policy, now));
        let note =
            execution.error_header.clone().or_else(|| stored_key.map(|key| format!("cache-key,{}", key.as_str())));
        if let Some(note) = note {
            reply.wire = reply.wire.with_header("X-Kaltura", note);
        }
        LoggedReply { wire: no_store(reply.wire), ..reply }
    }
}

fn is_https(request: &WireRequest) -> bool {
    request.header("X-Forwarded-Proto").is_some_and(|protocol| protocol.eq_ignore_ascii_case("https"))
}

/// The content type: the parameter `content-type` if it is given, otherwise that of the format.
fn content_type(params: &Array, format: &Format) -> Cow<'static, str> {
    match set(params, "content-type") {
        Some(wanted) => with_charset(&to_text(wanted)).into(),
        None => format.content_type().unwrap_or(HTML).into(),
    }
}

/// A cached reply, with the current date and without the headers of the request that created it.
fn stored_reply(
    stored: LoggedReply,
    stored_at: i64,
    key: &CacheKey,
    request: &ParsedRequest<'_>,
    now: i64,
) -> LoggedReply {
    let LoggedReply { mut wire, outcome } = stored;
    wire.headers.retain(|(name, _)| !matches!(&**name, "Date" | "X-Kaltura-Session" | "X-Kaltura-App"));
    let wire = wire.with_header("Date", http_date(now)).with_header("X-Kaltura", from_cache(key.as_str()));
    let is_signed = request.wire.method == "GET" && set(&request.query, "kalsig").is_some();
    let wire = if is_signed { store_for_a_minute(wire, now, stored_at) } else { no_store(wire) };
    LoggedReply { wire, outcome }
}
