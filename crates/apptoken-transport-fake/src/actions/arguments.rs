use indexmap::IndexMap;

use crate::error::{self, ApiError, Failure};
use crate::objects::build;
use crate::objects::{Class, Enum, Object};
use crate::php::cast::to_int;
use crate::php::value::set;
use crate::php::{Array, Key};

/// A parameter of an action.
pub(crate) struct Parameter {
    name: &'static str,
    kind: ParameterKind,
    is_optional: bool,
    /// The default of an optional number.
    default: i64,
}

enum ParameterKind {
    Text,
    Int,
    Enum(&'static Enum),
    Object(&'static Class),
}

impl Parameter {
    pub(crate) const fn text(name: &'static str) -> Self {
        Self { name, kind: ParameterKind::Text, is_optional: false, default: 0 }
    }

    pub(crate) const fn int(name: &'static str) -> Self {
        Self { name, kind: ParameterKind::Int, is_optional: false, default: 0 }
    }

    pub(crate) const fn enumeration(name: &'static str, of: &'static Enum) -> Self {
        Self { name, kind: ParameterKind::Enum(of), is_optional: false, default: 0 }
    }

    pub(crate) const fn object(name: &'static str, class: &'static Class) -> Self {
        Self { name, kind: ParameterKind::Object(class), is_optional: false, default: 0 }
    }

    /// Makes it optional: the default is an empty string, 0 or no object.
    pub(crate) const fn optional(self) -> Self {
        Self { is_optional: true, ..self }
    }

    /// Makes it optional, with this default.
    pub(crate) const fn or(self, default: i64) -> Self {
        Self { is_optional: true, default, ..self }
    }
}

/// The arguments of a call.
#[derive(Default)]
pub(crate) struct Arguments {
    values: IndexMap<&'static str, Argument>,
}

enum Argument {
    Text(String),
    Int(i64),
    Object(Object),
}

impl Arguments {
    /// Reads the arguments from grouped parameters. The order is that of the declaration, so that the first invalid
    /// argument is reported, as by the server's `KalturaRequestDeserializer.php`.
    pub(crate) fn of(parameters: &[Parameter], grouped: &Array, now: i64) -> Result<Self, Failure> {
        let mut arguments = Self::default();
        for parameter in parameters {
            if let Some(argument) = argument(parameter, grouped, now)? {
                arguments.values.insert(parameter.name, argument);
            } else if !parameter.is_optional {
                return Err(error::MISSING_MANDATORY_PARAMETER.with(&[parameter.name]).into());
            }
        }
        Ok(arguments)
    }

    /// A string; empty if it was not given.
    pub(crate) fn text(&self, name: &str) -> &str {
        match self.values.get(name) {
            Some(Argument::Text(text)) => text,
            _ => "",
        }
    }

    /// A number; its default if it was not given.
    pub(crate) fn int(&self, name: &str) -> i64 {
        match self.values.get(name) {
            Some(Argument::Int(number)) => *number,
            _ => 0,
        }
    }

    pub(crate) fn object(&self, name: &str) -> Option<&Object> {
        match self.values.get(name)? {
            Argument::Object(object) => Some(object),
            _ => None,
        }
    }

    /// An object that is declared as mandatory.
    pub(crate) fn mandatory_object(&self, name: &str) -> Result<&Object, ApiError> {
        self.object(name).ok_or_else(|| error::MISSING_MANDATORY_PARAMETER.with(&[name]))
    }
}

fn argument(parameter: &Parameter, grouped: &Array, now: i64) -> Result<Option<Argument>, Failure> {
    let name = parameter.name;
    let given = grouped.get(&Key::from(name));
    Ok(match (&parameter.kind, given) {
        (ParameterKind::Text, Some(value)) => Some(Argument::Text(build::valid_text(value, name)?)),
        (ParameterKind::Int, Some(value)) => Some(Argument::Int(to_int(value))),
        (ParameterKind::Enum(of), Some(value)) => Some(Argument::Int(build::enum_value(of, value, name)?)),
        (ParameterKind::Object(class), _) => match set(grouped, name) {
            Some(value) => Some(Argument::Object(build::object(class, value, name, now)?)),
            None => None,
        },
        (ParameterKind::Int | ParameterKind::Enum(_), None) if parameter.is_optional => {
            Some(Argument::Int(parameter.default))
        }
        (_, None) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::SESSION_TYPE;
    use crate::php::json::decode;

    const PARAMETERS: &[Parameter] = &[
        Parameter::text("id"),
        Parameter::int("expiry").or(86_400),
        Parameter::enumeration("type", &SESSION_TYPE).optional(),
    ];

    fn arguments(json: &str) -> Result<Arguments, Failure> {
        Arguments::of(PARAMETERS, decode(json).unwrap().as_array().unwrap(), 0)
    }

    #[test]
    fn null_is_cast_and_a_missing_parameter_is_the_default() {
        let given = arguments(r#"{"id":null,"expiry":null,"type":null}"#).ok().unwrap();
        assert_eq!((given.text("id"), given.int("expiry"), given.int("type")), ("", 0, 0));
        let absent = arguments(r#"{"id":5}"#).ok().unwrap();
        assert_eq!((absent.text("id"), absent.int("expiry"), absent.int("type")), ("5", 86_400, 0));
    }

    #[test]
    fn the_first_invalid_parameter_is_reported() {
        for json in ["{}", r#"{"type":7}"#] {
            let Err(Failure::Api(error)) = arguments(json) else { panic!("{json}") };
            assert_eq!(error.message(), "Missing parameter \"id\"");
        }
    }
}
