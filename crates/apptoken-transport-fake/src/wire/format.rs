use crate::error::{self, ApiError};
use crate::output::Output;
use crate::php::cast::{equals_int, to_text};
use crate::php::value::set;
use crate::php::{Array, Key, Value};
use crate::wire::{json, php_serialize, xml};

/// PHP adds the charset to a text type. JSON has none.
pub(crate) const XML: &str = "text/xml;charset=UTF-8";

/// The format of a reply.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml {
        /// Whether null properties are omitted.
        ignore_null: bool,
    },
    Php,
    /// JSON as the argument of a function.
    Jsonp {
        callback: String,
    },
}

impl Format {
    /// The format that a request asks for; XML by default, even for a JSON request.
    pub(crate) fn of(params: &Array, query: &Array) -> Result<Self, ApiError> {
        let ignore_null = matches!(set(params, "ignoreNull"), Some(Value::Bool(true)))
            || matches!(set(params, "ignoreNull"), Some(Value::Text(text)) if text == "1");
        let Some(format) = set(params, "format") else { return Ok(Self::Xml { ignore_null }) };
        if equals_int(format, 2) {
            Ok(Self::Xml { ignore_null })
        } else if equals_int(format, 3) {
            Ok(Self::Php)
        } else if equals_int(format, 1) {
            Ok(Self::Json)
        } else if equals_int(format, 9) {
            callback(query).map(|callback| Self::Jsonp { callback })
        } else {
            Err(error::UNKNOWN_RESPONSE_FORMAT.with(&[&to_text(format)]))
        }
    }

    /// Whether the fast path of `session.start` supports the format.
    pub(crate) fn is_on_fast_path(&self) -> bool {
        !matches!(self, Self::Jsonp { .. })
    }

    /// The content type; `None` if the server sets none.
    pub(crate) fn content_type(&self) -> Option<&'static str> {
        match self {
            Self::Json => Some("application/json"),
            Self::Xml { .. } => Some(XML),
            Self::Php => None,
            Self::Jsonp { .. } => Some("application/javascript"),
        }
    }

    /// Serializes a result.
    pub(crate) fn write(&self, output: &Output) -> String {
        match self {
            Self::Json => json::text(output),
            Self::Xml { ignore_null } => xml::document(|writer| xml::write(writer, output, *ignore_null)),
            Self::Php => php_serialize::text(output),
            Self::Jsonp { callback } => format!("{callback}({});", json::text(output)),
        }
    }

    /// Serializes the results of a multirequest.
    pub(crate) fn write_all(&self, outputs: &[Output]) -> String {
        match self {
            Self::Json => json::list(outputs),
            Self::Xml { ignore_null } => xml::document(|writer| xml::write_items(writer, outputs, *ignore_null)),
            Self::Php => php_serialize::list(outputs),
            Self::Jsonp { callback } => format!("{callback}({});", json::list(outputs)),
        }
    }
}

/// The name of the JSONP function, which the server reads only from the query.
fn callback(query: &Array) -> Result<String, ApiError> {
    let given = query.get(&Key::from("callback")).map(to_text);
    let callback = given.ok_or_else(|| error::MANDATORY_PARAMETER_MISSING.with(&["callback"]))?;
    let is_name = callback.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    if is_name { Ok(callback.into_owned()) } else { Err(error::INVALID_FIELD_VALUE.with(&["callback"])) }
}
