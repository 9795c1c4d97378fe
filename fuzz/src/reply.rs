use std::fmt::Debug;

use apptoken_core::api::{app_token, session, user, user_role};
use apptoken_core::{
    AccountSecret, Action, AppTokenId, AppTokenSecret, Batch, Call, Error, ErrorKind, Exchange, Flow, HashType,
    HttpResponse, Ks, PartnerId, Region, RetryPolicy, SessionType, Step,
};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::script::{NOW, answer};
use crate::secrets::Secrets;

const KS: &str = "djJ8MTAxfFWoUBBZCQwgBFD9Wu3gAiLM4oea-zOLmZXO-UQ6qT5NKTtD";
const TOKEN: &str = "d20f7d006404f2aad05bbdaac413b1e3";
const SECRET: &str = "aaaa1111bbbb2222cccc3333dddd4444";

/// Any reply, parsed as the result of each type of action: a value or the right error, without a secret in either.
///
/// The input is one reply in the form of a script.
pub fn reply(input: &[u8]) -> bool {
    let Ok(reply) = answer(input) else { return false };
    Reading::of(&reply).and_then(|reading| reading.as_each_result()).expect("good parameters")
}

struct Reading<'a> {
    reply: &'a HttpResponse,
    is_plain_exception: bool,
    ks: Ks,
    start: session::Start,
    start_session: app_token::StartSession,
    secrets: Secrets,
}

impl<'a> Reading<'a> {
    fn of(reply: &'a HttpResponse) -> Result<Self, Error> {
        let ks = Ks::parse(KS)?;
        let token_hash = HashType::Sha256.token_hash(&ks, &AppTokenSecret::parse(TOKEN)?);
        let mut secrets = Secrets::of(&[KS, TOKEN, SECRET, token_hash.expose()]);
        secrets.received(reply);
        let id = AppTokenId::parse("0_jgc81x8q")?;
        Ok(Self {
            reply,
            is_plain_exception: is_plain_exception(reply.body()),
            ks,
            start: session::Start::new(PartnerId::new(101)?, AccountSecret::parse(SECRET)?, SessionType::Admin),
            start_session: app_token::StartSession { id, token_hash, options: Default::default() },
            secrets,
        })
    }

    /// Parses the reply as the result of each action, and returns whether it is the result of any.
    fn as_each_result(&self) -> Result<bool, Error> {
        let read = [
            self.as_batch()?,
            self.as_result_of(self.start.clone())?,
            self.as_result_of(self.start_session.clone())?,
            self.as_result_of(session::StartWidgetSession::of(self.start.partner))?,
            self.as_result_of(session::Get::default())?,
            self.as_result_of(session::End::session_without_app_token())?,
            self.as_result_of(app_token::Get { id: self.start_session.id.clone() })?,
            self.as_result_of(app_token::List::default())?,
            self.as_result_of(user::Get::default())?,
            self.as_result_of(user_role::List::default())?,
            self.as_result_of(Unknown {})?,
        ];
        Ok(read.contains(&true))
    }

    fn as_result_of<A: Action<Reply: Debug>>(&self, action: A) -> Result<bool, Error> {
        let call = Call::new(Region::UnitedStates.into(), action).with_ks(self.ks.clone()).retry(RetryPolicy::none());
        let value = self.receive(call.start(NOW)?);
        value.iter().for_each(|value| self.secrets.assert_not_in(value));
        Ok(value.is_some())
    }

    fn as_batch(&self) -> Result<bool, Error> {
        let mut batch = Batch::new(Region::UnitedStates.into()).with_ks(self.ks.clone()).retry(RetryPolicy::none());
        let start = batch.push(&self.start)?;
        let start_session = batch.push(&self.start_session)?;
        let user = batch.push(&user::Get::default())?;
        let Some(mut results) = self.receive(batch.start(NOW)?) else { return Ok(false) };
        let read = [
            self.is_value(results.take(start)),
            self.is_value(results.take(start_session)),
            self.is_value(results.take(user)),
        ];
        Ok(read.contains(&true))
    }

    fn is_value<T: Debug>(&self, result: Result<T, Error>) -> bool {
        match &result {
            Ok(value) => self.secrets.assert_not_in(value),
            Err(error) => self.secrets.assert_not_in_error(error),
        }
        result.is_ok()
    }

    /// Returns the result; for an error, checks that its kind fits the reply.
    fn receive<F: Flow<Output: Debug>>(&self, exchange: Exchange<F>) -> Option<F::Output> {
        let reply = self.reply;
        match exchange.receive(reply, NOW) {
            Ok(Step::Done(value)) => {
                assert!(is_success(reply.status()) && !self.is_plain_exception, "{reply:?} is not a result");
                Some(value)
            }
            Ok(step) => panic!("one request without retries continues: {step:?}"),
            Err(stopped) => {
                let error = stopped.error;
                self.secrets.assert_not_in_error(&error);
                assert!(self.is_right(error.kind()), "{reply:?} was reported as {error:?}");
                assert_eq!(error.http_status(), Some(reply.status()));
                assert!(error.action().is_some() && !error.advice().is_empty());
                None
            }
        }
    }

    fn is_right(&self, kind: ErrorKind) -> bool {
        if self.is_plain_exception {
            return matches!(kind, ErrorKind::Kaltura(_));
        }
        let (status, text) = (self.reply.status(), self.reply.body());
        let body = text.trim_ascii();
        match kind {
            ErrorKind::Kaltura(_) => body.windows(EXCEPTION.len()).any(|window| window == EXCEPTION.as_bytes()),
            ErrorKind::Redirect => (300..400).contains(&status),
            ErrorKind::HttpStatus => !is_success(status) && !(300..400).contains(&status),
            _ if !is_success(status) => false,
            ErrorKind::EmptyReply => body.is_empty(),
            ErrorKind::NullReply => body == b"null",
            ErrorKind::XmlReply => body.starts_with(b"<?xml") || body.starts_with(b"<xml"),
            ErrorKind::HtmlReply => body.starts_with(b"<"),
            ErrorKind::TruncatedReply | ErrorKind::TrailingData => serde_json::from_slice::<IgnoredAny>(text).is_err(),
            ErrorKind::MalformedReply => serde_json::from_slice::<Value>(text).is_err(),
            ErrorKind::UnexpectedReply | ErrorKind::UnusableKs => true,
            _ => false,
        }
    }
}

/// Any 2xx is a success: the body says what the reply is.
fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// An action of the caller, which returns any JSON.
#[derive(serde::Serialize)]
struct Unknown {}

impl Action for Unknown {
    type Reply = IgnoredAny;
    const SERVICE: &'static str = "un";
    const ACTION: &'static str = "known";
}

const EXCEPTION: &str = "KalturaAPIException";

/// Whether a body is an API error exactly as the server writes it; JSON has other ways to write the same.
fn is_plain_exception(body: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return false };
    serde_json::to_vec(&value).is_ok_and(|plain| plain == body)
        && value["objectType"] == EXCEPTION
        && value["code"].is_string()
        && value["message"].is_string()
        && (value["args"].is_object() || value["args"].is_array())
}
