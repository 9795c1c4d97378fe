//! `appToken.list`: `listAction` in Kaltura's `api_v3/services/AppTokenService.php`.
//!
//! Recorded in `scenarios/app_token_list.jsonl` of `apptoken-golden`.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Serialize, Serializer};

use super::object::{AppToken, AppTokenStatus};
use crate::api::list::{ListAction, Page, Pager};
use crate::error::Error;
use crate::value::ids::AppTokenId;
use crate::value::text::check_set_or_absent;
use crate::value::time::UnixSeconds;
use crate::wire::action::{Action, Repeat};

/// `appToken.list`: one page of the account's app tokens; [`AllPages`](crate::AllPages) reads all of them.
///
/// Needs an admin session or a role with `APP_TOKEN_BASE`. Deleted tokens are never listed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct List {
    /// The tokens to list.
    pub filter: AppTokenFilter,
    /// The page to return; the first 30 tokens if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pager: Option<Pager>,
    #[serde(rename = "responseProfile", skip_serializing_if = "Option::is_none")]
    response_profile: Option<WithoutToken>,
}

impl List {
    /// Lists the tokens that match a filter.
    #[must_use]
    pub fn new(filter: AppTokenFilter) -> Self {
        Self { filter, ..Self::default() }
    }

    /// Requests this page.
    #[must_use]
    pub fn page(self, pager: Pager) -> Self {
        Self { pager: Some(pager), ..self }
    }

    /// Asks the server to leave the tokens' values out of the reply.
    #[must_use]
    pub fn without_token_values(self) -> Self {
        Self { response_profile: Some(WithoutToken), ..self }
    }
}

/// Selects app tokens: `KalturaAppTokenFilter`.
///
/// There is no filter by hash type or session type: the server ignores unknown filter fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppTokenFilter {
    /// The token with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_equal: Option<AppTokenId>,
    /// Tokens with one of these ids, of which the server reads the first 500.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "comma_list")]
    pub id_in: Vec<AppTokenId>,
    /// Tokens with this status.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "status_code")]
    pub status_equal: Option<AppTokenStatus>,
    /// Tokens that are fixed to this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_user_id_equal: Option<String>,
    /// Tokens added at this time or later.
    #[serde(
        rename = "createdAtGreaterThanOrEqual",
        skip_serializing_if = "Option::is_none",
        serialize_with = "absolute_time"
    )]
    pub created_since: Option<UnixSeconds>,
    /// Tokens added at this time or earlier.
    #[serde(
        rename = "createdAtLessThanOrEqual",
        skip_serializing_if = "Option::is_none",
        serialize_with = "absolute_time"
    )]
    pub created_until: Option<UnixSeconds>,
    /// Tokens last changed at this time or later.
    #[serde(
        rename = "updatedAtGreaterThanOrEqual",
        skip_serializing_if = "Option::is_none",
        serialize_with = "absolute_time"
    )]
    pub updated_since: Option<UnixSeconds>,
    /// Tokens last changed at this time or earlier.
    #[serde(
        rename = "updatedAtLessThanOrEqual",
        skip_serializing_if = "Option::is_none",
        serialize_with = "absolute_time"
    )]
    pub updated_until: Option<UnixSeconds>,
    /// The order of the list; by id if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_by: Option<AppTokenOrder>,
}

/// The order of a list: `KalturaAppTokenOrderBy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum AppTokenOrder {
    /// Oldest first.
    #[serde(rename = "+createdAt")]
    CreatedFirst,
    /// Newest first.
    #[serde(rename = "-createdAt")]
    CreatedLast,
    /// Least recently changed first.
    #[serde(rename = "+updatedAt")]
    UpdatedFirst,
    /// Most recently changed first.
    #[serde(rename = "-updatedAt")]
    UpdatedLast,
}

impl Action for List {
    type Reply = Page<AppToken>;
    const SERVICE: &'static str = "appToken";
    const ACTION: &'static str = "list";
    const REPEAT: Repeat = Repeat::Always;

    fn check(&self) -> Result<(), Error> {
        // The server ignores an empty text in a filter, so the caller would take all tokens for those of one user.
        check_set_or_absent(
            self.filter.session_user_id_equal.as_ref(),
            "the filter's session user id",
            "the tokens of all users",
        )
    }
}

impl ListAction for List {
    type Item = AppToken;

    fn set_page(&mut self, pager: Pager) {
        self.pager = Some(pager);
        // By default the server sorts by id, which is random (`app_token_list.jsonl`): a token added meanwhile could shift
        // others to another page.
        self.filter.order_by.get_or_insert(AppTokenOrder::CreatedFirst);
    }

    fn is_same(one: &AppToken, other: &AppToken) -> bool {
        one.id == other.id
    }
}

/// A `KalturaDetachedResponseProfile` that excludes the field `token`.
#[derive(Clone, Debug)]
struct WithoutToken;

impl Serialize for WithoutToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Profile {
            #[serde(rename = "objectType")]
            object_type: &'static str,
            r#type: u8,
            fields: &'static str,
        }
        const EXCLUDE: u8 = 2;
        Profile { object_type: "KalturaDetachedResponseProfile", r#type: EXCLUDE, fields: "token" }
            .serialize(serializer)
    }
}

fn comma_list<S: Serializer>(ids: &[AppTokenId], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&ids.iter().map(AppTokenId::as_str).collect::<Vec<_>>().join(","))
}

fn status_code<S: Serializer>(status: &Option<AppTokenStatus>, serializer: S) -> Result<S::Ok, S::Error> {
    status.map(AppTokenStatus::code).serialize(serializer)
}

/// Writes a time that the server reads as an absolute one.
fn absolute_time<S: Serializer>(time: &Option<UnixSeconds>, serializer: S) -> Result<S::Ok, S::Error> {
    // The server adds a time of up to 10 years to the current time (`api_v3/lib/KalturaRequestDeserializer.php`). No token
    // is older than that, so the smallest absolute time selects the same tokens.
    const FIRST_ABSOLUTE: i64 = 315_360_001;
    time.map(|time| time.0.max(FIRST_ABSOLUTE)).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn filter_fields_have_kalturas_names() {
        let filter = AppTokenFilter {
            id_in: vec![AppTokenId::parse("0_a").unwrap(), AppTokenId::parse("0_b").unwrap()],
            status_equal: Some(AppTokenStatus::Active),
            session_user_id_equal: Some("u".into()),
            created_since: Some(UnixSeconds(0)),
            updated_until: Some(UnixSeconds(1_795_230_763)),
            order_by: Some(AppTokenOrder::CreatedLast),
            ..AppTokenFilter::default()
        };
        let expected = serde_json::json!({
            "filter": {
                "idIn": "0_a,0_b", "statusEqual": 2, "sessionUserIdEqual": "u", "createdAtGreaterThanOrEqual": 315_360_001,
                "updatedAtLessThanOrEqual": 1_795_230_763, "orderBy": "-createdAt"
            },
            "responseProfile": {"objectType": "KalturaDetachedResponseProfile", "type": 2, "fields": "token"}
        });
        assert_eq!(serde_json::to_value(List::new(filter).without_token_values()).unwrap(), expected);
    }

    #[test]
    fn a_requested_page_is_sent_as_the_pager() {
        let list = List::new(AppTokenFilter::default()).page(Pager::new(50, 2).unwrap());
        let expected = serde_json::json!({ "filter": {}, "pager": { "pageSize": 50, "pageIndex": 2 } });
        assert_eq!(serde_json::to_value(list).unwrap(), expected);
    }

    #[test]
    fn a_page_without_objects_is_empty() {
        let page: Page<AppToken> =
            serde_json::from_str(r#"{"totalCount":0,"objectType":"KalturaAppTokenListResponse"}"#).unwrap();
        assert!(page.objects.is_empty());
    }
}
