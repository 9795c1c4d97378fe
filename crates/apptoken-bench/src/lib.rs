//! A recorded login, to be run again and again without a network, and the work that no login can do without.

use apptoken_core::{
    AppTokenId, AppTokenSecret, Credential, Endpoint, Error, HashType, HttpResponse, Login, Moment, PartnerId, Session,
    Step, UnixSeconds,
};
use apptoken_golden::RecordedExchange;
use serde::Deserialize;
use sha2::digest::Output;
use sha2::{Digest as _, Sha256};

/// A login that a real server once answered: SHA256, a KS V2, some 700 bytes of replies.
#[derive(Debug)]
pub struct RecordedLogin {
    login: Login,
    token: String,
    widget: HttpResponse,
    session: HttpResponse,
    now: Moment,
}

impl RecordedLogin {
    /// Loads the recording.
    ///
    /// # Errors
    ///
    /// What is missing, if the recording is not what it was.
    pub fn load() -> Result<Self, Box<dyn std::error::Error>> {
        let recording = apptoken_golden::recording("happy_sha256_p101").ok_or("no such recording")?;
        let called = |action: &str| {
            let mut exchanges = recording.exchanges.iter();
            exchanges.find(|exchange| exchange.request.path.ends_with(action)).ok_or("no such exchange")
        };
        let start = called("/startSession")?;
        let AddedToken { id, token, partner_id } = serde_json::from_str(&called("/add")?.response.body)?;
        let credential = Credential::new(
            PartnerId::new(partner_id)?,
            AppTokenId::parse(id)?,
            AppTokenSecret::parse(&token)?,
            HashType::Sha256,
        );
        Ok(Self {
            login: Login::new(Endpoint::parse("https://www.kaltura.com")?, credential),
            token,
            widget: response(called("/startWidgetSession")?),
            session: response(start),
            now: Moment { wall: UnixSeconds(start.unix_time), elapsed: Default::default() },
        })
    }

    /// The login, ready to start.
    #[must_use]
    pub fn login(&self) -> Login {
        self.login.clone()
    }

    /// Logs in, with the recorded replies for a network.
    ///
    /// # Errors
    ///
    /// The core's own, if it does not accept the recorded replies.
    pub fn log_in(&self, login: Login) -> Result<Session, Error> {
        let step = login.start(self.now)?.receive(&self.widget, self.now)?;
        let Step::Send(exchange) = step else {
            return Err(Error::invalid_input("the recorded widget session led to no second request"));
        };
        match exchange.receive(&self.session, self.now)? {
            Step::Done(session) => Ok(session),
            step => Err(Error::invalid_input(format!("the recorded session was followed by {step:?}"))),
        }
    }

    /// Does what no login can do without: reads both replies, and hashes the KS and the token.
    ///
    /// # Errors
    ///
    /// Those of the JSON reader.
    pub fn bare_work(&self) -> Result<BareLogin, serde_json::Error> {
        let widget: WidgetReply = serde_json::from_slice(self.widget.body())?;
        let hash = Sha256::new().chain_update(&widget.ks).chain_update(&self.token).finalize();
        let session = serde_json::from_slice(self.session.body())?;
        Ok(BareLogin { widget, hash, session })
    }
}

/// What the bare work gives.
#[derive(Debug)]
pub struct BareLogin {
    /// The first reply.
    pub widget: WidgetReply,
    /// The token hash, before it is written in hex.
    pub hash: Output<Sha256>,
    /// The second reply.
    pub session: SessionReply,
}

/// What a login needs of `session.startWidgetSession`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names are Kaltura's.
pub struct WidgetReply {
    pub partner_id: i64,
    pub ks: String,
}

/// What a login needs of `appToken.startSession`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names are Kaltura's.
pub struct SessionReply {
    pub ks: String,
    pub session_type: u8,
    pub partner_id: String,
    pub user_id: String,
    pub expiry: i64,
    pub privileges: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddedToken {
    id: String,
    token: String,
    partner_id: u32,
}

fn response(exchange: &RecordedExchange) -> HttpResponse {
    let recorded = &exchange.response;
    HttpResponse::new(recorded.status, recorded.headers.clone(), recorded.body.clone().into_bytes())
}
