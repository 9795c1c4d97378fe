//! How results are shown.

pub(crate) mod file;
pub(crate) mod json;
pub(crate) mod table;
pub(crate) mod time;
