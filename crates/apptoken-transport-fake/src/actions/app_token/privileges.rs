//! The privileges of a session of an app token.
//!
//! Recorded from the server's own functions: the test vectors `privileges_app_session.jsonl`.

use std::collections::HashSet;

use indexmap::IndexMap;

use crate::php::Key;
use crate::php::cast::{LooseText, is_true_text, trim};

/// Privileges that a request cannot add.
const RESERVED: &[&str] = &[
    "edit",
    "sview",
    "list",
    "download",
    "downloadasset",
    "editplaylist",
    "sviewplaylist",
    "actionslimit",
    "setrole",
    "restrictingrole",
    "limitentry",
    "iprestrict",
    "urirestrict",
    "enableentitlement",
    "disableentitlement",
    "disableentitlementforentry",
    "disableentitlementforplaylist",
    "privacycontext",
    "enablecategorymoderation",
    "reftime",
    "sessionkey",
    "preview",
    "sessionid",
    "jobtype",
    "apptoken",
    "enablechangeaccount",
    "edituser",
    "enablecaptionmoderation",
    "editadmintags",
    "restrictexplicitliveview",
    "virtualeventid",
    "searchcontext",
    "disablesessiontypecheck",
];

const WILDCARD: &str = "*";

/// Privileges by name, in their order.
type Privileges = IndexMap<Key, Vec<String>>;

/// The privileges of a session: its token id, those of the token, and those that the request may add. The server drops
/// other requested privileges silently.
pub(crate) fn of_session(token_id: &str, of_token: Option<&str>, asked: &str) -> String {
    let mut privileges: Privileges =
        ["sessionid", "apptoken"].map(|name| (Key::from(name), vec![token_id.to_owned()])).into_iter().collect();
    if let Some(of_token) = of_token.filter(|text| is_true_text(text)) {
        add_of_token(&mut privileges, parse(of_token));
    }
    if is_true_text(asked) {
        add_requested(&mut privileges, parse(asked));
    }
    build(&privileges)
}

fn parse(text: &str) -> Privileges {
    let mut privileges = Privileges::new();
    for item in text.split(',') {
        let (name, value) = item.split_once(':').unwrap_or((item, ""));
        let values = (!value.is_empty()).then(|| value.split('/').map(str::to_owned));
        privileges.entry(Key::from(name)).or_default().extend(values.into_iter().flatten());
    }
    privileges
}

/// Merges as PHP's `array_merge_recursive`: values of equal names are joined, and numeric names are renumbered.
fn add_of_token(privileges: &mut Privileges, of_token: Privileges) {
    let mut next = 0;
    for (name, values) in of_token {
        let name = match name {
            Key::Int(_) => {
                next += 1;
                Key::Int(next - 1)
            }
            name @ Key::Text(_) => name,
        };
        privileges.entry(name).or_default().extend(values);
    }
}

/// A requested name is allowed if it is neither reserved nor on the token. A name with the value `*` on the token may
/// be narrowed: the request replaces its values.
fn add_requested(privileges: &mut Privileges, requested: Privileges) {
    let existing = privileges.keys().map(|name| LooseText::of(trim(&name.to_text())));
    let taken: HashSet<LooseText> = RESERVED.iter().copied().map(LooseText::of).chain(existing).collect();
    for (name, values) in requested {
        let has_wildcard = privileges.get(&name).is_some_and(|values| values.iter().any(|value| value == WILDCARD));
        if has_wildcard || !taken.contains(&LooseText::of(trim(&name.to_text()))) {
            privileges.insert(name, values);
        }
    }
}

fn build(privileges: &Privileges) -> String {
    let items: Vec<String> = privileges
        .iter()
        .map(|(name, values)| {
            let name = name.to_text();
            if values.is_empty() { name.into_owned() } else { format!("{name}:{}", values.join("/")) }
        })
        .collect();
    items.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_privileges_equal_those_of_the_server() {
        let (rules, vectors) = apptoken_golden::privileges_app_session();
        assert_eq!(rules.server_privileges, RESERVED);
        assert!(vectors.len() >= 300);
        for vector in vectors {
            let asked = vector.asked.as_deref().unwrap_or_default();
            let got = of_session(&rules.token_id, vector.token.as_deref(), asked);
            assert_eq!(got, vector.privileges, "token {:?}, asked {:?}", vector.token, vector.asked);
        }
    }
}
