//! Reading replies: the body first, then the status, then the shape.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use memchr::memchr_iter;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, ErrorKind};
use crate::ks::UNUSABLE_KS;
use crate::{HttpResponse, SessionType, UnixSeconds};

/// No reply of an action of sessions, tokens, users and roles comes near: a page of 500 tokens has some 200 KiB.
pub(crate) const LARGEST_BODY: usize = 8 << 20;

/// A reply that is neither an error of Kaltura's nor of the way to it; its shape is still to be read.
#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct Reply<'a> {
    response: &'a HttpResponse,
}

impl<'a> Reply<'a> {
    /// Sorts out what is no answer of an action.
    pub(crate) fn of(response: &'a HttpResponse) -> Result<Self, Error> {
        let reply = Self { response };
        reply.check().map_err(|error| error.answered_by(response))?;
        Ok(reply)
    }

    fn check(&self) -> Result<(), Error> {
        let body = self.response.body();
        if body.len() > LARGEST_BODY {
            return Err(Error::new(ErrorKind::OversizedReply));
        }
        if let Some(exception) = ApiException::read(body) {
            return Err(Error::api(exception));
        }
        match self.response.status() {
            // Something on the way may answer with another status of success; the body decides.
            200..=299 => Ok(()),
            300..=399 => Err(Error::new(ErrorKind::Redirect)),
            _ => Err(Error::new(ErrorKind::HttpStatus)),
        }
    }

    /// Reads what the action returns.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        parse(self.response.body()).map_err(|error| error.answered_by(self.response))
    }

    /// Like [`parse`](Self::parse), for what borrows from the reply.
    pub(crate) fn parse_borrowed<T: Deserialize<'a>>(&self) -> Result<T, Error> {
        parse(self.response.body()).map_err(|error| error.answered_by(self.response))
    }

    pub(crate) fn response(&self) -> &'a HttpResponse {
        self.response
    }

    pub(crate) fn server_time(&self) -> Option<UnixSeconds> {
        self.response.server_time()
    }
}

/// Reads JSON text as what an action returns; says by its kind what is wrong with it, never a byte of it.
pub(crate) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Error> {
    let cause = match serde_json::from_slice(body) {
        Ok(value) => return Ok(value),
        Err(cause) => cause,
    };
    let body = body.trim_ascii();
    let kind = match body.first() {
        None => ErrorKind::EmptyReply,
        Some(b'<') if is_xml(body) => ErrorKind::XmlReply,
        Some(b'<') => ErrorKind::HtmlReply,
        Some(_) if body == b"null" => ErrorKind::NullReply,
        Some(_) if cause.is_eof() => ErrorKind::TruncatedReply,
        Some(_) if cause.is_data() => data_error(&cause),
        Some(_) if is_json_and_more(body) => ErrorKind::TrailingData,
        Some(_) => ErrorKind::MalformedReply,
    };
    let flaw = Flaw { line: cause.line(), column: cause.column(), category: category(&cause) };
    Err(Error::new(kind).caused_by(flaw))
}

/// Whether a word stands in a text; cheaper for a short text than a searcher that must be built first.
pub(crate) fn holds(text: &[u8], word: &[u8]) -> bool {
    let starts_at = |at| text.get(at..).is_some_and(|rest| rest.starts_with(word));
    word.first().is_some_and(|first| memchr_iter(*first, text).any(starts_at))
}

fn is_xml(body: &[u8]) -> bool {
    body.starts_with(b"<?xml") || body.starts_with(b"<xml")
}

fn data_error(cause: &serde_json::Error) -> ErrorKind {
    use alloc::string::ToString as _;
    if cause.to_string().starts_with(UNUSABLE_KS) { ErrorKind::UnusableKs } else { ErrorKind::UnexpectedReply }
}

fn is_json_and_more(body: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<IgnoredAny>();
    values.next().is_some_and(|first| first.is_ok()) && values.byte_offset() < body.len()
}

fn category(cause: &serde_json::Error) -> &'static str {
    match cause.classify() {
        serde_json::error::Category::Io => "reading",
        serde_json::error::Category::Syntax => "syntax",
        serde_json::error::Category::Data => "data",
        serde_json::error::Category::Eof => "end of text",
    }
}

/// Where a reply could not be read. The parser's own text is left out, because it can hold parts of the reply.
#[derive(Clone, Copy, Debug)]
struct Flaw {
    line: usize,
    column: usize,
    category: &'static str,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} error at line {}, column {}", self.category, self.line, self.column)
    }
}

impl core::error::Error for Flaw {}

/// An API error: `KalturaAPIException`.
#[derive(Deserialize)]
pub(crate) struct ApiException {
    #[serde(rename = "objectType")]
    object_type: String,
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) args: ApiArgs,
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
}

/// The arguments of an API error; an empty list stands for none.
#[derive(Default)]
pub(crate) struct ApiArgs(Vec<(String, String)>);

impl ApiArgs {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
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

/// Deserialises a number that the server also sends as text.
pub(crate) fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    struct Number;

    impl Visitor<'_> for Number {
        type Value = i64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number, as number or text")
        }

        fn visit_i64<E>(self, number: i64) -> Result<i64, E> {
            Ok(number)
        }

        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<i64, E> {
            i64::try_from(number).map_err(|_| E::custom("number out of range"))
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<i64, E> {
            text.parse().map_err(|_| E::custom("text is no whole number"))
        }
    }

    deserializer.deserialize_any(Number)
}

/// Deserialises the number of a session type.
pub(crate) fn session_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SessionType, D::Error> {
    SessionType::from_code(number_or_text(deserializer)?)
        .ok_or_else(|| serde::de::Error::custom("unknown session type"))
}

/// Deserialises a point in time.
pub(crate) fn unix_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnixSeconds, D::Error> {
    number_or_text(deserializer).map(UnixSeconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;
    use proptest::prelude::*;

    use crate::{KalturaCode, Ks, KsFault};

    #[derive(Debug, Deserialize)]
    struct Shape {
        #[allow(dead_code)]
        ks: Ks,
    }

    fn read(status: u16, body: &str) -> Result<Shape, Error> {
        let response = HttpResponse::new(status, [("X-Kaltura-Session", "17, 1795230763")], body.as_bytes().to_vec());
        Reply::of(&response)?.parse()
    }

    fn kind(status: u16, body: &str) -> ErrorKind {
        read(status, body).unwrap_err().kind()
    }

    #[test]
    fn each_kind_of_wrong_reply_is_told_apart() {
        for (body, expected) in [
            ("", ErrorKind::EmptyReply),
            (" \n", ErrorKind::EmptyReply),
            ("<!DOCTYPE html><html>", ErrorKind::HtmlReply),
            ("<?xml version=\"1.0\"?><xml></xml>", ErrorKind::XmlReply),
            ("<xml><result/></xml>", ErrorKind::XmlReply),
            ("null", ErrorKind::NullReply),
            ("{\"ks\":\"abc", ErrorKind::TruncatedReply),
            ("{\"ks\":\"abc\"} {}", ErrorKind::TrailingData),
            ("{\"ks\":\"abc\"}x", ErrorKind::TrailingData),
            ("nonsense", ErrorKind::MalformedReply),
            ("{'ks':1}", ErrorKind::MalformedReply),
            ("[]", ErrorKind::UnexpectedReply),
            ("{\"ks\":1}", ErrorKind::UnexpectedReply),
            ("{}", ErrorKind::UnexpectedReply),
            ("{\"ks\":\"\"}", ErrorKind::UnusableKs),
            ("{\"ks\":\"a\\u0000b\"}", ErrorKind::UnusableKs),
            ("{\"ks\":\"abc\\n\"}", ErrorKind::UnusableKs),
        ] {
            assert_eq!(kind(200, body), expected, "{body:?}");
        }
        assert!(read(200, "{\"ks\":\"abc\"}").is_ok());
    }

    /// JSON that is whole and only badly encoded was said to go on behind its end.
    #[test]
    fn bad_encoding_is_not_taken_for_trailing_data() {
        let response = HttpResponse::new(200, [("Date", "x")], b"{\"ks\":\"J\xfcrgen\"}".to_vec());
        let error = Reply::of(&response).unwrap().parse::<Shape>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MalformedReply);
        assert_eq!(kind(200, "{\"ks\":\"\\ud800\"}"), ErrorKind::MalformedReply);
    }

    #[test]
    fn the_body_is_read_before_the_status() {
        let exception =
            r#"{"code":"APP_TOKEN_EXPIRED","message":"m","objectType":"KalturaAPIException","args":{"ID":"1_a"}}"#;
        for status in [200, 302, 404, 500, 503] {
            assert_eq!(kind(status, exception), ErrorKind::Kaltura(KalturaCode::AppTokenExpired), "{status}");
        }
        assert_eq!(kind(302, ""), ErrorKind::Redirect);
        for status in [400, 404, 429, 500, 502] {
            assert_eq!(kind(status, "{\"ks\":\"abc\"}"), ErrorKind::HttpStatus, "{status}");
        }
    }

    /// Only 200 was accepted, so that a session behind a gateway that answers with 203 was lost.
    #[test]
    fn a_whole_body_is_read_at_any_status_of_success() {
        for status in [200, 201, 202, 203, 206, 226, 299] {
            assert!(read(status, "{\"ks\":\"abc\"}").is_ok(), "{status}");
            assert_eq!(kind(status, "{\"ks\":\"ab"), ErrorKind::TruncatedReply, "{status}");
        }
        assert_eq!(kind(204, ""), ErrorKind::EmptyReply);
    }

    #[test]
    fn a_result_that_mentions_the_exception_is_no_exception() {
        assert!(read(200, r#"{"ks":"abc","description":"KalturaAPIException"}"#).is_ok());
        assert!(read(200, r#"{"ks":"abc","objectType":"KalturaX","code":"KalturaAPIException"}"#).is_ok());
    }

    #[test]
    fn the_reason_of_an_invalid_ks_is_its_ksid() {
        let with = |args: &str| {
            kind(
                200,
                &alloc::format!(
                    r#"{{"code":"INVALID_KS","message":"m","objectType":"KalturaAPIException","args":{args}}}"#
                ),
            )
        };
        for (args, fault) in [
            (r#"{"KSID":"EXPIRED","ERR_CODE":"-1","ERR_DESC":"INVALID_STR"}"#, KsFault::Expired),
            (r#"{"KSID":"LOGOUT","ERR_CODE":"-1","ERR_DESC":"INVALID_STR"}"#, KsFault::LoggedOut),
            (
                r#"{"KSID":"EXCEEDED_ACTIONS_LIMIT","ERR_CODE":"-1","ERR_DESC":"INVALID_STR"}"#,
                KsFault::ActionsLimitExceeded,
            ),
            (r#"{"KSID":"djJ8MTAxfA==","ERR_CODE":"-1","ERR_DESC":"INVALID_STR"}"#, KsFault::NotRecognised),
            (r#"{"KSID":"djJ8MTAxfA==","ERR_CODE":"-5","ERR_DESC":"EXPIRED"}"#, KsFault::Expired),
            (r#"{"KSID":"","ERR_CODE":"-4","ERR_DESC":"INVALID_TYPE"}"#, KsFault::NotAllowedOnObject),
            ("[]", KsFault::NotRecognised),
            ("null", KsFault::NotRecognised),
            (r#"{"KSID":7}"#, KsFault::NotRecognised),
        ] {
            assert_eq!(with(args), ErrorKind::Kaltura(KalturaCode::InvalidKs(fault)), "{args}");
        }
    }

    #[test]
    fn messages_that_may_hold_a_secret_are_kept_back() {
        let ks = "djJ8MTIzNDU2N3zVzK4_KaXjvJp4i8Q83jP0cZptfMyOHGyl";
        let body = alloc::format!(
            r#"{{"code":"INVALID_KS","message":"Invalid KS \"{ks}\"","objectType":"KalturaAPIException","args":{{"KSID":"{ks}"}}}}"#
        );
        let error = read(200, &body).unwrap_err();
        assert_eq!((error.code(), error.server_message()), (Some("INVALID_KS"), None));
        let body = r#"{"code":"APP_TOKEN_ID_NOT_FOUND","message":"Application token id \"00112233445566778899aabbccddeeff\" not found","objectType":"KalturaAPIException","args":[]}"#;
        assert_eq!(read(200, body).unwrap_err().server_message(), None);
        let body = r#"{"code":"djJ8_SECRET","message":"m","objectType":"KalturaAPIException","args":[]}"#;
        assert_eq!(read(200, body).unwrap_err().code(), None);
    }

    #[test]
    fn text_of_an_error_names_action_code_and_message() {
        let body = r#"{"code":"APP_TOKEN_ID_NOT_FOUND","message":"Application token id \"1_nope\" not found","objectType":"KalturaAPIException","args":{"ID":"1_nope"}}"#;
        let error = read(200, body).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no such app token in this account (APP_TOKEN_ID_NOT_FOUND: Application token id \"1_nope\" not found)"
        );
        assert_eq!(error.request_id(), Some("17"));
        assert!(error.advice().contains("region"));
    }

    #[test]
    fn a_body_beyond_the_limit_is_not_read() {
        assert_eq!(kind(200, &" ".repeat(LARGEST_BODY + 1)), ErrorKind::OversizedReply);
    }

    proptest! {
        #[test]
        fn any_reply_is_a_result_or_a_typed_error(status: u16, body in prop::collection::vec(any::<u8>(), 0..200)) {
            let response = HttpResponse::new(status, vec![("Date", "x")], body);
            let _ = Reply::of(&response).and_then(|reply| reply.parse::<Shape>());
        }
    }
}
