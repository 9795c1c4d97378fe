//! From the server to a session that may do what it should.

use std::time::Instant;

use apptoken::api::session::{self, StartWidgetSession};
use apptoken::api::{app_token, user, user_role};
use apptoken::{
    Call, Client, Clock as _, Endpoint, Error, ErrorKind, HashChoice, KalturaCode, KsFault, Login, Session,
    SystemClock, Transport as _, UnixSeconds,
};
use serde_json::{Map, json};

use super::report::{Link, Report};
use crate::commands::call::{NamedAction, only_reads};
use crate::failure::{Code, Failure};
use crate::setup::connect;
use crate::setup::settings::{Key, Settings};
use crate::show::time;
use crate::values::session_type_name;

pub(super) fn check(settings: &Settings, action: Option<&str>, report: &mut Report<'_>) {
    let Some(endpoint) = settings.endpoint().ok() else { return };
    if !service(settings, &endpoint, report) {
        return;
    }
    let Some(partner) = report_failure(report, Link::Account, settings.partner()) else { return };
    let anonymous = match connect::Anonymous::new(settings) {
        Ok(anonymous) => anonymous,
        Err(failure) => return report.broken(Link::Account, &failure),
    };
    let begun = Instant::now();
    match anonymous.call(StartWidgetSession::of(partner)) {
        Ok(_) => report.good(Link::Account, format!("{partner}, widget session in {} ms", begun.elapsed().as_millis())),
        Err(error) => return report.broken(Link::Account, &error.into()),
    }
    let Some((_, credential)) = report_failure(report, Link::Token, settings.config()) else { return };
    let client = connect::client(settings, endpoint, credential.clone());
    let Some(client) = report_failure(report, Link::Token, client) else { return };
    let Some(session) = log_in(settings, &client, &credential, report) else { return };
    token_end(settings, &session, &client, report);
    if !about_session(&client, &session, report) {
        return;
    }
    if let Some(name) = action {
        may_call(name, &client, &session, settings, report);
    }
}

fn report_failure<T>(report: &mut Report<'_>, link: Link, result: Result<T, Failure>) -> Option<T> {
    result.map_err(|failure| report.broken(link, &failure)).ok()
}

/// Whether the API answers at this URL, and by how much the clocks differ.
fn service(settings: &Settings, endpoint: &Endpoint, report: &mut Report<'_>) -> bool {
    let Some(transport) = report_failure(report, Link::Service, connect::transport(settings)) else { return false };
    let clock = SystemClock::new();
    let ping = NamedAction::new("system.ping", Map::new()).map(|ping| Call::new(endpoint.clone(), ping));
    let exchange = match ping.and_then(|call| Ok(call.start(clock.now())?)) {
        Ok(exchange) => exchange,
        Err(failure) => {
            report.broken(Link::Service, &failure);
            return false;
        }
    };
    let begun = Instant::now();
    let reply = match transport.send(exchange.request()) {
        Ok(reply) => reply,
        Err(failure) => {
            report.broken(Link::Service, &Error::from(failure).into());
            return false;
        }
    };
    let round_trip = begun.elapsed().as_millis();
    let server_time = reply.server_time();
    // An error of the API is an answer of the API.
    if let Err(stopped) = exchange.receive(&reply, clock.now())
        && !matches!(stopped.error.kind(), ErrorKind::Kaltura(_))
    {
        let failure = Failure::from(stopped.error);
        report.broken(Link::Service, &failure);
        return false;
    }
    report.good(Link::Service, format!("api_v3 answers, {round_trip} ms round trip"));
    match server_time {
        Some(server_time) => clocks(server_time, report),
        None => report.skip(Link::Clock, "the server does not say its time"),
    }
    true
}

fn clocks(server_time: UnixSeconds, report: &mut Report<'_>) {
    /// Beyond this, expiries are misjudged and TLS certificates can be refused.
    const LARGE_DIFFERENCE: u64 = 60;
    let ahead = time::now().seconds_since(server_time);
    let length = time::length(ahead.unsigned_abs());
    let text = match ahead {
        0 => "the same as the server's".to_owned(),
        1.. => format!("{length} ahead of the server"),
        _ => format!("{length} behind the server"),
    };
    if ahead.unsigned_abs() > LARGE_DIFFERENCE {
        let failure = Failure::new(Code::Failure, format!("this machine's clock is {text}"));
        report.broken(Link::Clock, &failure.cure("set this machine's clock, for instance with NTP"));
    } else {
        report.good(Link::Clock, text);
    }
}

fn log_in(
    settings: &Settings,
    client: &Client,
    credential: &apptoken::Credential,
    report: &mut Report<'_>,
) -> Option<Session> {
    let error = match client.login() {
        Ok(session) => {
            let hash = session.hash_type().as_str();
            let how = if credential.hash == HashChoice::Detect { ", detected" } else { "" };
            report.good(Link::Token, format!("{} logs in with {hash}{how}", credential.id));
            return Some(session);
        }
        Err(error) => error,
    };
    let failure = match (error.kind(), credential.hash) {
        (ErrorKind::Kaltura(KalturaCode::InvalidAppTokenHash), HashChoice::Known(wrong)) => {
            let detecting = apptoken::Credential { hash: HashChoice::Detect, ..credential.clone() };
            let login = Login::new(client.endpoint().clone(), detecting);
            let (id, wrong) = (&credential.id, wrong.as_str());
            match client.run(login) {
                Ok(session) => {
                    let right = session.hash_type().as_str();
                    let what = format!("{id}: the hash is refused with {wrong}, accepted with {right}");
                    Failure::new(Code::Refused, what).cure(settings.how_to_set(Key::HashType, right))
                }
                Err(_) => Failure::new(
                    Code::Refused,
                    format!("{id}: the hash is refused with each hash type, so the value is wrong"),
                )
                .cure("get the token's value again from the administrator, and replace it where apptoken config show says that it is kept"),
            }
        }
        _ => error.into(),
    };
    report.broken(Link::Token, &failure);
    report.skip(Link::Session, "needs a token that logs in");
    None
}

/// When the token itself ends. Only an administrator, or a session with the permission, can read it.
fn token_end(settings: &Settings, session: &Session, client: &Client, report: &mut Report<'_>) {
    const SOON: i64 = 30 * 86_400;
    let get = app_token::Get { id: session.app_token().clone() };
    let token = match settings.admin_secret() {
        Ok(Some(_)) => connect::administrator(settings).and_then(|admin| Ok(admin.call(get)?)),
        _ => client.call(session.ks(), get).map_err(Failure::from),
    };
    match token {
        Ok(token) => match token.expiry {
            None => report.good(Link::Token, "it does not expire"),
            Some(end) => {
                let text = format!("it expires at {}, {}", time::local(end), time::relative(end, time::now()));
                if end.seconds_since(time::now()) < SOON {
                    let cure = format!("apptoken token rotate {} --delete-after 1d --to FILE", token.id);
                    report.broken(Link::Token, &Failure::new(Code::Failure, text).cure(cure));
                } else {
                    report.good(Link::Token, text);
                }
            }
        },
        Err(_) => report.skip(Link::Token, "when it expires is for the administrator to read"),
    }
}

/// Whether the server accepts the session, and what it holds.
fn about_session(client: &Client, session: &Session, report: &mut Report<'_>) -> bool {
    // The server checks the session before the permission, which few sessions have.
    if let Err(error) = client.call(session.ks(), session::Get::default())
        && error.kind() != ErrorKind::Kaltura(KalturaCode::ServiceForbidden)
    {
        let failure = match error.kind() {
            ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::LoggedOut)) => Failure::new(
                Code::Refused,
                "a new session is refused as logged out: session.end was called on a session of this token, which ends all of \
                 them for a day",
            )
            .cure("wait a day, or use another token; and do not call session.end, drop the KS"),
            _ => error.into(),
        };
        report.broken(Link::Session, &failure);
        return false;
    }
    let user = if session.user_id().is_empty() { "no user" } else { session.user_id() };
    let (kind, left) = (session_type_name(session.session_type()), time::length(session.lifetime().as_secs()));
    report.good(Link::Session, format!("{kind} session of {user} for {left}, privileges {}", session.privileges()));
    true
}

fn may_call(name: &str, client: &Client, session: &Session, settings: &Settings, report: &mut Report<'_>) {
    let mut parameters = Map::new();
    if name.ends_with(".list") {
        parameters.insert("pager".into(), json!({"pageSize": 1, "pageIndex": 1}));
    }
    let action = match NamedAction::new(name, parameters) {
        Ok(action) => action,
        Err(failure) => return report.broken(Link::Action, &failure),
    };
    if !name.split('.').nth(1).is_some_and(only_reads) {
        report.skip(Link::Action, format!("{name} can change something, so only the real call can tell"));
        return role(settings, session, report);
    }
    match client.call(session.ks(), action) {
        Ok(_) => report.good(Link::Action, format!("{name} is allowed")),
        Err(error) => match error.kind() {
            // The server looks at the parameters before the permission.
            ErrorKind::Kaltura(KalturaCode::MissingMandatoryParameter) => {
                report.skip(Link::Action, format!("{name} needs parameters, so only the real call can tell"));
                role(settings, session, report);
            }
            _ => {
                report.broken(Link::Action, &error.into());
                role(settings, session, report);
            }
        },
    }
}

/// The roles of the session's user, which only the administrator can read.
fn role(settings: &Settings, session: &Session, report: &mut Report<'_>) {
    if session.user_id().is_empty() || !matches!(settings.admin_secret(), Ok(Some(_))) {
        return;
    }
    let read = || -> Result<String, Failure> {
        let admin = connect::administrator(settings)?;
        let user = admin.call(user::Get { user_id: Some(session.user_id().to_owned()) })?;
        let mut roles = Vec::new();
        for id in user.roles() {
            let role = admin.call(user_role::Get { user_role_id: id })?;
            roles.push(format!("{} ({})", role.name, role.permission_names));
        }
        Ok(if roles.is_empty() { "none, so the default permissions".to_owned() } else { roles.join("; ") })
    };
    match read() {
        Ok(roles) => report.note(Link::Action, format!("the roles of {}: {roles}", session.user_id())),
        Err(failure) => {
            report.note(Link::Action, format!("the roles of {} cannot be read: {}", session.user_id(), failure.what()))
        }
    }
}
