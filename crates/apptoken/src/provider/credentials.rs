use std::sync::Arc;

use apptoken_core::{Credential, Error, ErrorKind, HashChoice, HashType, KalturaCode, UnixSeconds};

use crate::source::{CredentialSource, SourceWarning};
use crate::sync::{Mutex, lock};

/// The app token in force, and where to ask for the next one.
pub(super) struct Credentials {
    source: Box<dyn CredentialSource + Send + Sync>,
    active: Mutex<Option<Arc<ActiveCredential>>>,
}

/// An app token as the source gave it, and as it is used: with the hash type that a login found.
pub(super) struct ActiveCredential {
    given: Credential,
    pub(super) used: Credential,
    pub(super) expires_at: Option<UnixSeconds>,
    pub(super) warning: Option<SourceWarning>,
}

impl Credentials {
    pub(super) fn new(source: impl CredentialSource + Send + Sync + 'static) -> Self {
        Self { source: Box::new(source), active: Mutex::new(None) }
    }

    /// The app token that was given last, without asking.
    pub(super) fn active(&self) -> Option<Arc<ActiveCredential>> {
        lock(&self.active).clone()
    }

    /// The app token; the source is asked if there is none yet.
    pub(super) fn current(&self) -> Result<Arc<ActiveCredential>, Error> {
        self.active().map_or_else(|| self.ask(), Ok)
    }

    /// Another app token than the one that was refused, if the source has one by now.
    pub(super) fn after_refusal(&self, refused: &ActiveCredential) -> Option<Arc<ActiveCredential>> {
        let active = self.ask().ok()?;
        let detection_was_wrong = active.given.hash == HashChoice::Detect && refused.used.hash != HashChoice::Detect;
        (detection_was_wrong || !is_same(&active.given, &refused.given)).then_some(active)
    }

    /// Remembers which hash type the server accepted.
    pub(super) fn remember_hash_type(&self, active: &Arc<ActiveCredential>, hash_type: HashType) {
        if active.used.hash == HashChoice::Detect {
            let used = Credential { hash: HashChoice::Known(hash_type), ..active.used.clone() };
            let (given, expires_at, warning) = (active.given.clone(), active.expires_at, active.warning.clone());
            let active = ActiveCredential { given, used, expires_at, warning };
            *lock(&self.active) = Some(Arc::new(active));
        }
    }

    /// Asks the source the next time.
    pub(super) fn forget(&self) {
        *lock(&self.active) = None;
    }

    fn ask(&self) -> Result<Arc<ActiveCredential>, Error> {
        let given = self.source.credential()?;
        let expires_at = self.source.token_expires_at(&given);
        let warning = self.source.warning();
        let active = Arc::new(ActiveCredential { used: given.clone(), given, expires_at, warning });
        *lock(&self.active) = Some(Arc::clone(&active));
        Ok(active)
    }
}

fn is_same(one: &Credential, other: &Credential) -> bool {
    let Credential { partner, id, token, hash } = one;
    (*partner, id, *hash) == (other.partner, &other.id, other.hash) && token.is_same(&other.token)
}

/// Whether another app token may do: this one is unknown, wrong, disabled or has expired.
pub(super) fn is_token_refused(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Kaltura(
            KalturaCode::InvalidAppTokenHash
                | KalturaCode::AppTokenIdNotFound
                | KalturaCode::AppTokenNotActive
                | KalturaCode::AppTokenExpired
        )
    )
}
