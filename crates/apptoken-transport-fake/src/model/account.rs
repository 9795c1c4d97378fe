use apptoken_core::value::KsVersion;
use apptoken_core::{AccountSecret, PartnerId};
use serde::{Deserialize, Serialize};

use crate::model::checked;
use crate::model::secret::Secret;
use crate::php::hash::md5;

/// An account (Kaltura calls it a partner) of the fake.
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
    /// The first one is the main one, which seals sessions.
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
}

/// The status of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartnerStatus {
    /// In use.
    Active,
    /// Its content is blocked: every call but `session.startWidgetSession` and the short form of `session.start` fails.
    ContentBlocked,
    /// Blocked altogether.
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
    /// are made of its id (read them with [`Fake::admin_secret`](crate::Fake::admin_secret)).
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
        }
    }

    /// Which form of KS the server makes for the account; it reads both.
    #[must_use]
    pub fn ks_version(mut self, version: KsVersion) -> Self {
        self.ks_version = match version {
            KsVersion::V1 => 1,
            _ => 2,
        };
        self
    }

    /// The admin secrets: the first seals the sessions that the server makes, and all are accepted. An account has at
    /// least one: without any, those that it has stay.
    #[must_use]
    pub fn admin_secrets<'a>(mut self, secrets: impl IntoIterator<Item = &'a AccountSecret>) -> Self {
        let secrets: Vec<_> = secrets.into_iter().map(|secret| Secret::new(secret.expose())).collect();
        if !secrets.is_empty() {
            self.admin_secrets = secrets;
        }
        self
    }

    /// The user secret, which `session.start` accepts for user sessions.
    #[must_use]
    pub fn user_secret(mut self, secret: &AccountSecret) -> Self {
        self.user_secret = Secret::new(secret.expose());
        self
    }

    /// The longest lifetime of sessions that `session.start` and `session.startWidgetSession` make, in seconds; also the
    /// default `sessionDuration` of new tokens. Sessions of app tokens can be longer.
    #[must_use]
    pub fn max_lifetime(mut self, seconds: Option<u32>) -> Self {
        self.max_lifetime = seconds;
        self
    }

    /// The status, which no call of the API can change.
    #[must_use]
    pub fn status(mut self, status: PartnerStatus) -> Self {
        self.status = status.code();
        self
    }

    /// Switches on a feature, such as `FEATURE_END_USER_REPORTS` (users appear when a session of theirs is used) or
    /// `FEATURE_ENTITLEMENT`.
    #[must_use]
    pub fn feature(mut self, name: &str) -> Self {
        self.features.push(name.to_owned());
        self
    }

    /// Whether the API refuses plain HTTP for the account.
    #[must_use]
    pub fn https_only(mut self, yes: bool) -> Self {
        self.https_only = yes;
        self
    }

    /// Whether there is a user without an id from the start: `appToken.add` without `sessionUserId` needs one.
    #[must_use]
    pub fn anonymous_user(mut self, yes: bool) -> Self {
        self.anonymous_user = yes;
        self
    }

    /// The account whose secret `session.impersonate` accepts for this one.
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

    /// Replaces those secrets that are made of the id, which everybody can make.
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

    /// Whether the secret opens a session of that type.
    pub(crate) fn accepts(&self, secret: &str, is_admin: bool) -> bool {
        let is_user_secret = !is_admin && secret == self.user_secret.expose();
        is_user_secret || self.admin_secrets.iter().any(|each| each.expose() == secret)
    }
}

/// A secret that is the same in every run; a fake guards nothing.
fn derived(id: PartnerId, kind: &str) -> String {
    md5(format!("{kind} secret of the fake account {id}"))
}
