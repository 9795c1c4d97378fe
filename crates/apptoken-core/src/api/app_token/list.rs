use alloc::string::String;
use alloc::vec::Vec;

use serde::{Serialize, Serializer};

use super::object::{AppToken, AppTokenStatus};
use crate::api::list::{ListAction, Page, Pager};
use crate::value::ids::AppTokenId;
use crate::value::time::UnixSeconds;
use crate::wire::action::{Action, Repeat};

/// `appToken.list`: one page of the account's app tokens; [`AllPages`](crate::AllPages) reads all of them.
///
/// Needs an admin session or a role with `APP_TOKEN_BASE`. Deleted tokens are never listed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct List {
    /// Which tokens.
    pub filter: AppTokenFilter,
    /// Which page; the first 30 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pager: Option<Pager>,
    #[serde(rename = "responseProfile", skip_serializing_if = "Option::is_none")]
    response_profile: Option<WithoutToken>,
}

impl List {
    /// The tokens that pass a filter.
    #[must_use]
    pub fn new(filter: AppTokenFilter) -> Self {
        Self { filter, ..Self::default() }
    }

    /// Asks for this page.
    #[must_use]
    pub fn page(self, pager: Pager) -> Self {
        Self { pager: Some(pager), ..self }
    }

    /// Asks the server to leave the tokens' values out, so that they do not travel.
    #[must_use]
    pub fn without_token_values(self) -> Self {
        Self { response_profile: Some(WithoutToken), ..self }
    }
}

/// Which app tokens: `KalturaAppTokenFilter`. It has no filters by hash type or session type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppTokenFilter {
    /// The one with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_equal: Option<AppTokenId>,
    /// Those with these ids; the server looks at the first 500.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "comma_list")]
    pub id_in: Vec<AppTokenId>,
    /// Those with this status.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "status_code")]
    pub status_equal: Option<AppTokenStatus>,
    /// Those whose sessions have this user. The empty text is no filter to the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_user_id_equal: Option<String>,
    /// Those added at this time or later.
    #[serde(rename = "createdAtGreaterThanOrEqual", skip_serializing_if = "Option::is_none", serialize_with = "date")]
    pub created_since: Option<UnixSeconds>,
    /// Those added at this time or earlier.
    #[serde(rename = "createdAtLessThanOrEqual", skip_serializing_if = "Option::is_none", serialize_with = "date")]
    pub created_until: Option<UnixSeconds>,
    /// Those changed last at this time or later.
    #[serde(rename = "updatedAtGreaterThanOrEqual", skip_serializing_if = "Option::is_none", serialize_with = "date")]
    pub updated_since: Option<UnixSeconds>,
    /// Those changed last at this time or earlier.
    #[serde(rename = "updatedAtLessThanOrEqual", skip_serializing_if = "Option::is_none", serialize_with = "date")]
    pub updated_until: Option<UnixSeconds>,
    /// In which order; by id if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_by: Option<AppTokenOrder>,
}

/// The order of a list: `KalturaAppTokenOrderBy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum AppTokenOrder {
    /// The oldest first.
    #[serde(rename = "+createdAt")]
    CreatedFirst,
    /// The newest first.
    #[serde(rename = "-createdAt")]
    CreatedLast,
    /// Those first that were not changed for the longest time.
    #[serde(rename = "+updatedAt")]
    UpdatedFirst,
    /// Those first that were changed last.
    #[serde(rename = "-updatedAt")]
    UpdatedLast,
}

impl Action for List {
    type Reply = Page<AppToken>;
    const SERVICE: &'static str = "appToken";
    const ACTION: &'static str = "list";
    const REPEAT: Repeat = Repeat::Always;
}

impl ListAction for List {
    type Item = AppToken;

    fn turn_to(&mut self, pager: Pager) {
        self.pager = Some(pager);
        self.filter.order_by.get_or_insert(AppTokenOrder::CreatedFirst);
    }

    fn is_same(one: &AppToken, other: &AppToken) -> bool {
        one.id == other.id
    }
}

/// `KalturaDetachedResponseProfile` that leaves out the field `token`.
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

/// The server reads small numbers as distances from now; no token is so old that its date would be one.
fn date<S: Serializer>(date: &Option<UnixSeconds>, serializer: S) -> Result<S::Ok, S::Error> {
    const FIRST_DATE: i64 = 315_360_001;
    date.map(|date| date.0.max(FIRST_DATE)).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn filters_go_under_kalturas_names() {
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
    fn a_page_without_objects_is_empty() {
        let page: Page<AppToken> =
            serde_json::from_str(r#"{"totalCount":0,"objectType":"KalturaAppTokenListResponse"}"#).unwrap();
        assert!(page.objects.is_empty());
    }
}
