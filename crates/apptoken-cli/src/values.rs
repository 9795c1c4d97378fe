//! Parsers for values of the command line.

use std::time::Duration;

use apptoken::{AppTokenId, HashChoice, HashType, Privileges, SessionType};

/// `90s`, `30m`, `12h`, `7d`, `2w`, or seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds: Option<u64> = match unit {
        "" | "s" => Some(1),
        "m" | "min" => Some(60),
        "h" => Some(3600),
        "d" => Some(86_400),
        "w" => Some(604_800),
        _ => None,
    };
    let seconds = seconds.zip(number.parse().ok()).and_then(|(unit, number): (u64, u64)| unit.checked_mul(number));
    seconds.map(Duration::from_secs).ok_or_else(|| "use a number with s, m, h, d or w, such as 30m".to_owned())
}

/// A hash type in any case, or `detect`.
pub(crate) fn hash_choice(text: &str) -> Result<HashChoice, String> {
    if text.eq_ignore_ascii_case("detect") {
        return Ok(HashChoice::Detect);
    }
    hash_type(text).map(HashChoice::Known).map_err(|wrong| format!("{wrong}, or detect"))
}

/// A hash type in any case.
pub(crate) fn hash_type(text: &str) -> Result<HashType, String> {
    text.to_ascii_uppercase().parse().map_err(|_| "use MD5, SHA1, SHA256 or SHA512".to_owned())
}

/// The URL of a proxy, or of a store of sessions, as messages show it. Its parameters can have a password too.
pub(crate) fn without_password(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").map_or(("http", url), |(scheme, rest)| (scheme, rest));
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}"),
        None => url.to_owned(),
    }
}

pub(crate) fn session_type(text: &str) -> Result<SessionType, String> {
    match text {
        "user" => Ok(SessionType::User),
        "admin" => Ok(SessionType::Admin),
        _ => Err("use user or admin".to_owned()),
    }
}

pub(crate) fn session_type_name(session_type: SessionType) -> &'static str {
    match session_type {
        SessionType::User => "user",
        SessionType::Admin => "admin",
    }
}

pub(crate) fn token_id(text: &str) -> Result<AppTokenId, String> {
    AppTokenId::parse(text).map_err(|error| error.to_string())
}

/// The grammar of privileges accepts any text.
#[expect(clippy::unnecessary_wraps, reason = "the parser of an argument returns a result")]
pub(crate) fn privileges(text: &str) -> Result<Privileges, String> {
    Ok(Privileges::parse(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_or_are_seconds() {
        for (text, seconds) in
            [("90", 90), ("90s", 90), ("30m", 1800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "m", "-1", "1.5h", "1y", "99999999999999999999", "18446744073709551615w"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_url_is_shown_without_its_login_and_parameters() {
        for (url, shown) in [
            ("http://proxy:3128", "http://proxy:3128"),
            ("me:S3CRET@proxy", "http://proxy"),
            ("rediss://app:p@ss@cache:6380/1", "rediss://cache:6380/1"),
            ("redis+sentinel://app:S3CRET@a,b/main?sentinel_password=p@ss", "redis+sentinel://a,b/main"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn hash_types_are_accepted_in_any_case() {
        assert_eq!(hash_choice("sha256"), Ok(HashType::Sha256.into()));
        assert_eq!(hash_choice("Detect"), Ok(HashChoice::Detect));
        assert!(hash_choice("SHA-1").is_err());
    }
}
