//! `system.ping`: `pingAction` in Kaltura's `api_v3/services/SystemService.php`.
//!
//! Recorded in `scenarios/blocked_partner_p104.jsonl` of `apptoken-golden`.

use serde::Serialize;

use crate::wire::action::{Action, Repeat};

/// `system.ping`: returns `true`. Every session may call it, and the server checks the session.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Ping {}

impl Action for Ping {
    type Reply = bool;
    const SERVICE: &'static str = "system";
    const ACTION: &'static str = "ping";
    const REPEAT: Repeat = Repeat::Always;
}
