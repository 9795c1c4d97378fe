use std::fmt::Debug;
use std::time::Duration;

use apptoken_core::admin::{Audit, OldToken, Provision, Revoke, Rotate, ServiceRole};
use apptoken_core::{
    AppTokenId, Clock as _, Endpoint, Error, Exchange, Flow, HashType, HttpRequest, HttpResponse, Ks, PartnerId,
    Privileges, Step, Transport as _, TransportFailure,
};
use apptoken_transport_fake::{Fake, TokenSpec, TokenStatus};

use crate::script::{Answer, answer, split_once};
use crate::secrets::Secrets;

const SERVICE: &str = "importer";
const USER: &str = "importer@example.org";

/// More requests than a flow has with any script: each reply of the script and of the fake server moves it on.
const MOST_REQUESTS: usize = 200;

/// A flow of an administrator against the fake server, whose replies are lost or changed: it ends with a result or a typed
/// error, shows no secret, and makes no token twice.
///
/// The first line names the flow: `provision`, `provision-role`, `rotate`, `revoke` or `audit`. The rest is a list of steps
/// with `---` between them, one for each request: nothing (the fake replies), `lost` (it acts, but the reply is lost),
/// `change`, with the text to replace in the next line and its replacement after that, or a reply or failure as in a script.
/// After the last step, the fake replies. Valid is a flow that returns a result.
pub fn administration(input: &[u8]) -> bool {
    let (flow, script) = split_once(input, b"\n");
    World::new(script).and_then(|mut world| world.run_flow(flow)).expect("good parameters")
}

struct World<'a> {
    fake: Fake,
    admin: Ks,
    partner: PartnerId,
    old: AppTokenId,
    secrets: Secrets,
    script: &'a [u8],
    /// Whether all replies that the flow received are those of the fake.
    is_genuine: bool,
}

impl<'a> World<'a> {
    fn new(script: &'a [u8]) -> Result<Self, Error> {
        let (fake, partner) = (Fake::new(), PartnerId::new(101)?);
        let admin = fake.admin_session(partner).expect("an account of the fake");
        let spec = TokenSpec::new(HashType::Sha256).user("other").privileges("list:*").description("old one");
        let old = fake.add_token(partner, spec);
        let secrets = Secrets::of(&[admin.expose(), old.secret.expose()]);
        Ok(Self { fake, admin, partner, old: old.id, secrets, script, is_genuine: true })
    }

    fn run_flow(&mut self, flow: &[u8]) -> Result<bool, Error> {
        let (admin, old) = (self.admin.clone(), self.old.clone());
        let endpoint = Endpoint::parse("https://kaltura.example.org")?;
        let provision = Provision::new(endpoint.clone(), admin.clone(), self.partner, SERVICE, USER)
            .privileges(Privileges::parse("list:*"));
        let role = ServiceRole::with_permissions("Importer", &["BASE_USER_SESSION_PERMISSION"]);
        match flow {
            b"provision" => self.check_tokens(1, |world| world.run(provision)),
            b"provision-role" => self.check_tokens(1, |world| world.run(provision.role(role))),
            b"rotate" => {
                let old_token = OldToken::DeleteAfter(Duration::from_secs(10));
                let is_done = self
                    .check_tokens(1, |world| world.run(Rotate::new(endpoint, admin, world.partner, old, old_token)))?;
                assert!(!self.is_genuine || !is_done || !self.old_is_active());
                Ok(is_done)
            }
            b"revoke" => {
                let is_done = self.run(Revoke::new(endpoint, admin, old))?;
                assert!(!self.is_genuine || !is_done || !self.old_is_active());
                Ok(is_done)
            }
            _ => self.check_tokens(0, |world| world.run(Audit::new(endpoint, admin))),
        }
    }

    /// Checks the number of tokens that a flow added: exactly this many if it succeeded, never more.
    fn check_tokens(
        &mut self,
        added: usize,
        run: impl FnOnce(&mut Self) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let is_done = run(self)?;
        if self.is_genuine {
            let found = self.fake.tokens(self.partner).iter().filter(|token| token.id != self.old).count();
            assert!(found <= added, "{found} tokens");
            assert!(!is_done || found == added, "{found} tokens after a success");
        }
        Ok(is_done)
    }

    fn old_is_active(&self) -> bool {
        self.fake.token(&self.old).is_some_and(|token| token.status == TokenStatus::Active)
    }

    fn run<F: Flow<Output: Debug, Progress: Debug>>(&mut self, flow: F) -> Result<bool, Error> {
        let clock = self.fake.clock();
        let mut exchange: Exchange<F> = flow.start(clock.now())?;
        for _ in 0..MOST_REQUESTS {
            self.secrets.sent(exchange.request());
            self.secrets.assert_not_in(&exchange);
            let step = match self.answer(exchange.request()) {
                Ok(reply) => {
                    self.secrets.received(&reply);
                    exchange.receive(&reply, clock.now())
                }
                Err(failure) => exchange.failed(failure, clock.now()),
            };
            exchange = match step {
                Ok(Step::Send(next)) => next,
                Ok(Step::Wait(wait, next)) => {
                    clock.sleep(wait);
                    next
                }
                Ok(Step::Done(output)) => {
                    self.secrets.assert_not_in(&output);
                    return Ok(true);
                }
                Err(stopped) => {
                    self.secrets.assert_not_in_error(&stopped.error);
                    self.secrets.assert_not_in(&stopped.progress);
                    assert!(stopped.error.action().is_some() && !stopped.error.advice().is_empty());
                    return Ok(false);
                }
            };
        }
        panic!("more requests than a flow has: {exchange:?}")
    }

    fn answer(&mut self, request: &HttpRequest) -> Answer {
        let (step, rest) = split_once(self.script, b"\n---\n");
        self.script = rest;
        let (kind, text) = split_once(step, b"\n");
        match kind {
            b"" => self.fake.send(request),
            b"lost" => self.fake.send(request).and(Err(TransportFailure::unknown("connection reset"))),
            b"change" => {
                self.is_genuine = false;
                let (from, to) = split_once(text, b"\n");
                self.fake.send(request).map(|reply| changed(&reply, from, to))
            }
            _ => {
                let answer = answer(step);
                self.is_genuine &= answer.is_err();
                answer
            }
        }
    }
}

/// The reply with one text in its body replaced by another.
fn changed(reply: &HttpResponse, from: &[u8], to: &[u8]) -> HttpResponse {
    let body = String::from_utf8_lossy(reply.body());
    let (from, to) = (String::from_utf8_lossy(from), String::from_utf8_lossy(to));
    let body = if from.is_empty() { to.into_owned() } else { body.replace(&*from, &to) };
    let headers = reply.header("x-kaltura-session").map(|value| ("X-Kaltura-Session", value.to_owned()));
    HttpResponse::new(reply.status(), headers, body.into_bytes())
}
