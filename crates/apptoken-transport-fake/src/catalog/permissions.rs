//! The permissions of the server, and those that properties need.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::catalog::action::words;
use crate::catalog::rows;

/// The permissions of partner 0, which are all that a role can have, with those that they depend on. The order is that of
/// the server's rows, which a role with `*` shows.
static PERMISSIONS: LazyLock<Vec<(&'static str, Vec<&'static str>)>> = LazyLock::new(|| {
    let all = rows(include_str!("../../data/permissions.tsv"));
    all.filter_map(|mut columns| Some((columns.next()?, words(columns.next().unwrap_or_default(), ',').collect())))
        .collect()
});

static DEPENDENCIES: LazyLock<HashMap<&'static str, &'static [&'static str]>> =
    LazyLock::new(|| PERMISSIONS.iter().map(|(name, depends_on)| (*name, depends_on.as_slice())).collect());

/// The names of all permissions that a role can have.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PERMISSIONS.iter().map(|(name, _)| *name)
}

/// The permissions or features without which a permission has no effect.
pub(crate) fn dependencies(name: &str) -> &'static [&'static str] {
    DEPENDENCIES.get(name).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_permissions_is_read() {
        assert_eq!((PERMISSIONS.len(), DEPENDENCIES.len()), (188, 188));
        assert_eq!(dependencies("KMC_READ_ONLY"), ["KMC_ACCESS"]);
        assert_eq!(dependencies("APP_TOKEN_ADD"), [""; 0]);
    }
}
