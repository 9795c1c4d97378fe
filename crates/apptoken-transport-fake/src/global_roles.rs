//! The roles of partner 0, which every account has.

use crate::config::RoleConfig;
use crate::model::role::RoleRow;

pub(crate) fn global_roles() -> Vec<RoleRow> {
    let roles: Vec<RoleConfig> = serde_json::from_str(include_str!("model/global_roles.json")).unwrap_or_default();
    roles.into_iter().map(RoleRow::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_roles_of_partner_0_are_there() {
        let roles = global_roles();
        assert_eq!(roles.len(), 23);
        assert!(roles.iter().enumerate().all(|(at, role)| role.id == at as i64 + 1));
    }
}
