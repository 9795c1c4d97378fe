//! A recorded login that can be replayed without a network, and the minimum work of any login.

use apptoken_core::{
    AppTokenId, AppTokenSecret, Credential, Endpoint, Error, HashType, HttpResponse, Login, Moment, PartnerId, Session,
    Step, UnixSeconds,
};
use apptoken_golden::RecordedExchange;
use serde::Deserialize;
use sha2::digest::Output;
use sha2::{Digest as _, Sha256};

/// A login that was recorded from a real server: SHA256, KS V2, about 700 bytes of replies.
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
    /// If the recording or one of its exchanges is missing or has changed.
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

    /// A new login flow.
    #[must_use]
    pub fn login(&self) -> Login {
        self.login.clone()
    }

    /// Runs the login with the recorded replies.
    ///
    /// # Errors
    ///
    /// If the core rejects a recorded reply.
    pub fn log_in(&self, login: Login) -> Result<Session, Error> {
        let step = login.start(self.now)?.receive(&self.widget, self.now)?;
        let Step::Send(exchange) = step else {
            return Err(Error::invalid_input(
                "the flow did not send a second request after the recorded widget session",
            ));
        };
        match exchange.receive(&self.session, self.now)? {
            Step::Done(session) => Ok(session),
            step => Err(Error::invalid_input(format!("the flow continued after the recorded session with {step:?}"))),
        }
    }

    /// Does the minimum work of a login: parses both replies and hashes the KS and the token.
    ///
    /// # Errors
    ///
    /// If a reply is not valid JSON.
    pub fn minimum_work(&self) -> Result<MinimumLogin, serde_json::Error> {
        let widget: WidgetReply = serde_json::from_slice(self.widget.body())?;
        let hash = Sha256::new().chain_update(&widget.ks).chain_update(&self.token).finalize();
        let session = serde_json::from_slice(self.session.body())?;
        Ok(MinimumLogin { widget, hash, session })
    }
}

/// The results of the minimum work.
#[derive(Debug)]
pub struct MinimumLogin {
    /// The parsed first reply.
    pub widget: WidgetReply,
    /// The token hash, not yet in hex.
    pub hash: Output<Sha256>,
    /// The parsed second reply.
    pub session: SessionReply,
}

/// The fields of `session.startWidgetSession` that a login needs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names are those of Kaltura.
pub struct WidgetReply {
    pub partner_id: i64,
    pub ks: String,
}

/// The fields of `appToken.startSession` that a login needs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names are those of Kaltura.
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
