//! Queries of the control interface.

use std::str::FromStr;

use super::ControlError;

/// Reads `name=value` pairs; a name that is not known is a mistake to be told.
pub(super) fn pairs(query: &str, known: &[&str]) -> Result<Vec<(String, String)>, ControlError> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(ControlError::new(400, format!("{name}: expected one of {}", known.join(", ")))),
        None => Ok(pairs),
    }
}

/// Reads a value.
pub(super) fn value<T: FromStr>(name: &str, value: &str, expected: &str) -> Result<T, ControlError> {
    value.parse().map_err(|_| ControlError::new(400, format!("{name}: expected {expected}")))
}
