use apptoken_core::value::KsVersion;
use apptoken_core::{AccountSecret, PartnerId};
use serde::{Deserialize, Serialize};

use crate::model::checked;
use crate::model::secret::Secret;
use crate::php::hash::md5;

/// An account of the fake. Kaltura calls it a partner.
///
/// # Examples
///
/// ```
/// use apptoken_core::PartnerId;
/// use apptoken_core::value::KsVersion;
/// use apptoken_transport_fake::{Account, Fake};
///
/// let fake = Fake::builder().build();
/// fake.add_account(Account::new(PartnerId::new(102)?).ks_version(KsVersion::V1).max_lifetime(Some(3_600)));
/// # Ok::<(), apptoken_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    #[serde(deserialize_with = "checked::account_id")]
    pub(crate) id: u32,
    #[serde(deserialize_with = "checked::ks_version")]
    pub(crate) ks_version: u8,
    /// The first one signs the sessions that the server creates.
    #[serde(deserialize_with = "checked::account_secrets")]
    pub(crate) admin_secrets: Vec<Secret>,
    #[serde(deserialize_with = "checked::account_secret")]
    pub(crate) user_secret: Secret,
    pub(crate) max_lifetime: Option<u32>,
    #[serde(deserialize_with = "checked::status")]
    pub(crate) status: i64,
    pub(crate) features: Vec<String>,
    pub(crate) https_only: bool,
    pub(crate) anonymous_user: bool,
    #[serde(default, deserialize_with = "checked::account_id_or_none")]
    pub(crate) parent: Option<u32>,
    /// Whether it has a default access control profile and a default conversion profile, which its entries then name.
    #[serde(default)]
    pub(crate) has_profiles: bool,
}

/// The status of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartnerStatus {
    /// The account can be used.
    Active,
    /// Its content is blocked: every call fails, except `session.startWidgetSession` and the fast path of
    /// `session.start`.
    ContentBlocked,
    /// It is fully blocked; calls fail in the same way.
    FullyBlocked,
}

impl PartnerStatus {
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Active => 1,
            Self::ContentBlocked => 2,
            Self::FullyBlocked => 3,
        }
    }
}

impl Account {
    /// An active account with KS version 2, a maximum lifetime of 86,400 seconds, an anonymous user and secrets that
    /// are derived from its id. Read them with [`Fake::admin_secret`](crate::Fake::admin_secret).
    #[must_use]
    pub fn new(id: PartnerId) -> Self {
        Self {
            id: id.get(),
            ks_version: 2,
            admin_secrets: vec![Secret::new(derived(id, "admin"))],
            user_secret: Secret::new(derived(id, "user")),
            max_lifetime: Some(86_400),
            status: PartnerStatus::Active.code(),
            features: Vec::new(),
            https_only: false,
            anonymous_user: true,
            parent: None,
            has_profiles: false,
        }
    }

    /// Sets the KS version that the server creates for the account. It accepts both versions.
    #[must_use]
    pub fn ks_version(mut self, version: KsVersion) -> Self {
        self.ks_version = match version {
            KsVersion::V1 => 1,
            _ => 2,
        };
        self
    }

    /// Sets the admin secrets. The first one signs the sessions that the server creates, and all are accepted. An empty
    /// list changes nothing, because an account has at least one admin secret.
    #[must_use]
    pub fn admin_secrets<'a>(mut self, secrets: impl IntoIterator<Item = &'a AccountSecret>) -> Self {
        let secrets: Vec<_> = secrets.into_iter().map(|secret| Secret::new(secret.expose())).collect();
        if !secrets.is_empty() {
            self.admin_secrets = secrets;
        }
        self
    }

    /// Sets the user secret, which `session.start` accepts for user sessions.
    #[must_use]
    pub fn user_secret(mut self, secret: &AccountSecret) -> Self {
        self.user_secret = Secret::new(secret.expose());
        self
    }

    /// Sets the maximum lifetime of sessions from `session.start` and `session.startWidgetSession`, in seconds. It is
    /// also the default `sessionDuration` of new app tokens, but does not limit their sessions.
    #[must_use]
    pub fn max_lifetime(mut self, seconds: Option<u32>) -> Self {
        self.max_lifetime = seconds;
        self
    }

    /// Sets the status, which no API call can change.
    #[must_use]
    pub fn status(mut self, status: PartnerStatus) -> Self {
        self.status = status.code();
        self
    }

    /// Enables a feature, such as `FEATURE_ENTITLEMENT`, or `FEATURE_END_USER_REPORTS`, which creates the user of a
    /// session when the session is first used.
    #[must_use]
    pub fn feature(mut self, name: &str) -> Self {
        self.features.push(name.to_owned());
        self
    }

    /// Sets whether the API rejects plain HTTP for the account.
    #[must_use]
    pub fn https_only(mut self, yes: bool) -> Self {
        self.https_only = yes;
        self
    }

    /// Sets whether the account has an anonymous user, a user without an id. `appToken.add` without `sessionUserId`
    /// needs one.
    #[must_use]
    pub fn anonymous_user(mut self, yes: bool) -> Self {
        self.anonymous_user = yes;
        self
    }

    /// Sets the parent account, whose secret `session.impersonate` accepts for this account.
    #[must_use]
    pub fn parent(mut self, id: PartnerId) -> Self {
        self.parent = Some(id.get());
        self
    }

    /// The id of the account.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Replaces secrets that are derived from the id, because everybody can compute them.
    pub(crate) fn replace_derived_secrets(&mut self, mut random: impl FnMut() -> String) {
        let Ok(id) = PartnerId::new(self.id) else { return };
        let (admin, user) = (derived(id, "admin"), derived(id, "user"));
        for secret in self.admin_secrets.iter_mut().filter(|secret| secret.expose() == admin) {
            *secret = Secret::new(random());
        }
        if self.user_secret.expose() == user {
            self.user_secret = Secret::new(random());
        }
    }

    pub(crate) fn is_active(&self) -> bool {
        self.status == PartnerStatus::Active.code()
    }

    pub(crate) fn has_feature(&self, name: &str) -> bool {
        self.features.iter().any(|feature| feature == name)
    }

    pub(crate) fn main_secret(&self) -> &str {
        self.admin_secrets.first().map_or("", Secret::expose)
    }

    /// Whether the account accepts the secret for this type of session.
    pub(crate) fn accepts(&self, secret: &str, is_admin: bool) -> bool {
        let is_user_secret = !is_admin && secret == self.user_secret.expose();
        is_user_secret || self.admin_secrets.iter().any(|each| each.expose() == secret)
    }
}

/// A secret that is the same in every run, for reproducible tests.
fn derived(id: PartnerId, kind: &str) -> String {
    md5(format!("{kind} secret of the fake account {id}"))
}
