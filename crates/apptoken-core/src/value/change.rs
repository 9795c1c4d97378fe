//! What an update does to one field.

use serde::Serialize;
use serde::ser::SerializeMap;

/// What an update does to one field of an object.
///
/// Three things that JSON's null would mix up: the server casts a null to 0 or to the empty text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Change<T> {
    /// Leaves it as it is.
    #[default]
    Keep,
    /// Gives it this value.
    Set(T),
    /// Takes its value away, which is sent as `field__null`.
    Clear,
}

impl<T> From<T> for Change<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl<T: Serialize> Change<T> {
    /// Writes the field under its name, or under the name that clears it.
    pub(crate) fn write<M: SerializeMap>(
        &self,
        map: &mut M,
        name: &'static str,
        name_to_clear: &'static str,
    ) -> Result<(), M::Error> {
        match self {
            Self::Keep => Ok(()),
            Self::Set(value) => map.serialize_entry(name, value),
            Self::Clear => map.serialize_entry(name_to_clear, ""),
        }
    }
}
