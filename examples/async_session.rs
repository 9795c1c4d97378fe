//! Keeps a session valid in async code, here with tokio and reqwest: the core decides, this program sends and waits.
//!
//!     cargo run --example async_session

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use apptoken::api::user;
use apptoken::login::renewal::{Decision, Invalidation, Outcome, Renewal, RenewalPolicy, Term};
use apptoken::value::Printable;
use apptoken::{
    Action, Call, Clock, Credential, Endpoint, Error, ErrorKind, Exchange, Flow, HashType, HttpRequest, HttpResponse,
    KalturaCode, Ks, KsFault, Login, PartnerId, Session, Step, StoppedFlow, TransportFailure,
};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, TokenSpec};
use tokio::sync::{mpsc, watch};

/// Sends one request. `apptoken-transport-conformance` checks this function; see `tests/it.rs`.
pub async fn send(client: &reqwest::Client, request: &HttpRequest) -> Result<HttpResponse, TransportFailure> {
    let request = apptoken::http::request(request).map_err(TransportFailure::not_sent)?;
    let request = reqwest::Request::try_from(request).map_err(TransportFailure::not_sent)?;
    let mut reply = client.execute(request).await.map_err(|error| match error.is_connect() {
        true => TransportFailure::not_sent(error),
        false => TransportFailure::unknown(error),
    })?;
    let mut body = Vec::new();
    while let Some(chunk) = reply.chunk().await.map_err(TransportFailure::unknown)? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_REPLY {
            return Err(TransportFailure::unknown("the reply is too large"));
        }
    }
    let mut whole = http::Response::new(body);
    *whole.status_mut() = reply.status();
    *whole.headers_mut() = std::mem::take(reply.headers_mut());
    Ok(apptoken::http::response(whole))
}

const LARGEST_REPLY: usize = 8 << 20;

/// A client for [`send`]. For `https`, give reqwest one of its features for TLS.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    builder.timeout(Duration::from_secs(30)).build()
}

/// A server, and how requests get to it.
struct Kaltura<C> {
    endpoint: Endpoint,
    client: reqwest::Client,
    /// [`apptoken::SystemClock`] in a program; only its time is used, because its `sleep` blocks.
    clock: C,
}

impl<C: Clock> Kaltura<C> {
    /// The loop of `drive`. A flow neither sends nor waits, so async code can do both for it.
    async fn drive<F: Flow>(&self, mut exchange: Exchange<F>) -> Result<F::Output, StoppedFlow<F>> {
        loop {
            let step = match send(&self.client, exchange.request()).await {
                Ok(reply) => exchange.receive(&reply, self.clock.now())?,
                Err(failure) => exchange.failed(failure, self.clock.now())?,
            };
            exchange = match step {
                Step::Send(next) => next,
                Step::Wait(pause, next) => {
                    tokio::time::sleep(pause).await;
                    next
                }
                Step::Done(output) => return Ok(output),
            };
        }
    }

    async fn call<A: Action>(&self, ks: &Ks, action: A) -> Result<A::Reply, Error> {
        let call = Call::new(self.endpoint.clone(), action).with_ks(ks.clone());
        Ok(self.drive(call.start(self.clock.now())?).await?)
    }

    /// Logs in. With the widget session of an earlier login, that takes one request.
    async fn log_in(&self, login: Login, widget: Option<&Ks>) -> Result<Session, Error> {
        let now = self.clock.now();
        let exchange = match widget {
            Some(widget) => login.start_with_or_widget(widget.clone(), now)?,
            None => login.start(now)?,
        };
        Ok(self.drive(exchange).await?)
    }
}

type SessionResult = Result<Arc<Session>, Error>;

/// A session that a task keeps valid. Cheap to clone.
#[derive(Clone)]
struct Sessions {
    latest: watch::Receiver<Option<SessionResult>>,
    refused: mpsc::Sender<(Ks, KsFault)>,
}

impl Sessions {
    /// Starts the task. It ends when the last clone of the returned value is dropped.
    fn start<C: Clock + Send + Sync + 'static>(kaltura: Arc<Kaltura<C>>, login: Login) -> Self {
        let (publish, latest) = watch::channel(None);
        let (refused, refusals) = mpsc::channel(16);
        tokio::spawn(keep_alive(kaltura, login, publish, refusals));
        Self { latest, refused }
    }

    /// The valid session, or why there is none. It waits only for the first login, and for the next after a refusal.
    async fn session(&self) -> SessionResult {
        let mut latest = self.latest.clone();
        let result = latest.wait_for(Option::is_some).await.map(|result| result.clone());
        result.ok().flatten().unwrap_or_else(|| Err(Error::invalid_input("the task that keeps the session has ended")))
    }

    /// Calls an action, and once more with a new session if the server refused the first one.
    async fn call<C: Clock, A: Action>(&self, kaltura: &Kaltura<C>, action: A) -> Result<A::Reply, Error> {
        let session = self.session().await?;
        let error = match kaltura.call(session.ks(), &action).await {
            Err(error) => error,
            reply => return reply,
        };
        match error.kind() {
            ErrorKind::Kaltura(KalturaCode::InvalidKs(fault)) if Invalidation::Refused(fault).is_fixed_by_renewal() => {
                let mut latest = self.latest.clone();
                latest.mark_unchanged();
                let _ = self.refused.send((session.ks().clone(), fault)).await;
                let _ = latest.changed().await;
                kaltura.call(self.session().await?.ks(), &action).await
            }
            _ => Err(error),
        }
    }
}

/// The longest time between two decisions: the wall clock can be set, and a machine can be suspended.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Renews the session when it is due, and publishes it. There is one task, so there is one login at a time.
async fn keep_alive<C: Clock>(
    kaltura: Arc<Kaltura<C>>,
    login: Login,
    publish: watch::Sender<Option<SessionResult>>,
    mut refusals: mpsc::Receiver<(Ks, KsFault)>,
) {
    let mut renewal = Renewal::new(RenewalPolicy::default());
    let (mut session, mut widget, mut last_error) = (None::<Arc<Session>>, None, None);
    loop {
        let now = kaltura.clock.now();
        let next = match renewal.decide(now, false) {
            Decision::Use { until, .. } => until.elapsed,
            Decision::UseAndRenew { .. } | Decision::Renew { .. } => {
                match kaltura.log_in(login.clone(), widget.as_ref()).await {
                    Ok(new) => {
                        // Only a login that requested a widget session returns one.
                        widget = new.widget().map(|widget| widget.ks.clone()).or(widget);
                        renewal.record(Outcome::Renewed(Term::of(&new)), kaltura.clock.now());
                        publish.send_replace(Some(Ok(Arc::clone(session.insert(Arc::new(new))))));
                    }
                    Err(error) => {
                        renewal.record(Outcome::failed(&error), kaltura.clock.now());
                        last_error = Some(error);
                    }
                }
                continue;
            }
            // There is no valid session any more; before, a failed renewal leaves the old one in use.
            Decision::WaitUntil { elapsed: next, .. } | Decision::GiveUp { until: next, .. } => {
                publish.send_replace(last_error.clone().map(Err));
                next
            }
        };
        let pause = next.saturating_sub(now.elapsed).min(LONGEST_PAUSE);
        match tokio::time::timeout(pause, refusals.recv()).await {
            Ok(Some((ks, fault))) if session.as_ref().is_some_and(|session| session.ks().is_same(&ks)) => {
                renewal.record(Outcome::Invalidated(Invalidation::Refused(fault)), kaltura.clock.now());
            }
            // The report came late: there is a new session already.
            Ok(Some(_)) => {
                publish.send_modify(|_| {});
            }
            Ok(None) => return,
            Err(_) => {}
        }
    }
}

fn main() -> Result<(), Box<dyn StdError>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(work())
}

/// Three tasks use one session, for some simulated hours.
async fn work() -> Result<(), Box<dyn StdError>> {
    let partner = PartnerId::new(101)?;
    let emulator = Emulator::start(Fake::new())?;
    let clock = emulator.fake().clock();
    // The server accepts each session for ten calls only.
    let spec = TokenSpec::new(HashType::Sha256).user("alice").privileges("actionslimit:10");
    let token = emulator.fake().add_token(partner, spec.duration(Duration::from_secs(3600)));
    let credential = Credential::new(partner, token.id, token.secret, HashType::Sha256);
    let endpoint = emulator.endpoint().clone();
    let kaltura = Arc::new(Kaltura { endpoint: endpoint.clone(), client: client()?, clock: clock.clone() });
    let sessions = Sessions::start(Arc::clone(&kaltura), Login::new(endpoint, credential));

    let tasks = (0..3).map(|_| {
        let (kaltura, sessions) = (Arc::clone(&kaltura), sessions.clone());
        tokio::spawn(async move { sessions.call(&kaltura, user::Get::default()).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        println!("a task calls as {}", Printable(task.await??.id));
    }
    let logins = || emulator.fake().journal().count("appToken.startSession");
    println!("sessions so far: {}", logins());

    // The task renews the session before it expires.
    let mut latest = sessions.latest.clone();
    latest.mark_unchanged();
    clock.advance(Duration::from_secs(55 * 60));
    latest.changed().await?;
    println!("sessions after 55 minutes: {}", logins());

    // The server refuses the eleventh call with it. That call is repeated with a new session.
    for _ in 0..11 {
        sessions.call(&kaltura, user::Get::default()).await?;
    }
    println!("sessions after the eleventh call: {}", logins());
    println!("widget sessions: {}", emulator.fake().journal().count("session.startWidgetSession"));
    Ok(())
}
