use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use apptoken_core::{Credential, Error, ErrorKind, HashChoice, HashType, KalturaCode, UnixSeconds};

use crate::CredentialSource;

/// The app token in force, and where to ask for the next one.
pub(super) struct Credentials {
    source: Box<dyn CredentialSource + Send + Sync>,
    held: Mutex<Option<Arc<Held>>>,
}

/// An app token as the source gave it, and as it is used: with the hash type that a login found.
pub(super) struct Held {
    given: Credential,
    pub(super) used: Credential,
    pub(super) expires_at: Option<UnixSeconds>,
}

impl Credentials {
    pub(super) fn new(source: impl CredentialSource + Send + Sync + 'static) -> Self {
        Self { source: Box::new(source), held: Mutex::new(None) }
    }

    /// The app token that was given last, without asking.
    pub(super) fn held(&self) -> Option<Arc<Held>> {
        self.lock().clone()
    }

    /// The app token; the source is asked if there is none yet.
    pub(super) fn current(&self) -> Result<Arc<Held>, Error> {
        self.held().map_or_else(|| self.ask(), Ok)
    }

    /// Another app token than the one that was refused, if the source has one by now.
    pub(super) fn after_refusal(&self, refused: &Held) -> Option<Arc<Held>> {
        let held = self.ask().ok()?;
        let detection_was_wrong = held.given.hash == HashChoice::Detect && refused.used.hash != HashChoice::Detect;
        (detection_was_wrong || !is_same(&held.given, &refused.given)).then_some(held)
    }

    /// Remembers which hash type the server took.
    pub(super) fn found(&self, held: &Arc<Held>, hash_type: HashType) {
        if held.used.hash == HashChoice::Detect {
            let used = Credential { hash: HashChoice::Known(hash_type), ..held.used.clone() };
            let found = Held { given: held.given.clone(), used, expires_at: held.expires_at };
            *self.lock() = Some(Arc::new(found));
        }
    }

    /// Asks the source the next time.
    pub(super) fn forget(&self) {
        *self.lock() = None;
    }

    fn ask(&self) -> Result<Arc<Held>, Error> {
        let given = self.source.credential()?;
        let expires_at = self.source.token_expires_at(&given);
        let held = Arc::new(Held { used: given.clone(), given, expires_at });
        *self.lock() = Some(Arc::clone(&held));
        Ok(held)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Held>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_same(one: &Credential, other: &Credential) -> bool {
    let Credential { partner, id, token, hash } = one;
    (*partner, id, token.expose(), *hash) == (other.partner, &other.id, other.token.expose(), other.hash)
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
