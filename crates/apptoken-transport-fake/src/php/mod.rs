//! The parts of PHP that show in Kaltura's answers: arrays with two kinds of keys, casts, loose comparison, the names
//! of form fields, hashes and dates.

pub(crate) mod cast;
pub(crate) mod date;
pub(crate) mod form;
pub(crate) mod hash;
pub(crate) mod json;
pub(crate) mod query;
pub(crate) mod strip_tags;
pub(crate) mod value;

pub(crate) use value::{Array, Key, Value};
