use apptoken_core::UnixSeconds;

use crate::clock::FakeClock;
use crate::config::Config;
use crate::config_error::ConfigError;
use crate::fake::Fake;
use crate::fault::Faults;
use crate::global_roles::global_roles;
use crate::model::account::Account;
use crate::model::role::RoleRow;
use crate::model::session::partner_id;
use crate::model::state::State;
use crate::server::Server;

/// The account of [`Fake::new`].
const DEFAULT_ACCOUNT: u32 = 101;

/// The default start time: 21 November 2026. It is fixed so that tests are reproducible.
const DEFAULT_TIME: UnixSeconds = UnixSeconds(1_795_236_420);

const DEFAULT_SEED: u64 = 0x006b_616c_7475_7261;

const DEFAULT_JOURNAL_CAPACITY: usize = 10_000;

/// Settings of a new fake.
#[derive(Clone, Debug)]
pub struct Builder {
    seed: Option<u64>,
    clock: FakeClock,
    is_caching: bool,
    journal_capacity: usize,
}

impl Builder {
    /// Sets the seed of token ids, token values, sessions and fault probabilities. The same seed and the same calls
    /// give the same replies, byte for byte. The default seed is fixed too.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// Sets the clock. The default is a frozen clock at 21 November 2026.
    #[must_use]
    pub fn clock(self, clock: FakeClock) -> Self {
        Self { clock, ..self }
    }

    /// Sets whether the server caches replies as Kaltura does: a repeated `session.startWidgetSession` returns the same
    /// KS for ten minutes, and an error is repeated for two minutes, even if its cause is gone. Off by default.
    #[must_use]
    pub fn response_cache(self, yes: bool) -> Self {
        Self { is_caching: yes, ..self }
    }

    /// How many requests the journal keeps; 10,000 by default.
    #[must_use]
    pub fn journal_capacity(self, requests: usize) -> Self {
        Self { journal_capacity: requests, ..self }
    }

    /// Builds a fake without accounts.
    #[must_use]
    pub fn build(self) -> Fake {
        self.with_roles(global_roles())
    }

    /// Builds a fake from a configuration: JSON with the key `partners` for the accounts, and optionally `appTokens`, as for
    /// [`Fake::add_token_from_json`](crate::Fake::add_token_from_json); `roles`, which adds to Kaltura's own roles or
    /// replaces them by id; `answers`, as for [`Fake::answer_from_json`](crate::Fake::answer_from_json); `objects`, as for
    /// [`Fake::add_objects`](crate::Fake::add_objects); and `uploads`: `"ready"`, `{"readyAfter": 30}` or
    /// `"converting"`, as [`Uploads`](crate::Uploads).
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the key and what is expected there.
    pub fn build_from_config(self, json: &str) -> Result<Fake, ConfigError> {
        self.build_from_files(&[("", json)])
    }

    /// Builds a fake from configurations in several files, given by their names and contents. Together they have the
    /// accounts, app tokens, roles and answers of all.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the file, the key and what is expected there. An account in two files is an error that names
    /// both.
    pub fn build_from_files(self, files: &[(&str, &str)]) -> Result<Fake, ConfigError> {
        let Config { accounts, tokens, roles, answers, objects, uploads } = Config::parse(files)?;
        let fake = self.with_roles(with_changes(global_roles(), roles));
        for account in accounts {
            fake.add_account(account);
        }
        let now = fake.clock().time().0;
        for token in tokens {
            token.add_to(&mut fake.lock().state, now)?;
        }
        for answer in answers {
            fake.set_answer(answer).map_err(|error| error.inside("answers"))?;
        }
        fake.set_uploads(uploads.unwrap_or_default());
        for (file, objects) in &objects {
            fake.add_seeds(objects).map_err(|error| error.inside("objects").in_file(file))?;
        }
        Ok(fake)
    }

    fn with_roles(self, roles: Vec<RoleRow>) -> Fake {
        let Self { seed, clock, is_caching, journal_capacity } = self;
        let is_seeded = seed.is_some();
        let seed = seed.unwrap_or(DEFAULT_SEED);
        let mut state = State::new(seed);
        let now = clock.time().0;
        for role in roles {
            state.put_role(RoleRow { created_at: now, updated_at: now, ..role });
        }
        Fake::of(Server::new(state, clock, Faults::new(seed), journal_capacity, is_caching), is_seeded)
    }
}

/// Adds roles, or replaces those with the same id. A changed role keeps the description and tags that the change omits.
fn with_changes(mut roles: Vec<RoleRow>, changes: Vec<RoleRow>) -> Vec<RoleRow> {
    for change in changes {
        match roles.iter_mut().find(|role| role.id == change.id) {
            Some(role) => {
                let description = change.description.clone().or(role.description.take());
                let tags = change.tags.clone().or(role.tags.take());
                *role = RoleRow { description, tags, ..change };
            }
            None => roles.push(change),
        }
    }
    roles
}

impl Default for Fake {
    fn default() -> Self {
        Self::new()
    }
}

impl Fake {
    /// A fake with the account 101 and its widget `_101`.
    #[must_use]
    pub fn new() -> Self {
        let fake = Self::builder().build();
        fake.add_account(Account::new(partner_id(DEFAULT_ACCOUNT)));
        fake
    }

    /// Starts to build a fake with other settings.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            seed: None,
            clock: FakeClock::frozen_at(DEFAULT_TIME),
            is_caching: false,
            journal_capacity: DEFAULT_JOURNAL_CAPACITY,
        }
    }

    /// A fake with the accounts of a configuration; see [`Builder::build_from_config`].
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the key and what is expected there.
    ///
    /// # Examples
    ///
    /// ```
    /// use apptoken_transport_fake::Fake;
    ///
    /// let fake = Fake::from_config(r#"{"partners": [{"id": 102, "ksVersion": 1, "adminSecret": "a102", "secret": "s102"}]}"#)?;
    /// # let _ = fake;
    /// # Ok::<(), apptoken_transport_fake::ConfigError>(())
    /// ```
    pub fn from_config(json: &str) -> Result<Self, ConfigError> {
        Self::builder().build_from_config(json)
    }
}
