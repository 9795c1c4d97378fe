use std::fmt;

use apptoken_core::value::Printable;

use crate::expect::Outcome;

/// The results of all checks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Report(Vec<(&'static str, Outcome)>);

impl Report {
    /// The name of each check, with a description of what the store did wrong, if anything.
    pub fn results(&self) -> impl Iterator<Item = (&'static str, Result<(), &str>)> {
        self.0.iter().map(|(name, outcome)| (*name, outcome.as_ref().copied().map_err(String::as_str)))
    }

    /// The names of the checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &'static str> {
        self.results().filter(|(_, outcome)| outcome.is_err()).map(|(name, _)| name)
    }

    /// Panics with this report unless every check passed.
    ///
    /// # Panics
    ///
    /// If a check failed.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.failed().next().is_none(), "the store does not conform:\n{self}");
    }
}

impl FromIterator<(&'static str, Outcome)> for Report {
    fn from_iter<I: IntoIterator<Item = (&'static str, Outcome)>>(results: I) -> Self {
        Self(results.into_iter().collect())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, outcome) in self.results() {
            match outcome {
                Ok(()) => writeln!(f, "ok      {name}")?,
                Err(wrong) => writeln!(f, "FAILED  {name}: {}", Printable(wrong))?,
            }
        }
        Ok(())
    }
}
