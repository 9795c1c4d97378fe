use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use apptoken_core::{Credential, Error, ErrorKind, HashChoice, HashType, KalturaCode, UnixSeconds};

use crate::source::{CredentialSource, SourceWarning};
use crate::sync::{Mutex, lock};

/// The app token in use, and where to ask for the next one.
pub(super) struct Credentials {
    source: Box<dyn CredentialSource + Send + Sync>,
    active: Mutex<Option<Arc<ActiveCredential>>>,
    /// How often the app token changed.
    changes: AtomicU64,
    poll: Mutex<Poll>,
}

/// An app token as the source gave it, and as it is used: with the hash type that a login found.
#[derive(Clone)]
pub(super) struct ActiveCredential {
    given: Credential,
    pub(super) used: Credential,
    pub(super) expires_at: Option<UnixSeconds>,
    /// How often the app token had changed when this one came.
    pub(super) number: u64,
    pub(super) warning: Option<SourceWarning>,
}

/// When the source is asked again while a refused app token is all there is.
struct Poll {
    /// On the monotonic clock.
    next: Duration,
    interval: Duration,
}

const FIRST_INTERVAL: Duration = Duration::from_secs(1);
const LONGEST_INTERVAL: Duration = Duration::from_secs(30);

impl Credentials {
    pub(super) fn new(source: impl CredentialSource + Send + Sync + 'static) -> Self {
        Self {
            source: Box::new(source),
            active: Mutex::new(None),
            changes: AtomicU64::new(0),
            poll: Mutex::new(Poll { next: Duration::ZERO, interval: FIRST_INTERVAL }),
        }
    }

    /// The app token that was given last, without asking.
    pub(super) fn active(&self) -> Option<Arc<ActiveCredential>> {
        lock(&self.active).clone()
    }

    /// How often the app token changed: a failure of an earlier one says nothing about this one.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Asks the source for the app token. The one in use stays if the source has the same, as does its hash type if a login
    /// found it.
    pub(super) fn ask(&self) -> Result<Arc<ActiveCredential>, Error> {
        // Without a lock: the source is the caller's code.
        let given = self.source.credential()?;
        let expires_at = self.source.token_expires_at(&given);
        let warning = self.source.warning();
        let mut active = lock(&self.active);
        let (used, number) = match &*active {
            Some(before) if is_same(&before.given, &given) => (before.used.clone(), before.number),
            _ => {
                *lock(&self.poll) = Poll { next: Duration::ZERO, interval: FIRST_INTERVAL };
                let number = self.changes.fetch_add(1, Ordering::SeqCst).saturating_add(1);
                (given.clone(), number)
            }
        };
        let credential = Arc::new(ActiveCredential { given, used, expires_at, number, warning });
        *active = Some(Arc::clone(&credential));
        Ok(credential)
    }

    /// Another app token than the one that was refused, if the source has one by now.
    pub(super) fn after_refusal(&self, refused: &ActiveCredential) -> Option<Arc<ActiveCredential>> {
        if refused.given.hash == HashChoice::Detect && refused.used.hash != HashChoice::Detect {
            // The token may have got another hash type: detect it again.
            if let Some(active) = &mut *lock(&self.active) {
                *active = Arc::new(ActiveCredential { used: active.given.clone(), ..active.as_ref().clone() });
            }
            return self.ask().ok();
        }
        self.ask().ok().filter(|next| !is_same(&next.given, &refused.given))
    }

    /// Asks the source if it is time to, while nothing can be done with the app token in use. The times between grow from a
    /// second to half a minute.
    pub(super) fn poll(&self, now: Duration) {
        {
            let mut poll = lock(&self.poll);
            if now < poll.next {
                return;
            }
            poll.next = now.saturating_add(poll.interval);
            poll.interval = poll.interval.saturating_mul(2).min(LONGEST_INTERVAL);
        }
        // A source that fails is asked again at the next time.
        let _ = self.ask();
    }

    /// Remembers which hash type the server accepted.
    pub(super) fn remember_hash_type(&self, active: &Arc<ActiveCredential>, hash_type: HashType) {
        if active.used.hash == HashChoice::Detect {
            let used = Credential { hash: HashChoice::Known(hash_type), ..active.used.clone() };
            let known = ActiveCredential { used, ..active.as_ref().clone() };
            *lock(&self.active) = Some(Arc::new(known));
        }
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
