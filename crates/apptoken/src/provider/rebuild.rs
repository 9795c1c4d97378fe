use apptoken_core::app_token::StartedSession;
use apptoken_core::{
    Credential, Endpoint, Error, HashChoice, HashType, HttpResponse, Login, Moment, Privileges, RetryPolicy, Session,
    SessionOptions, SessionType, Step, UnixSeconds,
};
use serde::Serialize;

/// What the server told of a session elsewhere than in the reply to a [`Login`]: in a batch, or to another process.
pub(crate) struct Told {
    pub(crate) started: StartedSession,
    pub(crate) hash_type: HashType,
    pub(crate) server_time: Option<UnixSeconds>,
}

impl Told {
    /// Makes the session that a login would have ended with, by the login's own reading and checks.
    ///
    /// # Errors
    ///
    /// Like the login: above all a session that ended, or one of another account.
    pub(crate) fn into_session(
        self,
        endpoint: &Endpoint,
        credential: &Credential,
        options: &SessionOptions,
        obtained_at: Moment,
    ) -> Result<Session, Error> {
        let Self { started, hash_type, server_time } = self;
        let credential = Credential { hash: HashChoice::Known(hash_type), ..credential.clone() };
        let login = Login::new(endpoint.clone(), credential).options(options.clone()).retry(RetryPolicy::none());
        let exchange = login.start_with(started.ks.clone(), obtained_at)?;
        let body = serde_json::to_vec(&Reply::from(&started)).unwrap_or_default();
        let reply = HttpResponse::new(200, header(server_time), body);
        match exchange.receive(&reply, obtained_at)? {
            Step::Done(session) => Ok(session),
            step @ (Step::Send(_) | Step::Wait(..)) => {
                Err(Error::invalid_input(format!("a session that was told is not one: {step:?}")))
            }
        }
    }
}

fn header(server_time: Option<UnixSeconds>) -> Option<(&'static str, String)> {
    server_time.map(|time| ("X-Kaltura-Session", format!("0, {time}")))
}

/// The reply of `appToken.startSession`.
#[derive(Serialize)]
pub(crate) struct Reply<'a> {
    ks: &'a str,
    #[serde(rename = "sessionType")]
    session_type: SessionType,
    #[serde(rename = "partnerId")]
    partner_id: i64,
    #[serde(rename = "userId")]
    user_id: &'a str,
    expiry: i64,
    privileges: &'a Privileges,
}

impl<'a> Reply<'a> {
    pub(crate) fn of(session: &'a Session) -> Self {
        Self {
            ks: session.ks().expose(),
            session_type: session.session_type(),
            partner_id: session.partner().get().into(),
            user_id: session.user_id(),
            expiry: session.expires_at().0,
            privileges: session.privileges(),
        }
    }
}

impl<'a> From<&'a StartedSession> for Reply<'a> {
    fn from(started: &'a StartedSession) -> Self {
        let StartedSession { ks, session_type, partner_id, user_id, expiry, privileges } = started;
        Self {
            ks: ks.expose(),
            session_type: *session_type,
            partner_id: *partner_id,
            user_id,
            expiry: expiry.0,
            privileges,
        }
    }
}
