use apptoken_core::{
    AppTokenId, AppTokenSecret, Credential, Endpoint, Error, HashChoice, HashType, Ks, Login, Moment, PartnerId,
    Privileges, Session, Step, TransportFailure,
};

use crate::script::{NOW, answers, split_once};
use crate::secrets::Secrets;

const TOKEN: &str = "d20f7d006404f2aad05bbdaac413b1e3";
const GIVEN_KS: &str = "djJ8MTAxfHOcbB43AGbzCl-uuS_em747hYrN-VWOsxogON3MJVqHE31Q";

/// A whole login with any replies: it returns a session or a typed error, and shows no secret.
///
/// The first line has the hash type (any other text means detection) and the start: nothing, `ks`, or `ks-or-widget`. The
/// rest is a script of replies.
pub fn login(input: &[u8]) -> bool {
    let (plan, script) = split_once(input, b"\n");
    let plan = String::from_utf8_lossy(plan);
    let (hash, start) = plan.split_once(' ').unwrap_or((&plan, ""));
    let hash = hash.parse::<HashType>().map_or(HashChoice::Detect, HashChoice::Known);
    let mut secrets = Secrets::of(&[TOKEN, GIVEN_KS]);
    match log_in(hash, start, script, &mut secrets) {
        Ok((session, obtained_at)) => {
            secrets.assert_not_in(&session);
            check(&session, hash, obtained_at);
            true
        }
        Err(error) => {
            secrets.assert_not_in_error(&error);
            assert!(error.action().is_some() && !error.advice().is_empty());
            false
        }
    }
}

/// The session, and when its login ended.
fn log_in(hash: HashChoice, start: &str, script: &[u8], secrets: &mut Secrets) -> Result<(Session, Moment), Error> {
    let held = Ks::parse(GIVEN_KS)?;
    let mut exchange = match start {
        "ks" => requested(hash)?.start_with(held, NOW)?,
        "ks-or-widget" => requested(hash)?.start_with_or_widget(held, NOW)?,
        _ => requested(hash)?.start(NOW)?,
    };
    let mut now = NOW;
    let mut answers = answers(script);
    for _ in 0..most_requests(hash, start) {
        secrets.sent(exchange.request());
        secrets.assert_not_in(&exchange);
        let answer = answers.next().unwrap_or_else(|| Err(TransportFailure::unknown("no more replies in the script")));
        let step = match answer {
            Ok(reply) => {
                secrets.received(&reply);
                exchange.receive(&reply, now)
            }
            Err(failure) => exchange.failed(failure, now),
        };
        exchange = match step? {
            Step::Send(next) => next,
            Step::Wait(wait, next) => {
                now = Moment { wall: now.wall.plus(wait), elapsed: now.elapsed + wait };
                assert!(now.elapsed.as_secs() <= 60, "a wait after the deadline");
                next
            }
            Step::Done(session) => {
                secrets.assert_not_in(&session);
                return Ok((session, now));
            }
        };
    }
    panic!("more requests than a login has: {exchange:?}")
}

/// A login that requests all options, so that each can differ in the reply.
fn requested(hash: HashChoice) -> Result<Login, Error> {
    let credential =
        Credential::new(PartnerId::new(101)?, AppTokenId::parse("0_jgc81x8q")?, AppTokenSecret::parse(TOKEN)?, hash);
    Ok(Login::new(Endpoint::parse("https://kaltura.example.org")?, credential)
        .user("user-sha256")
        .lifetime(std::time::Duration::from_secs(3600))
        .privileges(Privileges::parse("list:*,edit:1_a/1_b")))
}

/// At most three attempts of each request; with detection, each hash type once.
fn most_requests(hash: HashChoice, start: &str) -> usize {
    match (hash, start) {
        (HashChoice::Detect, "ks" | "ks-or-widget") => 4,
        (HashChoice::Detect, _) => 5,
        (_, "ks") => 3,
        (_, "ks-or-widget") => 9,
        _ => 12,
    }
}

fn check(session: &Session, hash: HashChoice, obtained_at: Moment) {
    assert_eq!((session.partner().get(), session.app_token().as_str()), (101, "0_jgc81x8q"));
    assert!(hash == HashChoice::Detect || hash == HashChoice::Known(session.hash_type()));
    assert!(session.server_time().is_none_or(|now| session.expires_at() > now), "born expired");
    assert_eq!(session.lifetime().is_zero(), session.expires_at() <= session.server_time().unwrap_or(obtained_at.wall));
    assert!(!session.ks().expose().is_empty());
    let dropped = &session.changes().dropped_privileges;
    assert!(dropped.iter().all(|privilege| ["list", "edit"].contains(&privilege.name())));
}
