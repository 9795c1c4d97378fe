//! The parts of PHP that are visible in replies: arrays, casts, loose comparison, form field names, hashes and dates.
//!
//! The recorded server runs on PHP 8.2. The expected values in the tests are the output of PHP 8.2.

pub(crate) mod cast;
pub(crate) mod date;
pub(crate) mod form;
pub(crate) mod hash;
pub(crate) mod json;
pub(crate) mod query;
pub(crate) mod strip_tags;
pub(crate) mod value;

pub(crate) use value::{Array, Key, Value};
