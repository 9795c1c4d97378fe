//! The store: its settings, and its operations.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use apptoken_core::Error;
use apptoken_core::login::store::{SessionKey, SessionStore, StoreError, StoreErrorKind, StoredSession};
use redis::{Cmd, FromRedisValue as _};
use zeroize::Zeroizing;

use crate::address::Address;
use crate::names::Names;
use crate::scripts::{LOAD, STORE, Scripts};
use crate::seal::{Sealing, SealingKey};
use crate::worker::{OfProcess, Worker};

/// Stores sessions in Redis or Valkey, so that all machines of a fleet share one login.
///
/// # Examples
///
/// ```no_run
/// use apptoken::Provider;
/// use apptoken_store_redis::RedisStore;
///
/// let store = RedisStore::from_url("rediss://app:password@cache.example.org:6379")?;
/// # let builder = apptoken::Builder::new(apptoken::Config::from_env()?.endpoint);
/// let provider = builder.provider(apptoken::EnvSource).store(store).build();
/// # let _: Provider = provider;
/// # Ok::<(), apptoken::Error>(())
/// ```
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

struct Inner {
    worker: Worker,
    scripts: Arc<Scripts>,
    sealing: Sealing,
    prefix: String,
    is_stopped: AtomicBool,
}

/// Sets up a [`RedisStore`].
#[derive(Debug)]
#[must_use = "a builder makes nothing by itself"]
pub struct RedisStoreBuilder {
    url: Zeroizing<String>,
    prefix: String,
    limit: Duration,
    sealing_keys: Vec<SealingKey>,
    root_certificates: Option<Vec<u8>>,
}

/// The setting of [`RedisStore::from_env`].
const VARIABLE: &str = "KALTURA_SESSION_STORE";

const PREFIX: &str = "apptoken:";

/// The default of [`RedisStoreBuilder::operation_timeout`].
pub(crate) const LIMIT: Duration = Duration::from_secs(1);

/// How long a lock lasts unless it is extended. Its holder extends it during a login of any length; if the holder dies, the others
/// wait for this time.
const LEASE: Duration = Duration::from_secs(5);

impl RedisStore {
    /// The store at this URL, with the default settings. The [crate](crate#urls) lists the forms of URL. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](apptoken_core::ErrorKind::InvalidInput) if the URL has none of the forms.
    pub fn from_url(url: &str) -> Result<Self, Error> {
        Self::builder(url).build()
    }

    /// The store at the URL in the variable `KALTURA_SESSION_STORE`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](apptoken_core::ErrorKind::InvalidInput) if it is not set, or is not a URL.
    pub fn from_env() -> Result<Self, Error> {
        match std::env::var(VARIABLE).map(Zeroizing::new) {
            Ok(url) => Self::from_url(&url),
            Err(_) => Err(Error::invalid_input(format!("{VARIABLE} is not set: set it to redis://host:6379"))),
        }
    }

    /// A builder for a store at this URL.
    pub fn builder(url: &str) -> RedisStoreBuilder {
        RedisStoreBuilder {
            url: Zeroizing::new(url.to_owned()),
            prefix: PREFIX.to_owned(),
            limit: LIMIT,
            sealing_keys: Vec::new(),
            root_certificates: None,
        }
    }
}

impl RedisStoreBuilder {
    /// Sets what the names of all keys begin with; `apptoken:` by default. The rights of the user in Redis must cover it.
    pub fn key_prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Sets the longest time of one operation, including name resolution, connection, TLS and a repetition; 1 s by default.
    ///
    /// After an operation that took longer, the next ones fail at once for 2 s, so that a login waits once.
    pub fn operation_timeout(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Seals records with these keys instead of one derived from the app token: the first seals, all of them open. To replace a
    /// key, first add the new one at the end everywhere, then move it to the front, then remove the old one.
    ///
    /// Without keys this changes nothing.
    pub fn sealing_keys(self, keys: impl IntoIterator<Item = SealingKey>) -> Self {
        Self { sealing_keys: keys.into_iter().collect(), ..self }
    }

    /// Trusts these certificates (PEM) for TLS instead of the root certificates of the system.
    pub fn root_certificates(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { root_certificates: Some(pem.into()), ..self }
    }

    /// The store. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](apptoken_core::ErrorKind::InvalidInput) if the URL has none of the forms, or the certificates
    /// cannot be read.
    pub fn build(self) -> Result<RedisStore, Error> {
        let Self { url, prefix, limit, sealing_keys, root_certificates } = self;
        let address = Address::parse(&url)?;
        address.client(root_certificates.as_deref())?;
        let sealing = if sealing_keys.is_empty() { Sealing::ByToken } else { Sealing::ByKeys(sealing_keys) };
        Ok(RedisStore(Arc::new(Inner {
            worker: Worker::new(address, root_certificates, limit),
            scripts: Arc::new(Scripts::new()),
            sealing,
            prefix,
            is_stopped: AtomicBool::new(false),
        })))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisStore({})", self.0.worker.address())
    }
}

impl SessionStore for RedisStore {
    fn load(&self, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
        let names = self.names(key);
        let asked = Instant::now();
        let command = evaluation(LOAD, &names);
        let (record, life, _): Loaded = self.0.worker.run(move |connection| command.query(connection.as_dyn()))?;
        self.open(key, &names, record, life, asked)
    }

    fn renew_exclusively(
        &self,
        key: &SessionKey,
        patience: Duration,
        renew: &mut dyn FnMut(Option<StoredSession>) -> Option<StoredSession>,
    ) -> Result<(), StoreError> {
        let names = self.names(key);
        let _own = OwnRenewal::begin(&self.0.worker, &names)?;
        let Some(lock) = self.lock(&names, patience)? else { return Ok(()) };
        let (stored, problem) = match self.open(key, &names, lock.record.clone(), lock.life, lock.asked) {
            Ok(stored) => (stored, Ok(())),
            Err(error) => (None, Err(error)),
        };
        let keeper = lock.keep();
        let begun = Instant::now();
        let renewed = renew(stored);
        drop(keeper);
        match renewed {
            // The session cannot be older than its renewal.
            Some(renewed) => lock.store(key, &renewed, begun.elapsed()).and(problem),
            // Dropping the lock releases it.
            None => problem,
        }
    }

    fn renew_many(
        &self,
        keys: &[SessionKey],
        renew: &mut dyn FnMut(Vec<Option<StoredSession>>) -> Vec<Option<StoredSession>>,
    ) -> Result<(), StoreError> {
        let names: Vec<Names> = keys.iter().map(|key| self.names(key)).collect();
        let asked = Instant::now();
        let commands: Vec<Cmd> = names.iter().map(|names| evaluation(LOAD, names)).collect();
        let loaded = self.0.worker.run(move |connection| {
            let answers = connection.run_all(&commands)?;
            answers
                .into_iter()
                .map(|answer| Ok(Loaded::from_redis_value(answer)?))
                .collect::<redis::RedisResult<Vec<_>>>()
        });
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                renew(vec![None; keys.len()]);
                return Err(error);
            }
        };
        let mut failed = None;
        let mut numbers = Vec::with_capacity(keys.len());
        let places = keys.iter().zip(&names);
        let stored = places.clone().zip(loaded).map(|((key, names), (record, life, number))| {
            numbers.push(number);
            self.open(key, names, record, life, asked).unwrap_or_else(|error| {
                failed.get_or_insert(error);
                None
            })
        });
        let stored = stored.collect();
        let begun = Instant::now();
        let renewed = renew(stored);
        let age = begun.elapsed();
        let mut commands = Vec::new();
        for (((key, names), number), renewed) in places.zip(&numbers).zip(&renewed) {
            let Some(renewed) = renewed else { continue };
            let Some((record, life)) = self.seal(key, names, renewed, age)? else { continue };
            let mut command = evaluation(STORE, names);
            // Nobody has an empty name, so no lock is released.
            command.arg("").arg(number).arg(record).arg(life);
            commands.push(command);
        }
        if !commands.is_empty() {
            self.0.worker.run(move |connection| connection.run_all(&commands).map(drop))?;
        }
        failed.map_or(Ok(()), Err)
    }

    fn stop(&self) {
        self.0.is_stopped.store(true, Ordering::SeqCst);
    }
}

/// The answer of [`LOAD`]: record, remaining life, time.
type Loaded = (Option<Vec<u8>>, i64, String);

/// A script as a command with its text, which needs no earlier one.
fn evaluation(script: &str, names: &Names) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(script).arg(2).arg(&names.session).arg(&names.lock);
    command
}

impl RedisStore {
    fn names(&self, key: &SessionKey) -> Names {
        Names::of(&self.0.prefix, key)
    }

    /// Takes the lock. Returns `None` if another user of the store stored a session while this one waited.
    fn lock(&self, names: &Names, patience: Duration) -> Result<Option<Lock<'_>>, StoreError> {
        let begun = Instant::now();
        let holder = hex::encode(random::<16>()?);
        let mut first_fence = None;
        let mut pause = FIRST_POLL;
        loop {
            let asked = Instant::now();
            let (scripts, keys, name) = (Arc::clone(&self.0.scripts), names.clone(), holder.clone());
            let answer = self.0.worker.run(move |connection| {
                let mut script = scripts.acquire.prepare_invoke();
                script.key(&keys.session).key(&keys.lock).arg(&name).arg(LEASE.as_millis() as u64);
                script.invoke::<redis::Value>(connection.as_dyn()).and_then(Acquired::read)
            })?;
            let fence = match answer {
                Acquired::Lock { number, record, life } => {
                    return Ok(Some(Lock { store: self, names: names.clone(), holder, number, record, life, asked }));
                }
                Acquired::Busy { fence } => fence,
            };
            if *first_fence.get_or_insert_with(|| fence.clone()) != fence {
                return Ok(None);
            }
            if begun.elapsed() >= patience || self.0.is_stopped.load(Ordering::SeqCst) {
                return Err(StoreError::new(StoreErrorKind::Locked).at(self.0.worker.address().to_string()));
            }
            let left = patience.saturating_sub(begun.elapsed());
            let [byte] = random::<1>()?;
            thread::sleep(spread(pause, byte).min(left));
            pause = next_poll(pause);
        }
    }

    fn open(
        &self,
        key: &SessionKey,
        names: &Names,
        record: Option<Vec<u8>>,
        life: i64,
        asked: Instant,
    ) -> Result<Option<StoredSession>, StoreError> {
        let Some(record) = record else { return Ok(None) };
        let located = |error: StoreError| error.at(format!("{} {}", self.0.worker.address(), names.session));
        let plain = self.0.sealing.open(key, &names.session, &record).map_err(located)?;
        let corrupt = || located(StoreError::new(StoreErrorKind::Corrupt));
        let (age_when_stored, rest) = take_number(&plain).ok_or_else(corrupt)?;
        let (life_when_stored, text) = take_number(rest).ok_or_else(corrupt)?;
        let text = std::str::from_utf8(text).map_err(|_| corrupt())?;
        let stored = StoredSession::parse(text).map_err(located)?;
        // Without a life somebody else has changed the key, and only this machine's clock is left.
        let Ok(life) = u64::try_from(life) else { return Ok(Some(stored)) };
        let in_store = Duration::from_millis(life_when_stored.saturating_sub(life));
        let age = Duration::from_millis(age_when_stored).saturating_add(in_store).saturating_add(asked.elapsed());
        Ok(Some(stored.with_age(age)))
    }

    /// The sealed record and its life in milliseconds, or `None` if its sessions have ended.
    fn seal(
        &self,
        key: &SessionKey,
        names: &Names,
        session: &StoredSession,
        age: Duration,
    ) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        let life = milliseconds(session.lifetime().saturating_sub(age));
        if life == 0 {
            return Ok(None);
        }
        let text = session.expose().as_bytes();
        let mut plain = Zeroizing::new(Vec::with_capacity(text.len() + 16));
        plain.extend_from_slice(&milliseconds(age).to_be_bytes());
        plain.extend_from_slice(&life.to_be_bytes());
        plain.extend_from_slice(text);
        Ok(Some((self.0.sealing.seal(key, &names.session, &plain)?, life)))
    }
}

pub(crate) const FIRST_POLL: Duration = Duration::from_millis(20);

/// The longest pause before another look for the lock. Each look is a request to Redis by each machine that waits.
const LONGEST_POLL: Duration = Duration::from_millis(500);

pub(crate) fn next_poll(pause: Duration) -> Duration {
    (pause * 2).min(LONGEST_POLL)
}

/// Half of the pause, and up to as much again at random, so that many who wait do not look together.
pub(crate) fn spread(pause: Duration, random: u8) -> Duration {
    pause / 2 + (pause / 512) * u32::from(random)
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::caused_by(StoreErrorKind::Io, error.to_string()))?;
    Ok(bytes)
}

fn milliseconds(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

fn take_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u64::from_be_bytes(*number), rest))
}

/// The answer to an attempt to take the lock.
enum Acquired {
    Lock { number: String, record: Option<Vec<u8>>, life: i64 },
    Busy { fence: Option<String> },
}

impl Acquired {
    fn read(answer: redis::Value) -> redis::RedisResult<Self> {
        Ok(match answer {
            redis::Value::Array(parts) if parts.len() == 4 => {
                let (_, number, record, life): (i64, _, _, _) = redis::from_redis_value(redis::Value::Array(parts))?;
                Self::Lock { number, record, life }
            }
            busy => {
                let (_, fence): (i64, _) = redis::from_redis_value(busy)?;
                Self::Busy { fence }
            }
        })
    }
}

/// The lock of a session. Dropping it releases it, unless it is another's by now.
struct Lock<'a> {
    store: &'a RedisStore,
    names: Names,
    holder: String,
    /// Grows from renewal to renewal.
    number: String,
    record: Option<Vec<u8>>,
    life: i64,
    /// When the lock was asked for.
    asked: Instant,
}

impl Lock<'_> {
    /// Extends the lock until the returned value is dropped.
    fn keep(&self) -> Sender<()> {
        let (keeper, dropped) = mpsc::channel();
        let (store, names, holder) = (self.store.clone(), self.names.clone(), self.holder.clone());
        // Without the thread the lock lasts for one lease, and another machine may log in too.
        let _ = thread::Builder::new().name("apptoken-redis-lock".to_owned()).spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = dropped.recv_timeout(LEASE / 3) {
                // After a failure the next attempt can succeed.
                let _ = store.call(&names, &holder, |scripts| &scripts.extend, Some(LEASE));
            }
        });
        keeper
    }

    fn store(self, key: &SessionKey, session: &StoredSession, age: Duration) -> Result<(), StoreError> {
        let Some((record, life)) = self.store.seal(key, &self.names, session, age)? else { return Ok(()) };
        let scripts = Arc::clone(&self.store.0.scripts);
        let (names, holder, number) = (self.names.clone(), self.holder.clone(), self.number.clone());
        let written = self.store.0.worker.run(move |connection| {
            let mut script = scripts.store.prepare_invoke();
            script.key(&names.session).key(&names.lock).arg(&holder).arg(&number).arg(&record).arg(life);
            script.invoke::<i64>(connection.as_dyn())
        });
        if written.is_ok() {
            // The script released the lock.
            std::mem::forget(self);
        }
        written.map(drop)
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // Otherwise the lock ends with its lease.
        let _ = self.store.call(&self.names, &self.holder, |scripts| &scripts.release, None);
    }
}

impl RedisStore {
    /// Runs a script about the lock of this holder.
    fn call(
        &self,
        names: &Names,
        holder: &str,
        script: fn(&Scripts) -> &redis::Script,
        lease: Option<Duration>,
    ) -> Result<i64, StoreError> {
        let (scripts, names, holder) = (Arc::clone(&self.0.scripts), names.clone(), holder.to_owned());
        self.0.worker.run(move |connection| {
            let mut script = script(&scripts).prepare_invoke();
            script.key(&names.session).key(&names.lock).arg(&holder);
            if let Some(lease) = lease {
                script.arg(milliseconds(lease));
            }
            script.invoke::<i64>(connection.as_dyn())
        })
    }
}

/// Refuses a thread that renews the session already, which would wait for itself.
struct OwnRenewal {
    of_process: Arc<OfProcess>,
    renewal: (String, ThreadId),
}

impl OwnRenewal {
    fn begin(worker: &Worker, names: &Names) -> Result<Self, StoreError> {
        let of_process = worker.of_process();
        let renewal = (names.session.clone(), thread::current().id());
        let is_first = of_process.renewals.lock().unwrap_or_else(PoisonError::into_inner).insert(renewal.clone());
        if is_first { Ok(Self { of_process, renewal }) } else { Err(StoreError::new(StoreErrorKind::Locked)) }
    }
}

impl Drop for OwnRenewal {
    fn drop(&mut self) {
        self.of_process.renewals.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.renewal);
    }
}
