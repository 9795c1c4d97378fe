//! Parsing Kaltura's error object, `KalturaAPIException`.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::Error;
use crate::wire::body::Body;

/// An API error (`api_v3/lib/exceptions/KalturaAPIException.php`).
#[derive(Deserialize)]
pub(crate) struct ApiException {
    #[serde(rename = "objectType")]
    object_type: String,
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    args: ApiArgs,
}

const EXCEPTION: &str = "KalturaAPIException";

impl ApiException {
    /// Parses the body as an API error. The server sends them with HTTP status 200, but a proxy may change the status.
    pub(crate) fn read(body: Body<'_>) -> Option<Self> {
        // Most replies are not errors, and a search is cheaper than parsing each reply twice.
        if !body.contains(EXCEPTION) {
            return None;
        }
        // Only `objectType` identifies an error: other objects can have fields named `code` and `message` too.
        body.parse().ok().filter(|exception: &Self| exception.object_type == EXCEPTION)
    }

    pub(crate) fn into_error(self) -> Error {
        Error::kaltura(&self.code, self.message, |name| self.args.get(name))
    }
}

/// The arguments of an API error. Without arguments, the server sends an empty list (PHP's empty array), not an object.
#[derive(Default)]
struct ApiArgs(Vec<(String, String)>);

impl ApiArgs {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| &**value)
    }
}

impl<'de> Deserialize<'de> for ApiArgs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ArgsVisitor;

        impl<'de> Visitor<'de> for ArgsVisitor {
            type Value = ApiArgs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the arguments of an error")
            }

            fn visit_unit<E>(self) -> Result<ApiArgs, E> {
                Ok(ApiArgs::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ApiArgs, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(ApiArgs::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<ApiArgs, A::Error> {
                let mut args = Vec::new();
                while let Some((name, value)) = entries.next_entry::<String, ArgValue>()? {
                    args.extend(value.0.map(|value| (name, value)));
                }
                Ok(ApiArgs(args))
            }
        }

        deserializer.deserialize_any(ArgsVisitor)
    }
}

/// A text, or a value of another type, which is skipped.
#[derive(Deserialize)]
#[serde(from = "TextOrOther")]
struct ArgValue(Option<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrOther {
    Text(String),
    Other(IgnoredAny),
}

impl From<TextOrOther> for ArgValue {
    fn from(value: TextOrOther) -> Self {
        match value {
            TextOrOther::Text(text) => Self(Some(text)),
            TextOrOther::Other(_) => Self(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    /// The arguments in an error, as JSON, and what is read of the argument `ID`.
    #[test]
    fn arguments_are_read_from_objects_and_skipped_in_lists() {
        for (args, id) in [
            (r#"{"ID":"1_a"}"#, Some("1_a")),
            (r#"{"OTHER":"x","ID":"1_a"}"#, Some("1_a")),
            (r#"{"ID":7}"#, None),
            ("[]", None),
            (r#"["1_a",{"ID":"1_a"}]"#, None),
            ("null", None),
        ] {
            let body = format!(r#"{{"objectType":"KalturaAPIException","code":"C","message":"m","args":{args}}}"#);
            assert_eq!(ApiException::read(Body::Text(&body)).unwrap().args.get("ID"), id, "{args}");
        }
    }

    #[test]
    fn an_error_is_read_from_a_body_that_is_not_utf8() {
        let body = b"{\"objectType\":\"KalturaAPIException\",\"code\":\"C\",\"other\":\"\xff\"}";
        assert_eq!(ApiException::read(Body::of(body)).unwrap().code, "C");
        let body = b"{\"objectType\":\"KalturaBaseEntry\",\"code\":\"C\",\"other\":\"\xff\"}";
        assert!(ApiException::read(Body::of(body)).is_none());
    }
}
