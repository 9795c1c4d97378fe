//! Sessions signed with the account's secret.

use std::time::Duration;

use apptoken_core::value::KsVersion;
use apptoken_core::{AccountSecret, Error, Ks, Moment, PartnerId, SessionType};
use apptoken_ks::KsFields;

/// Long enough for a flow with its retries, and short enough to limit the harm if the KS leaks.
const SESSION_LIFETIME: Duration = Duration::from_secs(3600);

/// Signs an admin session as the server would, without a request.
pub(super) fn admin_session(
    partner: PartnerId,
    secret: &AccountSecret,
    version: KsVersion,
    now: Moment,
) -> Result<Ks, Error> {
    let fields = KsFields::new(partner, SessionType::Admin, now.wall.plus(SESSION_LIFETIME));
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
