//! Reading Kaltura's error object, `KalturaAPIException`.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::Error;
use crate::error::code::KalturaCode;
use crate::wire::search::holds;

/// An API error: `KalturaAPIException`.
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
    /// The API error that a body is, at whatever HTTP status.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        // Most replies are none: a search is cheaper than reading each reply twice.
        if !holds(body, EXCEPTION.as_bytes()) {
            return None;
        }
        serde_json::from_slice(body).ok().filter(|exception: &Self| exception.object_type == EXCEPTION)
    }

    pub(crate) fn into_error(self) -> Error {
        let kind = KalturaCode::of(&self.code, |name| self.args.get(name));
        Error::kaltura(kind, self.code, self.message)
    }
}

/// The arguments of an API error; an empty list stands for none.
#[derive(Default)]
struct ApiArgs(Vec<(String, String)>);

impl ApiArgs {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| &**value)
    }
}

impl<'de> Deserialize<'de> for ApiArgs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Args;

        impl<'de> Visitor<'de> for Args {
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
                while let Some((name, value)) = entries.next_entry::<String, Text>()? {
                    args.extend(value.0.map(|value| (name, value)));
                }
                Ok(ApiArgs(args))
            }
        }

        deserializer.deserialize_any(Args)
    }
}

/// Text, or anything else, which is passed over.
#[derive(Deserialize)]
#[serde(from = "TextOrOther")]
struct Text(Option<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrOther {
    Text(String),
    Other(IgnoredAny),
}

impl From<TextOrOther> for Text {
    fn from(value: TextOrOther) -> Self {
        match value {
            TextOrOther::Text(text) => Self(Some(text)),
            TextOrOther::Other(_) => Self(None),
        }
    }
}
