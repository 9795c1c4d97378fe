//! Writing requests. This is the only place where a secret is written into a body.

use alloc::format;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use memchr::memchr2;
use serde::{Serialize, Serializer};
use serde_json::Value;
use zeroize::Zeroize as _;

use crate::error::Error;
use crate::value::ks::Ks;
use crate::value::secrets::{AccountSecret, TokenHash};
use crate::value::time::Moment;
use crate::value::wiped::WipedBytes;
use crate::wire::action::Action;
use crate::wire::endpoint::Endpoint;
use crate::wire::http::HttpRequest;
use crate::wire::multipart;
use crate::wire::search::contains;

/// The parameters of a request besides those of its action.
#[derive(Clone, Copy, Default)]
pub(crate) struct Common<'a> {
    pub(crate) ks: Option<&'a Ks>,
    /// Makes the server bypass its response cache, in which a reply can be 600 s old (`api_v3/lib/KalturaResponseCacher.php`
    /// and `alpha/apps/kaltura/lib/cache/kApiCache.php`).
    pub(crate) nocache: Option<Nocache>,
}

/// A value that no earlier request had.
///
/// The cache key covers all parameters, so a unique value works even on a server that ignores the parameter's name.
#[derive(Clone, Copy)]
pub(crate) struct Nocache(Moment);

impl Nocache {
    pub(crate) fn new(now: Moment) -> Self {
        Self(now)
    }
}

impl fmt::Display for Nocache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.wall.0, self.0.elapsed.as_nanos())
    }
}

impl Serialize for Nocache {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The reply is XML unless `format=1` (JSON) arrives. Body and URL both contain it, so that either may be lost on the way.
///
/// The client tag identifies this library in the server's log. The server does not check it.
const FORMAT_AND_CLIENT: &str = concat!(r#""format":1,"clientTag":"apptoken-rust:"#, env!("CARGO_PKG_VERSION"), r#"""#);

impl Common<'_> {
    /// More bytes than [`write_members`](Self::write_members) writes, unless the KS has to be escaped.
    pub(crate) fn max_len(&self) -> usize {
        const NAMES_AND_NOCACHE: usize = 100;
        self.ks.map_or(0, |ks| ks.expose().len()) + FORMAT_AND_CLIENT.len() + NAMES_AND_NOCACHE
    }

    /// Writes the parameters as the members of a JSON object. The buffer is large enough, so that it leaves no copy of the
    /// KS behind when it grows.
    pub(crate) fn write_members(&self, body: &mut Vec<u8>) {
        if let Some(ks) = self.ks {
            body.extend_from_slice(b"\"ks\":");
            write_ks(ks, body);
            body.push(b',');
        }
        body.extend_from_slice(FORMAT_AND_CLIENT.as_bytes());
        if let Some(nocache) = self.nocache {
            body.extend_from_slice(format!(",\"nocache\":\"{nocache}\"").as_bytes());
        }
    }
}

fn write_ks(ks: &Ks, body: &mut Vec<u8>) {
    let text = ks.expose();
    // A KS contains no control character, and that of a real server is base64.
    if memchr2(b'"', b'\\', text.as_bytes()).is_some() {
        // A string can always be written.
        let escaped = WipedBytes::from(serde_json::to_vec(text).unwrap_or_default());
        body.extend_from_slice(&escaped);
    } else {
        body.push(b'"');
        body.extend_from_slice(text.as_bytes());
        body.push(b'"');
    }
}

/// Writes the request for an action.
pub(crate) fn request<A: Action>(endpoint: &Endpoint, action: &A, common: Common<'_>) -> Result<HttpRequest, Error> {
    let target = action.target();
    action.check().map_err(|error| error.during(target))?;
    let body = with_common(action, common).map_err(|error| error.during(target))?;
    let url = endpoint.url(target.service, target.action);
    match action.file() {
        None => Ok(HttpRequest::new(url, body)),
        // PHP reads a file without a name as no file.
        Some(file) if file.file_name.is_empty() => {
            Err(Error::invalid_input("the file has no name: set file_name, such as lecture.mp4").during(target))
        }
        Some(file) => Ok(HttpRequest::with_file(url, multipart::body(&body, file))),
    }
}

/// Writes the parameters of an action and those of its request as one JSON object.
fn with_common(action: &impl Serialize, common: Common<'_>) -> Result<WipedBytes, Error> {
    let parameters = object(action)?;
    // An action without parameters is `{}`, or `null` if it is a unit struct. One that is JSON text itself, as a `RawValue`, can
    // have spaces between the braces.
    let own = match &**parameters {
        b"null" => b"",
        [b'{', own @ .., b'}'] => own.trim_ascii(),
        _ => return Err(not_an_object()),
    };
    let mut body = WipedBytes::with_capacity(own.len() + "{,}".len() + common.max_len());
    body.push(b'{');
    body.extend_from_slice(own);
    if !own.is_empty() {
        body.push(b',');
    }
    common.write_members(&mut body);
    body.push(b'}');
    Ok(body)
}

/// Writes a JSON object without nulls.
///
/// The server casts a null property to 0 or to an empty string (`api_v3/lib/KalturaRequestDeserializer.php`): an app token
/// with `expiry: null` is already expired (observed on release Venus-22.19.0, `app_token_add.jsonl`).
///
/// The result is wiped when dropped. The smaller buffers that the JSON writer discards while it grows are not.
pub(crate) fn object(value: &impl Serialize) -> Result<WipedBytes, Error> {
    let unusable = |_: serde_json::Error| not_an_object();
    let text = WipedBytes::from(serde_json::to_vec(value).map_err(unusable)?);
    // Most requests contain no null, so most are written once.
    if !contains(&text, b"null") {
        return Ok(text);
    }
    let mut value = serde_json::from_slice(&text).map_err(unusable)?;
    remove_nulls(&mut value);
    let without_nulls = serde_json::to_vec(&value).map(WipedBytes::from).map_err(unusable);
    wipe(&mut value);
    without_nulls
}

fn not_an_object() -> Error {
    Error::invalid_input(
        "the parameters of the action are not a JSON object: implement Serialize as a struct or as a map with string keys",
    )
}

fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => {
            items.retain(|value| !value.is_null());
            items.iter_mut().for_each(remove_nulls);
        }
        _ => {}
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::String(text) => text.zeroize(),
        _ => {}
    }
}

/// A secret that is a parameter of a request.
pub(crate) trait SecretParameter {
    fn text(&self) -> &str;
}

impl SecretParameter for Ks {
    fn text(&self) -> &str {
        self.expose()
    }
}

impl SecretParameter for TokenHash {
    fn text(&self) -> &str {
        self.expose()
    }
}

impl SecretParameter for AccountSecret {
    fn text(&self) -> &str {
        self.expose()
    }
}

/// Writes a secret into a request, for `serialize_with`.
pub(crate) fn serialize_secret<S: Serializer>(secret: &impl SecretParameter, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.text())
}

/// Writes a duration in whole seconds, as Kaltura expects it, for `serialize_with`.
pub(crate) fn serialize_whole_seconds<S: Serializer>(
    lifetime: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    lifetime.map(|lifetime| lifetime.as_secs()).serialize(serializer)
}

/// Like [`serialize_whole_seconds`], for a duration that is always there.
pub(crate) fn serialize_seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.as_secs())
}

/// Like [`serialize_secret`], for an optional secret.
pub(crate) fn serialize_optional_secret<S: Serializer>(
    secret: &Option<impl SecretParameter>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_str(secret.text()),
        None => serializer.serialize_none(),
    }
}

impl<P: SecretParameter> SecretParameter for &P {
    fn text(&self) -> &str {
        (**self).text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::kind::{ActionName, ErrorKind};
    use crate::exchange::call::Call;
    use crate::value::time::UnixSeconds;
    use alloc::boxed::Box;
    use alloc::string::String;
    use alloc::vec;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    const TAG: &str = concat!("apptoken-rust:", env!("CARGO_PKG_VERSION"));

    #[derive(Serialize)]
    struct NestedOptions {
        text: Option<String>,
        list: Vec<Option<u8>>,
        inner: InnerOptions,
    }

    #[derive(Serialize)]
    struct InnerOptions {
        absent: Option<u8>,
        present: &'static str,
    }

    impl Action for NestedOptions {
        type Reply = ();
        const SERVICE: &'static str = "test";
        const ACTION: &'static str = "do";
    }

    fn body_of(action: &impl Action, common: Common<'_>) -> Value {
        serde_json::from_slice(
            request(&Endpoint::parse("https://example.org").unwrap(), action, common).unwrap().body(),
        )
        .unwrap()
    }

    /// An action that is named at run time, as in a command line.
    struct NamedAction(ActionName);

    impl Serialize for NamedAction {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("entryId", "1_ab12cd34")])
        }
    }

    impl Action for NamedAction {
        type Reply = Value;
        const SERVICE: &'static str = "";
        const ACTION: &'static str = "";

        fn target(&self) -> ActionName {
            self.0
        }
    }

    /// An action with parameters of any JSON type.
    #[derive(Serialize)]
    #[serde(transparent)]
    struct Parameters(Value);

    impl Action for Parameters {
        type Reply = ();
        const SERVICE: &'static str = "test";
        const ACTION: &'static str = "do";
    }

    #[test]
    fn an_action_can_be_named_at_run_time() {
        let action = NamedAction(ActionName { service: "media", action: "get" });
        // A provider calls a reference.
        let request = request(&Endpoint::parse("https://example.org").unwrap(), &&action, Common::default()).unwrap();
        assert_eq!(request.url(), "https://example.org/api_v3/service/media/action/get?format=1");
        let call = Call::new(Endpoint::parse("https://example.org").unwrap(), action);
        assert!(alloc::format!("{call:?}").contains("media.get"));
    }

    #[test]
    fn nulls_are_left_out_at_every_depth() {
        let action = NestedOptions {
            text: None,
            list: vec![Some(1), None],
            inner: InnerOptions { absent: None, present: "null" },
        };
        let expected = serde_json::json!({"list": [1], "inner": {"present": "null"}, "format": 1, "clientTag": TAG});
        assert_eq!(body_of(&action, Common::default()), expected);
    }

    #[test]
    fn common_parameters_are_added_to_those_of_the_action() {
        let ks = Ks::parse("abc").unwrap();
        let now = Moment { wall: UnixSeconds(7), elapsed: core::time::Duration::from_nanos(9) };
        let action = NestedOptions {
            text: Some("t".into()),
            list: vec![],
            inner: InnerOptions { absent: Some(1), present: "" },
        };
        let body = body_of(&action, Common { ks: Some(&ks), nocache: Some(Nocache::new(now)) });
        assert_eq!((&body["ks"], &body["nocache"], &body["text"]), (&"abc".into(), &"7.9".into(), &"t".into()));
    }

    #[test]
    fn a_ks_with_special_characters_is_escaped() {
        for text in ["a\"b", "a\\", "é\"\\/"] {
            let ks = Ks::parse(text).unwrap();
            let body = body_of(&Parameters(serde_json::json!({"a": 1})), Common { ks: Some(&ks), nocache: None });
            assert_eq!(body["ks"], text);
        }
    }

    #[test]
    fn the_buffer_is_large_enough_for_the_common_parameters() {
        let ks = Ks::parse("x".repeat(300)).unwrap();
        let now = Moment { wall: UnixSeconds(i64::MIN), elapsed: core::time::Duration::MAX };
        let common = Common { ks: Some(&ks), nocache: Some(Nocache::new(now)) };
        let mut body = Vec::new();
        common.write_members(&mut body);
        assert!(body.len() <= common.max_len(), "{} > {}", body.len(), common.max_len());
    }

    #[test]
    fn an_action_without_parameters_has_only_the_common_ones() {
        #[derive(Serialize)]
        struct Unit;
        impl Action for Unit {
            type Reply = ();
            const SERVICE: &'static str = "test";
            const ACTION: &'static str = "unit";
        }
        let expected = serde_json::json!({"format": 1, "clientTag": TAG});
        assert_eq!(body_of(&Unit, Common::default()), expected);
        assert_eq!(body_of(&Parameters(serde_json::json!({})), Common::default()), expected);
    }

    /// An empty object with a space was once continued with a comma.
    #[test]
    fn parameters_can_be_json_text_with_spaces() {
        #[derive(Serialize)]
        #[serde(transparent)]
        struct Text(Box<RawValue>);
        impl Action for Text {
            type Reply = ();
            const SERVICE: &'static str = "test";
            const ACTION: &'static str = "do";
        }
        let own = |text: &str| {
            let mut body = body_of(&Text(RawValue::from_string(text.into()).unwrap()), Common::default());
            let members = body.as_object_mut().unwrap();
            assert!(members.remove("format").is_some() && members.remove("clientTag").is_some(), "{text}");
            body
        };
        for text in ["{}", "{ }", " {\n\t} ", "{ \"a\" : 1 }", "{\"a\":{ }\r\n}"] {
            assert_eq!(own(text), serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn parameters_that_are_not_an_object_are_refused() {
        let endpoint = Endpoint::parse("https://example.org").unwrap();
        for parameters in [1.into(), "{}".into(), true.into(), serde_json::json!([]), serde_json::json!([{}])] {
            let error = request(&endpoint, &Parameters(parameters), Common::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }

    proptest! {
        #[test]
        fn long_bodies_are_complete(length in 0..5000_usize) {
            let action = NestedOptions { text: Some("x".repeat(length)), list: vec![], inner: InnerOptions { absent: None, present: "" } };
            prop_assert_eq!(body_of(&action, Common::default())["text"].as_str().unwrap().len(), length);
        }
    }
}
