//! Several actions in one request: `multirequest`.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::marker::PhantomData;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::error::kind::{ActionName, ErrorKind};
use crate::exchange::flow::{Exchange, Flow};
use crate::exchange::machine::{Machine, Prepared, Turn};
use crate::exchange::retry::RetryPolicy;
use crate::value::ks::Ks;
use crate::value::time::Moment;
use crate::wire::action::{Action, Repeat};
use crate::wire::api_error::ApiException;
use crate::wire::encode;
use crate::wire::endpoint::Endpoint;
use crate::wire::http::HttpRequest;
use crate::wire::reply::{Reply, parse};

/// Several actions in one request, executed in order, each with a result of its own.
///
/// One that fails does not stop the others. A later action can take part of an earlier one's result by a
/// [`Reference`]. `appToken.startSession` cannot follow its own `session.startWidgetSession` in one batch, because its hash
/// needs the widget session's KS; several of them with one known KS can.
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
    items: Vec<Item>,
}

struct Item {
    /// A JSON object.
    body: Zeroizing<Vec<u8>>,
    action: ActionName,
    repeat: Repeat,
}

/// The place of an action in its [`Batch`].
pub struct Ticket<A> {
    position: usize,
    action: PhantomData<fn() -> A>,
}

/// The result, or part of the result, of an earlier action of the same batch: the server puts its value in.
///
/// If that action fails, the value is the empty text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(String);

impl Batch {
    /// A batch without actions.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, ks: None, retry: RetryPolicy::default(), items: Vec::new() }
    }

    /// Calls every action with this KS, but for those with one of their own.
    #[must_use]
    pub fn with_ks(self, ks: Ks) -> Self {
        Self { ks: Some(ks), ..self }
    }

    /// Sets when to try again. A batch is repeated like the most delicate of its actions.
    #[must_use]
    pub fn retry(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// Adds an action; its result is taken with the ticket.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if its parameters cannot be written as a JSON object.
    pub fn push<A: Action>(&mut self, action: &A) -> Result<Ticket<A>, Error> {
        self.push_with(action, &[])
    }

    /// Adds an action some of whose parameters come from the results of earlier actions.
    ///
    /// A parameter inside an object is named with colons, as in `user:roleIds`; `ks` is a parameter too.
    ///
    /// # Errors
    ///
    /// Like [`push`](Self::push).
    pub fn push_with<A: Action>(&mut self, action: &A, references: &[(&str, Reference)]) -> Result<Ticket<A>, Error> {
        action.check().map_err(|error| error.during(A::name()))?;
        let object = ItemBody {
            service: A::SERVICE,
            action_name: A::ACTION,
            parameters: action,
            references: References(references),
        };
        let body = encode::object(&object).map_err(|error| error.during(A::name()))?;
        self.items.push(Item { body, action: A::name(), repeat: A::REPEAT });
        Ok(Ticket { position: self.items.len() - 1, action: PhantomData })
    }

    /// How many actions it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it holds no action.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Starts the batch.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if it holds no action.
    pub fn start(self, now: Moment) -> Result<Exchange<Self>, Error> {
        if self.is_empty() {
            return Err(Error::invalid_input("a batch must hold at least one action"));
        }
        let retry = self.retry;
        let (prepared, reader) = self.prepare()?;
        Ok(Exchange::start(BatchMachine { retry, reader }, prepared, now))
    }

    /// The request, and what reads its reply.
    pub(crate) fn prepare(self) -> Result<(Prepared, BatchReader), Error> {
        let common = encode::object(&encode::common(self.ks.as_ref()))?;
        let expected_len = common.len() + self.items.iter().map(|item| item.body.len() + 16).sum::<usize>();
        let mut body = Zeroizing::new(Vec::with_capacity(expected_len));
        body.push(b'{');
        for (position, item) in self.items.iter().enumerate() {
            body.extend_from_slice(format!("\"{}\":", position + 1).as_bytes());
            body.extend_from_slice(&item.body);
            body.push(b',');
        }
        body.extend_from_slice(common.get(1..).unwrap_or_default());
        let repeatable = self.items.iter().all(|item| item.repeat == Repeat::Always);
        let prepared = Prepared {
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
}

struct References<'a>(&'a [(&'a str, Reference)]);

impl Serialize for References<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, reference)| (name, &reference.0)))
    }
}

impl Reference {
    /// The same value with this text in front, such as further ids of a comma list.
    #[must_use]
    pub fn after(self, text: &str) -> Self {
        Self(format!("{text}{}", self.0))
    }
}

impl<A> Ticket<A> {
    /// The whole result, for an action that returns a text or a number.
    #[must_use]
    pub fn result(&self) -> Reference {
        self.field(&[])
    }

    /// Part of the result: `&["id"]`, or `&["objects", "0", "id"]`.
    #[must_use]
    pub fn field(&self, path: &[&str]) -> Reference {
        let mut text = format!("{{{}:result", self.position + 1);
        for step in path {
            let _ = write!(text, ":{step}");
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

impl<A: Action> fmt::Debug for Ticket<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({}, {})", self.position + 1, A::name())
    }
}

/// The results of a batch, one for each action.
pub struct BatchResults {
    items: Vec<Option<RawResult>>,
}

/// The JSON text of a result, or why there is none.
type RawResult = Result<Zeroizing<String>, Error>;

impl BatchResults {
    /// Takes the result of one action; each can be taken once.
    ///
    /// # Errors
    ///
    /// What the action answered; [`ErrorKind::MissingResult`] if fewer results came back than actions were sent, so that
    /// this one was not executed; [`ErrorKind::UnexpectedReply`] if the result is not what the action returns;
    /// [`ErrorKind::InvalidInput`] for a ticket of another batch or a result that was taken.
    pub fn take<A: Action>(&mut self, ticket: Ticket<A>) -> Result<A::Reply, Error> {
        let item = self.items.get_mut(ticket.position).and_then(Option::take);
        let item =
            item.ok_or_else(|| Error::invalid_input("this batch has no such result, or it was taken already"))?;
        item.and_then(|text| parse(text.as_bytes())).map_err(|error| error.during(A::name()))
    }
}

impl fmt::Debug for BatchResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BatchResults({})", self.items.len())
    }
}

/// Reads the reply to a batch.
pub(crate) struct BatchReader {
    actions: Vec<ActionName>,
}

impl BatchReader {
    pub(crate) fn read(&self, reply: &Reply<'_>) -> Result<BatchResults, Error> {
        let mut texts: VecDeque<&RawValue> = reply.parse_borrowed()?;
        if texts.len() > self.actions.len() {
            return Err(Error::new(ErrorKind::UnexpectedReply)
                .detail(format!("{} results came back for {} actions", texts.len(), self.actions.len()))
                .answered_by(reply.response()));
        }
        let items = self.actions.iter().map(|action| {
            let result = match texts.pop_front() {
                Some(text) => match ApiException::read(text.get().as_bytes()) {
                    Some(exception) => Err(exception.into_error()),
                    None => Ok(Zeroizing::new(text.get().into())),
                },
                None => Err(Error::new(ErrorKind::MissingResult)),
            };
            Some(result.map_err(|error| error.during(*action).answered_by(reply.response())))
        });
        Ok(BatchResults { items: items.collect() })
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, ks, retry: _, items } = self;
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

    fn accept(&mut self, reply: &Reply<'_>, _: Moment) -> Result<Turn<BatchResults>, Error> {
        self.reader.read(reply).map(Turn::Done)
    }

    fn refuse(&mut self, error: Error, _: Moment) -> Turn<BatchResults> {
        Turn::Stop(error, ())
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

    fn answer(batch: Batch, body: &str) -> Result<BatchResults, Error> {
        let reply = HttpResponse::new(200, [("X-Me", "a")], body.as_bytes().to_vec());
        match batch.retry(RetryPolicy::none()).start(NOW)?.receive(&reply, NOW)? {
            Step::Done(results) => Ok(results),
            step => panic!("{step:?}"),
        }
    }

    fn two() -> (Batch, Ticket<Start>, Ticket<Get>) {
        let mut batch = Batch::new(Endpoint::parse("https://example.org").unwrap());
        let started = batch.push(&start()).unwrap();
        let got = batch.push_with(&Get::default(), &[("ks", started.result())]).unwrap();
        (batch, started, got)
    }

    #[test]
    fn items_are_numbered_objects_and_references_are_written_by_the_ticket() {
        let (batch, ..) = two();
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
        let (_, started, _) = two();
        assert_eq!(started.field(&["objects", "0", "id"]), Reference("{1:result:objects:0:id}".into()));
    }

    #[test]
    fn each_action_has_a_result_of_its_own() {
        let (batch, started, got) = two();
        let error = r#"{"code":"SERVICE_FORBIDDEN","message":"The access to service [session->get] is forbidden","objectType":"KalturaAPIException","args":{"SERVICE":"session->get"}}"#;
        let mut results = answer(batch, &format!("[\"djJ8MTAx\",{error}]")).unwrap();
        assert_eq!(results.take(got).unwrap_err().code(), Some("SERVICE_FORBIDDEN"));
        assert_eq!(results.take(started).unwrap().expose(), "djJ8MTAx");
        assert_eq!(results.take(started).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn as_many_results_must_come_back_as_actions_were_sent() {
        let (batch, started, got) = two();
        let mut results = answer(batch, "[\"djJ8MTAx\"]").unwrap();
        assert!(results.take(started).is_ok());
        assert_eq!(results.take(got).unwrap_err().kind(), ErrorKind::MissingResult);
        assert_eq!(answer(two().0, "[null,null,null]").unwrap_err().kind(), ErrorKind::UnexpectedReply);
        assert_eq!(answer(two().0, "{}").unwrap_err().kind(), ErrorKind::UnexpectedReply);
        assert_eq!(answer(two().0, "[null,").unwrap_err().kind(), ErrorKind::TruncatedReply);
    }

    #[test]
    fn an_empty_batch_is_refused() {
        let batch = Batch::new(Endpoint::parse("https://example.org").unwrap());
        assert_eq!(batch.start(NOW).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_batch_is_repeated_like_its_most_delicate_action() {
        let (mut batch, ..) = two();
        assert!(batch_waits(two().0));
        batch.push(&app_token::Add { app_token: app_token::NewAppToken::default() }).unwrap();
        assert!(!batch_waits(batch));
    }

    fn batch_waits(batch: Batch) -> bool {
        let failure = TransportFailure::unknown("reset");
        matches!(batch.start(NOW).unwrap().failed(failure, NOW), Ok(Step::Wait(..)))
    }
}
