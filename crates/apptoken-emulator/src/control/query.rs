//! Parses queries of the control interface.

use std::str::FromStr;

use super::ControlError;

/// Parses `name=value` pairs. An unknown name is an error, because a misspelled filter would match everything.
pub(super) fn pairs(query: &str, known: &[&str]) -> Result<Vec<(String, String)>, ControlError> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(ControlError::new(400, format!("{name}: expected one of {}", known.join(", ")))),
        None => Ok(pairs),
    }
}

/// Parses a value.
pub(super) fn value<T: FromStr>(name: &str, value: &str, expected: &str) -> Result<T, ControlError> {
    value.parse().map_err(|_| ControlError::new(400, format!("{name}: expected {expected}")))
}
