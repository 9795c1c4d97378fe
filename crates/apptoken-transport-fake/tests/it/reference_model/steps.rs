//! Random steps.

use apptoken_core::api::app_token::AppTokenOrder;
use apptoken_core::value::Change;
use apptoken_core::{HashType, SessionType};
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::model::Role;

#[derive(Clone, Debug)]
pub(super) enum Step {
    AddToken(By, Settings),
    ChangeToken(By, Index, Changes),
    DeleteToken(By, Index),
    ReadToken(By, Index),
    ListTokens(By, Wanted),
    StartWidgetSession { lifetime: Option<u32> },
    StartSession { session_type: SessionType, user: &'static str, lifetime: u32 },
    LogIn { by: By, token: Index, proof: Proof, wishes: Wishes },
    EndSession(By),
    AddUser(By, &'static str, Option<Role>),
    DeleteUser(By, &'static str),
    Wait(u32),
}

/// The caller; the administrator if there is no session yet.
#[derive(Clone, Debug)]
pub(super) enum By {
    Nobody,
    Administrator,
    Session(Index),
}

/// The properties of a new token.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) user: Option<&'static str>,
    pub(super) session_type: Option<SessionType>,
    pub(super) lifetime: Option<u32>,
    pub(super) ends_in: Option<u32>,
    pub(super) privileges: Option<&'static str>,
    pub(super) hash_type: Option<HashType>,
}

/// The changes of a token.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    pub(super) user: Change<&'static str>,
    pub(super) session_type: Change<SessionType>,
    pub(super) lifetime: Option<u32>,
    pub(super) ends_in: Change<u32>,
    pub(super) privileges: Change<&'static str>,
    pub(super) hash_type: Option<HashType>,
}

/// The request of a login.
#[derive(Clone, Debug)]
pub(super) struct Wishes {
    pub(super) user: Option<&'static str>,
    pub(super) session_type: Option<SessionType>,
    pub(super) lifetime: Option<u32>,
    pub(super) privileges: Option<&'static str>,
}

/// The input of the token hash.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Proof {
    Right,
    OtherSession,
    OtherType,
    OtherValue,
}

/// The filter and page size of a list.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) user: Option<&'static str>,
    pub(super) is_disabled: Option<bool>,
    /// In seconds before now.
    pub(super) created_since: Option<u32>,
    pub(super) updated_until: Option<u32>,
    pub(super) order: Option<AppTokenOrder>,
    pub(super) page_size: u16,
}

/// User ids, which have no case. The last one is invalid.
const USERS: [&str; 5] = ["alice", "ALICE", "bob", "importer@example.org", "no user"];

/// `setrole` with an existing role, an unknown role and a role that the login may choose.
const OF_TOKENS: [&str; 7] =
    ["list:*", "edit:*,mine:1/2", "mine:*", "setrole:READER", "setrole:DELETER", "setrole:NONE", "setrole:*"];

const OF_LOGINS: [&str; 6] = [
    "list:0_a",
    "edit:0_b/0_c",
    "mine:3,other:4",
    "setrole:READER",
    "other:1,other:2",
    "sessionid:x,apptoken:y,view:*",
];

/// Lifetimes and waits are equal in some cases, to test the boundaries of expiry.
const SECONDS: [u32; 6] = [1, 10, 60, 600, 3_600, 86_400];

/// A sequence of steps. It starts with new tokens, because most steps need one.
pub(super) fn life() -> impl Strategy<Value = Vec<Step>> {
    let token = settings().prop_map(|settings| Step::AddToken(By::Administrator, settings));
    (vec(token, 2..=4), vec(step(), 20..=40)).prop_map(|(first, further)| first.into_iter().chain(further).collect())
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (by(), settings()).prop_map(|(by, settings)| Step::AddToken(by, settings)),
        2 => (by(), any::<Index>(), changes()).prop_map(|(by, token, changes)| Step::ChangeToken(by, token, changes)),
        2 => (by(), any::<Index>()).prop_map(|(by, token)| Step::DeleteToken(by, token)),
        1 => (by(), any::<Index>()).prop_map(|(by, token)| Step::ReadToken(by, token)),
        2 => (by(), wanted()).prop_map(|(by, wanted)| Step::ListTokens(by, wanted)),
        2 => weighted(0.5, seconds()).prop_map(|lifetime| Step::StartWidgetSession { lifetime }),
        1 => (session_type(), select(&USERS), seconds())
            .prop_map(|(session_type, user, lifetime)| Step::StartSession { session_type, user, lifetime }),
        9 => (by_session(), any::<Index>(), proof(), wishes())
            .prop_map(|(by, token, proof, wishes)| Step::LogIn { by, token, proof, wishes }),
        1 => by_session().prop_map(Step::EndSession),
        1 => (by(), select(&USERS), of(select(vec![Role::Reader, Role::Deleter])))
            .prop_map(|(by, user, role)| Step::AddUser(by, user, role)),
        1 => (by(), select(&USERS)).prop_map(|(by, user)| Step::DeleteUser(by, user)),
        4 => prop_oneof![5 => select(&SECONDS[..4]), 1 => seconds()].prop_map(Step::Wait),
    ]
}

/// Usually a caller with permission.
fn by() -> impl Strategy<Value = By> {
    prop_oneof![1 => Just(By::Nobody), 9 => Just(By::Administrator), 4 => any::<Index>().prop_map(By::Session)]
}

fn by_session() -> impl Strategy<Value = By> {
    prop_oneof![1 => Just(By::Nobody), 6 => Just(By::Administrator), 9 => any::<Index>().prop_map(By::Session)]
}

fn settings() -> impl Strategy<Value = Settings> {
    let fields =
        (of(user()), of(session_type()), of(seconds()), of(seconds()), of(select(&OF_TOKENS)), of(hash_type()));
    fields.prop_map(|(user, session_type, lifetime, ends_in, privileges, hash_type)| Settings {
        user,
        session_type,
        lifetime,
        ends_in,
        privileges,
        hash_type,
    })
}

fn changes() -> impl Strategy<Value = Changes> {
    let fields = (
        change(user()),
        change(session_type()),
        of(seconds()),
        change(seconds()),
        change(select(&OF_TOKENS)),
        of(hash_type()),
    );
    fields.prop_map(|(user, session_type, lifetime, ends_in, privileges, hash_type)| Changes {
        user,
        session_type,
        lifetime,
        ends_in,
        privileges,
        hash_type,
    })
}

fn wishes() -> impl Strategy<Value = Wishes> {
    let fields = (of(user()), of(session_type()), of(seconds()), of(select(&OF_LOGINS)));
    fields.prop_map(|(user, session_type, lifetime, privileges)| Wishes { user, session_type, lifetime, privileges })
}

fn wanted() -> impl Strategy<Value = Wanted> {
    use AppTokenOrder::{CreatedFirst, CreatedLast, UpdatedFirst, UpdatedLast};
    let order = select(vec![CreatedFirst, CreatedLast, UpdatedFirst, UpdatedLast]);
    let fields = (
        weighted(0.3, user()),
        weighted(0.2, any::<bool>()),
        weighted(0.3, seconds()),
        weighted(0.3, seconds()),
        weighted(0.8, order),
        1..5_u16,
    );
    fields.prop_map(|(user, is_disabled, created_since, updated_until, order, page_size)| Wanted {
        user,
        is_disabled,
        created_since,
        updated_until,
        order,
        page_size,
    })
}

fn proof() -> impl Strategy<Value = Proof> {
    let wrong = select(vec![Proof::OtherSession, Proof::OtherType, Proof::OtherValue]);
    prop_oneof![8 => Just(Proof::Right), 1 => wrong]
}

fn change<T: Clone + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Change<T>> {
    prop_oneof![2 => Just(Change::Keep), 1 => value.prop_map(Change::Set), 1 => Just(Change::Clear)]
}

fn user() -> impl Strategy<Value = &'static str> {
    select(&USERS)
}

fn session_type() -> impl Strategy<Value = SessionType> {
    prop_oneof![3 => Just(SessionType::User), 1 => Just(SessionType::Admin)]
}

fn seconds() -> impl Strategy<Value = u32> {
    select(&SECONDS)
}

fn hash_type() -> impl Strategy<Value = HashType> {
    select(HashType::ALL.to_vec())
}
