//! The permissions of the server, and sets of them.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::catalog::action::words;
use crate::catalog::rows;

/// The names of the permissions of partner 0, which are all that a role can have. The order is that of the server's rows,
/// which a role with `*` shows.
static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| table().map(|(name, _)| name).collect());

static POSITIONS: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| NAMES.iter().enumerate().map(|(position, name)| (*name, position)).collect());

static DEPENDENCIES: LazyLock<Vec<Dependency>> = LazyLock::new(|| {
    let all = table().enumerate();
    all.flat_map(|(of, (_, depends_on))| {
        words(depends_on, ',').map(move |name| Dependency { of, on: POSITIONS.get(name).copied(), name })
    })
    .collect()
});

/// The permissions that depend on something.
static DEPENDENT: LazyLock<PermissionSet> = LazyLock::new(|| {
    let mut set = PermissionSet::default();
    set.insert_all(DEPENDENCIES.iter().map(|each| Some(each.of)));
    set
});

/// A permission has no effect without another one, or without a feature of the account.
struct Dependency {
    of: usize,
    /// The position of the other one, if it is a permission.
    on: Option<usize>,
    name: &'static str,
}

/// The names of all permissions that a role can have.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied()
}

fn table() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = rows(include_str!("../../data/permissions.tsv"));
    all.filter_map(|mut columns| Some((columns.next()?, columns.next().unwrap_or_default())))
}

/// How many permissions a set can hold.
const SIZE: usize = 256;

/// A set of permissions, with a bit for each.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) struct PermissionSet([u64; SIZE / 64]);

impl PermissionSet {
    pub(crate) fn all() -> Self {
        let mut set = Self::default();
        set.insert_all((0..NAMES.len()).map(Some));
        set
    }

    /// The permissions with these names. An unknown name allows no action.
    pub(crate) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut set = Self::default();
        set.insert_all(names.into_iter().map(|name| POSITIONS.get(name).copied()));
        set
    }

    pub(crate) fn contains(self, name: &str) -> bool {
        POSITIONS.get(name).is_some_and(|position| self.has(*position))
    }

    pub(crate) fn union(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word |= other);
        self
    }

    pub(crate) fn without(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= !other);
        self
    }

    /// Drops the permissions without effect: those that depend on something that is neither in the set nor a feature, again
    /// and again until nothing changes.
    pub(crate) fn with_effect(mut self, has_feature: impl Fn(&str) -> bool) -> Self {
        // The roles of most sessions have none of them.
        if self.without(*DEPENDENT) == self {
            return self;
        }
        loop {
            let is_missing = |each: &&Dependency| {
                self.has(each.of) && !each.on.is_some_and(|on| self.has(on)) && !has_feature(each.name)
            };
            let mut without_effect = Self::default();
            without_effect.insert_all(DEPENDENCIES.iter().filter(is_missing).map(|each| Some(each.of)));
            if without_effect == Self::default() {
                return self;
            }
            self = self.without(without_effect);
        }
    }

    fn insert_all(&mut self, positions: impl Iterator<Item = Option<usize>>) {
        for position in positions.flatten() {
            if let Some(word) = self.0.get_mut(position / 64) {
                *word |= 1 << (position % 64);
            }
        }
    }

    fn has(self, position: usize) -> bool {
        self.0.get(position / 64).is_some_and(|word| word & (1 << (position % 64)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn every_row_of_the_permissions_is_read() {
        assert_eq!((NAMES.len(), POSITIONS.len(), DEPENDENCIES.len()), (188, 188, 58));
        assert!(NAMES.len() <= SIZE);
        for action in catalog::actions() {
            for permission in &action.permissions {
                assert!(POSITIONS.contains_key(permission), "{}: {permission}", action.full_name);
            }
        }
    }

    #[test]
    fn a_permission_has_no_effect_without_what_it_depends_on() {
        let set = PermissionSet::of(["KMC_READ_ONLY", "APP_TOKEN_ADD", "CAPTION_MODIFY", "VOICEBASE_ACTIONS"]);
        let with_effect = set.with_effect(|_| false);
        assert!(set.contains("KMC_READ_ONLY") && !with_effect.contains("KMC_READ_ONLY"));
        assert!(with_effect.contains("APP_TOKEN_ADD") && !with_effect.contains("CAPTION_MODIFY"));
        assert!(set.with_effect(|feature| feature == "CAPTION_PLUGIN_PERMISSION").contains("CAPTION_MODIFY"));
        assert!(PermissionSet::of(["KMC_ACCESS"]).union(set).with_effect(|_| false).contains("KMC_READ_ONLY"));
    }

    #[test]
    fn dropping_a_permission_drops_those_that_depend_on_it() {
        let all = PermissionSet::all().with_effect(|_| false);
        for name in [
            "EVENT_NOTIFICATIONS_TEMPLATE_BASE",
            "EVENT_NOTIFICATIONS_TEMPLATE_MANAGE",
            "EVENT_NOTIFICATIONS_TEMPLATE_DELETE",
        ] {
            assert!(!all.contains(&format!("eventNotification.{name}")), "{name}");
        }
        assert!(all.contains("EXTERNAL_MEDIA_DELETE") && !all.without(all).contains("EXTERNAL_MEDIA_DELETE"));
    }
}
