//! Compares the fake with a small model of users and their logins, in random sequences of calls.

use std::collections::BTreeMap;

use apptoken_core::{Ks, PartnerId};
use apptoken_transport_fake::{Account, Fake};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::client::{call, code, reply};

const ACCOUNTS: [u32; 2] = [101, 102];
const IDS: [&str; 5] = ["a", "b", "c", "d", "e"];
const EMAILS: [&str; 4] = ["one@x.co", "ONE@x.co", "two@x.co", "bad"];

/// How an e-mail address or text is given: absent, as a value, or as a null.
#[derive(Clone, Copy, Debug)]
enum Given {
    Absent,
    Value(&'static str),
    Null,
}

#[derive(Clone, Copy, Debug)]
enum Password {
    None,
    Weak,
    Strong,
}

#[derive(Clone, Debug)]
enum Step {
    Add { account: u32, id: &'static str, is_admin: bool, email: Given, password: Password },
    Change { account: u32, id: &'static str, email: Given, description: Given, status: Given },
    Delete { account: u32, id: &'static str },
    List { account: u32, is_admin: Option<bool>, has_login: Option<bool> },
}

#[derive(Clone, Debug, Default)]
struct User {
    is_admin: bool,
    email: Option<String>,
    description: String,
    login: Option<String>,
    is_blocked: bool,
}

#[derive(Default)]
struct Model {
    users: BTreeMap<(u32, &'static str), User>,
}

impl Model {
    /// The error code of a new user; empty if it is added.
    fn add(
        &mut self,
        account: u32,
        id: &'static str,
        is_admin: bool,
        email: Given,
        password: Password,
    ) -> &'static str {
        let email = match email {
            Given::Absent => None,
            Given::Value(email) => Some(email),
            Given::Null => return "HTTP 500",
        };
        if self.users.contains_key(&(account, id)) {
            return "DUPLICATE_USER_BY_ID";
        }
        let mut user = User { is_admin, email: email.map(str::to_owned), ..User::default() };
        if is_admin || !matches!(password, Password::None) {
            let email = email.unwrap_or_default().to_lowercase();
            if !email.contains('@') {
                return "INVALID_FIELD_VALUE";
            }
            let is_counted = |(key, user): &(&(u32, &str), &User)| {
                key.0 == account && user.is_admin && user.login.is_some() && !user.is_blocked
            };
            if is_admin && self.users.iter().filter(is_counted).count() >= 3 {
                return "ADMIN_LOGIN_USERS_QUOTA_EXCEEDED";
            }
            let same: Vec<u32> = self
                .users
                .iter()
                .filter(|(_, user)| user.login.as_ref() == Some(&email))
                .map(|(key, _)| key.0)
                .collect();
            if same.contains(&account) {
                return "DUPLICATE_USER_BY_LOGIN_ID";
            }
            if same.is_empty() && matches!(password, Password::Weak) {
                return "PASSWORD_STRUCTURE_INVALID";
            }
            user.login = Some(email);
        }
        self.users.insert((account, id), user);
        ""
    }

    fn change(
        &mut self,
        account: u32,
        id: &'static str,
        email: Given,
        description: Given,
        status: Given,
    ) -> &'static str {
        if matches!(email, Given::Null) {
            return "HTTP 500";
        }
        let Some(user) = self.users.get_mut(&(account, id)) else { return "INVALID_USER_ID" };
        if let Given::Value(email) = email {
            user.email = Some(email.to_owned());
        }
        match description {
            Given::Absent => {}
            Given::Value(text) => user.description = text.to_owned(),
            Given::Null => user.description.clear(),
        }
        match status {
            Given::Absent => {}
            Given::Value(status) => user.is_blocked = status == "0",
            // The row stays without a status, and nobody finds it any more.
            Given::Null => {
                self.users.remove(&(account, id));
            }
        }
        ""
    }

    fn list(&self, account: u32, is_admin: Option<bool>, has_login: Option<bool>) -> Vec<&'static str> {
        let is_wanted = |user: &User| {
            is_admin.is_none_or(|wanted| wanted == user.is_admin)
                && has_login.is_none_or(|wanted| wanted == user.login.is_some())
        };
        self.users.iter().filter(|(key, user)| key.0 == account && is_wanted(user)).map(|(key, _)| key.1).collect()
    }
}

struct World {
    fake: Fake,
    admins: BTreeMap<u32, Ks>,
    model: Model,
}

impl World {
    fn new() -> Self {
        let fake = Fake::builder().build();
        let admins = ACCOUNTS.map(|id| {
            let partner = PartnerId::new(id).unwrap();
            fake.add_account(Account::new(partner));
            (id, fake.admin_session(partner).unwrap())
        });
        Self { fake, admins: admins.into(), model: Model::default() }
    }

    /// The error code of a call; empty for a result.
    fn code(&self, account: u32, action: &str, mut params: Value) -> String {
        params["ks"] = self.admins[&account].expose().into();
        let reply = reply(&self.fake, action, &params);
        match reply.status {
            200 => code(&serde_json::from_slice(&reply.body).unwrap()).to_owned(),
            status => format!("HTTP {status}"),
        }
    }

    fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match *step {
            Step::Add { account, id, is_admin, email, password } => {
                let mut user = json!({ "id": id, "isAdmin": is_admin });
                put(&mut user, "email", email);
                match password {
                    Password::None => {}
                    Password::Weak => user["password"] = "weak".into(),
                    Password::Strong => user["password"] = "Abcdef1!".into(),
                }
                let expected = self.model.add(account, id, is_admin, email, password);
                prop_assert_eq!(self.code(account, "user.add", json!({ "user": user })), expected);
            }
            Step::Change { account, id, email, description, status } => {
                let mut user = json!({});
                put(&mut user, "email", email);
                put(&mut user, "description", description);
                put(&mut user, "status", status);
                let expected = self.model.change(account, id, email, description, status);
                prop_assert_eq!(self.code(account, "user.update", json!({ "userId": id, "user": user })), expected);
            }
            Step::Delete { account, id } => {
                let expected = if self.model.users.remove(&(account, id)).is_some() { "" } else { "INVALID_USER_ID" };
                prop_assert_eq!(self.code(account, "user.delete", json!({ "userId": id })), expected);
            }
            Step::List { account, is_admin, has_login } => {
                let mut filter = json!({ "orderBy": "+id" });
                for (name, wanted) in [("isAdminEqual", is_admin), ("loginEnabledEqual", has_login)] {
                    filter[name] = wanted.map_or(json!(-1), |wanted| i64::from(wanted).into());
                }
                let params = json!({ "ks": self.admins[&account].expose(), "filter": filter });
                let page = call(&self.fake, "user.list", params);
                let ids = page["objects"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap());
                prop_assert_eq!(ids.collect::<Vec<_>>(), self.model.list(account, is_admin, has_login));
            }
        }
        Ok(())
    }

    /// Every user is as the model has it.
    fn check_users(&self) -> Result<(), TestCaseError> {
        for (account, id) in ACCOUNTS.into_iter().flat_map(|account| IDS.map(|id| (account, id))) {
            let params = json!({ "ks": self.admins[&account].expose(), "userId": id });
            let shown = call(&self.fake, "user.get", params);
            let Some(user) = self.model.users.get(&(account, id)) else {
                prop_assert_eq!(code(&shown), "INVALID_USER_ID");
                continue;
            };
            prop_assert_eq!(shown["email"].as_str(), user.email.as_deref());
            prop_assert_eq!(&shown["description"], &user.description);
            prop_assert_eq!(&shown["loginEnabled"], user.login.is_some());
            prop_assert_eq!(&shown["isAdmin"], user.is_admin);
            prop_assert_eq!(&shown["roleIds"], if user.is_admin { "2" } else { "" });
            prop_assert_eq!(&shown["status"], i64::from(!user.is_blocked));
        }
        Ok(())
    }
}

fn put(user: &mut Value, name: &str, given: Given) {
    match given {
        Given::Absent => {}
        Given::Value(value) => user[name] = value.into(),
        Given::Null => user[format!("{name}__null")] = "".into(),
    }
}

fn given(values: &'static [&'static str]) -> impl Strategy<Value = Given> {
    prop_oneof![3 => Just(Given::Absent), 4 => select(values).prop_map(Given::Value), 1 => Just(Given::Null)]
}

fn step() -> impl Strategy<Value = Step> {
    let user = || (select(&ACCOUNTS[..]), select(&IDS[..]));
    let password = select(vec![Password::None, Password::Weak, Password::Strong]);
    let flag = || select(vec![None, Some(false), Some(true)]);
    prop_oneof![
        5 => (user(), any::<bool>(), prop_oneof![9 => select(&EMAILS[..]).prop_map(Given::Value), 1 => given(&EMAILS)], password)
            .prop_map(|((account, id), is_admin, email, password)| Step::Add { account, id, is_admin, email, password }),
        3 => (user(), given(&EMAILS), given(&["", "d"]), given(&["0", "1"]))
            .prop_map(|((account, id), email, description, status)| Step::Change { account, id, email, description, status }),
        2 => user().prop_map(|(account, id)| Step::Delete { account, id }),
        1 => (select(&ACCOUNTS[..]), flag(), flag())
            .prop_map(|(account, is_admin, has_login)| Step::List { account, is_admin, has_login }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_reply_about_users_is_as_the_model_predicts(steps in vec(step(), 1..40)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step)?;
        }
        world.check_users()?;
    }
}
