//! The clients of the library, made of the settings. No other module makes one.

use apptoken::api::session::StartWidgetSession;
use apptoken::{
    Action, Admin, Builder, Call, Client, Clock as _, Credential, CredentialSource, Endpoint, Error, Flow, Ks,
    Observer, Provider, SessionOptions, SourceWarning, SystemClock, UreqTransport, drive,
};

use super::secret::{SecretKind, is_exposed};
use super::session::Watcher;
use super::settings::{Key, Settings};
use super::store;
use crate::console::Console;
use crate::failure::Failure;

/// A provider of sessions of the app token, which it shares with other runs.
pub(crate) fn provider(
    settings: &Settings,
    options: SessionOptions,
    observer: impl Observer + Send + Sync + 'static,
    console: &Console,
) -> Result<Provider, Failure> {
    options.check()?;
    // Read here too, so that a missing setting is reported with its cure.
    let (endpoint, _) = settings.config()?;
    let builder = builder(settings, endpoint)?.provider(TokenSource { settings: settings.clone() });
    let builder = builder.options(options).observer(observer);
    Ok(match store::open(settings, console)? {
        Some(store) => builder.store(store).build(),
        None => builder.build(),
    })
}

fn builder(settings: &Settings, endpoint: Endpoint) -> Result<Builder, Failure> {
    Ok(Builder::with_transport(endpoint, transport(settings)?))
}

/// The transport, with the proxy and the root certificates of the settings.
pub(crate) fn transport(settings: &Settings) -> Result<UreqTransport, Failure> {
    let (proxy, roots) = (settings.find(Key::Proxy)?, settings.root_certificates()?);
    let mut builder = UreqTransport::builder();
    if let Some(proxy) = proxy {
        builder = builder.proxy(proxy.value);
    }
    if let Some(roots) = roots {
        builder = builder.root_certificates(roots);
    }
    Ok(builder.build()?)
}

/// The app token of the settings, read again for each login, so that a long run follows a rotation.
struct TokenSource {
    settings: Settings,
}

impl CredentialSource for TokenSource {
    fn credential(&self) -> Result<Credential, Error> {
        let (_, credential) =
            self.settings.config().map_err(|failure| Error::invalid_input(failure.what().to_owned()))?;
        Ok(credential)
    }

    fn warning(&self) -> Option<SourceWarning> {
        let path = self.settings.secret(SecretKind::Token).ok().flatten()?.file?;
        is_exposed(&path).then_some(SourceWarning::Exposed { path })
    }
}

/// A client for one app token.
pub(crate) fn client(settings: &Settings, endpoint: Endpoint, credential: Credential) -> Result<Client, Failure> {
    Ok(builder(settings, endpoint)?.client(credential))
}

/// A client for the administration of the account, with the admin secret or an administrator's session.
pub(crate) fn administrator(settings: &Settings) -> Result<Admin, Failure> {
    match own_administrator(settings)? {
        Some(admin) => Ok(admin),
        None => Err(no_admin_secret()),
    }
}

/// Like [`administrator`], but without both it uses the app token's session, which can have the permissions.
pub(crate) fn admin(settings: &Settings, console: &Console) -> Result<Admin, Failure> {
    if let Some(admin) = own_administrator(settings)? {
        return Ok(admin);
    }
    let session = provider(settings, SessionOptions::default(), Watcher::new(settings, console), console)
        .map_err(|failure| {
            failure.cure("set KALTURA_ADMIN_SECRET_FILE, or the settings of an app token that may administrate")
        })?
        .session()?;
    Ok(builder(settings, settings.endpoint()?)?.admin(session.partner(), session.ks().clone()))
}

/// The most specific right first: a session is given for this run.
fn own_administrator(settings: &Settings) -> Result<Option<Admin>, Failure> {
    let builder = || builder(settings, settings.endpoint()?);
    if let Some(ks) = settings.admin_ks()? {
        return Ok(Some(builder()?.admin(settings.partner()?, ks)));
    }
    match settings.admin_secret()? {
        Some(secret) => Ok(Some(builder()?.admin(settings.partner()?, secret))),
        None => Ok(None),
    }
}

pub(crate) fn no_admin_secret() -> Failure {
    Failure::configuration("the account's admin secret is missing")
        .cure("set KALTURA_ADMIN_SECRET or KALTURA_ADMIN_SECRET_FILE, or run: apptoken config secret admin-secret")
}

/// What calls actions.
pub(crate) enum Caller {
    /// With a session of the app token, which is renewed when it ends.
    Token { provider: Provider, client: Client },
    /// With the admin secret or a widget session.
    Admin(Admin),
    /// Without a session.
    Anonymous(Anonymous),
}

impl Caller {
    pub(crate) fn of_token(settings: &Settings, options: SessionOptions, console: &Console) -> Result<Self, Failure> {
        let (endpoint, credential) = settings.config()?;
        let provider = provider(settings, options, Watcher::new(settings, console), console)?;
        Ok(Self::Token { provider, client: client(settings, endpoint, credential)? })
    }

    pub(crate) fn of_admin(settings: &Settings) -> Result<Self, Failure> {
        administrator(settings).map(Self::Admin)
    }

    /// With an anonymous widget session, which needs no secret.
    pub(crate) fn of_widget(settings: &Settings) -> Result<Self, Failure> {
        let partner = settings.partner()?;
        let anonymous = Anonymous::new(settings)?;
        let widget = anonymous.call(StartWidgetSession::of(partner))?;
        Ok(Self::Admin(Builder::with_transport(anonymous.endpoint, anonymous.transport).admin(partner, widget.ks)))
    }

    pub(crate) fn anonymous(settings: &Settings) -> Result<Self, Failure> {
        Anonymous::new(settings).map(Self::Anonymous)
    }

    pub(crate) fn call<A: Action>(&self, action: A) -> Result<A::Reply, Error> {
        match self {
            Self::Token { provider, .. } => provider.call(action),
            Self::Admin(admin) => admin.call(action),
            Self::Anonymous(anonymous) => anonymous.call(action),
        }
    }

    /// The session for requests that the caller makes itself, if it has one.
    pub(crate) fn ks(&self) -> Result<Option<Ks>, Error> {
        match self {
            Self::Token { provider, .. } => Ok(Some(provider.session()?.ks().clone())),
            Self::Admin(admin) => admin.session().map(Some),
            Self::Anonymous(_) => Ok(None),
        }
    }

    pub(crate) fn run<F: Flow>(&self, flow: F) -> Result<F::Output, Error> {
        match self {
            Self::Token { client, .. } => client.run(flow),
            Self::Admin(admin) => admin.run(flow),
            Self::Anonymous(anonymous) => anonymous.run(flow),
        }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Token { client, .. } => client.endpoint(),
            Self::Admin(admin) => admin.endpoint(),
            Self::Anonymous(anonymous) => &anonymous.endpoint,
        }
    }
}

/// Sends requests without a session.
pub(crate) struct Anonymous {
    endpoint: Endpoint,
    transport: UreqTransport,
    clock: SystemClock,
}

impl Anonymous {
    pub(crate) fn new(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self { endpoint: settings.endpoint()?, transport: transport(settings)?, clock: SystemClock::new() })
    }

    pub(crate) fn call<A: Action>(&self, action: A) -> Result<A::Reply, Error> {
        self.run(Call::new(self.endpoint.clone(), action))
    }

    fn run<F: Flow>(&self, flow: F) -> Result<F::Output, Error> {
        Ok(drive(flow.start(self.clock.now())?, &self.transport, self.clock)?)
    }
}
