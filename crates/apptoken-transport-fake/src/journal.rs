//! The requests that the fake handled, without secrets.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use apptoken_core::UnixSeconds;
use serde::Serialize;

use crate::action_name::ActionName;
use crate::model::column::cut_bytes;
use crate::php::cast::to_text;
use crate::php::{Array, Value};

/// A log of the requests that a fake handled. It never holds a KS, a token value, a hash or a secret.
///
/// [`Fake::journal`](crate::Fake::journal) returns a copy, which does not change.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Journal {
    /// Shared with copies of the journal, because requests wait while a copy is made.
    entries: VecDeque<Arc<JournalEntry>>,
    requests: u64,
    counts: BTreeMap<String, u64>,
    /// The size of all entries.
    #[serde(skip)]
    bytes: usize,
    /// Hashes of the accounts, app tokens and users that had a session.
    #[serde(skip)]
    logins: HashSet<u64>,
}

/// A request in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct JournalEntry {
    /// The number of the request, counted from 1.
    pub number: u64,
    /// The time of the request on the fake's clock, in seconds since 1970.
    pub at: i64,
    /// The HTTP method.
    pub method: Cow<'static, str>,
    /// The action, such as `appToken.startSession`, or `multirequest`; empty if the request did not reach the API.
    pub action: Cow<'static, str>,
    /// The account that the request names with a KS, a widget id or a partner id.
    pub partner: Option<i64>,
    /// The names of up to 64 parameters, with the values that cannot be secret.
    pub parameters: Vec<(Cow<'static, str>, Option<String>)>,
    /// The HTTP status; `None` if there was no reply.
    pub status: Option<u16>,
    /// `ok`, the code of the API error, or a description such as `HTTP 500` or `no reply`.
    pub outcome: Cow<'static, str>,
    /// The actions and outcomes of up to 64 parts of a multirequest.
    pub parts: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The fault that was applied.
    pub fault: Option<String>,
    /// The numbers of the test's own answers that were given, up to 64.
    pub answers: Vec<u64>,
    /// The sessions that it started, up to 64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<StartedSession>,
    /// Its approximate size in bytes, once it is complete.
    #[serde(skip)]
    size: usize,
}

/// A session that a request started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StartedSession {
    /// `widget`, `user` or `admin`.
    pub kind: &'static str,
    /// When it expires, in seconds since 1970.
    pub expires_at: i64,
    /// The user, if there is one whose id cannot be a secret.
    pub user: Option<String>,
    /// The id of the app token.
    pub app_token: Option<String>,
    /// Whether the same account, app token and user had a session before, since the journal was cleared.
    #[serde(rename = "renewal")]
    pub is_renewal: bool,
}

/// Parameters whose values are shown if they do not look like a secret, in the order of their bytes.
const SHOWN: &[&str] = &[
    "action",
    "apiVersion",
    "description",
    "expiry",
    "format",
    "hashType",
    "id",
    "idEqual",
    "idIn",
    "impersonatedPartnerId",
    "name",
    "objectType",
    "orderBy",
    "pageIndex",
    "pageSize",
    "partnerId",
    "permissionNames",
    "privileges",
    "roleIds",
    "service",
    "sessionDuration",
    "sessionPrivileges",
    "sessionType",
    "sessionUserId",
    "sessionUserIdEqual",
    "statusEqual",
    "statusIn",
    "type",
    "userId",
    "userRoleId",
    "widgetId",
];

/// How many parameters and parts of one request are recorded.
const MAX_PARAMETERS: usize = 64;
pub(crate) const MAX_PARTS: usize = 64;

/// Longer names are replaced.
const MAX_NAME: usize = 64;

/// How many different actions are counted. There is a limit because clients can invent names.
const MAX_COUNTED: usize = 1_000;

/// How many different logins are remembered. There is a limit because clients can invent users.
const MAX_LOGINS: usize = 10_000;

/// A session that was just made, for the journal.
#[derive(Clone)]
pub(crate) struct NewSessionNote {
    pub(crate) partner_id: i64,
    pub(crate) kind: &'static str,
    pub(crate) expires_at: i64,
    pub(crate) user: String,
    pub(crate) app_token: Option<String>,
}

/// The size of all entries in bytes. If it is exceeded, the oldest entries are dropped.
const MAX_BYTES: usize = 16 << 20;

impl Journal {
    /// How often an action was called, alone or as part of a multirequest.
    ///
    /// # Panics
    ///
    /// If no action of the API has this name. The message names the nearest one.
    #[must_use]
    #[track_caller]
    pub fn count(&self, action: &str) -> u64 {
        let action = ActionName::of_test(action);
        let of_action = self.counts.iter().filter(|(name, _)| name.eq_ignore_ascii_case(action.as_str()));
        of_action.map(|(_, count)| count).sum()
    }

    /// The number of requests.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// The latest requests, oldest first: up to 10,000, unless
    /// [`Builder::journal_capacity`](crate::Builder::journal_capacity) sets another limit. The counts include all
    /// requests.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &JournalEntry> {
        self.entries.iter().map(Arc::as_ref)
    }

    /// The latest request.
    #[must_use]
    pub fn last(&self) -> Option<&JournalEntry> {
        self.entries.back().map(Arc::as_ref)
    }

    /// A copy without the requests up to a number.
    pub(crate) fn after(&self, number: u64) -> Self {
        let oldest = self.entries.front().map_or(0, |entry| entry.number);
        let skipped = usize::try_from(number.saturating_add(1).saturating_sub(oldest)).unwrap_or(usize::MAX);
        let entries: VecDeque<_> = self.entries.range(skipped.min(self.entries.len())..).cloned().collect();
        let bytes = entries.iter().map(|entry| entry.size).sum();
        Self { entries, requests: self.requests, counts: self.counts.clone(), bytes, logins: HashSet::new() }
    }

    /// The entry of a session.
    pub(crate) fn describe(&mut self, session: NewSessionNote) -> StartedSession {
        let NewSessionNote { partner_id, kind, expires_at, user, app_token } = session;
        let is_renewal = match &app_token {
            Some(token) => !self.remember((partner_id, token, &user)),
            None => false,
        };
        let shown = |text: String| Some(text).filter(|text| !text.is_empty() && is_harmless(text));
        StartedSession {
            kind,
            expires_at,
            user: shown(user).filter(|_| kind != "widget"),
            app_token: app_token.and_then(shown),
            is_renewal,
        }
    }

    /// Whether the login is the first one of its kind. Beyond a limit, every login counts as the first one.
    fn remember(&mut self, login: (i64, &String, &String)) -> bool {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(login);
        if self.logins.len() >= MAX_LOGINS {
            return !self.logins.contains(&hash);
        }
        self.logins.insert(hash)
    }

    pub(crate) fn add(&mut self, mut entry: JournalEntry, capacity: usize) {
        self.requests += 1;
        entry.number = self.requests;
        self.count_call(&entry.action);
        entry.size = entry.measured_size();
        self.bytes += entry.size;
        self.entries.push_back(Arc::new(entry));
        while self.entries.len() > capacity.max(1) || (self.bytes > MAX_BYTES && self.entries.len() > 1) {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.size;
        }
    }

    /// Counts a call of an action, which can be a part of a multirequest.
    pub(crate) fn count_call(&mut self, action: &str) {
        if let Some(count) = self.counts.get_mut(action) {
            *count += 1;
        } else if self.counts.len() < MAX_COUNTED {
            self.counts.insert(action.to_owned(), 1);
        }
    }
}

impl JournalEntry {
    pub(crate) fn new(at: UnixSeconds, method: &str) -> Self {
        Self {
            number: 0,
            at: at.0,
            method: short(method),
            action: Cow::Borrowed(""),
            partner: None,
            parameters: Vec::new(),
            status: None,
            outcome: Cow::Borrowed(""),
            parts: Vec::new(),
            fault: None,
            answers: Vec::new(),
            sessions: Vec::new(),
            size: 0,
        }
    }

    fn measured_size(&self) -> usize {
        const EACH: usize = size_of::<(Cow<'static, str>, Option<String>)>();
        let parameters = self.parameters.iter().map(|(name, value)| name.len() + value.as_ref().map_or(0, String::len));
        let parts = self.parts.iter().map(|(action, outcome)| action.len() + outcome.len());
        let texts =
            [&*self.method, &*self.action, &*self.outcome].into_iter().chain(self.fault.as_deref()).map(str::len);
        let sessions = self.sessions.iter().map(|session| {
            size_of::<StartedSession>()
                + [&session.user, &session.app_token].into_iter().flatten().map(String::len).sum::<usize>()
        });
        size_of::<Self>()
            + size_of_val(&*self.answers)
            + sessions.sum::<usize>()
            + parameters.chain(parts).map(|length| EACH + length).chain(texts).sum::<usize>()
    }
}

/// The parameters as the journal shows them.
pub(crate) fn shown(params: &Array) -> Vec<(Cow<'static, str>, Option<String>)> {
    let mut shown = Vec::with_capacity(params.len().min(MAX_PARAMETERS));
    collect(params, "", &mut shown);
    shown
}

fn collect(params: &Array, prefix: &str, shown: &mut Vec<(Cow<'static, str>, Option<String>)>) {
    for (key, value) in params {
        if shown.len() >= MAX_PARAMETERS {
            return;
        }
        let own = key.to_text();
        let last = own.rsplit(':').next().unwrap_or_default();
        let known = SHOWN.binary_search(&last).ok().and_then(|at| SHOWN.get(at));
        let mut name = match known {
            Some(known) if prefix.is_empty() && *known == own => Cow::Borrowed(*known),
            _ => Cow::Owned([prefix, &*own].concat()),
        };
        // A longer name is not shown, and it would be copied for each value in the array.
        if name.len() > MAX_NAME {
            cut_bytes(name.to_mut(), MAX_NAME + 1);
        }
        match value {
            Value::Array(inner) => collect(inner, &format!("{name}:"), shown),
            value => {
                let text = known.map(|_| to_text(value));
                let text = text.filter(|text| is_harmless(text)).map(Cow::into_owned);
                shown.push((short_name(name), text));
            }
        }
    }
}

/// Whether a text is short and has no long run of letters and digits, as secrets have.
pub(crate) fn is_harmless(text: &str) -> bool {
    const LONGEST_RUN: usize = 19;
    let is_of_run = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(byte);
    text.len() <= 200 && text.as_bytes().split(|byte| !is_of_run(byte)).all(|run| run.len() <= LONGEST_RUN)
}

/// A name from a client, if it cannot be a secret.
pub(crate) fn short_name(name: Cow<'static, str>) -> Cow<'static, str> {
    match name {
        // A static name is one of the API.
        Cow::Borrowed(_) => name,
        Cow::Owned(_) if name.len() <= MAX_NAME && name.split([':', '.', '_']).all(is_harmless) => name,
        Cow::Owned(_) => "(long name)".into(),
    }
}

fn short(method: &str) -> Cow<'static, str> {
    match method {
        "POST" => "POST".into(),
        "GET" => "GET".into(),
        _ if method.len() <= 10 && method.bytes().all(|byte| byte.is_ascii_uppercase()) => method.to_owned().into(),
        _ => "(other)".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::php::json::decode;

    #[test]
    fn values_are_shown_only_if_they_cannot_be_secret() {
        let params = decode(
            r#"{"ks":"djJ8MTAzfJDN","id":"0_ab12cd34","tokenHash":"ab","appToken":{"sessionUserId":"alice","token":"x"},"secret":"a104","userId":"00112233445566778899aabbccddeeff"}"#,
        );
        let Some(Value::Array(params)) = params else { panic!("an object") };
        let expected = [
            ("ks", None),
            ("id", Some("0_ab12cd34")),
            ("tokenHash", None),
            ("appToken:sessionUserId", Some("alice")),
            ("appToken:token", None),
            ("secret", None),
            ("userId", None),
        ];
        let expected: Vec<_> = expected.map(|(name, value)| (Cow::Borrowed(name), value.map(str::to_owned))).into();
        assert_eq!(shown(&params), expected);
    }

    #[test]
    fn every_shown_name_is_found() {
        assert!(SHOWN.is_sorted());
    }

    #[test]
    fn old_requests_are_dropped_but_still_counted() {
        let mut journal = Journal::default();
        for _ in 0..5 {
            let mut entry = JournalEntry::new(UnixSeconds(1), "POST");
            entry.action = "system.ping".into();
            journal.add(entry, 2);
        }
        assert_eq!((journal.count("system.PING"), journal.requests(), journal.entries().count()), (5, 5, 2));
        assert_eq!(journal.last().map(|entry| entry.number), Some(5));
    }

    #[test]
    fn old_requests_are_dropped_beyond_the_byte_limit() {
        let mut journal = Journal::default();
        for _ in 0..2_000 {
            let mut entry = JournalEntry::new(UnixSeconds(1), "POST");
            entry.parameters = vec![("name".into(), Some("v".repeat(200))); MAX_PARAMETERS];
            journal.add(entry, usize::MAX);
        }
        assert_eq!(journal.bytes, journal.entries().map(JournalEntry::measured_size).sum::<usize>());
        assert!(journal.bytes <= MAX_BYTES && journal.entries().count() > 500, "{}", journal.bytes);
        assert_eq!((journal.requests(), journal.counts.get("")), (2_000, Some(&2_000)));
    }
}
