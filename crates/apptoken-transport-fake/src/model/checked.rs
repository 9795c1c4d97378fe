//! Validates the fields of a snapshot. An invalid value would cause a panic or a wrong reply later.
//!
//! Messages do not contain the value, because it can be a secret.

use std::sync::Arc;

use apptoken_core::{AccountSecret, AppTokenId, AppTokenSecret, PartnerId};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::model::secret::Secret;

fn checked<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    is_valid: impl FnOnce(&T) -> bool,
    expected: &'static str,
) -> Result<T, D::Error> {
    let value = T::deserialize(deserializer)?;
    if is_valid(&value) { Ok(value) } else { Err(D::Error::custom(expected)) }
}

const ACCOUNT_ID: &str = "expected an account id: a number from 1 to 2147483647";

pub(crate) fn account_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    checked(deserializer, |id| PartnerId::new(*id).is_ok(), ACCOUNT_ID)
}

pub(crate) fn account_id_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    checked(deserializer, |id: &Option<u32>| id.is_none_or(|id| PartnerId::new(id).is_ok()), ACCOUNT_ID)
}

/// The account id in a row of another table; 0 is Kaltura's own account.
pub(crate) fn account_id_column<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let is_valid = |id: &i64| (0..=i32::MAX.into()).contains(id);
    checked(deserializer, is_valid, "expected an account id: a number from 0 to 2147483647")
}

pub(crate) fn account_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    checked(deserializer, is_account_secret, "expected an account secret")
}

pub(crate) fn account_secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    let is_valid = |secrets: &Vec<Secret>| !secrets.is_empty() && secrets.iter().all(is_account_secret);
    checked(deserializer, is_valid, "expected one or more account secrets")
}

fn is_account_secret(secret: &Secret) -> bool {
    AccountSecret::parse(secret.expose()).is_ok()
}

pub(crate) fn ks_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    checked(deserializer, |version| matches!(version, 1 | 2), "expected the KS version 1 or 2")
}

/// The status of an account or a token.
pub(crate) fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    checked(deserializer, |status| matches!(status, 1..=3), "expected a status from 1 to 3")
}

pub(crate) fn user_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let is_valid = |status: &Option<i64>| status.is_none_or(|status| (0..=2).contains(&status));
    checked(deserializer, is_valid, "expected a status from 0 to 2, or null")
}

/// The status of a role. A role whose status was set to null has the status 0.
pub(crate) fn role_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let is_valid = |status: &Option<i64>| status.is_some_and(|status| (0..=3).contains(&status));
    checked(deserializer, is_valid, "expected a status from 0 to 3")
}

pub(crate) fn token_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    checked(deserializer, |id: &String| AppTokenId::parse(id.as_str()).is_ok(), "expected an app token id")
}

pub(crate) fn token_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let is_valid = |value: &Secret| AppTokenSecret::parse(value.expose()).is_ok();
    checked(deserializer, is_valid, "expected an app token value")
}

/// The number of a row. The next number must still fit.
pub(crate) fn row_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    checked(deserializer, |number| (1..=i32::MAX.into()).contains(number), "expected a number from 1 to 2147483647")
}

/// A counter. It must be able to increase.
pub(crate) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    checked(deserializer, |count| *count <= u64::MAX / 2, "expected a count below 2^63")
}

/// Whether every key of a table is the one that `key_of` returns for its row.
pub(crate) fn keys<'a, R: 'a>(
    rows: impl IntoIterator<Item = (&'a Arc<str>, &'a R)>,
    key_of: impl Fn(&R) -> String,
) -> bool {
    rows.into_iter().all(|(key, row)| **key == *key_of(row))
}
