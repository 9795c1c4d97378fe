//! The flags of an action: what the server checks beyond the permission.

use crate::catalog::action::words;

/// The flags of an action.
#[derive(Default)]
pub(crate) struct Flags {
    /// It belongs to a plug-in that the server has not loaded.
    pub(crate) off: bool,
    /// It is allowed without a KS, whatever the permissions say. With a KS they count.
    pub(crate) network: bool,
    /// It also finds the objects of partner 0.
    pub(crate) global: bool,
    /// It needs no permission.
    pub(crate) all_permitted: bool,
    /// It answers before any check.
    pub(crate) shortcut: bool,
    /// What the account or the caller must have, after the permission.
    pub(crate) needs: Vec<Need>,
    /// What the account must not have.
    pub(crate) without: Option<Need>,
    /// It changes an object of its caller, so others are refused before the permission is checked.
    pub(crate) owner: Option<OwnerCheck>,
    /// Which filter a list must have.
    pub(crate) wants: Option<WantedFilter>,
    /// What the action itself checks first: who may call it.
    pub(crate) inside: Option<Need>,
    /// The action whose permission counts, which the error SERVICE_FORBIDDEN names.
    pub(crate) alias: Option<&'static str>,
    /// The code that every error becomes; `500` for a fatal PHP error.
    pub(crate) errors: Option<&'static str>,
    /// Flags that the fake does not know. The test of the tables checks that there are none.
    pub(crate) unknown: Vec<&'static str>,
}

/// Who may change an object: its owner, an administrator, or a session with a privilege.
pub(crate) struct OwnerCheck {
    /// The parameter with the id of the object.
    pub(crate) parameter: &'static str,
    pub(crate) privilege: &'static str,
    /// Whether the users that the owner has made editors may not.
    pub(crate) only_owner: bool,
}

/// A condition and the error if it does not hold.
pub(crate) struct Need {
    pub(crate) error: CodeAndArgument,
    /// One of them is enough: a permission that is valid for the account, `partner-2`, `partner0`, `admin` or `user`.
    pub(crate) any_of: Vec<&'static str>,
}

/// The code of an error, and its argument; empty if it has none.
#[derive(Clone)]
pub(crate) struct CodeAndArgument {
    pub(crate) code: &'static str,
    pub(crate) argument: String,
}

/// The filter fields of which a list needs one, and the error without.
pub(crate) struct WantedFilter {
    pub(crate) error: CodeAndArgument,
    /// Whether an administrator needs none.
    pub(crate) not_for_admins: bool,
}

impl Flags {
    pub(super) fn of(text: &'static str) -> Self {
        let mut flags = Self::default();
        for word in words(text, ' ') {
            match word.split_once('=').unwrap_or((word, "")) {
                ("off", _) => flags.off = true,
                ("network", _) => flags.network = true,
                ("global", _) => flags.global = true,
                ("allPermitted", _) => flags.all_permitted = true,
                ("shortcut", _) => flags.shortcut = true,
                ("needs", needs) => flags.needs = words(needs, ';').map(Need::of).collect(),
                ("without", need) => flags.without = Some(Need::of(need)),
                ("inside", need) => flags.inside = Some(Need::of(need)),
                ("user", check) => flags.owner = Some(OwnerCheck::of(check)),
                ("wants", wanted) => flags.wants = Some(WantedFilter::of(wanted)),
                ("alias", action) => flags.alias = Some(action),
                ("errors", code) => flags.errors = Some(code),
                _ => flags.unknown.push(word),
            }
        }
        flags
    }
}

impl OwnerCheck {
    /// Reads `entry/entryId/edit/ownerOnly`.
    fn of(text: &'static str) -> Self {
        let mut parts = text.split('/').skip(1);
        let mut next = || parts.next().unwrap_or_default();
        Self { parameter: next(), privilege: next(), only_owner: next() == "ownerOnly" }
    }
}

impl Need {
    fn of(text: &'static str) -> Self {
        let (error, any_of) = text.rsplit_once(':').unwrap_or((text, ""));
        Self { error: CodeAndArgument::of(error), any_of: words(any_of, '|').collect() }
    }
}

impl CodeAndArgument {
    fn of(text: &'static str) -> Self {
        let (code, argument) = text.split_once('(').unwrap_or((text, ""));
        // The table separates flags by blanks, so it has `_` for the blanks of Kaltura Live Streams.
        let argument = argument.trim_end_matches(')').replace("Kaltura_Live_Streams", "Kaltura Live Streams");
        Self { code, argument }
    }
}

impl WantedFilter {
    fn of(text: &'static str) -> Self {
        let (error, not_for_admins) = match text.strip_suffix(":admin") {
            Some(error) => (error, true),
            None => (text, false),
        };
        Self { error: CodeAndArgument::of(error), not_for_admins }
    }

    /// The fields of which one is enough.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.error.argument.split('/').map(|field| field.rsplit("::").next().unwrap_or(field))
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::find_full;

    #[test]
    fn needs_have_an_error_and_alternatives() {
        let flags = &find_full("liveStream.createPeriodicSyncPoints").unwrap().flags;
        let shown: Vec<_> =
            flags.needs.iter().map(|need| (need.error.code, need.error.argument.as_str(), &*need.any_of)).collect();
        assert_eq!(
            shown,
            [
                ("FEATURE_FORBIDDEN", "cuePoint", &["CUEPOINT_PLUGIN_PERMISSION"][..]),
                ("FEATURE_FORBIDDEN", "Kaltura Live Streams", &["FEATURE_KALTURA_LIVE_STREAM"][..]),
            ]
        );
    }

    #[test]
    fn a_wanted_filter_names_its_fields() {
        let wanted = find_full("flavorAsset.list").unwrap().flags.wants.as_ref().unwrap();
        assert_eq!(wanted.fields().collect::<Vec<_>>(), ["entryIdEqual", "entryIdIn"]);
        assert!(
            !wanted.not_for_admins
                && find_full("categoryEntry.list").unwrap().flags.wants.as_ref().unwrap().not_for_admins
        );
    }
}
