//! The privileges of a session, parsed and written with the server's grammar.

mod well_known;

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;
use core::str::FromStr;

use memchr::memchr;

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
// The items as they are written, each with a comma after it, so that an item without a name differs from no item. They are
// split when they are read, as most privileges of a session never are.
pub struct Privileges(String);

/// One privilege: a name and its values.
// The text `name` or `name:value/value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Privilege<'a>(&'a str);

impl<'a> Privilege<'a> {
    /// The name, without any change.
    #[must_use]
    pub fn name(self) -> &'a str {
        split_once(self.0, b':').map_or(self.0, |(name, _)| name)
    }

    /// The values; none if the privilege is only a name.
    pub fn values(self) -> impl Iterator<Item = &'a str> {
        split_once(self.0, b':').into_iter().flat_map(|(_, values)| values.split('/'))
    }

    fn is_named(self, name: &str) -> bool {
        // Most names differ, which the comparison of their start shows at once.
        self.0.starts_with(name) && self.name() == name
    }
}

/// How many names are compared one by one. A text of some megabytes can have many more, so they are in a map then.
const FEW: usize = 16;

impl Privileges {
    /// No privileges.
    #[must_use]
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// Parses a list of privileges. Every text is valid.
    ///
    /// As on the server, an empty string is a list of one item with an empty name; see [`is_empty`](Self::is_empty).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let items = [text, ","].concat();
        // Most texts are already as the server writes them.
        Self(if is_merged(&items) { items } else { merged(&items) })
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
    pub fn with(self, name: &str, values: &[&str]) -> Result<Self, Error> {
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
        Ok(self.add(name, values))
    }

    /// Adds an item that the grammar can express. If its name already exists, adds the values to it.
    fn add(self, name: &str, values: &[&str]) -> Self {
        let items = self.item(name, values.iter().copied()).0;
        Self(if is_merged(&items) { items } else { merged(&items) })
    }

    /// Appends an item with a new name.
    fn item<'a>(mut self, name: &str, values: impl Iterator<Item = &'a str>) -> Self {
        self.0.push_str(name);
        for (position, value) in values.enumerate() {
            self.0.push(if position == 0 { ':' } else { '/' });
            self.0.push_str(value);
        }
        self.0.push(',');
        self
    }

    /// The privileges in order.
    pub fn iter(&self) -> impl Iterator<Item = Privilege<'_>> {
        split_items(&self.0).map(Privilege)
    }

    /// The values of the privilege `name`, if it exists; none if the privilege is only a name.
    #[must_use]
    pub fn values(&self, name: &str) -> Option<impl Iterator<Item = &str> + use<'_>> {
        self.iter().find(|privilege| privilege.is_named(name)).map(Privilege::values)
    }

    /// Whether there are no privileges: no items, or only items without name and value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().all(|privilege| privilege.0.is_empty())
    }

    /// Refuses a privilege that restricts a session and has no value, as in `setrole:` with an empty variable: the session would
    /// not be restricted, or not be usable.
    pub(crate) fn check_restrictions(&self) -> Result<(), Error> {
        const RESTRICTIONS: [&str; 7] =
            ["actionslimit", "iprestrict", "limitentry", "privacycontext", "restrictingrole", "setrole", "urirestrict"];
        let is_meant = |privilege: &Privilege<'_>| RESTRICTIONS.contains(&privilege.name());
        match self.iter().filter(is_meant).find(|privilege| privilege.values().all(str::is_empty)) {
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
        for privilege in self.iter() {
            match other.values(privilege.name()) {
                None if privilege.0.is_empty() => {}
                None => rest = rest.item(privilege.name(), privilege.values()),
                Some(granted) => {
                    let granted: Vec<_> = granted.collect();
                    let mut missing = privilege.values().filter(|value| !granted.contains(value)).peekable();
                    if missing.peek().is_some() {
                        rest = rest.item(privilege.name(), missing);
                    }
                }
            }
        }
        rest
    }
}

/// Splits at the first separator. For short texts this is faster than `str::split_once`.
fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    let position = memchr(separator, text.as_bytes())?;
    Some((text.get(..position)?, text.get(position + 1..)?))
}

/// The items of a text in which each item ends with a comma.
fn split_items(mut items: &str) -> impl Iterator<Item = &str> {
    core::iter::from_fn(move || {
        let (item, rest) = split_once(items, b',')?;
        items = rest;
        Some(item)
    })
}

/// Whether no name is repeated, and no item has a `:` without a value. `false` for many items too.
fn is_merged(items: &str) -> bool {
    let mut names = [""; FEW];
    split_items(items).enumerate().all(|(position, item)| {
        let (earlier, rest) = names.split_at_mut(position.min(FEW));
        let (name, values) = split_once(item, b':').unwrap_or((item, "/"));
        match rest.first_mut() {
            Some(place) if !values.is_empty() && !earlier.contains(&name) => {
                *place = name;
                true
            }
            _ => false,
        }
    })
}

/// The same items, with the values of a repeated name added to its first item.
fn merged(items: &str) -> String {
    // As the server's `ks::parsePrivileges` does; its results are the test vectors `privileges_parse.jsonl`.
    let mut merged = Vec::<String>::new();
    let mut positions = BTreeMap::new();
    for item in split_items(items) {
        let (name, values) = split_once(item, b':').unwrap_or((item, ""));
        match positions.get(name).and_then(|position| merged.get_mut(*position)) {
            None => {
                positions.insert(name, merged.len());
                merged.push(if values.is_empty() { name } else { item }.to_owned());
            }
            Some(_) if values.is_empty() => {}
            Some(first) => {
                first.push(if first.len() == name.len() { ':' } else { '/' });
                first.push_str(values);
            }
        }
    }
    merged.push(String::new());
    merged.join(",")
}

impl fmt::Display for Privileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.strip_suffix(',').unwrap_or_default())
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
        fn a_text_that_is_kept_needs_no_merging(text in "[ab:/,]{0,12}") {
            let items = alloc::format!("{text},");
            prop_assert_eq!(&Privileges::parse(&text).0, &merged(&items));
            prop_assert_eq!(is_merged(&items), merged(&items) == items);
        }

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
