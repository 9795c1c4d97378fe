//! What a token that exists has in other ways than requested.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::{Provision, ServiceExpiry};
use crate::api::app_token::AppToken;
use crate::error::Error;
use crate::error::code::is_safe_text;
use crate::error::kind::ErrorKind;
use crate::value::privileges::Privileges;
use crate::value::session_type::SessionType;
use crate::value::time::UnixSeconds;

impl Provision {
    /// The error that names each setting of the existing token that differs from the requested one.
    pub(super) fn conflict(&self, token: &AppToken, now: UnixSeconds) -> Option<Error> {
        let differences = self.differences(token, now);
        let (name, id) = (&self.name, &token.id);
        (!differences.is_empty()).then(|| {
            Error::new(ErrorKind::Conflict)
                .detail(format!("the app token of {name}, {id}, exists with other settings: {}", differences.join("; ")))
                .advise(
                    "request the settings that it has, change them (appToken.update), revoke the token if nothing uses it, or choose another name",
                )
        })
    }

    fn differences(&self, token: &AppToken, now: UnixSeconds) -> Vec<String> {
        let requested = &self.token;
        let privileges = requested.session_privileges.clone().unwrap_or_default();
        let found_privileges = token.session_privileges.clone().unwrap_or_default();
        [
            difference("hash type", shown_or(requested.hash_type, "any"), token.hash_type),
            difference("session type", session_type(requested.session_type), session_type(token.session_type)),
            difference(
                "longest session",
                format!("{} s", requested.session_duration.unwrap_or_default().as_secs()),
                format!("{} s", token.longest_session().as_secs()),
            ),
            (!is_same_set(&privileges, &found_privileges))
                .then(|| report("privileges", shown_privileges(&privileges), shown_privileges(&found_privileges))),
            (!self.expiry.matches(token.expiry, now))
                .then(|| report("expiry", self.wanted_expiry(now), shown_or(token.expiry, "never"))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn wanted_expiry(&self, now: UnixSeconds) -> String {
        match self.expiry {
            ServiceExpiry::After(duration) => format!("at the latest {}", now.plus(duration)),
            ServiceExpiry::At(expiry) => expiry.unix_seconds().to_string(),
            ServiceExpiry::Never => "never".into(),
        }
    }
}

fn difference(setting: &str, wanted: impl fmt::Display, found: impl fmt::Display) -> Option<String> {
    let (wanted, found) = (wanted.to_string(), found.to_string());
    (wanted != found).then(|| report(setting, wanted, found))
}

fn report(setting: &str, wanted: impl fmt::Display, found: impl fmt::Display) -> String {
    let found = found.to_string();
    format!("{setting}: wanted {wanted}, found {}", if is_safe_text(&found) { &found } else { "another value" })
}

fn session_type(session_type: Option<SessionType>) -> String {
    session_type.map_or_else(|| "any".into(), |session_type| format!("{session_type:?}"))
}

/// The order of privileges has no meaning.
fn is_same_set(one: &Privileges, other: &Privileges) -> bool {
    one.without(other).is_empty() && other.without(one).is_empty()
}

fn shown_privileges(privileges: &Privileges) -> String {
    if privileges.is_empty() { "none".into() } else { privileges.to_string() }
}

fn shown_or(value: Option<impl fmt::Display>, absent: &str) -> String {
    value.map_or_else(|| absent.into(), |value| value.to_string())
}
