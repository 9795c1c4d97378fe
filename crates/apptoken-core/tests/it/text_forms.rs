//! Values as text and as JSON: what is written can be read again, and what is refused is not repeated.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use apptoken_core::admin::Finding;
use apptoken_core::api::app_token::{AppToken, SessionOptions};
use apptoken_core::{
    AppTokenId, Endpoint, Error, HashChoice, HashType, PartnerId, Privileges, Region, SessionType, UnixSeconds,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

fn assert_text<T>(text: &str) -> T
where
    T: FromStr<Err: Debug> + Display + PartialEq + Debug,
{
    let value: T = text.parse().unwrap();
    assert_eq!(value.to_string(), text);
    value
}

fn assert_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, expected: serde_json::Value) {
    let written = serde_json::to_value(value).unwrap();
    assert_eq!(written, expected);
    assert_eq!(&serde_json::from_value::<T>(written).unwrap(), value);
}

#[test]
fn values_are_read_as_they_are_written() {
    assert_json(&assert_text::<PartnerId>("1234567"), json!(1_234_567));
    assert_json(&assert_text::<AppTokenId>("1_ab12cd34"), json!("1_ab12cd34"));
    let url = "https://www.kaltura.com/api_v3";
    assert_json(&assert_text::<Endpoint>(url), json!(url));
    for region in Region::ALL {
        assert_json(&assert_text::<Region>(region.as_str()), json!(region.as_str()));
    }
    for hash_type in HashType::ALL {
        assert_json(&assert_text::<HashType>(hash_type.as_str()), json!(hash_type.as_str()));
        let known = assert_text::<HashChoice>(hash_type.as_str());
        assert_eq!(known, HashChoice::Known(hash_type));
        assert_json(&known, json!(hash_type.as_str()));
    }
    assert_eq!(assert_text::<HashChoice>("detect"), HashChoice::Detect);
    assert_json(&HashChoice::Detect, json!("detect"));
    assert_json(&assert_text::<SessionType>("USER"), json!(0));
    assert_json(&assert_text::<SessionType>("ADMIN"), json!(2));
    assert_json(&assert_text::<Privileges>("list:*,edit:1_a/1_b"), json!("list:*,edit:1_a/1_b"));
}

#[test]
fn session_options_are_read_from_a_configuration() {
    let mut options = SessionOptions::default();
    assert_json(&options, json!({}));
    options.user_id = Some("alice".into());
    options.session_type = Some(SessionType::User);
    options.lifetime = Some(std::time::Duration::from_secs(3600));
    options.privileges = Some(Privileges::parse("list:*"));
    assert_json(&options, json!({"userId": "alice", "type": 0, "expiry": 3600, "sessionPrivileges": "list:*"}));
    let read = |json| serde_json::from_value::<SessionOptions>(json);
    assert!(read(json!({"tokenMayOverride": true})).unwrap().token_may_override);
    assert!(read(json!({"user": "alice"})).unwrap_err().to_string().contains("unknown field"));
}

#[test]
fn a_refused_text_is_named_but_not_repeated() {
    fn refused<T: FromStr<Err = Error> + DeserializeOwned + Debug>(text: &str, said: &str) {
        let errors = [
            text.parse::<T>().unwrap_err().to_string(),
            serde_json::from_value::<T>(json!(text)).unwrap_err().to_string(),
        ];
        for error in errors {
            assert!(error.contains(said) && !error.contains("S3CRET"), "{error}");
        }
    }
    refused::<AppTokenId>("S3CRET", "look like 1_ab12cd34");
    refused::<Endpoint>("http://S3CRET.example.org", "use https://");
    refused::<Region>("S3CRET", "frankfurt");
    refused::<HashChoice>("S3CRET", "SHA256");
    let number = serde_json::from_value::<PartnerId>(json!(0)).unwrap_err().to_string();
    assert!(number.contains("between 1 and"), "{number}");
}

#[test]
fn a_printed_token_has_kalturas_names_and_no_value() {
    let server = json!({
        "id": "0_abcd1234", "token": "00112233445566778899aabbccddeeff", "partnerId": 101, "createdAt": 1,
        "updatedAt": 2, "status": 2, "sessionType": 0, "sessionUserId": "alice", "sessionDuration": 3600,
        "hashType": "SHA256",
    });
    let token: AppToken = serde_json::from_value(server.clone()).unwrap();
    let mut expected = server;
    expected.as_object_mut().unwrap().remove("token");
    assert_eq!(serde_json::to_value(&token).unwrap(), expected);
}

#[test]
fn a_printed_finding_has_its_name_and_details() {
    for (finding, expected) in [
        (Finding::NeverExpires, json!({"finding": "neverExpires"})),
        (Finding::WeakHash(HashType::Md5), json!({"finding": "weakHash", "detail": "MD5"})),
        (
            Finding::LongSessions(std::time::Duration::from_secs(90_000)),
            json!({"finding": "longSessions", "detail": 90_000}),
        ),
        (
            Finding::Expired { at: UnixSeconds(1), now: UnixSeconds(2) },
            json!({"finding": "expired", "detail": {"at": 1, "now": 2}}),
        ),
    ] {
        assert_eq!(serde_json::to_value(finding).unwrap(), expected);
    }
}
