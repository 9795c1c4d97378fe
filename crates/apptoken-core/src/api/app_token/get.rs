//! `appToken.get`: `getAction` in Kaltura's `api_v3/services/AppTokenService.php`.
//!
//! Recorded in `scenarios/app_token_get_update_delete.jsonl` of `apptoken-golden`.

use serde::Serialize;

use super::object::AppToken;
use crate::value::ids::AppTokenId;
use crate::wire::action::{Action, Repeat};

/// `appToken.get`: reads an app token, including its value. Needs an admin session or a role with `APP_TOKEN_BASE`.
#[derive(Clone, Debug, Serialize)]
pub struct Get {
    /// The id of the token.
    pub id: AppTokenId,
}

impl Action for Get {
    type Reply = AppToken;
    const SERVICE: &'static str = "appToken";
    const ACTION: &'static str = "get";
    const REPEAT: Repeat = Repeat::Always;
}
