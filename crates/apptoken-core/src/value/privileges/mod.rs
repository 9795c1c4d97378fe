//! The privileges of a session, parsed and written with the server's grammar.

mod well_known;

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt::{self, Write as _};
use core::str::FromStr;

use crate::error::Error;

/// A list of privileges, such as `list:*,privacycontext:portal,edit:1_a/1_b`.
///
/// The grammar is the server's. Items are separated by `,`. An item is `name` or `name:value`, split at its first `:`. A
/// value is a list separated by `/`. If a name is repeated, the values are added to the first item. Nothing is trimmed,
/// and names are case-sensitive.
///
/// # Examples
///
/// ```
/// use apptoken_core::Privileges;
///
/// let privileges = Privileges::parse("list:*,edit:1_a,edit:1_b");
/// assert!(privileges.values("edit").is_some_and(|values| values.eq(["1_a", "1_b"])));
/// assert_eq!(privileges.to_string(), "list:*,edit:1_a/1_b");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Privileges(Vec<Privilege>);

/// One privilege: a name and its values.
// The text `name` or `name:value/value`. It is split when it is read, as most privileges of a session never are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Privilege(String);

impl Privilege {
    /// The name, without any change.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(name, _)| name)
    }

    /// The values; none if the privilege is only a name.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.split_once(':').into_iter().flat_map(|(_, values)| values.split('/'))
    }

    fn is_named(&self, name: &str) -> bool {
        // Most names differ, which the comparison of their start shows at once.
        self.0.starts_with(name) && self.name() == name
    }

    /// Adds values, written as in a text: `1_a/1_b`.
    fn add(&mut self, values: &str) {
        self.0.push(if self.0.contains(':') { '/' } else { ':' });
        self.0.push_str(values);
    }
}

/// How many names are compared one by one.
const FEW: usize = 16;

impl Privileges {
    /// No privileges.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Parses a list of privileges. Every text is valid.
    ///
    /// As on the server, an empty string is a list of one item with an empty name; see [`is_empty`](Self::is_empty).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        // As the server's `ks::parsePrivileges` does; its results are the test vectors `privileges_parse.jsonl`.
        let mut privileges = Vec::<Privilege>::new();
        // Sessions have a few privileges, for which comparing names is the fastest. It would take hours for a text of some
        // megabytes, so later names are in a map.
        let mut later_names = BTreeMap::new();
        for item in text.split(',') {
            let (name, values) = item.split_once(':').unwrap_or((item, ""));
            let first = privileges.iter().take(FEW).position(|privilege| privilege.is_named(name));
            match first.or_else(|| later_names.get(name).copied()).and_then(|position| privileges.get_mut(position)) {
                None => {
                    if privileges.len() >= FEW {
                        later_names.insert(name, privileges.len());
                    }
                    privileges.push(Privilege(if values.is_empty() { name } else { item }.to_owned()));
                }
                Some(_) if values.is_empty() => {}
                Some(privilege) => privilege.add(values),
            }
        }
        Self(privileges)
    }

    /// Adds a privilege. If the name already exists, adds the values to it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the name is empty or contains `,` or `:`, or if a
    /// value is empty or contains `,` or `/`. The grammar cannot express these.
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_core::Privileges;
    ///
    /// let privileges = Privileges::new().with("appid", &["importer-example.org"])?.with("list", &["*"])?;
    /// assert_eq!(privileges.to_string(), "appid:importer-example.org,list:*");
    /// # Ok::<(), apptoken_core::Error>(())
    /// ```
    pub fn with(mut self, name: &str, values: &[&str]) -> Result<Self, Error> {
        if name.is_empty() || name.contains([',', ':']) || name.chars().any(char::is_control) {
            return Err(Error::invalid_input(
                "the name of a privilege must not be empty or contain ',', ':' or control characters",
            ));
        }
        if values
            .iter()
            .any(|value| value.is_empty() || value.contains([',', '/']) || value.chars().any(char::is_control))
        {
            return Err(Error::invalid_input(
                "a value of a privilege must not be empty or contain ',', '/' or control characters",
            ));
        }
        self.append(name, values.iter().copied());
        Ok(self)
    }

    fn append<'a>(&mut self, name: &str, values: impl Iterator<Item = &'a str>) {
        let position = self.0.iter().position(|privilege| privilege.is_named(name));
        let privilege = match position.and_then(|position| self.0.get_mut(position)) {
            Some(privilege) => privilege,
            None => self.0.push_mut(Privilege(name.to_owned())),
        };
        values.for_each(|value| privilege.add(value));
    }

    /// The privileges in order.
    pub fn iter(&self) -> core::slice::Iter<'_, Privilege> {
        self.0.iter()
    }

    /// The values of the privilege `name`, if it exists; none if the privilege is only a name.
    #[must_use]
    pub fn values(&self, name: &str) -> Option<impl Iterator<Item = &str> + use<'_>> {
        self.0.iter().find(|privilege| privilege.is_named(name)).map(Privilege::values)
    }

    /// Whether there are no privileges: no items, or only items without name and value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|privilege| privilege.0.is_empty())
    }

    /// Refuses a privilege that restricts a session and has no value, as in `setrole:` with an empty variable: the session would
    /// not be restricted, or not be usable.
    pub(crate) fn check_restrictions(&self) -> Result<(), Error> {
        const RESTRICTIONS: [&str; 7] =
            ["actionslimit", "iprestrict", "limitentry", "privacycontext", "restrictingrole", "setrole", "urirestrict"];
        let is_meant = |privilege: &&Privilege| RESTRICTIONS.contains(&privilege.name());
        match self.0.iter().filter(is_meant).find(|privilege| privilege.values().all(str::is_empty)) {
            None => Ok(()),
            Some(privilege) => Err(Error::invalid_input(alloc::format!(
                "the privilege {name} has no value: a session with it would not be restricted as it says; write {name}:VALUE",
                name = privilege.name()
            ))),
        }
    }

    /// The privileges that are missing in `other`, and for privileges that both have, the values that are missing there.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut rest = Self::new();
        for privilege in self {
            match other.values(privilege.name()) {
                None if privilege.0.is_empty() => {}
                None => rest.append(privilege.name(), privilege.values()),
                Some(granted) => {
                    let granted: Vec<_> = granted.collect();
                    let mut missing = privilege.values().filter(|value| !granted.contains(value)).peekable();
                    if missing.peek().is_some() {
                        rest.append(privilege.name(), missing);
                    }
                }
            }
        }
        rest
    }
}

impl<'a> IntoIterator for &'a Privileges {
    type Item = &'a Privilege;
    type IntoIter = core::slice::Iter<'a, Privilege>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Privileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, Privilege(text)) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_char(',')?;
            }
            f.write_str(text)?;
        }
        Ok(())
    }
}

impl FromStr for Privileges {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::parse(text))
    }
}

impl serde::Serialize for Privileges {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Privileges {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PrivilegesVisitor;

        impl serde::de::Visitor<'_> for PrivilegesVisitor {
            type Value = Privileges;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of privileges")
            }

            fn visit_str<E>(self, text: &str) -> Result<Privileges, E> {
                Ok(Privileges::parse(text))
            }
        }

        deserializer.deserialize_str(PrivilegesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn parsing_and_writing_equal_the_servers() {
        for vector in apptoken_golden::privileges_parse() {
            let read = Privileges::parse(&vector.input);
            let parsed: Vec<(_, Vec<_>)> = read.iter().map(|item| (item.name(), item.values().collect())).collect();
            let expected: Vec<_> = vector
                .parsed
                .iter()
                .map(|item| (item.0.as_str(), item.1.iter().map(String::as_str).collect::<Vec<_>>()))
                .collect();
            assert_eq!(parsed, expected, "{:?}", vector.input);
            assert_eq!(read.to_string(), vector.built, "{:?}", vector.input);
        }
    }

    #[test]
    fn a_repeated_name_is_found_among_many() {
        let once = |value| (0..2 * FEW).map(move |name| alloc::format!("{name}:{value}"));
        let text = once("a").chain(once("b")).collect::<Vec<_>>().join(",");
        let expected = once("a/b").collect::<Vec<_>>().join(",");
        assert_eq!(Privileges::parse(&text).to_string(), expected);
    }

    #[test]
    fn privileges_outside_the_grammar_are_refused() {
        for (name, value) in
            [("", "1"), ("a,b", "1"), ("a:b", "1"), ("a", ""), ("a", "1,2"), ("a", "1/2"), ("a", "1\n")]
        {
            assert!(Privileges::new().with(name, &[value]).is_err(), "{name:?} {value:?}");
        }
    }

    #[test]
    fn a_name_with_a_control_character_is_refused() {
        assert!(Privileges::new().with("a\n", &["1"]).is_err());
    }

    #[test]
    fn a_list_with_a_name_or_a_value_is_not_empty() {
        for text in ["", ",", ":", ",:"] {
            assert!(Privileges::parse(text).is_empty(), "{text:?}");
        }
        for text in ["a", ":1", "a:1", ",a", "a,"] {
            assert!(!Privileges::parse(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn an_item_without_a_name_is_missing_if_it_has_a_value() {
        let nothing = Privileges::new();
        assert_eq!(Privileges::parse(":1").without(&nothing).to_string(), ":1");
        assert_eq!(Privileges::parse(",a").without(&nothing).to_string(), "a");
        assert_eq!(Privileges::parse("").without(&nothing).iter().count(), 0);
        assert_eq!(Privileges::parse("a").without(&nothing).to_string(), "a");
    }

    #[test]
    fn difference_compares_names_and_values() {
        let asked = Privileges::parse("a,b:1/2,c:3,d");
        let granted = Privileges::parse("b:2,c:3,d:9");
        assert_eq!(asked.without(&granted).to_string(), "a,b:1");
        assert!(asked.without(&asked).is_empty());
        assert!(Privileges::parse("").without(&granted).is_empty());
    }

    #[test]
    fn a_restriction_without_a_value_is_refused() {
        for text in ["setrole:", "setrole", "list:*,iprestrict:", "privacycontext:/", "actionslimit,edit:*"] {
            let error = Privileges::parse(text).check_restrictions().unwrap_err();
            assert_eq!(error.kind(), crate::error::kind::ErrorKind::InvalidInput, "{text}");
        }
        for text in ["", "list:*,setrole:7", "setrole:,setrole:7", "enableentitlement", "edit:", "disableentitlement"] {
            assert!(Privileges::parse(text).check_restrictions().is_ok(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn written_privileges_are_parsed_to_the_same_text(text in "[a-c:/,* ]{0,24}") {
            let once = Privileges::parse(&text);
            prop_assert_eq!(Privileges::parse(&once.to_string()).to_string(), once.to_string());
        }

        #[test]
        fn added_privileges_survive_writing_and_parsing(items in prop::collection::vec(("[^,:\\p{Cc}]{1,8}", prop::collection::vec("[^,/\\p{Cc}]{1,8}", 0..3)), 1..6)) {
            let mut built = Privileges::new();
            for (name, values) in &items {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                built = built.with(name, &values).unwrap();
            }
            prop_assert_eq!(Privileges::parse(&built.to_string()), built);
        }
    }
}
