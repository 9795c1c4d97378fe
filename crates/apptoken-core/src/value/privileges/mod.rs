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
/// assert_eq!(privileges.values("edit"), Some(&["1_a".to_string(), "1_b".to_string()][..]));
/// assert_eq!(privileges.to_string(), "list:*,edit:1_a/1_b");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Privileges(Vec<Privilege>);

/// One privilege: a name and its values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Privilege {
    name: String,
    values: Vec<String>,
}

impl Privilege {
    /// The name, without any change.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values; empty if the privilege is only a name.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }
}

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
        // Searching the list for each name would take hours for a text of some megabytes.
        let mut positions = BTreeMap::new();
        for item in text.split(',') {
            let (name, value) = item.split_once(':').unwrap_or((item, ""));
            let position = *positions.entry(name).or_insert(privileges.len());
            if position == privileges.len() {
                privileges.push(Privilege { name: name.to_owned(), values: Vec::new() });
            }
            if let Some(privilege) = privileges.get_mut(position).filter(|_| !value.is_empty()) {
                privilege.values.extend(value.split('/').map(ToOwned::to_owned));
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
        let values = values.map(ToOwned::to_owned);
        match self.0.iter_mut().find(|privilege| privilege.name == name) {
            Some(privilege) => privilege.values.extend(values),
            None => self.0.push(Privilege { name: name.to_owned(), values: values.collect() }),
        }
    }

    /// The privileges in order.
    pub fn iter(&self) -> core::slice::Iter<'_, Privilege> {
        self.0.iter()
    }

    /// The values of the privilege `name`, if it exists; empty if the privilege is only a name.
    #[must_use]
    pub fn values(&self, name: &str) -> Option<&[String]> {
        self.0.iter().find(|privilege| privilege.name == name).map(|privilege| &*privilege.values)
    }

    /// Whether there are no privileges: no items, or only items without name and value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|privilege| privilege.name.is_empty() && privilege.values.is_empty())
    }

    /// Refuses a privilege that restricts a session and has no value, as in `setrole:` with an empty variable: the session would
    /// not be restricted, or not be usable.
    pub(crate) fn check_restrictions(&self) -> Result<(), Error> {
        const RESTRICTIONS: [&str; 7] =
            ["actionslimit", "iprestrict", "limitentry", "privacycontext", "restrictingrole", "setrole", "urirestrict"];
        let is_meant = |privilege: &&Privilege| RESTRICTIONS.contains(&privilege.name());
        match self.0.iter().filter(is_meant).find(|privilege| privilege.values.iter().all(String::is_empty)) {
            None => Ok(()),
            Some(Privilege { name, .. }) => Err(Error::invalid_input(alloc::format!(
                "the privilege {name} has no value: a session with it would not be restricted as it says; write {name}:VALUE"
            ))),
        }
    }

    /// The privileges that are missing in `other`, and for privileges that both have, the values that are missing there.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut rest = Self::new();
        for Privilege { name, values } in &self.0 {
            match other.values(name) {
                None if name.is_empty() && values.is_empty() => {}
                None => rest.append(name, values.iter().map(String::as_str)),
                Some(other_values) => {
                    let mut missing = values.iter().filter(|value| !other_values.contains(value)).peekable();
                    if missing.peek().is_some() {
                        rest.append(name, missing.map(String::as_str));
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
        for (position, Privilege { name, values }) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_char(',')?;
            }
            f.write_str(name)?;
            for (position, value) in values.iter().enumerate() {
                f.write_char(if position == 0 { ':' } else { '/' })?;
                f.write_str(value)?;
            }
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
            let expected: Vec<_> =
                vector.parsed.into_iter().map(|item| Privilege { name: item.0, values: item.1 }).collect();
            assert_eq!(read.0, expected, "{:?}", vector.input);
            assert_eq!(read.to_string(), vector.built, "{:?}", vector.input);
        }
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

    #[test]
    fn privileges_are_written_and_read_as_a_string() {
        let privileges = Privileges::parse("list:*,edit:1/2");
        assert_eq!(serde_json::to_string(&privileges).unwrap(), "\"list:*,edit:1/2\"");
        assert_eq!(serde_json::from_str::<Privileges>("\"list:*,edit:1/2\"").unwrap(), privileges);
        let error = serde_json::from_str::<Privileges>("7").unwrap_err().to_string();
        assert!(error.contains("expected a list of privileges"), "{error}");
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
