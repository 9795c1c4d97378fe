//! Names of actions that a test gives: for answers, faults and the journal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::catalog;

const MULTIREQUEST: &str = "multirequest";

/// The name of an action of the API in its declared case, such as `appToken.startSession`, or `multirequest`.
///
/// A name that does not exist cannot be parsed. A fault for it would never happen, and a count of it would always be 0,
/// so a test with a misspelled name would test nothing.
///
/// # Examples
///
/// ```
/// use apptoken_transport_fake::ActionName;
///
/// let name: ActionName = "MEDIA.list".parse()?;
/// assert_eq!(name.as_str(), "media.list");
///
/// let error = "media.lsit".parse::<ActionName>().unwrap_err();
/// assert_eq!(error.to_string(), "no action has the name media.lsit; the nearest is media.list");
/// # Ok::<(), apptoken_transport_fake::UnknownAction>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ActionName(String);

impl ActionName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, which is written in a test.
    ///
    /// # Panics
    ///
    /// If no action has this name.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test with a misspelled name must not pass")]
    pub(crate) fn of_test(name: &str) -> Self {
        name.parse().unwrap_or_else(|error: UnknownAction| panic!("{error}"))
    }
}

impl FromStr for ActionName {
    type Err = UnknownAction;

    fn from_str(name: &str) -> Result<Self, UnknownAction> {
        if name.eq_ignore_ascii_case(MULTIREQUEST) {
            return Ok(Self(MULTIREQUEST.to_owned()));
        }
        catalog::find_full(name).map(|action| Self(action.full_name.clone())).ok_or_else(|| UnknownAction::of(name))
    }
}

impl TryFrom<String> for ActionName {
    type Error = UnknownAction;

    fn try_from(name: String) -> Result<Self, UnknownAction> {
        name.parse()
    }
}

impl fmt::Display for ActionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that no action of the API has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownAction {
    name: String,
    nearest: Option<String>,
}

/// Longer names are cut: comparing them with all names would take long.
const LONGEST: usize = 80;

impl UnknownAction {
    fn of(name: &str) -> Self {
        let name: String = name.chars().take(LONGEST).collect();
        Self { nearest: catalog::nearest(&name), name }
    }

    /// The existing name that is most like it; `None` if none is alike.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }
}

impl fmt::Display for UnknownAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no action has the name {}; ", self.name)?;
        match &self.nearest {
            Some(nearest) => write!(f, "the nearest is {nearest}"),
            None => f.write_str("a name has the form service.action, such as media.list"),
        }
    }
}

impl std::error::Error for UnknownAction {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_in_any_case() {
        for (given, expected) in [("system.PING", "system.ping"), ("MultiRequest", "multirequest")] {
            assert_eq!(given.parse::<ActionName>().unwrap().as_str(), expected);
        }
    }

    #[test]
    fn an_unknown_name_is_cut_and_suggests_the_nearest() {
        let error = |name: &str| name.parse::<ActionName>().unwrap_err();
        assert_eq!(error("appToken.startSesion").nearest(), Some("appToken.startSession"));
        assert_eq!(error("media").to_string().split(';').next(), Some("no action has the name media"));
        assert_eq!(error("").nearest(), None);
        assert!(error(&"x".repeat(1 << 20)).to_string().len() < 200);
    }
}
