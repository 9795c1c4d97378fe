//! Sessions signed with the account's secret, without a request.

use std::sync::Arc;
use std::time::Duration;

use apptoken_core::value::KsVersion;
use apptoken_core::{
    AccountSecret, Error, ErrorKind, Flow, KalturaCode, Ks, KsFault, Moment, PartnerId, SessionType, UnixSeconds,
};
use apptoken_ks::KsFields;

use super::{Admin, Authority};
use crate::sync::{Mutex, lock};

/// Long enough for a flow with its retries, and short enough to limit the harm if the KS leaks.
const SESSION_LIFETIME: Duration = Duration::from_secs(3600);

impl Admin {
    /// Runs a flow. If the server says that the session, which was signed here, has expired, signs another one by the
    /// server's clock and runs the flow that `again` makes with it.
    ///
    /// The server checks the session before it acts, so nothing runs twice. A session that has expired before its first
    /// use means that the clock of this machine is behind.
    pub(super) fn run_signed<F: Flow>(
        &self,
        flow: F,
        session: Option<&Ks>,
        again: impl FnOnce(Ks) -> Option<F>,
    ) -> Result<F::Output, Error> {
        let refused = match self.link.run(flow) {
            Ok(output) => return Ok(output),
            Err(error) => error,
        };
        let Some(expiry) = session.and_then(|session| self.expiry_if_signed_here(session)) else {
            return Err(refused);
        };
        match refused.server_time() {
            Some(server_time) if is_expired(&refused) && server_time >= expiry => {
                self.server_clock.set(server_time, self.now());
                match again(self.session()?) {
                    Some(flow) => self.link.run(flow).map_err(|error| self.explain(error)),
                    None => Err(self.explain(refused)),
                }
            }
            _ => Err(self.explain(refused)),
        }
    }

    /// The expiry of a session that [`admin_session`] makes. One with other fields may have fewer rights, and must not be
    /// replaced by one of those.
    fn expiry_if_signed_here(&self, session: &Ks) -> Option<UnixSeconds> {
        let Authority::Secret { secret, .. } = &self.authority else { return None };
        let partner = self.partner.to_string();
        let opened = apptoken_ks::open(session.expose(), |id| (id == partner).then_some(secret)).ok()?;
        let is_empty = |text: &Option<String>| text.as_deref().unwrap_or_default().is_empty();
        (opened.is_admin() && is_empty(&opened.user_id) && is_empty(&opened.privileges)).then(|| opened.expires_at())?
    }

    /// Adds what only the signer of the session knows.
    fn explain(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::NotRecognised | KsFault::InvalidPartner)) => error.advise(
                "check the account secret, the partner id and the service URL: the session was signed with this secret, and the server does not recognise it as one of this account",
            ),
            ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::Expired)) => {
                let ours = self.now().wall;
                let server = error.server_time().map(|time| format!(", the server's shows {time}")).unwrap_or_default();
                error.advise(format!(
                    "set the clock of this machine, by which the session was signed: it shows {ours}{server}"
                ))
            }
            _ => error,
        }
    }
}

fn is_expired(error: &Error) -> bool {
    error.kind() == ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::Expired))
}

/// The server's clock, once a session was refused because the clock of this machine is behind.
///
/// It runs with the monotonic clock, so it stays right when the clock of this machine is set.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerClock(Arc<Mutex<Option<Reading>>>);

#[derive(Clone, Copy, Debug)]
struct Reading {
    server_time: UnixSeconds,
    elapsed: Duration,
}

impl ServerClock {
    fn set(&self, server_time: UnixSeconds, now: Moment) {
        *lock(&self.0) = Some(Reading { server_time, elapsed: now.elapsed });
    }

    /// The present time: the server's if it is known, or else this machine's.
    pub(super) fn time(&self, now: Moment) -> UnixSeconds {
        match *lock(&self.0) {
            Some(reading) => reading.server_time.plus(now.elapsed.saturating_sub(reading.elapsed)),
            None => now.wall,
        }
    }
}

/// Signs an admin session as the server would, without a request.
pub(super) fn admin_session(
    partner: PartnerId,
    secret: &AccountSecret,
    version: KsVersion,
    now: UnixSeconds,
) -> Result<Ks, Error> {
    let fields = KsFields::new(partner, SessionType::Admin, now.plus(SESSION_LIFETIME));
    let random = random_bytes()?;
    Ok(match version {
        KsVersion::V1 => apptoken_ks::mint_v1(secret, &fields, &u128::from_le_bytes(random).to_string()),
        KsVersion::V2 => apptoken_ks::mint_v2(secret, &fields, random),
    })
}

fn random_bytes() -> Result<[u8; 16], Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)
        .map_err(|_| Error::invalid_input("the system returned no random bytes, which are needed to sign a session"))?;
    Ok(random)
}
