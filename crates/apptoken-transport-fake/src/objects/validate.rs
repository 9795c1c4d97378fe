//! Validates which properties a request sets.

use crate::error::{self, ApiError};
use crate::objects::{Access, FieldValue, NullEffect, Object};

/// Checks that a new object does not set read-only properties, and none to null that the server cannot.
pub(crate) fn for_insert(object: &Object) -> Result<(), ApiError> {
    check_nulls(object, NullEffect::FailsOnInsert)?;
    for property in object.class.properties {
        if property.access == Access::Never && object.field(property.name).is_some() {
            return Err(not_updatable(object, property.name));
        }
    }
    Ok(())
}

/// Checks that a change does not set read-only properties to another value, and none to null that the server cannot.
/// `current` returns the value of a property.
pub(crate) fn for_update(object: &Object, current: impl Fn(&str) -> Option<FieldValue>) -> Result<(), ApiError> {
    check_nulls(object, NullEffect::FailsOnUpdate)?;
    for property in object.class.properties {
        let Some(given) = object.field(property.name) else { continue };
        if property.access != Access::Always && current(property.name).as_ref() != Some(given) {
            return Err(not_updatable(object, property.name));
        }
    }
    Ok(())
}

/// Checks that no condition of a filter, or part of a page, is null.
pub(crate) fn for_list(object: Option<&Object>) -> Result<(), ApiError> {
    object.map_or(Ok(()), |object| check_nulls(object, NullEffect::Fails))
}

fn check_nulls(object: &Object, failing: NullEffect) -> Result<(), ApiError> {
    let fails = object.has_null_that(|effect| effect == NullEffect::Fails || effect == failing);
    if fails { Err(error::type_error()) } else { Ok(()) }
}

/// Checks that a string is not empty.
pub(crate) fn not_empty(object: &Object, name: &str) -> Result<(), ApiError> {
    match object.text(name) {
        Some("") => Err(error::PROPERTY_VALIDATION_MIN_LENGTH.with(&[&full_name(object, name), "1"])),
        _ => Ok(()),
    }
}

/// Checks that a property is set and not null.
pub(crate) fn not_null(object: &Object, name: &str) -> Result<(), ApiError> {
    match object.field(name) {
        None | Some(FieldValue::Null) => {
            Err(error::PROPERTY_VALIDATION_CANNOT_BE_NULL.with(&[&full_name(object, name)]))
        }
        Some(_) => Ok(()),
    }
}

fn not_updatable(object: &Object, name: &str) -> ApiError {
    error::PROPERTY_VALIDATION_NOT_UPDATABLE.with(&[&full_name(object, name)])
}

fn full_name(object: &Object, name: &str) -> String {
    format!("{}::{name}", object.class.name)
}
