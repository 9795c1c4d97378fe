//! The change of one field in an update.

use alloc::string::String;

use serde::Serialize;
use serde::ser::SerializeMap;

/// The change of one field of an object in an update.
///
/// JSON's null cannot express these three cases, because the server casts it to 0 or to an empty string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Change<T> {
    /// Leaves the field unchanged.
    #[default]
    Keep,
    /// Sets the field to this value.
    Set(T),
    /// Clears the field, in the way that the server understands for it.
    Clear,
}

impl<T> From<T> for Change<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl<T: Serialize> Change<T> {
    /// Writes the field under its name, or under the name that clears it.
    ///
    /// The server clears a property if the request contains its name with the suffix `__null`, with any value
    /// (`api_v3/lib/KalturaRequestDeserializer.php`).
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

impl Change<String> {
    /// Writes the field under its name, and an empty string to clear it.
    ///
    /// For fields that the server fails to set to null: `user.update` with `firstName__null`, `lastName__null`,
    /// `screenName__null` or `email__null` gets HTTP 500, `roleIds__null` and the `systemName__null` of a role
    /// `INTERNAL_SERVERL_ERROR`. An empty string clears them (observed on release Venus-22.19.0).
    pub(crate) fn write_text<M: SerializeMap>(&self, map: &mut M, name: &'static str) -> Result<(), M::Error> {
        match self {
            Self::Keep => Ok(()),
            Self::Set(value) => map.serialize_entry(name, value),
            Self::Clear => map.serialize_entry(name, ""),
        }
    }
}
