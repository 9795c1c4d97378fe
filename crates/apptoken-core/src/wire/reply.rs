//! Reading replies: first an API error in the body, then the HTTP status, then the result.

use alloc::borrow::Cow;
use core::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::value::ks::Ks;
use crate::value::time::{Moment, UnixSeconds};
use crate::wire::api_error::ApiException;
use crate::wire::body::Body;
use crate::wire::http::HttpResponse;
use crate::wire::strict::StrictItem;

/// Replies are far smaller: a page of 500 tokens, the largest page, has about 200 KiB.
pub(crate) const LARGEST_BODY: usize = 8 << 20;

/// A reply with a successful HTTP status and without an API error. Its result is not parsed yet.
#[expect(missing_debug_implementations, reason = "sealed, so no caller ever holds one")]
pub struct CheckedReply<'a> {
    response: &'a HttpResponse,
    body: Body<'a>,
    sent_at: Moment,
}

impl<'a> CheckedReply<'a> {
    /// Checks a response for an API error and for its status.
    ///
    /// `sent_at` is the earliest time at which the request can have been sent.
    pub(crate) fn of(response: &'a HttpResponse, sent_at: Moment) -> Result<Self, Error> {
        let reply = Self { response, body: Body::of(response.body()), sent_at };
        reply.check().map_err(|error| error.answered_by(&reply))?;
        Ok(reply)
    }

    fn check(&self) -> Result<(), Error> {
        if self.body.bytes().len() > LARGEST_BODY {
            return Err(Error::new(ErrorKind::OversizedReply));
        }
        // The body comes first: a proxy may send an API error with another status, and the API error says more.
        if let Some(exception) = ApiException::read(self.body) {
            return Err(exception.into_error());
        }
        // Kaltura sends 200 for every result and every API error, so another status comes from a proxy, from a web server
        // at a wrong URL, or from a crash of PHP (500 without a body). Observed on release Venus-22.19.0.
        match self.response.status() {
            // A proxy may replace 200 by another successful status. The body decides.
            200..=299 => Ok(()),
            300..=399 => Err(Error::new(ErrorKind::Redirect)),
            _ => Err(Error::new(ErrorKind::HttpStatus)),
        }
    }

    /// Parses the result of the action.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        parse(self.body).map_err(|error| error.answered_by(self))
    }

    /// Like [`parse`](Self::parse), for a result that borrows from the reply.
    pub(crate) fn parse_borrowed<T: Deserialize<'a>>(&self) -> Result<T, Error> {
        parse(self.body).map_err(|error| error.answered_by(self))
    }

    pub(crate) fn sent_at(&self) -> Moment {
        self.sent_at
    }

    /// The server's clock when it answered, if it is plausible.
    ///
    /// A `Date` of 1970 or of the year 9999 would give sessions that never expire or that are already expired.
    pub(crate) fn server_time(&self) -> Option<UnixSeconds> {
        self.response.server_time().filter(|time| is_plausible(*time, self.sent_at.wall))
    }
}

impl Error {
    /// Adds what the reply that caused the error says besides its body.
    pub(crate) fn answered_by(self, reply: &CheckedReply<'_>) -> Self {
        let server_time = reply.server_time().map(|time| time.0);
        let reply = reply.response;
        self.with_reply(reply.status(), reply.request_id(), reply.retry_after(), server_time)
    }

    /// The server's clock in the reply that caused the error, if there was one with a plausible time.
    #[must_use]
    pub fn server_time(&self) -> Option<UnixSeconds> {
        self.server_seconds().map(UnixSeconds)
    }
}

/// Whether the server's clock can show this time while ours shows `wall`: the times are at most 20 years apart.
///
/// A machine without a battery for its clock starts in 1970 or 2000, so a time of ours before 2020 counts as 2020.
fn is_plausible(server_time: UnixSeconds, wall: UnixSeconds) -> bool {
    const YEAR: u64 = 31_557_600;
    const YEAR_2020: UnixSeconds = UnixSeconds(1_577_836_800);
    server_time.seconds_since(wall.max(YEAR_2020)).unsigned_abs() <= 20 * YEAR
}

/// Parses JSON as the result of an action. The error describes the problem by its kind and contains no byte of the text.
pub(crate) fn parse<'a, T: Deserialize<'a>>(body: Body<'a>) -> Result<T, Error> {
    let cause = match body.parse() {
        Ok(StrictItem(value)) => return Ok(value),
        Err(cause) => cause,
    };
    let body = body.bytes().trim_ascii();
    let kind = match body.first() {
        None => ErrorKind::EmptyReply,
        Some(b'<') if is_xml(body) => ErrorKind::XmlReply,
        Some(b'<') => ErrorKind::HtmlReply,
        Some(_) if body == b"null" => ErrorKind::NullReply,
        Some(_) if cause.is_eof() => ErrorKind::TruncatedReply,
        Some(_) if cause.is_data() => data_error_kind::<T>(body),
        Some(_) if has_trailing_data(body) => ErrorKind::TrailingData,
        Some(_) => ErrorKind::MalformedReply,
    };
    let failure = ParseFailure { line: cause.line(), column: cause.column(), category: category(&cause) };
    Err(Error::new(kind).caused_by(failure))
}

fn is_xml(body: &[u8]) -> bool {
    body.starts_with(b"<?xml") || body.starts_with(b"<xml")
}

/// Distinguishes an unusable KS, as the field `ks` or as the whole result, from a result of another type.
fn data_error_kind<'a, T: Deserialize<'a>>(body: &'a [u8]) -> ErrorKind {
    #[derive(Deserialize)]
    struct WithKs<'a> {
        #[serde(borrow)]
        ks: Cow<'a, str>,
    }
    let ks: Option<Cow<'_, str>> = match serde_json::from_slice(body) {
        Ok(WithKs { ks }) => Some(ks),
        // The whole result is a KS if another KS would be accepted in its place (`session.start` returns a bare string).
        Err(_) => serde_json::from_slice(body).ok().filter(|_| serde_json::from_slice::<T>(b"\"ks\"").is_ok()),
    };
    match ks {
        Some(ks) if Ks::parse(&*ks).is_err() => ErrorKind::UnusableKs,
        _ => ErrorKind::UnexpectedReply,
    }
}

fn has_trailing_data(body: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<IgnoredAny>();
    values.next().is_some_and(|first| first.is_ok()) && values.byte_offset() < body.len()
}

fn category(cause: &serde_json::Error) -> &'static str {
    match cause.classify() {
        serde_json::error::Category::Io => "reading",
        serde_json::error::Category::Syntax => "syntax",
        serde_json::error::Category::Data => "data",
        serde_json::error::Category::Eof => "unexpected end",
    }
}

/// Where a reply could not be parsed. The parser's own message is left out, because it can contain parts of the reply.
#[derive(Clone, Copy, Debug)]
struct ParseFailure {
    line: usize,
    column: usize,
    category: &'static str,
}

impl fmt::Display for ParseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} error at line {}, column {}", self.category, self.line, self.column)
    }
}

impl core::error::Error for ParseFailure {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;
    use proptest::prelude::*;

    use crate::error::code::{KalturaCode, KsFault};
    use crate::value::ks::Ks;

    #[derive(Debug, Deserialize)]
    struct Shape {
        #[allow(dead_code)]
        ks: Ks,
    }

    fn read(status: u16, body: &str) -> Result<Shape, Error> {
        let response = HttpResponse::new(status, [("X-Kaltura-Session", "17, 1795230763")], body.as_bytes().to_vec());
        CheckedReply::of(&response, NOW)?.parse()
    }

    const NOW: Moment = Moment { wall: UnixSeconds(1_795_230_763), elapsed: core::time::Duration::ZERO };

    fn kind(status: u16, body: &str) -> ErrorKind {
        read(status, body).unwrap_err().kind()
    }

    #[test]
    fn each_kind_of_wrong_reply_has_its_error_kind() {
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
            ("[\"abc\"]", ErrorKind::UnexpectedReply),
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

    /// Complete JSON with invalid encoding was once reported as trailing data.
    #[test]
    fn invalid_encoding_is_not_reported_as_trailing_data() {
        let response = HttpResponse::new(200, [("Date", "x")], b"{\"ks\":\"J\xfcrgen\"}".to_vec());
        let error = CheckedReply::of(&response, NOW).unwrap().parse::<Shape>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MalformedReply);
        assert_eq!(kind(200, "{\"ks\":\"\\ud800\"}"), ErrorKind::MalformedReply);
    }

    #[test]
    fn an_api_error_in_the_body_outranks_the_status() {
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

    /// Only 200 was once accepted, so a session was lost behind a gateway that replaces the status by 203.
    #[test]
    fn a_whole_body_is_read_at_any_status_of_success() {
        for status in [200, 201, 202, 203, 206, 226, 299] {
            assert!(read(status, "{\"ks\":\"abc\"}").is_ok(), "{status}");
            assert_eq!(kind(status, "{\"ks\":\"ab"), ErrorKind::TruncatedReply, "{status}");
        }
        assert_eq!(kind(204, ""), ErrorKind::EmptyReply);
    }

    #[test]
    fn a_result_that_mentions_the_exception_is_a_result() {
        assert!(read(200, r#"{"ks":"abc","description":"KalturaAPIException"}"#).is_ok());
        assert!(read(200, r#"{"ks":"abc","objectType":"KalturaX","code":"KalturaAPIException"}"#).is_ok());
    }

    #[test]
    fn the_reason_of_an_invalid_ks_is_read_from_its_ksid() {
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
    fn messages_that_can_contain_a_secret_are_dropped() {
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
    fn display_contains_code_and_message() {
        let body = r#"{"code":"APP_TOKEN_ID_NOT_FOUND","message":"Application token id \"1_nope\" not found","objectType":"KalturaAPIException","args":{"ID":"1_nope"}}"#;
        let error = read(200, body).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the app token does not exist in this account (APP_TOKEN_ID_NOT_FOUND: Application token id \"1_nope\" not found)"
        );
        assert_eq!(error.request_id(), Some("17"));
        assert!(error.advice().contains("region"));
    }

    #[test]
    fn a_body_above_the_limit_is_not_parsed() {
        assert_eq!(kind(200, &" ".repeat(LARGEST_BODY + 1)), ErrorKind::OversizedReply);
        assert_eq!(kind(200, &" ".repeat(LARGEST_BODY)), ErrorKind::EmptyReply);
    }

    #[test]
    fn clocks_may_differ_by_twenty_years() {
        let (year_2020, twenty_years) = (1_577_836_800, 631_152_000);
        for wall in [NOW.wall.0, year_2020, 0] {
            let counted = wall.max(year_2020);
            for (distance, plausible) in [(0, true), (twenty_years, true), (twenty_years + 1, false)] {
                for time in [counted + distance, counted - distance] {
                    assert_eq!(is_plausible(UnixSeconds(time), UnixSeconds(wall)), plausible, "{time} at {wall}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_reply_is_a_result_or_a_typed_error(status: u16, body in prop::collection::vec(any::<u8>(), 0..200)) {
            let response = HttpResponse::new(status, vec![("Date", "x")], body);
            let _ = CheckedReply::of(&response, NOW).and_then(|reply| reply.parse::<Shape>());
        }
    }
}
