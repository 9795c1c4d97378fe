//! Writing requests. The only place where a secret becomes part of a body.

use alloc::vec::Vec;
use core::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::Error;
use crate::value::ks::Ks;
use crate::value::secrets::{AccountSecret, TokenHash};
use crate::value::time::Moment;
use crate::wire::action::Action;
use crate::wire::endpoint::Endpoint;
use crate::wire::http::HttpRequest;
use crate::wire::search::holds;

/// What a request carries beside the parameters of its action.
#[derive(Clone, Copy, Default)]
pub(crate) struct Common<'a> {
    pub(crate) ks: Option<&'a Ks>,
    /// Keeps the server from answering out of its response cache, where an answer can be 600 s old.
    pub(crate) nocache: Option<Nocache>,
}

/// A value that no request had before.
#[derive(Clone, Copy)]
pub(crate) struct Nocache(Moment);

impl Nocache {
    pub(crate) fn new(now: Moment) -> Self {
        Self(now)
    }
}

impl Serialize for Nocache {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}.{}", self.0.wall, self.0.elapsed.as_nanos()))
    }
}

/// Names us in the server's log.
const CLIENT_TAG: &str = concat!("apptoken-rust:", env!("CARGO_PKG_VERSION"));

/// The request for an action.
pub(crate) fn request<A: Action>(endpoint: &Endpoint, action: &A, common: Common<'_>) -> Result<HttpRequest, Error> {
    action.check().map_err(|error| error.during(A::name()))?;
    let body = Body { action, ks: common.ks, format: 1, client_tag: CLIENT_TAG, nocache: common.nocache };
    let body = object(&body).map_err(|error| error.during(A::name()))?;
    Ok(HttpRequest::new(endpoint.url(A::SERVICE, A::ACTION), body))
}

/// What every request carries beside the parameters of its actions, for one that has several.
pub(crate) fn common(ks: Option<&Ks>) -> impl Serialize {
    Body { action: &Nothing {}, ks, format: 1, client_tag: CLIENT_TAG, nocache: None }
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Body<'a, A> {
    #[serde(flatten)]
    action: &'a A,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed_if_any")]
    ks: Option<&'a Ks>,
    format: u8,
    #[serde(rename = "clientTag")]
    client_tag: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nocache: Option<Nocache>,
}

/// A JSON object without nulls.
///
/// The JSON writer grows its buffer as it goes and does not wipe the smaller ones; what is kept is wiped.
pub(crate) fn object(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let unusable = |_: serde_json::Error| {
        Error::invalid_input(
            "the parameters of the action are not a JSON object: implement Serialize as a struct or a map with text keys",
        )
    };
    let text = Zeroizing::new(serde_json::to_vec(value).map_err(unusable)?);
    // Only a null, or a text that holds the word, makes the second look necessary.
    if !holds(&text, b"null") {
        return Ok(text);
    }
    let mut tree = serde_json::from_slice(&text).map_err(unusable)?;
    prune(&mut tree);
    let pruned = serde_json::to_vec(&tree).map(Zeroizing::new).map_err(unusable);
    wipe(&mut tree);
    pruned
}

fn prune(tree: &mut Value) {
    match tree {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(prune);
        }
        Value::Array(items) => {
            items.retain(|value| !value.is_null());
            items.iter_mut().for_each(prune);
        }
        _ => {}
    }
}

fn wipe(tree: &mut Value) {
    match tree {
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::String(text) => text.zeroize(),
        _ => {}
    }
}

/// A secret that a request must hold.
pub(crate) trait Exposed {
    fn text(&self) -> &str;
}

impl Exposed for Ks {
    fn text(&self) -> &str {
        self.expose()
    }
}

impl Exposed for TokenHash {
    fn text(&self) -> &str {
        self.expose()
    }
}

impl Exposed for AccountSecret {
    fn text(&self) -> &str {
        self.expose()
    }
}

/// For `serialize_with`: writes a secret into a request.
pub(crate) fn exposed<S: Serializer>(secret: &impl Exposed, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.text())
}

/// For `serialize_with`: Kaltura counts in whole seconds.
pub(crate) fn whole_seconds<S: Serializer>(lifetime: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    lifetime.map(|lifetime| lifetime.as_secs()).serialize(serializer)
}

/// For `serialize_with`: the same for a secret that may be left out.
pub(crate) fn exposed_if_any<S: Serializer>(secret: &Option<impl Exposed>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_str(secret.text()),
        None => serializer.serialize_none(),
    }
}

impl<E: Exposed> Exposed for &E {
    fn text(&self) -> &str {
        (**self).text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::kind::ErrorKind;
    use crate::value::time::UnixSeconds;
    use alloc::string::String;
    use alloc::vec;
    use proptest::prelude::*;

    #[derive(Serialize)]
    struct Odd {
        text: Option<String>,
        list: Vec<Option<u8>>,
        inner: Inner,
    }

    #[derive(Serialize)]
    struct Inner {
        gone: Option<u8>,
        kept: &'static str,
    }

    impl Action for Odd {
        type Reply = ();
        const SERVICE: &'static str = "odd";
        const ACTION: &'static str = "do";
    }

    fn body_of(action: &impl Action, common: Common<'_>) -> Value {
        serde_json::from_slice(
            request(&Endpoint::parse("https://example.org").unwrap(), action, common).unwrap().body(),
        )
        .unwrap()
    }

    #[test]
    fn nulls_are_left_out_at_every_depth() {
        let action = Odd { text: None, list: vec![Some(1), None], inner: Inner { gone: None, kept: "null" } };
        let expected =
            serde_json::json!({"list": [1], "inner": {"kept": "null"}, "format": 1, "clientTag": CLIENT_TAG});
        assert_eq!(body_of(&action, Common::default()), expected);
    }

    #[test]
    fn common_parameters_stand_beside_the_actions_own() {
        let ks = Ks::parse("abc").unwrap();
        let now = Moment { wall: UnixSeconds(7), elapsed: core::time::Duration::from_nanos(9) };
        let action = Odd { text: Some("t".into()), list: vec![], inner: Inner { gone: Some(1), kept: "" } };
        let body = body_of(&action, Common { ks: Some(&ks), nocache: Some(Nocache::new(now)) });
        assert_eq!((&body["ks"], &body["nocache"], &body["text"]), (&"abc".into(), &"7.9".into(), &"t".into()));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        #[derive(Serialize)]
        struct Number(u8);
        impl Action for Number {
            type Reply = ();
            const SERVICE: &'static str = "odd";
            const ACTION: &'static str = "number";
        }
        let error =
            request(&Endpoint::parse("https://example.org").unwrap(), &Number(1), Common::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }

    proptest! {
        #[test]
        fn long_bodies_are_whole(length in 0..5000_usize) {
            let action = Odd { text: Some("x".repeat(length)), list: vec![], inner: Inner { gone: None, kept: "" } };
            prop_assert_eq!(body_of(&action, Common::default())["text"].as_str().unwrap().len(), length);
        }
    }
}
