use serde::Deserialize;
use serde_json::Value;

use crate::file::{File, files};

const FILES: &[File] = files!("scenarios":
    "app_token_add"
    "app_token_get_update_delete"
    "app_token_list"
    "blocked_partner_p104"
    "check_order"
    "client_node"
    "client_python"
    "content_add_content_p107"
    "content_app_token"
    "content_captions_p107"
    "content_category"
    "content_category_entry"
    "content_check_order"
    "content_checks_gets"
    "content_checks_lists"
    "content_checks_writes"
    "content_data_p107"
    "content_default_page"
    "content_entry_life"
    "content_filter_pager"
    "content_formats"
    "content_multirequest"
    "content_playlist_p107"
    "content_plugins_p107"
    "content_roles"
    "content_roles_p107"
    "content_types"
    "content_upload"
    "content_visibility"
    "disabled_token"
    "happy_md5_p101"
    "happy_sha1_p102"
    "happy_sha256_p101"
    "happy_sha256_p103"
    "happy_sha512_p102"
    "happy_xml_md5"
    "happy_xml_sha256"
    "happy_xml_sha512"
    "invalidation"
    "multirequest"
    "null_markers"
    "partner_becomes_blocked_p104"
    "partner_id_odd"
    "partner_max_expiry"
    "permissions"
    "response_cache"
    "role_fields"
    "session_get"
    "session_start"
    "session_start_ordinary_path"
    "start_session_errors"
    "start_session_errors_v1"
    "start_session_fields"
    "start_session_privileges"
    "start_session_privileges_v1"
    "start_widget_session"
    "token_without_user"
    "token_without_user_p106"
    "unknown_actions"
    "user_fields"
    "user_list_filters"
    "users_and_roles"
);

/// Steps with the recorded replies of the server, without values that differ in each run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The name of the scenario.
    pub name: &'static str,
    /// What the scenario does and shows.
    pub description: String,
    /// Whether it changes accounts or tokens in a way that no API call can.
    pub needs_admin_state: bool,
    /// The steps in their order. Each is an exchange (`name`, `request`, and some of `set`, `capture`,
    /// `ignore`, `unordered`, `expect`), or `advance_seconds`, or `control`.
    pub steps: Vec<Value>,
}

/// All scenarios.
pub fn scenarios() -> Vec<Scenario> {
    FILES.iter().map(read).collect()
}

/// The scenario with that name, or `None`.
pub fn scenario(name: &str) -> Option<Scenario> {
    FILES.iter().find(|file| file.name == name).map(read)
}

/// The accounts (`partners`) and roles (`roles`) of the scenarios.
#[allow(clippy::expect_used)] // Only tests load this data, and they must fail if it is damaged.
pub fn partners() -> Value {
    serde_json::from_str(include_str!("../data/partners.json")).expect("partners.json holds JSON")
}

fn read(file: &File) -> Scenario {
    #[derive(Deserialize)]
    struct Header {
        description: String,
        #[serde(default)]
        needs_admin_state: bool,
    }
    let (Header { description, needs_admin_state }, steps) = file.read();
    Scenario { name: file.name, description, needs_admin_state, steps }
}
