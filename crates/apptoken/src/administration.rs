#[cfg(feature = "account-secret")]
mod signing;

#[cfg(feature = "account-secret")]
use apptoken_core::AccountSecret;
use apptoken_core::admin::{Audit, OldToken, Provision, Revoke, Rotate};
use apptoken_core::api::app_token::{AppToken, AppTokenFilter, List};
#[cfg(feature = "account-secret")]
use apptoken_core::value::KsVersion;
use apptoken_core::{
    Action, AllPages, AppTokenId, Call, Endpoint, Error, Exchange, Flow, Ks, Moment, PartnerId, StoppedFlow,
};

use crate::link::Link;

/// A blocking client for the administration of an account's app tokens.
///
/// [`Builder::admin`](crate::Builder::admin) makes one.
///
/// # Examples
///
/// ```no_run
/// # #[cfg(all(feature = "ureq", feature = "account-secret"))] {
/// use apptoken::{AccountSecret, Builder, PartnerId, Privileges, Region};
///
/// let admin = Builder::new(Region::Frankfurt).admin(PartnerId::new(1234567)?, AccountSecret::parse("…")?);
/// let handover = admin.run(admin.provision("importer", "importer@example.org")?.privileges(Privileges::new().list_all()))?;
/// println!("{handover:#?}");
/// # }
/// # Ok::<(), apptoken::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Admin {
    link: Link,
    partner: PartnerId,
    authority: Authority,
    #[cfg(feature = "account-secret")]
    server_clock: signing::ServerClock,
}

/// The right of an [`Admin`] to administrate the account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Authority {
    /// The account's admin secret: an admin session is signed locally for each flow, without a request.
    #[cfg(feature = "account-secret")]
    Secret {
        /// The secret.
        secret: AccountSecret,
        /// The KS format that the account uses; V2 unless the account is old.
        version: KsVersion,
    },
    /// An admin session, or a session of a user whose role allows the actions.
    Session(Ks),
}

#[cfg(feature = "account-secret")]
impl From<AccountSecret> for Authority {
    fn from(secret: AccountSecret) -> Self {
        Self::Secret { secret, version: KsVersion::V2 }
    }
}

impl From<Ks> for Authority {
    fn from(ks: Ks) -> Self {
        Self::Session(ks)
    }
}

impl Admin {
    pub(crate) fn over(link: Link, partner: PartnerId, authority: Authority) -> Self {
        Self {
            link,
            partner,
            authority,
            #[cfg(feature = "account-secret")]
            server_clock: signing::ServerClock::default(),
        }
    }

    /// A session with this authority: a new session of one hour, signed locally, or the session that this client was made with.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the system returns no random bytes.
    pub fn session(&self) -> Result<Ks, Error> {
        match &self.authority {
            Authority::Session(ks) => Ok(ks.clone()),
            #[cfg(feature = "account-secret")]
            Authority::Secret { secret, version } => {
                signing::admin_session(self.partner, secret, *version, self.server_clock.time(self.now()))
            }
        }
    }

    /// The flow that makes sure that a service has its app token. Set the token's properties on it, then [`run`](Self::run)
    /// it.
    ///
    /// # Errors
    ///
    /// Like [`session`](Self::session).
    pub fn provision(&self, name: impl Into<String>, user_id: impl Into<String>) -> Result<Provision, Error> {
        Ok(Provision::new(self.endpoint().clone(), self.session()?, self.partner, name, user_id)
            .retry(self.link.retry()))
    }

    /// The flow that replaces an app token by a successor, and keeps or deletes the old one; [`run`](Self::run) it.
    ///
    /// [`Rotate`] describes the whole procedure, in which every worker always has a token that works.
    ///
    /// # Errors
    ///
    /// Like [`session`](Self::session).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use apptoken::admin::{Handover, OldToken};
    /// use apptoken::{Admin, AppTokenId, Error, Provider, UnixSeconds};
    ///
    /// const LONGEST_SESSION: Duration = Duration::from_secs(86_400);
    ///
    /// /// Puts the successor where the workers read it; returns when the old token is to be revoked.
    /// fn rotate(
    ///     admin: &Admin,
    ///     old: AppTokenId,
    ///     put_into_secret_manager: impl Fn(&Handover) -> Result<(), Error>,
    /// ) -> Result<Option<UnixSeconds>, Error> {
    ///     let rotation = admin.run(admin.rotate(old, OldToken::DeleteAfter(LONGEST_SESSION))?)?;
    ///     put_into_secret_manager(&rotation.successor)?;
    ///     Ok(rotation.pending_revocation.map(|pending| pending.due))
    /// }
    ///
    /// /// In each worker, for instance at a signal. Without it the worker uses the successor at its next renewal.
    /// fn reload(provider: &Provider) -> Result<bool, Error> {
    ///     provider.reload()
    /// }
    ///
    /// /// When the overlap has ended.
    /// fn revoke(admin: &Admin, old: AppTokenId) -> Result<bool, Error> {
    ///     Ok(admin.run(admin.revoke(old)?)?.existed)
    /// }
    /// ```
    pub fn rotate(&self, old: AppTokenId, old_token: OldToken) -> Result<Rotate, Error> {
        let rotate = Rotate::new(self.endpoint().clone(), self.session()?, self.partner, old, old_token);
        Ok(rotate.retry(self.link.retry()))
    }

    /// The flow that revokes an app token and its sessions; [`run`](Self::run) it.
    ///
    /// # Errors
    ///
    /// Like [`session`](Self::session).
    pub fn revoke(&self, id: AppTokenId) -> Result<Revoke, Error> {
        Ok(Revoke::new(self.endpoint().clone(), self.session()?, id).retry(self.link.retry()))
    }

    /// The flow that checks all app tokens of the account for risks; [`run`](Self::run) it.
    ///
    /// # Errors
    ///
    /// Like [`session`](Self::session).
    pub fn audit(&self) -> Result<Audit, Error> {
        Ok(Audit::new(self.endpoint().clone(), self.session()?).retry(self.link.retry()))
    }

    /// Lists all app tokens that match a filter, without their values.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
    pub fn app_tokens(&self, filter: AppTokenFilter) -> Result<Vec<AppToken>, Error> {
        let list = List::new(filter).without_token_values();
        self.run(AllPages::new(self.endpoint().clone(), list, self.session()?).retry(self.link.retry()))
    }

    /// Calls any action with this authority.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
    pub fn call<A: Action>(&self, action: A) -> Result<A::Reply, Error> {
        let call = |session| Call::new(self.endpoint().clone(), &action).with_ks(session).retry(self.link.retry());
        let session = self.session()?;
        self.run_signed(call(session.clone()), Some(&session), |session| Some(call(session)))
    }

    /// Runs any flow over this client's transport.
    ///
    /// If the server refuses the session that this client signed as already expired, because the clock of this machine is
    /// behind, it signs another one by the server's clock, once, and runs the flow again. Sessions that it signs later are
    /// right from the start.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind).
    pub fn run<F: Flow>(&self, flow: F) -> Result<F::Output, Error> {
        let session = flow.session().cloned();
        let copy = session.clone().and_then(|session| flow.with_other_session(session));
        self.run_signed(flow, session.as_ref(), |session| copy?.with_other_session(session))
    }

    #[cfg(not(feature = "account-secret"))]
    fn run_signed<F: Flow>(
        &self,
        flow: F,
        _: Option<&Ks>,
        _: impl FnOnce(Ks) -> Option<F>,
    ) -> Result<F::Output, Error> {
        self.link.run(flow)
    }

    /// Drives a flow that was started. Unlike [`run`](Self::run), this returns the flow's progress with its error, and does
    /// not sign another session.
    ///
    /// # Errors
    ///
    /// [`StoppedFlow`] if the flow cannot continue.
    pub fn drive<F: Flow>(&self, exchange: Exchange<F>) -> Result<F::Output, StoppedFlow<F>> {
        self.link.drive(exchange)
    }

    /// Ends all waits and requests of this client and its clones within a second, and refuses later ones; see
    /// [`Provider::stop`](crate::Provider::stop). The [transport](crate::Transport::stop) is stopped too, and so for all who share it.
    pub fn stop(&self) {
        self.link.stop();
    }

    /// The present time on this client's clock, for [`Flow::start`].
    #[must_use]
    pub fn now(&self) -> Moment {
        self.link.now()
    }

    /// The server.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.link.endpoint
    }
}
