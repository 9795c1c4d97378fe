//! Every action of the catalog, with every kind of session.
//!
//! What is expected is computed from the rows of the table alone, so that a row that is read wrongly is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use apptoken_transport_fake::Fake;
use serde_json::{Map, Value, json};

use crate::client::{admin, call, code, fake, partner, reply, request, widget_ks};

/// A row of the table of actions.
pub(crate) struct Row {
    pub(crate) name: String,
    permissions: BTreeSet<&'static str>,
    flags: BTreeMap<&'static str, &'static str>,
    returns: &'static str,
    /// The name and type of each argument, and whether it is optional.
    arguments: Vec<(&'static str, &'static str, bool)>,
}

/// All actions of services that the server has loaded, `session.end` last: it ends the session of the test.
pub(crate) static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let table = include_str!("../../data/actions.tsv");
    let rows = table.lines().filter(|line| !line.starts_with('#')).map(Row::of);
    let mut rows: Vec<_> = rows.filter(|row| !row.has("off")).collect();
    rows.sort_by_key(|row| row.name == "session.end");
    rows
});

impl Row {
    fn of(line: &'static str) -> Self {
        let columns: Vec<&str> = line.split('\t').collect();
        let words = |column: &'static str, separator| column.split(separator).filter(|word| !word.is_empty());
        let argument = |text: &'static str| {
            let (name, rest) = text.split_once(':').unwrap();
            (name, rest.split('=').next().unwrap(), rest.contains('='))
        };
        Self {
            name: format!("{}.{}", columns[0], columns[1]),
            permissions: words(columns[2], ',').collect(),
            flags: words(columns[3], ' ').map(|flag| flag.split_once('=').unwrap_or((flag, ""))).collect(),
            returns: columns[4],
            arguments: words(columns[5], ' ').map(argument).collect(),
        }
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.contains_key(flag)
    }

    /// The mandatory arguments, with values that are valid.
    pub(crate) fn parameters(&self) -> Map<String, Value> {
        let mandatory = self.arguments.iter().filter(|(_, _, is_optional)| !is_optional);
        mandatory.map(|(name, kind, _)| ((*name).to_owned(), valid(kind))).collect()
    }

    fn is_allowed(&self, permissions: &[&str]) -> bool {
        self.has("allPermitted") || permissions.iter().any(|each| self.permissions.contains(each))
    }

    /// Whether the action answers before the checks, or turns their errors into another one.
    fn is_odd(&self) -> bool {
        self.has("shortcut") || self.has("errors")
    }

    /// Whether something other than the permission of the caller can be answered with SERVICE_FORBIDDEN.
    fn has_conditions(&self) -> bool {
        self.has("needs") || self.has("inside")
    }

    fn call(&self, fake: &Fake, ks: Option<&str>, mut parameters: Map<String, Value>) -> String {
        if let Some(ks) = ks {
            parameters.insert("ks".to_owned(), ks.into());
        }
        let reply = reply(fake, &self.name, &parameters.into());
        // An action without its file has the code in a header only.
        match serde_json::from_slice::<Value>(&reply.body) {
            Ok(json) => code(&json).to_owned(),
            Err(_) => reply.header("X-Kaltura").unwrap_or_default().trim_start_matches("error- ").to_owned(),
        }
    }
}

/// A valid value for a parameter of a type.
fn valid(kind: &str) -> Value {
    let first_of = |table: &'static str, name: &str, column: usize| {
        let row = table.lines().find(|line| line.split('\t').next() == Some(name)).unwrap_or_else(|| panic!("{name}"));
        row.split('\t').nth(column).unwrap().split(',').next().unwrap()
    };
    match kind.split_once('/') {
        Some(("e" | "s", name)) => first_of(include_str!("../../data/enums.tsv"), name, 2).into(),
        Some(("x", name)) => json!({ "objectType": first_of(include_str!("../../data/subclasses.tsv"), name, 1) }),
        Some(_) => json!([]),
        None if kind.starts_with("Kaltura") => json!({}),
        // PHP makes an array of a file.
        None if kind == "file" => json!({ "name": "" }),
        None if kind == "string" => "none".into(),
        None => 1.into(),
    }
}

fn session(fake: &Fake, session_type: u8, expiry: i64) -> String {
    let secret = fake.admin_secret(partner()).unwrap();
    let params = json!({
        "secret": secret.expose(), "partnerId": 101, "type": session_type, "userId": "u", "expiry": expiry,
    });
    call(fake, "session.start", params).as_str().unwrap().to_owned()
}

/// Compares what all actions answer with what is expected of each; `None` if nothing is.
fn check(answer: impl Fn(&Row) -> String, expected: impl Fn(&Row) -> Option<bool>, code: &str) {
    let differs = |row: &&Row| expected(row).is_some_and(|expected| (answer(row) == code) != expected);
    let names: Vec<&str> = ROWS.iter().filter(differs).map(|row| &*row.name).collect();
    assert!(names.is_empty(), "{} actions differ: {names:?}", names.len());
}

#[test]
fn a_garbage_ks_is_refused_by_every_action() {
    let fake = fake();
    check(|row| row.call(&fake, Some("garbage"), Map::new()), |row| Some(!row.is_odd()), "INVALID_KS");
}

#[test]
fn an_expired_ks_is_refused_after_the_arguments() {
    let fake = fake();
    let expired = session(&fake, 2, -100);
    check(|row| row.call(&fake, Some(&expired), row.parameters()), |row| Some(!row.is_odd()), "INVALID_KS");
    // A list is never missing.
    let is_incomplete =
        |row: &Row| row.arguments.iter().any(|(_, kind, is_optional)| !is_optional && !kind.starts_with("a/"));
    check(
        |row| row.call(&fake, Some(&expired), Map::new()),
        |row| Some(!row.is_odd() && is_incomplete(row)),
        "MISSING_MANDATORY_PARAMETER",
    );
}

#[test]
fn a_caller_without_ks_may_do_what_is_always_allowed() {
    let fake = fake();
    let expected = |row: &Row| match row.is_odd() || row.has("user") || row.has_conditions() {
        true => None,
        false => Some(!row.has("network") && !row.is_allowed(&["ALWAYS_ALLOWED_ACTIONS"])),
    };
    check(|row| row.call(&fake, None, row.parameters()), expected, "SERVICE_FORBIDDEN");
    check(|row| row.call(&fake, None, row.parameters()), |row| Some(row.has("user")), "INVALID_KS");
}

#[test]
fn a_session_may_do_what_its_permissions_allow() {
    const ALWAYS: &str = "ALWAYS_ALLOWED_ACTIONS";
    let fake = fake();
    let widget = widget_ks(&fake);
    for (ks, permission) in [
        (widget.expose().to_owned(), "WIDGET_SESSION_PERMISSION"),
        (session(&fake, 0, 3_600), "BASE_USER_SESSION_PERMISSION"),
    ] {
        let expected = |row: &Row| match row.is_odd() || row.has_conditions() {
            true => None,
            false => Some(!row.is_allowed(&[ALWAYS, permission])),
        };
        check(|row| row.call(&fake, Some(&ks), row.parameters()), expected, "SERVICE_FORBIDDEN");
    }
}

/// Whether a permission of the table has an effect in an account without features.
fn has_effect(name: &str) -> bool {
    let table = include_str!("../../data/permissions.tsv");
    let row = table.lines().find(|line| line.split('\t').next() == Some(name));
    row.is_some_and(|row| {
        row.split('\t').nth(1).unwrap_or_default().split(',').all(|each| each.is_empty() || has_effect(each))
    })
}

#[test]
fn an_administrator_may_do_all_but_kalturas_own_actions() {
    let fake = fake();
    let ks = admin(&fake);
    let answer = |row: &Row| row.call(&fake, Some(ks.expose()), row.parameters());
    let expected = |row: &Row| match row.is_odd() || row.has_conditions() {
        true => None,
        false => Some(!row.has("allPermitted") && !row.permissions.iter().any(|name| has_effect(name))),
    };
    check(answer, expected, "SERVICE_FORBIDDEN");
}

#[test]
fn every_format_and_a_multirequest_give_the_same_code() {
    let fake = fake();
    let ks = session(&fake, 0, 3_600);
    // The reply of an action that returns a file has no code in its body.
    let rows = ROWS.iter().filter(|row| !row.is_odd() && row.returns != "file" && row.name != "session.end");
    for row in rows {
        let mut params = row.parameters();
        params.insert("ks".to_owned(), ks.as_str().into());
        let expected = row.call(&fake, None, params.clone());
        let text = |format: u8| {
            let mut request = request(&row.name, &params.clone().into());
            request.target = request.target.replace("format=1", &format!("format={format}"));
            let delivery = fake.handle(&request).kind;
            String::from_utf8(delivery.reply().unwrap().body.clone()).unwrap()
        };
        let (xml, php) = (text(2), text(3));
        let has_error = !expected.is_empty();
        assert_eq!(xml.contains(&format!("<code>{expected}</code>")), has_error, "{}: {xml}", row.name);
        let code_in_php = format!("s:4:\"code\";s:{}:\"{expected}\";", expected.len());
        assert_eq!(php.contains(&code_in_php), has_error, "{}: {php}", row.name);
        let (service, action) = row.name.split_once('.').unwrap();
        params.insert("service".to_owned(), service.into());
        params.insert("action".to_owned(), action.into());
        let parts = call(&fake, "multirequest", json!({ "1": params }));
        assert_eq!(code(&parts[0]), expected, "{} in a multirequest", row.name);
    }
}
