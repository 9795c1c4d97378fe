//! Several actions in one request: `multirequest`.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::marker::PhantomData;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::error::kind::{ActionName, ErrorKind};
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, PreparedRequest, Transition};
use crate::exchange::retry::RetryPolicy;
use crate::value::ks::Ks;
use crate::value::time::Moment;
use crate::value::wiped::{WipedBytes, WipedText};
use crate::wire::action::{Action, Repeat};
use crate::wire::api_error::ApiException;
use crate::wire::body::Body;
use crate::wire::encode;
use crate::wire::encode::{Common, Nocache};
use crate::wire::endpoint::Endpoint;
use crate::wire::http::HttpRequest;
use crate::wire::reply::{CheckedReply, parse};

/// Several actions in one request, which the server executes in order. Each has its own result.
///
/// If one action fails, the others are still executed. A later action can use the result of an earlier one by a
/// [`Reference`]. A batch cannot contain `session.startWidgetSession` and the `appToken.startSession` that depends on it,
/// because the token hash needs the widget session's KS. It can contain several `appToken.startSession` with a known KS.
///
/// # Examples
///
/// ```
/// use apptoken_core::{Batch, Clock, Endpoint, Error, Ks, Transport, drive};
/// use apptoken_core::api::{user, user_role};
///
/// fn role_and_user(endpoint: Endpoint, admin: Ks, transport: &dyn Transport, clock: &dyn Clock) -> Result<(), Error> {
///     let mut batch = Batch::new(endpoint).with_ks(admin);
///     let role = user_role::NewUserRole::new("importer", &["BASE_USER_SESSION_PERMISSION"]);
///     let role = batch.push(&user_role::Add { user_role: role })?;
///     let user = user::Add { user: user::NewUser::new("importer") };
///     let user = batch.push_with(&user, &[("user:roleIds", role.field(&["id"]))])?;
///     let mut results = drive(batch.start(clock.now())?, transport, clock)?;
///     println!("{} has role {}", results.take(user)?.id, results.take(role)?.id);
///     Ok(())
/// }
/// ```
pub struct Batch {
    endpoint: Endpoint,
    ks: Option<Ks>,
    retry: RetryPolicy,
    /// In each action too, because the server caches their results one by one as well as together.
    nocache: Option<Nocache>,
    items: Vec<Item>,
}

/// An action with its parameters, ready to be sent in a batch.
#[derive(Clone)]
pub(crate) struct Item {
    /// The JSON object of the action.
    body: WipedBytes,
    action: ActionName,
    repeat: Repeat,
}

impl Item {
    pub(crate) fn new<A: Action>(
        action: &A,
        references: &[(&str, Reference)],
        nocache: Option<Nocache>,
    ) -> Result<Self, Error> {
        let target = action.target();
        action.check().map_err(|error| error.during(target))?;
        if action.file().is_some() {
            let error = Error::invalid_input("an action with a file cannot be a part of a batch: run it with Call");
            return Err(error.during(target));
        }
        let object = ItemBody {
            service: target.service,
            action_name: target.action,
            parameters: action,
            references: References(references),
            nocache,
        };
        let body = encode::object(&object).map_err(|error| error.during(target))?;
        Ok(Self { body, action: target, repeat: action.repeat() })
    }

    pub(crate) fn action(&self) -> ActionName {
        self.action
    }
}

/// Identifies an action of a [`Batch`], to take its result or to refer to it.
pub struct Ticket<A> {
    position: usize,
    target: ActionName,
    action: PhantomData<fn() -> A>,
}

/// The result, or part of the result, of an earlier action of the same batch. The server inserts the value.
///
/// If that action fails, the server inserts an empty string and still executes the action that uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(String);

impl Batch {
    /// Creates a batch without actions.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, ks: None, retry: RetryPolicy::default(), nocache: None, items: Vec::new() }
    }

    /// Sets the KS for all actions that do not have their own.
    #[must_use]
    pub fn with_ks(self, ks: Ks) -> Self {
        Self { ks: Some(ks), ..self }
    }

    /// Sets the retry policy. A batch is repeated only if all of its actions may be repeated.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Makes the server bypass its response cache for all actions that are added later.
    pub(crate) fn bypass_cache(self, now: Moment) -> Self {
        Self { nocache: Some(Nocache::new(now)), ..self }
    }

    /// Adds an action. [`BatchResults::take`] returns its result for the ticket.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if its parameters cannot be written as a JSON object.
    pub fn push<A: Action>(&mut self, action: &A) -> Result<Ticket<A>, Error> {
        self.push_with(action, &[])
    }

    /// Adds an action with parameters that come from the results of earlier actions.
    ///
    /// The name of a parameter inside an object has a colon, as in `user:roleIds`. `ks` is a parameter too.
    ///
    /// # Errors
    ///
    /// Like [`push`](Self::push).
    pub fn push_with<A: Action>(&mut self, action: &A, references: &[(&str, Reference)]) -> Result<Ticket<A>, Error> {
        let position = self.push_item(Item::new(action, references, self.nocache)?);
        Ok(Ticket { position, target: action.target(), action: PhantomData })
    }

    /// Adds an action whose result is of no interest, and returns its position.
    pub(crate) fn push_item(&mut self, item: Item) -> usize {
        self.items.push(item);
        self.items.len() - 1
    }

    /// The number of actions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no actions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Starts the batch.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if there are no actions.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        if self.is_empty() {
            return Err(Error::invalid_input("a batch must contain at least one action"));
        }
        let retry = self.retry;
        let (prepared, reader) = self.prepare()?;
        Ok(Exchange::start(BatchMachine { retry, reader }, prepared, now))
    }

    /// The request, and the reader for its reply.
    pub(crate) fn prepare(self) -> Result<(PreparedRequest, BatchReader), Error> {
        // At the top level, the server applies `ks` and `clientTag` to every action that has none, and reads `format` only
        // there (`handleMultiRequest` in `api_v3/lib/KalturaFrontController.php`).
        let common = Common { ks: self.ks.as_ref(), nocache: self.nocache };
        let expected_len = 2 + common.max_len() + self.items.iter().map(|item| item.body.len() + 16).sum::<usize>();
        let mut body = WipedBytes::with_capacity(expected_len);
        body.push(b'{');
        for (position, item) in self.items.iter().enumerate() {
            // References count from 1, and the server stops at a gap in the numbers without an error.
            body.extend_from_slice(format!("\"{}\":", position + 1).as_bytes());
            body.extend_from_slice(&item.body);
            body.push(b',');
        }
        common.write_members(&mut body);
        body.push(b'}');
        let repeatable = self.items.iter().all(|item| item.repeat == Repeat::Always);
        let prepared = PreparedRequest {
            request: HttpRequest::new(self.endpoint.url(MULTIREQUEST.service, MULTIREQUEST.action), body),
            action: MULTIREQUEST,
            repeat: if repeatable { Repeat::Always } else { Repeat::IfNotSent },
        };
        Ok((prepared, BatchReader { actions: self.items.into_iter().map(|item| item.action).collect() }))
    }
}

const MULTIREQUEST: ActionName = ActionName { service: "multirequest", action: "" };

#[derive(Serialize)]
struct ItemBody<'a, A> {
    service: &'static str,
    #[serde(rename = "action")]
    action_name: &'static str,
    #[serde(flatten)]
    parameters: &'a A,
    #[serde(flatten)]
    references: References<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nocache: Option<Nocache>,
}

struct References<'a>(&'a [(&'a str, Reference)]);

impl Serialize for References<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, reference)| (name, &reference.0)))
    }
}

impl Reference {
    /// The same value with a prefix, such as further ids of a comma-separated list.
    // The server replaces a reference inside a longer text too (`multirequest.jsonl`).
    #[must_use]
    pub fn with_prefix(self, prefix: &str) -> Self {
        Self(format!("{prefix}{}", self.0))
    }
}

impl<A: Action> Ticket<A> {
    /// The ticket of the first action of a batch.
    pub(crate) fn first() -> Self {
        Self { position: 0, target: A::name(), action: PhantomData }
    }
}

impl<A> Ticket<A> {
    /// Refers to the whole result, for an action that returns a string or a number.
    #[must_use]
    pub fn result(&self) -> Reference {
        self.field(&[])
    }

    /// Refers to a part of the result, such as `&["id"]` or `&["objects", "0", "id"]`.
    #[must_use]
    pub fn field(&self, path: &[&str]) -> Reference {
        let mut text = format!("{{{}:result", self.position + 1);
        for segment in path {
            let _ = write!(text, ":{segment}");
        }
        text.push('}');
        Reference(text)
    }
}

impl<A> Clone for Ticket<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Ticket<A> {}

impl<A> fmt::Debug for Ticket<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({}, {})", self.position + 1, self.target)
    }
}

/// The results of the actions of a batch.
pub struct BatchResults {
    items: Vec<Option<RawResult>>,
}

/// The JSON text of a result, or the error of the action.
type RawResult = Result<WipedText, Error>;

impl BatchResults {
    /// Takes the result of one action. Each result can be taken once.
    ///
    /// # Errors
    ///
    /// The error of the action. [`ErrorKind::MissingResult`] if the reply has too few results, so that this action was not
    /// executed. [`ErrorKind::UnexpectedReply`] if the result is not that of the action. [`ErrorKind::InvalidInput`] for a
    /// ticket of another batch, or if the result was already taken.
    pub fn take<A: Action>(&mut self, ticket: Ticket<A>) -> Result<A::Reply, Error> {
        let result = self.take_unread(ticket.position);
        result.and_then(|text| parse(Body::Text(&text))).map_err(|error| error.during(ticket.target))
    }

    /// Takes the JSON text of a result.
    pub(crate) fn take_unread(&mut self, position: usize) -> RawResult {
        self.items.get_mut(position).and_then(Option::take).unwrap_or_else(|| {
            Err(Error::invalid_input("this batch has no result for the ticket, or the result was already taken"))
        })
    }
}

impl fmt::Debug for BatchResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BatchResults({})", self.items.len())
    }
}

/// Reads the reply to a batch: a list with one result for each executed action.
pub(crate) struct BatchReader {
    actions: Vec<ActionName>,
}

impl BatchReader {
    pub(crate) fn read(&self, reply: &CheckedReply<'_>) -> Result<BatchResults, Error> {
        let mut texts: VecDeque<&RawValue> = reply.parse_borrowed()?;
        if texts.len() > self.actions.len() {
            return Err(Error::new(ErrorKind::UnexpectedReply)
                .detail(format!("the reply has {} results for {} actions", texts.len(), self.actions.len()))
                .answered_by(reply));
        }
        let items = self.actions.iter().map(|action| {
            let result = match texts.pop_front() {
                Some(text) => match ApiException::read(Body::Text(text.get())) {
                    Some(exception) => Err(exception.into_error()),
                    None => Ok(String::from(text.get()).into()),
                },
                // The server ends the list early, without an error, at an action that it does not execute.
                None => Err(Error::new(ErrorKind::MissingResult)),
            };
            Some(result.map_err(|error| error.during(*action).answered_by(reply)))
        });
        Ok(BatchResults { items: items.collect() })
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, ks, retry: _, nocache: _, items } = self;
        let actions: Vec<_> = items.iter().map(|item| item.action).collect();
        f.debug_struct("Batch")
            .field("endpoint", endpoint)
            .field("ks", ks)
            .field("actions", &actions)
            .finish_non_exhaustive()
    }
}

impl Flow for Batch {
    type Output = BatchResults;
    type Progress = ();
    type Machine = BatchMachine;

    fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        Self::start(self, now)
    }
}

#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct BatchMachine {
    retry: RetryPolicy,
    reader: BatchReader,
}

impl Machine for BatchMachine {
    type Output = BatchResults;
    type Progress = ();

    fn policy(&self) -> &RetryPolicy {
        &self.retry
    }

    fn accept(&mut self, reply: &CheckedReply<'_>, _: Moment) -> Result<Transition<BatchResults>, Error> {
        self.reader.read(reply).map(Transition::Done)
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Transition<BatchResults> {
        Transition::Stop(error, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::app_token;
    use crate::api::session::{Get, Start};
    use crate::exchange::flow::Step;
    use crate::value::ids::PartnerId;
    use crate::value::secrets::AccountSecret;
    use crate::value::session_type::SessionType;
    use crate::value::time::UnixSeconds;
    use crate::wire::http::HttpResponse;
    use crate::wire::transport::TransportFailure;
    use serde_json::{Value, json};

    const NOW: Moment = Moment { wall: UnixSeconds(1_795_230_763), elapsed: core::time::Duration::ZERO };

    fn start() -> Start {
        Start::new(PartnerId::new(101).unwrap(), AccountSecret::parse("s").unwrap(), SessionType::Admin)
    }

    fn results_of(batch: Batch, body: &str) -> Result<BatchResults, Error> {
        let reply = HttpResponse::new(200, [("X-Me", "a")], body.as_bytes().to_vec());
        match batch.retry(RetryPolicy::none()).start(NOW)?.receive(&reply, NOW)? {
            Step::Done(results) => Ok(results),
            step => panic!("{step:?}"),
        }
    }

    fn two_actions() -> (Batch, Ticket<Start>, Ticket<Get>) {
        let mut batch = Batch::new(Endpoint::parse("https://example.org").unwrap());
        let started = batch.push(&start()).unwrap();
        let got = batch.push_with(&Get::default(), &[("ks", started.result())]).unwrap();
        (batch, started, got)
    }

    #[test]
    fn actions_are_numbered_and_references_use_the_numbers() {
        let (batch, ..) = two_actions();
        assert_eq!((batch.len(), batch.is_empty()), (2, false));
        let exchange = batch.with_ks(Ks::parse("common").unwrap()).start(NOW).unwrap();
        assert_eq!(exchange.request().url(), "https://example.org/api_v3/service/multirequest?format=1");
        let mut body: Value = serde_json::from_slice(exchange.request().body()).unwrap();
        body.as_object_mut().unwrap().remove("clientTag");
        let expected = json!({
            "1": {"service": "session", "action": "start", "secret": "s", "partnerId": 101, "type": 2},
            "2": {"service": "session", "action": "get", "ks": "{1:result}"},
            "ks": "common", "format": 1
        });
        assert_eq!(body, expected);
        let (_, started, _) = two_actions();
        assert_eq!(started.field(&["objects", "0", "id"]), Reference("{1:result:objects:0:id}".into()));
    }

    #[test]
    fn each_action_has_its_own_result() {
        let (batch, started, got) = two_actions();
        let error = r#"{"code":"SERVICE_FORBIDDEN","message":"The access to service [session->get] is forbidden","objectType":"KalturaAPIException","args":{"SERVICE":"session->get"}}"#;
        let mut results = results_of(batch, &format!("[\"djJ8MTAx\",{error}]")).unwrap();
        assert_eq!(results.take(got).unwrap_err().code(), Some("SERVICE_FORBIDDEN"));
        assert_eq!(results.take(started).unwrap().expose(), "djJ8MTAx");
        assert_eq!(results.take(started).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn too_few_or_too_many_results_are_errors() {
        let (batch, started, got) = two_actions();
        let mut results = results_of(batch, "[\"djJ8MTAx\"]").unwrap();
        assert!(results.take(started).is_ok());
        assert_eq!(results.take(got).unwrap_err().kind(), ErrorKind::MissingResult);
        assert_eq!(results_of(two_actions().0, "[null,null,null]").unwrap_err().kind(), ErrorKind::UnexpectedReply);
        assert_eq!(results_of(two_actions().0, "{}").unwrap_err().kind(), ErrorKind::UnexpectedReply);
        assert_eq!(results_of(two_actions().0, "[null,").unwrap_err().kind(), ErrorKind::TruncatedReply);
    }

    #[test]
    fn an_empty_batch_is_refused() {
        let batch = Batch::new(Endpoint::parse("https://example.org").unwrap());
        assert_eq!(batch.start(NOW).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_batch_is_repeated_only_if_all_its_actions_may_be() {
        let (mut batch, ..) = two_actions();
        assert!(is_repeated(two_actions().0));
        batch.push(&app_token::Add { app_token: app_token::NewAppToken::default() }).unwrap();
        assert!(!is_repeated(batch));
    }

    fn is_repeated(batch: Batch) -> bool {
        let failure = TransportFailure::unknown("reset");
        matches!(batch.start(NOW).unwrap().failed(failure, NOW), Ok(Step::Wait(..)))
    }
}
