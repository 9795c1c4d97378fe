use serde::Serialize;

use crate::value::ids::AppTokenId;
use crate::wire::action::Action;

/// `appToken.delete`: deletes an app token for ever, and with it ends every session that was started with it.
///
/// Needs an admin session or a role with `APP_TOKEN_DELETE`. A second time it answers `APP_TOKEN_ID_NOT_FOUND`, which
/// [`Revoke`](crate::admin::Revoke) takes for done.
#[derive(Clone, Debug, Serialize)]
pub struct Delete {
    /// The token.
    pub id: AppTokenId,
}

impl Action for Delete {
    type Reply = ();
    const SERVICE: &'static str = "appToken";
    const ACTION: &'static str = "delete";
}
