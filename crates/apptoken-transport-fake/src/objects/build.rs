//! Converts parameters to objects and arguments, as `api_v3/lib/KalturaRequestDeserializer.php` of the server does.

use std::borrow::Cow;

use crate::catalog::classes;
use crate::error::{self, ApiError, Failure};
use crate::model::column::cut_bytes;
use crate::objects::{Class, Enum, FieldValue, Limit, NullEffect, Object, Property, PropertyKind, TextEnum};
use crate::php::cast::{equals_int, equals_text, is_true, text_to_int, to_int, to_text};
use crate::php::form::MAX_NESTING;
use crate::php::value::set;
use crate::php::{Array, Key, Value};

/// The server adds times of up to ten years to now; larger ones are absolute.
const MAX_RELATIVE_TIME: i64 = 315_360_000;

/// Converts a parameter to an object. `name` is the name of the parameter, for errors.
///
/// Unknown properties and the text of `objectType` are ignored. JSON `null` is cast like any other value; only
/// `name__null` sets a property to null.
pub(crate) fn object(class: &'static Class, value: &Value, name: &str, now: i64) -> Result<Object, Failure> {
    let array = array(value, name)?;
    let mut object = Object::empty(class);
    for (key, value) in array {
        let key = key.to_text();
        let is_null = key.ends_with("__null");
        let given = if is_null { key.replace("__null", "").into() } else { key };
        let Some(property) = class.properties.iter().find(|property| property.name == given) else { continue };
        let is_list =
            matches!(property.kind, PropertyKind::List | PropertyKind::TextOrList | PropertyKind::AbstractList(_));
        if is_null && !is_list {
            object.fields.insert(property.name, FieldValue::Null);
        } else if let Some(field) = field(property, value, name, now)? {
            object.fields.insert(property.name, field);
        }
    }
    if object.has_null_that(|effect| effect == NullEffect::Crashes) {
        return Err(Failure::Crash);
    }
    Ok(object)
}

/// Converts a parameter to an object of the class that `objectType` names and that must extend an abstract one. `None`
/// if the properties of that class are not known.
pub(crate) fn implementation(
    abstract_class: &str,
    value: &Value,
    name: &str,
    now: i64,
) -> Result<Option<Object>, Failure> {
    let named = set(array(value, name)?, "objectType").map(to_text).unwrap_or_default();
    if !classes::implements(&named, abstract_class) {
        return Err(error::OBJECT_TYPE_ABSTRACT.with(&[abstract_class]).into());
    }
    crate::objects::class(&named).map(|class| object(class, value, name, now)).transpose()
}

/// The properties of an object in a request.
pub(crate) fn array<'a>(value: &'a Value, name: &str) -> Result<&'a Array, ApiError> {
    let Value::Array(array) = value else {
        return Err(error::PROPERTY_VALIDATION_WRONG_FORMAT.with(&[name, "array"]));
    };
    match set(array, "objectType") {
        Some(Value::Array(_)) => Err(error::type_error()),
        _ => Ok(array),
    }
}

fn field(property: &Property, value: &Value, name: &str, now: i64) -> Result<Option<FieldValue>, Failure> {
    Ok(Some(match property.kind {
        PropertyKind::Text => {
            let mut text = valid_text(value, property.name)?;
            match property.limit {
                Limit::Max(bytes) if text.len() > bytes => {
                    return Err(error::PROPERTY_VALIDATION_MAX_LENGTH
                        .with(&[property.name, &bytes.to_string()])
                        .into());
                }
                Limit::Cut(bytes) => cut_bytes(&mut text, bytes),
                _ => {}
            }
            FieldValue::Text(text)
        }
        PropertyKind::Int => FieldValue::Int(to_int(value)),
        PropertyKind::Bool => FieldValue::Bool(to_bool(value)?),
        PropertyKind::NullableBool => match nullable_bool(value, property.name)? {
            Some(value) => FieldValue::Bool(value),
            None => return Ok(None),
        },
        PropertyKind::Time => FieldValue::Int(to_time(value, now)?),
        PropertyKind::Enum(of) => FieldValue::Int(enum_value(of, value, property.name)?),
        PropertyKind::TextEnum(of) => FieldValue::Text(text_enum_value(of, value, property.name)?),
        PropertyKind::Object(class) => match value {
            Value::Array(_) => {
                object(class, value, &format!("{name}:{}", property.name), now)?;
                FieldValue::Opaque
            }
            _ => return Ok(None),
        },
        PropertyKind::Abstract(class) => match value {
            Value::Array(_) => {
                implementation(class, value, &format!("{name}:{}", property.name), now)?;
                FieldValue::Opaque
            }
            _ => return Ok(None),
        },
        PropertyKind::AbstractList(class) => match value {
            Value::Array(items) => {
                for item in items.values() {
                    implementation(class, item, &format!("{name}:{}", property.name), now)?;
                }
                FieldValue::Opaque
            }
            _ => return Ok(None),
        },
        PropertyKind::Float => FieldValue::Opaque,
        PropertyKind::TextOrList => match value {
            Value::Null => return Err(error::WRONG_REQUEST_LANGUAGE.plain().into()),
            Value::Array(_) => FieldValue::Opaque,
            _ => FieldValue::Text(valid_text(value, property.name)?),
        },
        PropertyKind::List => match value {
            Value::Array(_) => FieldValue::Opaque,
            _ => return Ok(None),
        },
    }))
}

/// Casts to string. Characters that XML cannot contain are an error, whatever the format of the reply.
pub(crate) fn valid_text(value: &Value, name: &str) -> Result<String, ApiError> {
    let text = to_text(value).into_owned();
    if text.chars().all(is_xml_char) { Ok(text) } else { Err(error::INVALID_PARAMETER_CHAR.with(&[name])) }
}

/// Converts a value to a number of an enumeration. The server compares loosely (`==`) as PHP 8 does: `"2"` is 2, but an
/// empty string is not 0.
pub(crate) fn enum_value(of: &Enum, value: &Value, name: &str) -> Result<i64, ApiError> {
    if matches!(value, Value::Array(_)) {
        return Err(error::type_error());
    }
    let value = match to_text(value).to_lowercase().as_str() {
        "true" => &Value::Int(1),
        "false" => &Value::Int(0),
        _ => value,
    };
    if of.values.iter().any(|each| equals_int(value, *each)) {
        Ok(to_int(value))
    } else {
        Err(not_in_enum(value, name, of.name))
    }
}

/// `KalturaNullableBoolean`. Unlike other enumerations it takes an empty text, as 0.
fn nullable_bool(value: &Value, name: &str) -> Result<Option<bool>, ApiError> {
    const NULLABLE_BOOLEAN: Enum = Enum { name: "KalturaNullableBoolean", values: &[-1, 0, 1] };
    if !matches!(value, Value::Array(_)) && to_text(value).is_empty() {
        return Ok(Some(false));
    }
    Ok(match enum_value(&NULLABLE_BOOLEAN, value, name)? {
        -1 => None,
        number => Some(number == 1),
    })
}

/// Converts a value to a string of an enumeration.
pub(crate) fn text_enum_value(of: &TextEnum, value: &Value, name: &str) -> Result<String, ApiError> {
    if of.values.iter().any(|each| equals_text(value, each)) {
        valid_text(value, name)
    } else {
        Err(not_in_enum(value, name, of.name))
    }
}

fn not_in_enum(value: &Value, name: &str, of: &str) -> ApiError {
    let text = to_text(value);
    let shown = (*value != Value::Null).then_some(&*text);
    error::INVALID_ENUM_VALUE.with_some(&[shown, Some(name), Some(of)])
}

/// Converts a value to a boolean: the word `false` is false.
pub(crate) fn to_bool(value: &Value) -> Result<bool, ApiError> {
    if matches!(value, Value::Array(_)) {
        return Err(error::type_error());
    }
    Ok(!to_text(value).eq_ignore_ascii_case("false") && is_true(value))
}

/// `-1` stays as it is, and an empty string is 0. Other times of up to ten years are relative.
fn to_time(value: &Value, now: i64) -> Result<i64, ApiError> {
    if matches!(value, Value::Array(_)) {
        return Err(error::type_error());
    }
    let text = to_text(value);
    Ok(match text_to_int(&text) {
        _ if text.is_empty() => 0,
        -1 => -1,
        relative if (-MAX_RELATIVE_TIME..=MAX_RELATIVE_TIME).contains(&relative) => now.saturating_add(relative),
        absolute => absolute,
    })
}

pub(crate) fn is_xml_char(each: char) -> bool {
    matches!(each, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Puts parameters with names like `appToken:hashType` into nested arrays. Names with too many colons are dropped, to
/// limit the recursion.
pub(crate) fn group(params: &Array) -> Cow<'_, Array> {
    let is_flat =
        |key: &Key| matches!(key, Key::Int(_)) || matches!(key, Key::Text(name) if !name.contains(':') && name != "-");
    if params.keys().all(is_flat) {
        return Cow::Borrowed(params);
    }
    let mut grouped = Array::new();
    for (key, value) in params {
        let name = key.to_text();
        let steps: Vec<&str> = name.split(':').collect();
        if steps.len() <= MAX_NESTING {
            place(&mut grouped, &steps, value);
        }
    }
    Cow::Owned(grouped)
}

fn place(array: &mut Array, steps: &[&str], value: &Value) {
    let Some((step, further)) = steps.split_first() else { return };
    let key = Key::from(*step);
    if further.is_empty() {
        if *step != "-" {
            array.insert(key, value.clone());
        }
        return;
    }
    let inner = array.entry(key).or_insert_with(|| Value::Array(Array::new()));
    if !matches!(inner, Value::Array(_)) {
        *inner = Value::Array(Array::new());
    }
    if let Value::Array(inner) = inner {
        place(inner, further, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::app_token::CLASS;
    use crate::php::json::decode;

    fn built(json: &str) -> Result<Object, Failure> {
        object(&CLASS, &decode(json).unwrap(), "appToken", 1_000_000_000)
    }

    fn code(json: &str) -> String {
        match built(json).err() {
            Some(Failure::Api(error)) => error.code,
            Some(_) => "HTTP 500".to_owned(),
            None => String::new(),
        }
    }

    #[test]
    fn times_up_to_ten_years_are_relative() {
        for (json, expiry) in
            [("3600", 1_000_003_600), ("0", 1_000_000_000), ("-1", -1), ("-2", 999_999_998), ("\"\"", 0)]
        {
            let object = built(&format!("{{\"expiry\":{json}}}")).ok().unwrap();
            assert_eq!(object.int("expiry"), Some(expiry), "{json}");
        }
        assert_eq!(built(r#"{"expiry":315360001}"#).ok().unwrap().int("expiry"), Some(315_360_001));
    }

    #[test]
    fn json_null_is_cast_and_a_null_marker_sets_null() {
        let object =
            built(r#"{"expiry":null,"description":null,"sessionType":null,"sessionDuration__null":1}"#).ok().unwrap();
        assert_eq!(object.field("expiry"), Some(&FieldValue::Int(0)));
        assert_eq!(object.field("description"), Some(&FieldValue::Text(String::new())));
        assert_eq!(object.field("sessionType"), Some(&FieldValue::Int(0)));
        assert_eq!(object.field("sessionDuration"), Some(&FieldValue::Null));
    }

    #[test]
    fn enumerations_are_compared_loosely() {
        for (json, is_valid) in [
            (r#"{"sessionType":"2"}"#, true),
            (r#"{"sessionType":" 2"}"#, true),
            (r#"{"sessionType":true}"#, true),
            (r#"{"sessionType":"true"}"#, false),
            (r#"{"sessionType":""}"#, false),
            (r#"{"sessionType":1}"#, false),
            (r#"{"hashType":"MD5"}"#, true),
            (r#"{"hashType":"md5"}"#, false),
            (r#"{"hashType":null}"#, false),
            (r#"{"hashType":true}"#, true),
        ] {
            assert_eq!(built(json).is_ok(), is_valid, "{json}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error() {
        assert_eq!(code("\"x\""), "PROPERTY_VALIDATION_WRONG_FORMAT");
        assert_eq!(code(r#"{"description":"\u0001"}"#), "INVALID_PARAMETER_CHAR");
        assert_eq!(code(r#"{"sessionType":[]}"#), "INTERNAL_SERVERL_ERROR");
        assert_eq!(code(r#"{"objectType":[]}"#), "INTERNAL_SERVERL_ERROR");
    }

    #[test]
    fn names_with_colons_become_nested_arrays() {
        let params = decode(r#"{"a:b":1,"a:c:d":2,"e:-":"","f":3}"#).unwrap();
        let expected = decode(r#"{"a":{"b":1,"c":{"d":2}},"e":{},"f":3}"#).unwrap();
        assert_eq!(Value::Array(group(params.as_array().unwrap()).into_owned()), expected);
    }
}
