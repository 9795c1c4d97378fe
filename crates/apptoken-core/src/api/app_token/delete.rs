//! `appToken.delete`: `deleteAction` in Kaltura's `api_v3/services/AppTokenService.php`.
//!
//! Recorded in `scenarios/app_token_get_update_delete.jsonl` and `scenarios/invalidation.jsonl` of `apptoken-golden`.

use serde::Serialize;

use crate::value::ids::AppTokenId;
use crate::wire::action::Action;

/// `appToken.delete`: deletes an app token permanently and revokes every session that was started with it.
///
/// Needs an admin session or a role with `APP_TOKEN_DELETE`. A second call fails with `APP_TOKEN_ID_NOT_FOUND`,
/// which [`Revoke`](crate::admin::Revoke) treats as success.
#[derive(Clone, Debug, Serialize)]
pub struct Delete {
    /// The id of the token.
    pub id: AppTokenId,
}

impl Action for Delete {
    type Reply = ();
    const SERVICE: &'static str = "appToken";
    const ACTION: &'static str = "delete";
}
