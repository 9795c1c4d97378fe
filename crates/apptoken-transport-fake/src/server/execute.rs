//! Runs the action of a request, or all actions of a multirequest.

use std::borrow::Cow;

use crate::actions::requested::RequestedAction;
use crate::cache::CachePolicy;
use crate::dispatch::{CallHistory, dispatch};
use crate::error::{self, Failure};
use crate::fault::FaultTarget;
use crate::journal::{MAX_PARTS, StartedSession, short_name};
use crate::multirequest::Multirequest;
use crate::objects::build::group;
use crate::output::Output;
use crate::php::Array;
use crate::request_info::RequestInfo;
use crate::server::Server;
use crate::server::fault_reply::api_error;
use crate::server::headers::{exiting, from_cache};
use crate::server::locked_server::LockedServer;
use crate::wire::format::Format;

/// The maximum size of all results of a multirequest, in bytes. Beyond it the fake replies as PHP does when it runs out
/// of memory.
const MAX_RESULTS: usize = 64 << 20;

/// The maximum number of rows that the parts of a multirequest may scan. Beyond it the fake replies as PHP does at its
/// time limit.
const MAX_VISITED: u64 = 10_000_000;

/// How many cached parts of a multirequest are reported in a header; the server stops at 30.
const MAX_CACHE_HEADERS: usize = 30;

/// What is collected while actions run, besides their results.
#[derive(Default)]
pub(super) struct Execution {
    /// Whether the reply may be cached.
    pub(super) cache_policy: CachePolicy,
    /// The value of the header X-Kaltura after an error before the action runs.
    pub(super) error_header: Option<String>,
    /// The value of the header X-Kaltura-App.
    pub(super) app_header: Option<String>,
    /// The values of the headers X-Kaltura-Part-Of-MultiRequest.
    pub(super) part_headers: Vec<String>,
    /// The actions and outcomes of the parts of a multirequest, for the journal.
    pub(super) parts: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    pub(super) history: CallHistory,
    /// The sessions that were started, for the journal.
    pub(super) sessions: Vec<StartedSession>,
    /// How many rows were scanned.
    visited: u64,
}

/// The body of a reply, and its outcome for the journal.
pub(super) struct Body {
    pub(super) text: String,
    /// The type of a file, which has that type whatever format the request wants.
    pub(super) content_type: Option<&'static str>,
    pub(super) outcome: Cow<'static, str>,
}

struct ActionResult {
    output: Output,
    outcome: Cow<'static, str>,
    cache_policy: CachePolicy,
}

impl LockedServer<'_> {
    pub(super) fn execute(
        &mut self,
        params: &Array,
        requested: &RequestedAction<'_>,
        format: &Format,
        info: RequestInfo<'_>,
        execution: &mut Execution,
    ) -> Result<Body, Failure> {
        if requested.is_multirequest() {
            let outputs = self.run_parts(params, info, execution)?;
            let text = self.while_unlocked(move || format.write_all(&outputs));
            return Ok(Body { text, content_type: None, outcome: "ok".into() });
        }
        let result = self.run_action(params, requested, info, execution)?;
        execution.cache_policy.restrict(result.cache_policy);
        let ActionResult { output, outcome, .. } = result;
        if let Output::File(file) = output {
            return Ok(Body { text: file.text, content_type: Some(file.content_type), outcome });
        }
        let text = self.while_unlocked_if_large(output.size(), move || format.write(&output));
        Ok(Body { text, content_type: None, outcome })
    }

    fn run_parts(
        &mut self,
        params: &Array,
        info: RequestInfo<'_>,
        execution: &mut Execution,
    ) -> Result<Vec<Output>, Failure> {
        let mut requests = self.while_unlocked(|| Multirequest::of(params));
        let mut outputs = Vec::new();
        let mut size = 0;
        // The server is unlocked between the parts, so that other requests do not wait for the whole multirequest.
        while let Some(request) = self.while_unlocked(|| requests.next_request())? {
            let requested = RequestedAction::of(&request);
            let (output, outcome) = self.run_part(&request, &requested, info, execution)?;
            size += output.size();
            if size > MAX_RESULTS || execution.visited > MAX_VISITED {
                return Err(Failure::Crash);
            }
            let action = short_name(requested.full_name.clone());
            self.journal.count_call(&action);
            if execution.parts.len() < MAX_PARTS {
                execution.parts.push((action, outcome));
            }
            self.while_unlocked(|| requests.finished(&output))?;
            outputs.push(output);
        }
        self.while_unlocked(move || drop(requests));
        Ok(outputs)
    }

    fn run_part(
        &mut self,
        request: &Array,
        requested: &RequestedAction<'_>,
        info: RequestInfo<'_>,
        execution: &mut Execution,
    ) -> Result<(Output, Cow<'static, str>), Failure> {
        let key = self.part_key(request, info);
        if let Some(key) = &key
            && let Some((output, _)) = self.results.get(key, info.now)
        {
            if execution.part_headers.len() < MAX_CACHE_HEADERS {
                execution.part_headers.push(from_cache(key.as_str()));
            }
            return Ok((output, "ok".into()));
        }
        let result = self.run_action(request, requested, info, execution)?;
        if let Some(key) = &key {
            self.results.put(key, &result.output, result.output.size(), result.cache_policy, info.now);
        }
        execution.cache_policy.restrict(result.cache_policy);
        Ok((result.output, result.outcome))
    }

    /// Moves the sessions that an action has made to those of the request, up to the number that the journal keeps.
    pub(super) fn record_sessions(&mut self, sessions: &mut Vec<StartedSession>) {
        let Server { state, journal, .. } = &mut **self;
        sessions.reserve_exact(state.new_sessions.len().min(MAX_PARTS));
        for session in state.new_sessions.drain(..) {
            let session = journal.describe(session);
            if sessions.len() < MAX_PARTS {
                sessions.push(session);
            }
        }
    }

    /// Runs an action. An API error counts as a result, because the other parts of a multirequest still run.
    fn run_action(
        &mut self,
        params: &Array,
        requested: &RequestedAction<'_>,
        info: RequestInfo<'_>,
        execution: &mut Execution,
    ) -> Result<ActionResult, Failure> {
        let mut cache_policy = CachePolicy::default();
        let fault = self.faults.take(&requested.full_name, FaultTarget::Action);
        let mut result = match &fault {
            Some(fault) if !fault.commits() => Ok(Output::Null),
            _ => self.dispatch(params, requested, info, &mut cache_policy, execution),
        };
        if let Some(fault) = &fault {
            result = Err(api_error(fault.kind(), requested).into());
            cache_policy.disable();
        }
        let error = match result {
            Ok(output) => return Ok(ActionResult { output, outcome: "ok".into(), cache_policy }),
            Err(failure @ (Failure::Crash | Failure::NoFile(_))) => return Err(failure),
            Err(Failure::Api(error)) => error,
        };
        cache_policy.limit_for_error();
        if error.code == error::SERVICE_FORBIDDEN.code() {
            execution.error_header = Some(format!("error-{}", error.code));
            execution.app_header = Some(exiting(&error));
        }
        let outcome = error.code.clone().into();
        Ok(ActionResult { output: Output::Error(error), outcome, cache_policy })
    }

    fn dispatch(
        &mut self,
        params: &Array,
        requested: &RequestedAction<'_>,
        info: RequestInfo<'_>,
        cache_policy: &mut CachePolicy,
        execution: &mut Execution,
    ) -> Result<Output, Failure> {
        let grouped = self.while_unlocked_if_large(self.request_size, || group(params));
        let visited_before = self.state.visited();
        let result = dispatch(&mut self.state, requested, params, &grouped, info, cache_policy, &mut execution.history);
        self.record_sessions(&mut execution.sessions);
        execution.visited += self.state.visited().wrapping_sub(visited_before);
        self.while_unlocked_if_large(self.request_size, move || drop(grouped));
        result
    }
}
