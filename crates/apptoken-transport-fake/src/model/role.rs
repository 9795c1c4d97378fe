use serde::{Deserialize, Serialize};

use crate::model::table::Row;
use crate::model::{checked, column};

/// A row of the role table. All accounts share the roles of partner 0.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RoleRow {
    #[serde(deserialize_with = "checked::row_number")]
    pub(crate) id: i64,
    pub(crate) name: String,
    /// `None` if it was never set; only `userRole.add` then shows it, as an empty string.
    pub(crate) system_name: Option<String>,
    pub(crate) description: Option<String>,
    /// `None` only until the row is stored.
    #[serde(deserialize_with = "checked::role_status")]
    pub(crate) status: Option<i64>,
    pub(crate) partner_id: i64,
    pub(crate) permission_names: Option<String>,
    pub(crate) tags: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

pub(crate) const STATUS_ACTIVE: i64 = 1;
pub(crate) const STATUS_DELETED: i64 = 3;

impl RoleRow {
    pub(crate) fn is_deleted(&self) -> bool {
        self.status == Some(STATUS_DELETED)
    }

    pub(crate) fn is_of(&self, partner_id: i64) -> bool {
        self.partner_id == 0 || self.partner_id == partner_id
    }

    /// The names of its permissions; `*` means all.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = &str> {
        self.permission_names.as_deref().unwrap_or_default().split(',').map(str::trim)
    }

    /// Changes the values to what their columns hold.
    pub(crate) fn fit_columns(&mut self) {
        column::varchar(&mut self.name, 100);
        if let Some(system_name) = &mut self.system_name {
            column::varchar(system_name, 128);
        }
        self.status.get_or_insert(0);
        for text in [&mut self.description, &mut self.permission_names, &mut self.tags].into_iter().flatten() {
            column::text(text);
        }
    }
}

impl Row for RoleRow {
    fn size(&self) -> usize {
        let texts = [&self.system_name, &self.description, &self.permission_names, &self.tags];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        size_of::<Self>() + self.name.len() + texts
    }
}
