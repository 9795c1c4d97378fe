//! A minimal model of the server. It does not use the fake.

use std::collections::BTreeMap;

use apptoken_core::value::Change;
use apptoken_core::{HashType, SessionType};

use super::steps::{Changes, Settings, Wanted, Wishes};

/// The expected account.
pub(super) struct Model {
    pub(super) now: i64,
    pub(super) tokens: Vec<Token>,
    pub(super) sessions: Vec<Session>,
    /// The roles of existing users, by their ids in lower case.
    users: BTreeMap<String, Option<Role>>,
}

pub(super) struct Token {
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) expiry: Option<i64>,
    pub(super) session_type: Option<SessionType>,
    pub(super) user: Option<&'static str>,
    pub(super) lifetime: i64,
    pub(super) privileges: Option<&'static str>,
    pub(super) hash_type: HashType,
    /// How often it was changed. The description contains the number, so every change changes something.
    pub(super) changes: u32,
    is_deleted: bool,
    /// Whether its sessions are revoked, including future ones.
    is_revoked: bool,
}

pub(super) struct Session {
    pub(super) kind: Kind,
    pub(super) user: &'static str,
    pub(super) until: i64,
    pub(super) privileges: Privileges,
    /// The token that started it.
    pub(super) token: Option<usize>,
    is_ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Widget,
    Plain(SessionType),
}

/// Names with their values, in their order.
pub(super) type Privileges = Vec<(String, Vec<String>)>;

/// The caller of an action.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caller {
    Nobody,
    Administrator,
    Session(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Right {
    AddTokens,
    ChangeTokens,
    DeleteTokens,
    ReadTokens,
    LogIn,
    ManageUsers,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    Reader,
    Deleter,
}

/// The result, or the error code; for `INVALID_KS` with its reason.
pub(super) type Prediction<T> = Result<T, &'static str>;

/// The maximum lifetime of the account, which is also the default duration of a token.
pub(super) const DAY: i64 = 86_400;

/// The reserved privileges among those of the steps.
const OF_THE_SERVER: [&str; 5] = ["list", "edit", "setrole", "sessionid", "apptoken"];

impl Role {
    pub(super) const READER: &str = "READER";
    pub(super) const DELETER: &str = "DELETER";

    fn rights(self) -> &'static [Right] {
        match self {
            Self::Reader => &[Right::ReadTokens, Right::LogIn],
            Self::Deleter => &[Right::DeleteTokens],
        }
    }
}

impl Model {
    pub(super) fn new(now: i64) -> Self {
        Self { now, tokens: Vec::new(), sessions: Vec::new(), users: BTreeMap::new() }
    }

    /// Whether the session of a caller is valid.
    fn admit(&self, caller: Caller) -> Prediction<&'static [Right]> {
        use Right::{AddTokens, ChangeTokens, DeleteTokens, LogIn, ManageUsers, ReadTokens};
        const ALL: &[Right] = &[AddTokens, ChangeTokens, DeleteTokens, ReadTokens, LogIn, ManageUsers];
        let session = match caller {
            Caller::Nobody => return Ok(&[]),
            Caller::Administrator => return Ok(ALL),
            Caller::Session(number) => &self.sessions[number],
        };
        if session.until <= self.now {
            return Err("INVALID_KS EXPIRED");
        }
        if session.is_ended || session.token.is_some_and(|token| self.tokens[token].is_revoked) {
            return Err("INVALID_KS LOGOUT");
        }
        let set_role = session.privileges.iter().find(|(name, _)| name == "setrole");
        match set_role.map(|(_, values)| values[0].as_str()) {
            Some(Role::READER) => return Ok(Role::Reader.rights()),
            Some(Role::DELETER) => return Ok(Role::Deleter.rights()),
            Some(_) => return Err("INVALID_OBJECT_ID"),
            None => {}
        }
        Ok(match (self.users.get(&session.user.to_lowercase()), session.kind) {
            (Some(Some(role)), _) => role.rights(),
            (_, Kind::Plain(SessionType::Admin)) => ALL,
            (_, Kind::Widget | Kind::Plain(SessionType::User)) => &[LogIn],
        })
    }

    pub(super) fn allow(&self, caller: Caller, right: Right) -> Prediction<()> {
        if self.admit(caller)?.contains(&right) { Ok(()) } else { Err("SERVICE_FORBIDDEN") }
    }

    /// The token, unless it is deleted.
    fn find(&self, token: Option<usize>) -> Prediction<usize> {
        token.filter(|token| !self.tokens[*token].is_deleted).ok_or("APP_TOKEN_ID_NOT_FOUND")
    }

    fn make_user(&mut self, user: Option<&str>) -> Prediction<()> {
        let Some(user) = user else { return Ok(()) };
        if user.contains(' ') {
            return Err("INVALID_FIELD_VALUE");
        }
        self.users.entry(user.to_lowercase()).or_insert(None);
        Ok(())
    }

    pub(super) fn add_token(&mut self, caller: Caller, settings: &Settings) -> Prediction<usize> {
        self.allow(caller, Right::AddTokens)?;
        self.make_user(settings.user)?;
        self.tokens.push(Token {
            created_at: self.now,
            updated_at: self.now,
            expiry: settings.ends_in.map(|seconds| self.now + i64::from(seconds)),
            session_type: settings.session_type,
            user: settings.user,
            lifetime: settings.lifetime.map_or(DAY, i64::from),
            privileges: settings.privileges,
            hash_type: settings.hash_type.unwrap_or(HashType::Sha1),
            changes: 0,
            is_deleted: false,
            is_revoked: false,
        });
        Ok(self.tokens.len() - 1)
    }

    pub(super) fn change_token(
        &mut self,
        caller: Caller,
        token: Option<usize>,
        changes: &Changes,
    ) -> Prediction<usize> {
        fn apply<T: Copy>(change: Change<T>, field: &mut Option<T>) {
            match change {
                Change::Keep => {}
                Change::Set(value) => *field = Some(value),
                Change::Clear => *field = None,
            }
        }
        self.allow(caller, Right::ChangeTokens)?;
        let number = self.find(token)?;
        if let Change::Set(user) = changes.user {
            self.make_user(Some(user))?;
        }
        let now = self.now;
        let token = &mut self.tokens[number];
        match changes.ends_in {
            Change::Keep => {}
            Change::Set(seconds) => token.expiry = Some(now + i64::from(seconds)),
            Change::Clear => token.expiry = None,
        }
        apply(changes.session_type, &mut token.session_type);
        apply(changes.user, &mut token.user);
        apply(changes.privileges, &mut token.privileges);
        token.lifetime = changes.lifetime.map_or(token.lifetime, i64::from);
        token.hash_type = changes.hash_type.unwrap_or(token.hash_type);
        token.changes += 1;
        token.updated_at = now;
        Ok(number)
    }

    pub(super) fn delete_token(&mut self, caller: Caller, token: Option<usize>) -> Prediction<()> {
        self.allow(caller, Right::DeleteTokens)?;
        let number = self.find(token)?;
        let token = &mut self.tokens[number];
        (token.is_deleted, token.is_revoked) = (true, true);
        Ok(())
    }

    pub(super) fn read_token(&self, caller: Caller, token: Option<usize>) -> Prediction<usize> {
        self.allow(caller, Right::ReadTokens)?;
        self.find(token)
    }

    /// The tokens of a list, in any order.
    pub(super) fn list_tokens(&self, caller: Caller, wanted: &Wanted) -> Prediction<Vec<usize>> {
        self.allow(caller, Right::ReadTokens)?;
        let is_wanted = |token: &Token| {
            let of_user = |user: &str| token.user.is_some_and(|own| own.eq_ignore_ascii_case(user));
            !token.is_deleted
                && wanted.user.is_none_or(of_user)
                && wanted.is_disabled != Some(true)
                && wanted.created_since.is_none_or(|ago| token.created_at >= self.now - i64::from(ago))
                && wanted.updated_until.is_none_or(|ago| token.updated_at <= self.now - i64::from(ago))
        };
        let all = self.tokens.iter().enumerate();
        Ok(all.filter(|(_, token)| is_wanted(token)).map(|(number, _)| number).collect())
    }

    pub(super) fn count_tokens(&self) -> usize {
        self.tokens.iter().filter(|token| !token.is_deleted).count()
    }

    /// A session without a token.
    pub(super) fn start(&mut self, kind: Kind, user: &'static str, lifetime: i64) -> usize {
        let privileges = match kind {
            Kind::Widget => parse("view:*,widget:1"),
            Kind::Plain(_) => Vec::new(),
        };
        let until = self.now + lifetime;
        self.sessions.push(Session { kind, user, until, privileges, token: None, is_ended: false });
        self.sessions.len() - 1
    }

    /// A session of a token. `id` is the token id in its privileges.
    pub(super) fn log_in(
        &mut self,
        caller: Caller,
        token: Option<usize>,
        id: &str,
        is_proven: bool,
        wishes: &Wishes,
    ) -> Prediction<usize> {
        self.allow(caller, Right::LogIn)?;
        let number = self.find(token)?;
        let token = &self.tokens[number];
        if !is_proven {
            return Err("INVALID_APP_TOKEN_HASH");
        }
        let longest = token.expiry.map_or(token.lifetime, |end| token.lifetime.min(end - self.now));
        if longest < 0 {
            return Err("APP_TOKEN_EXPIRED");
        }
        let lifetime = wishes.lifetime.map_or(longest, |wished| longest.min(i64::from(wished)));
        self.sessions.push(Session {
            kind: Kind::Plain(token.session_type.or(wishes.session_type).unwrap_or(SessionType::User)),
            user: token.user.or(wishes.user).unwrap_or_default(),
            until: self.now + lifetime,
            privileges: granted(id, token.privileges, wishes.privileges),
            token: Some(number),
            is_ended: false,
        });
        Ok(self.sessions.len() - 1)
    }

    /// Ends the session of the caller, and all sessions of its token.
    pub(super) fn end(&mut self, caller: Caller) -> Prediction<()> {
        self.admit(caller)?;
        let Caller::Session(number) = caller else { return Ok(()) };
        let session = &mut self.sessions[number];
        if session.kind == Kind::Widget {
            return Ok(());
        }
        session.is_ended = true;
        if let Some(token) = session.token {
            self.tokens[token].is_revoked = true;
        }
        Ok(())
    }

    pub(super) fn add_user(&mut self, caller: Caller, user: &str, role: Option<Role>) -> Prediction<()> {
        self.allow(caller, Right::ManageUsers)?;
        if user.contains(' ') {
            return Err("INVALID_FIELD_VALUE");
        }
        if self.users.contains_key(&user.to_lowercase()) {
            return Err("DUPLICATE_USER_BY_ID");
        }
        self.users.insert(user.to_lowercase(), role);
        Ok(())
    }

    /// Deletes a user and its tokens. Their sessions stay valid.
    pub(super) fn delete_user(&mut self, caller: Caller, user: &str) -> Prediction<()> {
        self.allow(caller, Right::ManageUsers)?;
        self.users.remove(&user.to_lowercase()).ok_or("INVALID_USER_ID")?;
        for token in &mut self.tokens {
            token.is_deleted |= token.user.is_some_and(|own| own.eq_ignore_ascii_case(user));
        }
        Ok(())
    }
}

/// The privileges of a session: those of the token, and the allowed ones of the request.
fn granted(id: &str, of_token: Option<&str>, asked: Option<&str>) -> Privileges {
    let mut all = parse(&format!("sessionid:{id},apptoken:{id}"));
    all.extend(of_token.map(parse).unwrap_or_default());
    let given = all.len();
    for (name, values) in asked.map(parse).unwrap_or_default() {
        match all[..given].iter_mut().find(|(there, _)| *there == name) {
            Some((_, there)) if there.contains(&"*".to_owned()) => *there = values,
            Some(_) => {}
            None if OF_THE_SERVER.contains(&name.as_str()) => {}
            None => all.push((name, values)),
        }
    }
    all
}

/// Parses `name:value/value,name`.
fn parse(text: &str) -> Privileges {
    let mut all = Privileges::new();
    for item in text.split(',') {
        let (name, values) = item.split_once(':').unwrap();
        let values: Vec<_> = values.split('/').map(str::to_owned).collect();
        match all.iter_mut().find(|(there, _)| there == name) {
            Some((_, there)) => there.extend(values),
            None => all.push((name.to_owned(), values)),
        }
    }
    all
}
