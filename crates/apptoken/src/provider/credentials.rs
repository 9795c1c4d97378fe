use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use apptoken_core::{Credential, Error, ErrorKind, HashChoice, HashType, KalturaCode, UnixSeconds};

use crate::source::{CredentialSource, SourceWarning};
use crate::sync::{Mutex, PerProcess, inherit_or_default, lock};

/// The app token in use, and the source of the next one.
pub(super) struct Credentials {
    source: Box<dyn CredentialSource + Send + Sync>,
    active: PerProcess<Mutex<Option<Arc<ActiveCredential>>>>,
    /// How often the app token changed.
    changes: AtomicU64,
    poll: PerProcess<Mutex<Poll>>,
}

/// An app token as the source returned it, and as it is used: with the hash type that a login detected.
#[derive(Clone)]
pub(super) struct ActiveCredential {
    given: Credential,
    pub(super) used: Credential,
    pub(super) expires_at: Option<UnixSeconds>,
    /// The number of changes of the app token up to and including this one.
    pub(super) number: u64,
    pub(super) warning: Option<SourceWarning>,
}

/// When to query the source again, while the app token in use is refused.
#[derive(Clone)]
struct Poll {
    /// On the monotonic clock.
    next: Duration,
    interval: Duration,
}

// Without polling, callers got up to 60 s of errors (the pause after a permanent failure) although the source already had
// a new token. The interval grows, because a source can be a secret manager that limits or bills its queries.
const FIRST_INTERVAL: Duration = Duration::from_secs(1);
const LONGEST_INTERVAL: Duration = Duration::from_secs(30);

impl Default for Poll {
    fn default() -> Self {
        Self { next: Duration::ZERO, interval: FIRST_INTERVAL }
    }
}

impl Credentials {
    pub(super) fn new(source: impl CredentialSource + Send + Sync + 'static) -> Self {
        Self {
            source: Box::new(source),
            active: PerProcess::new(inherit_or_default),
            changes: AtomicU64::new(0),
            poll: PerProcess::new(inherit_or_default),
        }
    }

    /// The app token in use. Does not query the source.
    pub(super) fn active(&self) -> Option<Arc<ActiveCredential>> {
        lock(&self.active.get()).clone()
    }

    /// The number of changes of the app token. A failure with an earlier token says nothing about the present one.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Reads the app token from the source. If it is the one in use, a hash type that a login detected stays known.
    pub(super) fn read_source(&self) -> Result<Arc<ActiveCredential>, Error> {
        // Not under a lock: the source is the caller's code. It can be slow, panic, or call the provider.
        let given = self.source.credential()?;
        let expires_at = self.source.token_expires_at(&given);
        let warning = self.source.warning();
        let active = self.active.get();
        let mut active = lock(&active);
        let (used, number) = match &*active {
            Some(before) if is_same(&before.given, &given) => (before.used.clone(), before.number),
            _ => {
                // The new token starts without the delays that its predecessor caused.
                *lock(&self.poll.get()) = Poll::default();
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
            // An administrator can delete a token and create one of the same value with another hash type: detect it
            // again.
            if let Some(active) = &mut *lock(&self.active.get()) {
                *active = Arc::new(ActiveCredential { used: active.given.clone(), ..active.as_ref().clone() });
            }
            return self.read_source().ok();
        }
        self.read_source().ok().filter(|next| !is_same(&next.given, &refused.given))
    }

    /// Queries the source if the next query is due, while the app token in use is refused. The interval between two queries
    /// grows from 1 s to 30 s.
    pub(super) fn poll(&self, now: Duration) {
        {
            // Updated before the query, so that of several threads one queries.
            let poll = self.poll.get();
            let mut poll = lock(&poll);
            if now < poll.next {
                return;
            }
            poll.next = now.saturating_add(poll.interval);
            poll.interval = poll.interval.saturating_mul(2).min(LONGEST_INTERVAL);
        }
        // After an error the next query is as due as after an unchanged token.
        let _ = self.read_source();
    }

    /// Stores the hash type that the server accepted, so that detection costs its requests only once.
    pub(super) fn remember_hash_type(&self, active: &Arc<ActiveCredential>, hash_type: HashType) {
        if active.used.hash == HashChoice::Detect {
            let used = Credential { hash: HashChoice::Known(hash_type), ..active.used.clone() };
            let known = ActiveCredential { used, ..active.as_ref().clone() };
            *lock(&self.active.get()) = Some(Arc::new(known));
        }
    }
}

fn is_same(one: &Credential, other: &Credential) -> bool {
    let Credential { partner, id, token, hash } = one;
    (*partner, id, *hash) == (other.partner, &other.id, other.hash) && token.is_same(&other.token)
}

/// Whether another app token could succeed: this one is unknown, wrong, disabled or expired.
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
