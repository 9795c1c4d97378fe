//! Compares the fake with a small model of the server, in random sequences of steps on an account.
//!
//! The steps use the typed actions. The model predicts every result and error code. After each step it also predicts
//! which of all started sessions are still valid.

mod model;
mod steps;

use std::collections::BTreeSet;
use std::time::Duration;

use apptoken_core::api::app_token::{
    Add, AppToken, AppTokenChanges, AppTokenFilter, AppTokenOrder, AppTokenStatus, Delete, Get, List, NewAppToken,
    StartSession, TokenExpiry, Update,
};
use apptoken_core::api::session::{End, Start, StartWidgetSession};
use apptoken_core::api::user;
use apptoken_core::api::user::NewUser;
use apptoken_core::api::user_role;
use apptoken_core::api::user_role::NewUserRole;
use apptoken_core::api::{Page, Pager};
use apptoken_core::value::{Change, KsVersion, TokenHash};
use apptoken_core::{
    Action, AppTokenId, AppTokenSecret, Call, Clock as _, Endpoint, Error, ErrorKind, HashType, KalturaCode, Ks,
    KsFault, Privileges, SessionOptions, SessionType, UnixSeconds, drive,
};
use apptoken_transport_fake::{Account, Fake};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use self::model::{Caller, DAY, Kind, Model, Prediction, Right, Role, Token};
use self::steps::{By, Changes, Proof, Settings, Step, Wanted, Wishes, life};
use crate::client::partner;

type Outcome<T = ()> = Result<T, TestCaseError>;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_reply_is_the_one_the_model_predicts(
        version in select(vec![KsVersion::V1, KsVersion::V2]),
        life in life(),
    ) {
        let mut world = World::new(version);
        for step in life {
            world.take(step)?;
            world.check_time()?;
            world.check_sessions()?;
        }
    }
}

/// The fake, the model, and values that only the fake knows: token ids and KS strings.
struct World {
    fake: Fake,
    model: Model,
    tokens: Vec<AppToken>,
    sessions: Vec<Ks>,
    /// The sessions that have expired. They stay expired, because the clock only advances.
    over: BTreeSet<usize>,
    reader: String,
    deleter: String,
    elapsed: Duration,
}

impl World {
    fn new(version: KsVersion) -> Self {
        let fake = Fake::builder().build();
        fake.add_account(Account::new(partner()).ks_version(version));
        let model = Model::new(fake.clock().time().0);
        let mut world = Self {
            fake,
            model,
            tokens: Vec::new(),
            sessions: Vec::new(),
            over: BTreeSet::new(),
            reader: String::new(),
            deleter: String::new(),
            elapsed: Duration::ZERO,
        };
        world.reader = world.role(Role::READER, &["APP_TOKEN_BASE", "BASE_USER_SESSION_PERMISSION"]);
        world.deleter = world.role(Role::DELETER, &["APP_TOKEN_DELETE"]);
        world
    }

    /// Creates a role and returns its id.
    fn role(&self, name: &str, permissions: &[&str]) -> String {
        let user_role = NewUserRole { system_name: Some(name.to_owned()), ..NewUserRole::new(name, permissions) };
        self.call(Caller::Administrator, user_role::Add { user_role }).unwrap().id.to_string()
    }

    fn take(&mut self, step: Step) -> Outcome {
        match step {
            Step::AddToken(by, settings) => self.add_token(self.caller(&by), &settings),
            Step::ChangeToken(by, token, changes) => self.change_token(self.caller(&by), self.token(token), &changes),
            Step::DeleteToken(by, token) => self.delete_token(self.caller(&by), self.token(token)),
            Step::ReadToken(by, token) => self.read_token(self.caller(&by), self.token(token)),
            Step::ListTokens(by, wanted) => self.list_tokens(self.caller(&by), &wanted),
            Step::StartWidgetSession { lifetime } => self.start_widget_session(lifetime),
            Step::StartSession { session_type, user, lifetime } => self.start_session(session_type, user, lifetime),
            Step::LogIn { by, token, proof, wishes } => {
                self.log_in(self.caller(&by), self.token(token), proof, &wishes)
            }
            Step::EndSession(by) => self.end_session(self.caller(&by)),
            Step::AddUser(by, user, role) => self.add_user(self.caller(&by), user, role),
            Step::DeleteUser(by, user) => self.delete_user(self.caller(&by), user),
            Step::Wait(seconds) => {
                self.fake.clock().advance(Duration::from_secs(seconds.into()));
                self.model.now += i64::from(seconds);
                Ok(())
            }
        }
    }

    fn add_token(&mut self, caller: Caller, settings: &Settings) -> Outcome {
        let &Settings { user, session_type, lifetime, ends_in, privileges, hash_type } = settings;
        let app_token = NewAppToken {
            expiry: ends_in.map(|seconds| self.expiry(seconds)),
            session_type,
            session_user_id: user.map(str::to_owned),
            session_duration: lifetime.map(seconds),
            session_privileges: privileges.map(Privileges::parse),
            hash_type,
            description: None,
        };
        let actual = self.call(caller, Add { app_token });
        let Some((number, token)) = agree(self.model.add_token(caller, settings), actual)? else { return Ok(()) };
        prop_assert!(self.tokens.iter().all(|other| other.id != token.id), "no id is given twice");
        self.tokens.push(token.clone());
        self.check_token(number, &token)
    }

    fn change_token(&mut self, caller: Caller, token: Option<usize>, changes: &Changes) -> Outcome {
        let &Changes { user, session_type, lifetime, ends_in, privileges, hash_type } = changes;
        let change = token.map_or(1, |number| self.model.tokens[number].changes + 1);
        let update = Update {
            id: self.id(token),
            changes: AppTokenChanges {
                expiry: map(ends_in, |seconds| self.expiry(seconds)),
                session_type,
                session_user_id: map(user, str::to_owned),
                session_duration: lifetime.map(seconds),
                session_privileges: map(privileges, Privileges::parse),
                hash_type,
                description: change.to_string().into(),
            },
        };
        let actual = self.call(caller, update);
        match agree(self.model.change_token(caller, token, changes), actual)? {
            Some((number, token)) => self.check_token(number, &token),
            None => Ok(()),
        }
    }

    fn delete_token(&mut self, caller: Caller, token: Option<usize>) -> Outcome {
        let actual = self.call(caller, Delete { id: self.id(token) });
        agree(self.model.delete_token(caller, token), actual).map(drop)
    }

    fn read_token(&mut self, caller: Caller, token: Option<usize>) -> Outcome {
        let actual = self.call(caller, Get { id: self.id(token) });
        match agree(self.model.read_token(caller, token), actual)? {
            Some((number, token)) => self.check_token(number, &token),
            None => Ok(()),
        }
    }

    /// Reads all pages, and one more.
    fn list_tokens(&mut self, caller: Caller, wanted: &Wanted) -> Outcome {
        let predicted = self.model.list_tokens(caller, wanted);
        let pages = predicted.as_ref().map_or(0, |tokens| tokens.len().div_ceil(wanted.page_size.into()));
        let mut found = Vec::new();
        for index in 0..=pages {
            let actual = self.page(caller, wanted, index);
            let Some((expected, page)) = agree(predicted.clone(), actual)? else { return Ok(()) };
            let left = expected.len() - found.len();
            prop_assert_eq!(page.total_count, i64::try_from(expected.len()).unwrap(), "total of page {}", index + 1);
            prop_assert_eq!(page.objects.len(), left.min(wanted.page_size.into()), "size of page {}", index + 1);
            found.extend(page.objects);
        }
        let numbers = found.iter().map(|token| self.tokens.iter().position(|known| known.id == token.id).unwrap());
        let mut numbers: Vec<usize> = numbers.collect();
        for (number, token) in numbers.iter().zip(&found) {
            self.check_token(*number, token)?;
        }
        prop_assert!(is_ordered(&found, wanted.order), "{:?}: {:?}", wanted.order, found);
        numbers.sort_unstable();
        prop_assert_eq!(Ok(numbers), predicted, "all pages together");
        Ok(())
    }

    fn page(&self, caller: Caller, wanted: &Wanted, index: usize) -> Result<Page<AppToken>, Error> {
        let ago = |seconds: u32| UnixSeconds(self.model.now - i64::from(seconds));
        let status = |is_disabled| if is_disabled { AppTokenStatus::Disabled } else { AppTokenStatus::Active };
        let mut list = List::new(AppTokenFilter {
            session_user_id_equal: wanted.user.map(str::to_owned),
            status_equal: wanted.is_disabled.map(status),
            created_since: wanted.created_since.map(ago),
            updated_until: wanted.updated_until.map(ago),
            order_by: wanted.order,
            ..AppTokenFilter::default()
        });
        list.pager = Some(Pager::new(wanted.page_size, u32::try_from(index).unwrap() + 1).unwrap());
        self.call(caller, list)
    }

    fn start_widget_session(&mut self, lifetime: Option<u32>) -> Outcome {
        let start = StartWidgetSession { lifetime_seconds: lifetime, ..StartWidgetSession::of(partner()) };
        let ks = self.call(Caller::Nobody, start).unwrap().ks;
        let number = self.model.start(Kind::Widget, "0", lifetime.map_or(DAY, i64::from));
        self.keep(number, ks)
    }

    fn start_session(&mut self, session_type: SessionType, user: &'static str, lifetime: u32) -> Outcome {
        let secret = self.fake.admin_secret(partner()).unwrap();
        let start = Start {
            user_id: Some(user.to_owned()),
            lifetime: Some(seconds(lifetime)),
            ..Start::new(partner(), secret, session_type)
        };
        let ks = self.call(Caller::Nobody, start).unwrap();
        let number = self.model.start(Kind::Plain(session_type), user, lifetime.into());
        self.keep(number, ks)
    }

    fn log_in(&mut self, caller: Caller, token: Option<usize>, proof: Proof, wishes: &Wishes) -> Outcome {
        let &Wishes { user, session_type, lifetime, privileges } = wishes;
        let mut options = SessionOptions::default();
        options.user_id = user.map(str::to_owned);
        options.session_type = session_type;
        options.lifetime = lifetime.map(seconds);
        options.privileges = privileges.map(Privileges::parse);
        let id = self.id(token);
        let ks = self.ks(caller);
        let start = StartSession { id: id.clone(), token_hash: self.hash(ks.as_ref(), token, proof), options };
        let actual = self.call_with(ks, start);
        let predicted = self.model.log_in(caller, token, id.as_str(), proof == Proof::Right, wishes);
        let Some((number, started)) = agree(predicted, actual)? else { return Ok(()) };
        let session = &self.model.sessions[number];
        prop_assert_eq!(Kind::Plain(started.session_type), session.kind);
        prop_assert_eq!(&started.user_id, session.user);
        prop_assert_eq!(started.expiry.0, session.until);
        prop_assert_eq!(started.partner_id, i64::from(partner().get()));
        prop_assert_eq!(started.privileges.to_string(), text(&session.privileges));
        let Token { expiry, lifetime, .. } = &self.model.tokens[session.token.unwrap()];
        prop_assert!(expiry.is_none_or(|end| started.expiry.0 <= end), "no session outlives its token");
        prop_assert!(started.expiry.0 <= self.model.now + lifetime, "nor what its token grants");
        self.keep(number, started.ks)
    }

    fn hash(&self, ks: Option<&Ks>, token: Option<usize>, proof: Proof) -> TokenHash {
        let other = AppTokenSecret::parse("00112233445566778899aabbccddeeff").unwrap();
        let value = token.and_then(|number| self.tokens[number].token.clone()).filter(|_| proof != Proof::OtherValue);
        let own = token.map_or(HashType::Sha1, |number| self.model.tokens[number].hash_type);
        let hash_type = match (proof, own) {
            (Proof::OtherType, HashType::Md5) => HashType::Sha512,
            (Proof::OtherType, _) => HashType::Md5,
            (_, own) => own,
        };
        let ks = ks.filter(|_| proof != Proof::OtherSession).cloned().unwrap_or_else(|| self.administrator());
        hash_type.token_hash(&ks, &value.unwrap_or(other))
    }

    fn end_session(&mut self, caller: Caller) -> Outcome {
        let actual = self.call(caller, End::every_session_of_the_app_token_for_a_day());
        agree(self.model.end(caller), actual).map(drop)
    }

    fn add_user(&mut self, caller: Caller, user: &'static str, role: Option<Role>) -> Outcome {
        let role_ids = role.map(|role| match role {
            Role::Reader => self.reader.clone(),
            Role::Deleter => self.deleter.clone(),
        });
        let actual = self.call(caller, user::Add { user: NewUser { role_ids, ..NewUser::new(user) } });
        agree(self.model.add_user(caller, user, role), actual).map(drop)
    }

    fn delete_user(&mut self, caller: Caller, user: &'static str) -> Outcome {
        let actual = self.call(caller, user::Delete { user_id: user.to_owned() });
        agree(self.model.delete_user(caller, user), actual).map(drop)
    }

    /// Stores a started session, whose KS must have the predicted fields.
    fn keep(&mut self, number: usize, ks: Ks) -> Outcome {
        let said = apptoken_ks::open(ks.expose(), |_| self.fake.admin_secret(partner())).unwrap();
        let session = &self.model.sessions[number];
        prop_assert_eq!(said.is_admin(), session.kind == Kind::Plain(SessionType::Admin));
        prop_assert_eq!(said.is_widget_session(), session.kind == Kind::Widget);
        prop_assert_eq!(said.user_id.as_deref(), Some(session.user));
        prop_assert_eq!(said.expires_at(), Some(UnixSeconds(session.until)));
        prop_assert_eq!(said.privileges.unwrap_or_default(), text(&session.privileges));
        self.sessions.push(ks);
        Ok(())
    }

    fn check_token(&self, number: usize, token: &AppToken) -> Outcome {
        let expected = &self.model.tokens[number];
        let known = &self.tokens[number];
        prop_assert_eq!(&token.id, &known.id);
        prop_assert_eq!(exposed(token), exposed(known));
        prop_assert_eq!(token.status, AppTokenStatus::Active);
        prop_assert_eq!(token.created_at.0, expected.created_at);
        prop_assert_eq!(token.updated_at.0, expected.updated_at);
        prop_assert_eq!(token.expiry, expected.expiry.map(UnixSeconds));
        prop_assert_eq!(token.session_type, expected.session_type);
        prop_assert_eq!(token.session_user_id.as_deref(), expected.user);
        prop_assert_eq!(token.session_duration, Some(expected.lifetime));
        prop_assert_eq!(token.session_privileges.clone(), expected.privileges.map(Privileges::parse));
        prop_assert_eq!(token.hash_type, expected.hash_type);
        prop_assert_eq!(token.description.clone(), (expected.changes > 0).then(|| expected.changes.to_string()));
        Ok(())
    }

    /// Advances the clock. Requests themselves take no time.
    fn check_time(&mut self) -> Outcome {
        let now = self.fake.clock().now();
        prop_assert_eq!(now.wall.0, self.model.now);
        prop_assert!(now.elapsed >= self.elapsed);
        self.elapsed = now.elapsed;
        Ok(())
    }

    /// Checks which of all started sessions are valid.
    fn check_sessions(&mut self) -> Outcome {
        for number in (0..self.sessions.len()).filter(|number| !self.over.contains(number)).collect::<Vec<_>>() {
            let caller = Caller::Session(number);
            let mut list = List::default();
            list.pager = Some(Pager::new(1, 1).unwrap());
            let predicted = self.model.allow(caller, Right::ReadTokens);
            if predicted == Err("INVALID_KS EXPIRED") {
                self.over.insert(number);
            }
            if let Some(((), page)) = agree(predicted, self.call(caller, list))? {
                prop_assert_eq!(page.total_count, i64::try_from(self.model.count_tokens()).unwrap());
                prop_assert!(self.model.now < self.model.sessions[number].until, "no session lives on after its end");
            }
        }
        Ok(())
    }

    fn call<A: Action>(&self, caller: Caller, action: A) -> Result<A::Reply, Error> {
        self.call_with(self.ks(caller), action)
    }

    fn call_with<A: Action>(&self, ks: Option<Ks>, action: A) -> Result<A::Reply, Error> {
        let call = Call::new(Endpoint::parse("https://kaltura.example.org").unwrap(), action);
        let call = match ks {
            Some(ks) => call.with_ks(ks),
            None => call,
        };
        let clock = self.fake.clock();
        Ok(drive(call.start(clock.now()).unwrap(), &self.fake, clock)?)
    }

    fn caller(&self, by: &By) -> Caller {
        match by {
            By::Nobody => Caller::Nobody,
            By::Session(index) if !self.sessions.is_empty() => Caller::Session(index.index(self.sessions.len())),
            By::Administrator | By::Session(_) => Caller::Administrator,
        }
    }

    fn ks(&self, caller: Caller) -> Option<Ks> {
        match caller {
            Caller::Nobody => None,
            Caller::Administrator => Some(self.administrator()),
            Caller::Session(number) => Some(self.sessions[number].clone()),
        }
    }

    fn administrator(&self) -> Ks {
        self.fake.admin_session(partner()).unwrap()
    }

    /// One of the tokens, including deleted ones, or sometimes none.
    fn token(&self, index: Index) -> Option<usize> {
        Some(index.index(self.tokens.len() + 1)).filter(|number| *number < self.tokens.len())
    }

    fn id(&self, token: Option<usize>) -> AppTokenId {
        token.map_or_else(|| AppTokenId::parse("0_unknown").unwrap(), |number| self.tokens[number].id.clone())
    }

    fn expiry(&self, seconds: u32) -> TokenExpiry {
        TokenExpiry::after(self::seconds(seconds), UnixSeconds(self.model.now)).unwrap()
    }
}

/// Checks that both succeed or both fail with the same error.
fn agree<T, U>(predicted: Prediction<T>, actual: Result<U, Error>) -> Outcome<Option<(T, U)>> {
    match (predicted, actual.map_err(|error| code(&error))) {
        (Ok(predicted), Ok(actual)) => Ok(Some((predicted, actual))),
        (Err(predicted), Err(actual)) if predicted == actual => Ok(None),
        (predicted, actual) => {
            let (predicted, actual) = (predicted.err().unwrap_or("success"), actual.err());
            let actual = actual.as_deref().unwrap_or("success");
            Err(TestCaseError::fail(format!("{predicted} was predicted, {actual} was the answer")))
        }
    }
}

/// The code of an error; for `INVALID_KS` with its reason.
fn code(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::Expired)) => "INVALID_KS EXPIRED".to_owned(),
        ErrorKind::Kaltura(KalturaCode::InvalidKs(KsFault::LoggedOut)) => "INVALID_KS LOGOUT".to_owned(),
        _ => error.code().map_or_else(|| error.to_string(), str::to_owned),
    }
}

fn is_ordered(tokens: &[AppToken], order: Option<AppTokenOrder>) -> bool {
    match order {
        None => tokens.is_sorted_by_key(|token| &token.id),
        Some(AppTokenOrder::CreatedFirst) => tokens.is_sorted_by_key(|token| token.created_at),
        Some(AppTokenOrder::CreatedLast) => tokens.iter().rev().is_sorted_by_key(|token| token.created_at),
        Some(AppTokenOrder::UpdatedFirst) => tokens.is_sorted_by_key(|token| token.updated_at),
        Some(AppTokenOrder::UpdatedLast) => tokens.iter().rev().is_sorted_by_key(|token| token.updated_at),
        Some(other) => panic!("an order that the steps do not have: {other:?}"),
    }
}

fn text(privileges: &[(String, Vec<String>)]) -> String {
    let items: Vec<_> = privileges.iter().map(|(name, values)| format!("{name}:{}", values.join("/"))).collect();
    items.join(",")
}

fn exposed(token: &AppToken) -> Option<&str> {
    token.token.as_ref().map(AppTokenSecret::expose)
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

fn map<T, U>(change: Change<T>, into: impl FnOnce(T) -> U) -> Change<U> {
    match change {
        Change::Keep => Change::Keep,
        Change::Set(value) => Change::Set(into(value)),
        Change::Clear => Change::Clear,
    }
}
