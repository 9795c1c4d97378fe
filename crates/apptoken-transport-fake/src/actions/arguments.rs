//! The arguments of a call, read from the parameters of the request as the catalog declares them.

use crate::catalog::action::{CatalogParameter, ParameterKind};
use crate::catalog::{classes, enums};
use crate::error::{self, ApiError, Failure};
use crate::objects::build;
use crate::objects::{self, Object};
use crate::php::cast::{to_int, to_text};
use crate::php::value::{get, set};
use crate::php::{Array, Value};

/// The arguments of a call.
#[derive(Default)]
pub(crate) struct Arguments {
    /// By the names of the parameters. An action has a few.
    values: Vec<(&'static str, Argument)>,
}

enum Argument {
    Text(String),
    Int(i64),
    Object(Object),
    /// A value that no action with a model uses.
    Other,
}

impl Arguments {
    /// Reads the arguments from grouped parameters. The order is that of the declaration, so that the first invalid
    /// argument is reported, as by the server's `KalturaRequestDeserializer.php`.
    pub(crate) fn of(parameters: &[CatalogParameter], grouped: &Array, now: i64) -> Result<Self, Failure> {
        let mut arguments = Self { values: Vec::with_capacity(parameters.len()) };
        for parameter in parameters {
            match given(parameter, grouped, now)? {
                Some(argument) => arguments.values.push((parameter.name, argument)),
                None => arguments.put_default(parameter)?,
            }
        }
        Ok(arguments)
    }

    fn put_default(&mut self, parameter: &CatalogParameter) -> Result<(), ApiError> {
        let missing = || error::MISSING_MANDATORY_PARAMETER.with(&[parameter.name]);
        let default = parameter.default.ok_or_else(missing)?;
        let argument = match parameter.kind {
            ParameterKind::Text | ParameterKind::TextEnum(_) if default != "null" => {
                Argument::Text(default.trim_matches('"').to_owned())
            }
            ParameterKind::Int | ParameterKind::NumberEnum(_) => Argument::Int(default.parse().unwrap_or(0)),
            _ => return Ok(()),
        };
        self.values.push((parameter.name, argument));
        Ok(())
    }

    fn get(&self, name: &str) -> Option<&Argument> {
        self.values.iter().find(|(given, _)| *given == name).map(|(_, argument)| argument)
    }

    /// A string; empty if it was not given.
    pub(crate) fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Argument::Text(text)) => text,
            _ => "",
        }
    }

    /// A number; its default if it was not given.
    pub(crate) fn int(&self, name: &str) -> i64 {
        match self.get(name) {
            Some(Argument::Int(number)) => *number,
            _ => 0,
        }
    }

    /// A string or a number as the server shows it in an error; `None` for anything else.
    pub(crate) fn shown(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Argument::Text(text) => Some(text.clone()),
            Argument::Int(number) => Some(number.to_string()),
            Argument::Object(_) | Argument::Other => None,
        }
    }

    pub(crate) fn object(&self, name: &str) -> Option<&Object> {
        match self.get(name)? {
            Argument::Object(object) => Some(object),
            _ => None,
        }
    }

    /// An object that is declared as mandatory.
    pub(crate) fn mandatory_object(&self, name: &str) -> Result<&Object, ApiError> {
        self.object(name).ok_or_else(|| error::MISSING_MANDATORY_PARAMETER.with(&[name]))
    }
}

/// The argument that the request gives; `None` if it gives none.
fn given(parameter: &CatalogParameter, grouped: &Array, now: i64) -> Result<Option<Argument>, Failure> {
    let name = parameter.name;
    match parameter.kind {
        ParameterKind::Object(class) => {
            return set(grouped, name).map(|value| object(class, value, name, now)).transpose();
        }
        ParameterKind::Abstract(class) => {
            let value = set(grouped, name);
            return value.map(|value| implementation(class, value, name, now)).transpose();
        }
        // The server makes an empty list of anything that is not a list.
        ParameterKind::Array => return Ok(Some(Argument::Other)),
        _ => {}
    }
    let Some(value) = get(grouped, name) else { return Ok(None) };
    Ok(Some(match parameter.kind {
        ParameterKind::Text => Argument::Text(build::valid_text(value, name)?),
        ParameterKind::Int => Argument::Int(to_int(value)),
        ParameterKind::Bool => {
            build::to_bool(value)?;
            Argument::Other
        }
        ParameterKind::NumberEnum(of) => match enums::numbers(of) {
            Some(of) => Argument::Int(build::enum_value(of, value, name)?),
            None => Argument::Int(to_int(value)),
        },
        ParameterKind::TextEnum(of) => match enums::texts(of) {
            Some(of) => Argument::Text(build::text_enum_value(of, value, name)?),
            None => Argument::Text(build::valid_text(value, name)?),
        },
        // PHP makes an array of a file, so text is not one.
        ParameterKind::File if !matches!(value, Value::Array(_)) => return Err(error::UPLOAD_ERROR.plain().into()),
        _ => Argument::Other,
    }))
}

/// An object of the declared class, or of the subclass that its `objectType` names.
fn object(declared: &str, value: &Value, name: &str, now: i64) -> Result<Argument, Failure> {
    let named = set(build::array(value, name)?, "objectType").map(to_text);
    let subclass = named.and_then(|named| classes::subclass(declared, &named));
    match subclass.or_else(|| objects::class(declared)) {
        Some(class) => build::object(class, value, name, now).map(Argument::Object),
        None => Ok(Argument::Other),
    }
}

/// An object of a class that extends an abstract one, as its `objectType` says.
fn implementation(abstract_class: &str, value: &Value, name: &str, now: i64) -> Result<Argument, Failure> {
    let object = build::implementation(abstract_class, value, name, now)?;
    Ok(object.map_or(Argument::Other, Argument::Object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::find_full;
    use crate::php::json::decode;

    fn arguments(action: &str, json: &str) -> Result<Arguments, ApiError> {
        let parameters = &find_full(action).unwrap().parameters;
        match Arguments::of(parameters, decode(json).unwrap().as_array().unwrap(), 0) {
            Ok(arguments) => Ok(arguments),
            Err(Failure::Api(error)) => Err(error),
            Err(_) => panic!("{json}"),
        }
    }

    fn message(action: &str, json: &str) -> String {
        arguments(action, json).err().map(|error| error.message()).unwrap_or_default()
    }

    #[test]
    fn null_is_cast_and_a_missing_parameter_is_the_default() {
        let given = arguments("session.start", r#"{"secret":null,"expiry":null,"type":null}"#).ok().unwrap();
        assert_eq!((given.text("secret"), given.int("expiry"), given.int("type")), ("", 0, 0));
        let absent = arguments("session.start", r#"{"secret":5}"#).ok().unwrap();
        assert_eq!((absent.text("secret"), absent.int("expiry"), absent.int("type")), ("5", 86_400, 0));
        assert_eq!(
            arguments("report.getTable", r#"{"reportType":1,"reportInputFilter":{},"pager":{}}"#)
                .ok()
                .unwrap()
                .text("order"),
            ""
        );
    }

    #[test]
    fn the_first_invalid_parameter_is_reported() {
        assert_eq!(message("media.update", "{}"), "Missing parameter \"entryId\"");
        assert_eq!(message("media.update", r#"{"entryId":"x"}"#), "Missing parameter \"mediaEntry\"");
        assert_eq!(message("session.start", r#"{"type":7}"#), "Missing parameter \"secret\"");
    }

    #[test]
    fn an_object_must_be_an_array_and_its_properties_valid() {
        assert_eq!(
            message("media.update", r#"{"entryId":"x","mediaEntry":"y"}"#),
            "The property \"mediaEntry\" must match format array"
        );
        let code = |json| arguments("media.add", json).err().map(|error| error.code);
        assert_eq!(code(r#"{"entry":{"mediaType":99}}"#).as_deref(), Some("INVALID_ENUM_VALUE"));
        assert_eq!(code(r#"{"entry":{"name":"a\u0001b"}}"#).as_deref(), Some("INVALID_PARAMETER_CHAR"));
        assert_eq!(code(r#"{"entry":{"mediaType":1,"name":"x"}}"#), None);
    }

    #[test]
    fn an_abstract_class_needs_a_class_that_extends_it() {
        let code = |json: &str| arguments("baseEntry.addContent", json).err().map(|error| error.code);
        for class in ["KalturaMediaEntry", "KalturaNope", "KalturaContentResource", ""] {
            let json = format!(r#"{{"entryId":"x","resource":{{"objectType":"{class}"}}}}"#);
            assert_eq!(code(&json).as_deref(), Some("OBJECT_TYPE_ABSTRACT"), "{class}");
        }
        assert_eq!(code(r#"{"entryId":"x","resource":{"objectType":"KalturaUrlResource","url":"u"}}"#), None);
    }

    #[test]
    fn a_list_is_never_missing_and_a_file_is_not_text() {
        let code = |action, json| arguments(action, json).err().map(|error| error.code).unwrap_or_default();
        assert_eq!(code("playlist.executeFromFilters", r#"{"totalResults":1}"#), "");
        assert_eq!(code("uploadToken.upload", r#"{"uploadTokenId":"x"}"#), "MISSING_MANDATORY_PARAMETER");
        assert_eq!(code("uploadToken.upload", r#"{"uploadTokenId":"x","fileData":"y"}"#), "UPLOAD_ERROR");
    }
}
