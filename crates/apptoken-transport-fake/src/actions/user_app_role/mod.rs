//! The service `userAppRole`.

pub(crate) mod add;
