//! The whole procedure of a rotation over loopback HTTP: workers call an action all the time, an administrator works on.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use apptoken::admin::{OldToken, PendingRevocation};
use apptoken::api::user;
use apptoken::{Admin, AppTokenId, Builder, Client, Credential, FnSource, Provider, UreqTransport};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::Fake;

use super::support::{HOUR, START, credential, partner, token};

const WORKERS: usize = 4;
/// The calls of each worker between two steps of the administrator.
const CALLS: u64 = 5;
const MINUTE: Duration = Duration::from_secs(60);

/// An account with an app token whose sessions last an hour, its administrator, and a provider for the workers.
struct Account {
    emulator: Emulator,
    admin: Admin,
    old: AppTokenId,
    /// What the provider's credential source reads.
    vault: Arc<Mutex<Credential>>,
    provider: Provider,
    client: Client,
}

impl Account {
    fn new() -> Self {
        let emulator = Emulator::start(Fake::new()).unwrap();
        let (endpoint, fake) = (emulator.endpoint().clone(), emulator.fake());
        let old = token(fake, HOUR);
        let admin =
            Builder::new(endpoint.clone()).clock(fake.clock()).admin(partner(), fake.admin_secret(partner()).unwrap());
        let vault = Arc::new(Mutex::new(credential(&old)));
        let source = {
            let vault = Arc::clone(&vault);
            FnSource::new(move || Ok(vault.lock().unwrap().clone()))
        };
        let transport = UreqTransport::new();
        let provider =
            Builder::new(endpoint.clone()).transport(transport.clone()).clock(fake.clock()).provider(source).build();
        let client = Builder::new(endpoint).transport(transport).clock(fake.clock()).client(credential(&old));
        Self { admin, old: old.id, vault, provider, client, emulator }
    }

    /// Adds a successor and puts it where the workers' source reads it.
    fn rotate(&self) -> (AppTokenId, PendingRevocation) {
        let rotate = self.admin.rotate(self.old.clone(), OldToken::DeleteAfter(HOUR)).unwrap();
        let rotation = self.admin.run(rotate).unwrap();
        *self.vault.lock().unwrap() = rotation.successor.credential();
        (rotation.successor.id, rotation.pending_revocation.unwrap())
    }

    fn revoke(&self, pending: PendingRevocation) {
        let revoke = pending.revoke_with(self.admin.session().unwrap());
        assert!(self.admin.run(revoke).unwrap().existed);
    }

    /// Moves the clock to the end of the overlap, a minute at a time, and returns the tokens used in each minute.
    fn wait_for(&self, pending: &PendingRevocation, load: &Load) -> Vec<Vec<AppTokenId>> {
        let clock = self.emulator.fake().clock();
        let mut minutes = Vec::new();
        while clock.time() < pending.due {
            clock.advance(MINUTE);
            minutes.push(load.tokens_used());
        }
        minutes
    }

    fn sessions_started(&self) -> u64 {
        self.emulator.fake().journal().count(START)
    }

    /// Runs `administrate` while the workers call an action. No call may fail, or need a second session.
    fn under_load(&self, administrate: impl FnOnce(&Load)) {
        let load = Load::default();
        thread::scope(|scope| {
            let _stop = StopWhenDropped(&load);
            for worker in 0..WORKERS {
                let load = &load;
                scope.spawn(move || self.work(worker, load));
            }
            administrate(&load);
        });
        let tally = load.tally.into_inner().unwrap();
        assert_eq!((tally.failures, tally.repeated), (Vec::new(), 0));
        assert!(tally.calls >= 60 * CALLS * WORKERS as u64);
    }

    fn work(&self, worker: usize, load: &Load) {
        while let Some(step) = load.step() {
            let mut used = Vec::new();
            let result = self.provider.with_session(|session| {
                used.push(session.app_token().clone());
                self.client.call(session.ks(), user::Get::default())
            });
            load.record(worker, step, used, result.err().map(|error| error.to_string()));
        }
    }
}

/// What the workers do, and how far the administrator is.
#[derive(Default)]
struct Load {
    tally: Mutex<Tally>,
    recorded: Condvar,
}

#[derive(Default)]
struct Tally {
    stopped: bool,
    calls: u64,
    repeated: u64,
    failures: Vec<String>,
    /// The step of the administrator.
    step: u64,
    /// The calls of each worker that began and ended within this step, and the tokens of their sessions.
    calls_in_step: [u64; WORKERS],
    used_in_step: BTreeMap<AppTokenId, u64>,
}

impl Load {
    /// Begins a step, and returns which tokens were used in it when each worker has made its calls.
    fn tokens_used(&self) -> Vec<AppTokenId> {
        let mut tally = self.tally.lock().unwrap();
        tally.step += 1;
        tally.calls_in_step = [0; WORKERS];
        tally.used_in_step.clear();
        let is_incomplete =
            |tally: &mut Tally| tally.failures.is_empty() && tally.calls_in_step.iter().any(|calls| *calls < CALLS);
        let tally = self.recorded.wait_while(tally, is_incomplete).unwrap();
        tally.used_in_step.keys().cloned().collect()
    }

    /// The administrator's step, until there is none any more.
    fn step(&self) -> Option<u64> {
        let tally = self.tally.lock().unwrap();
        (!tally.stopped).then_some(tally.step)
    }

    fn record(&self, worker: usize, step: u64, used: Vec<AppTokenId>, failure: Option<String>) {
        let mut tally = self.tally.lock().unwrap();
        tally.calls += 1;
        tally.repeated += u64::from(used.len() > 1);
        tally.failures.extend(failure);
        if tally.step == step {
            tally.calls_in_step[worker] += 1;
            for token in used {
                *tally.used_in_step.entry(token).or_default() += 1;
            }
        }
        self.recorded.notify_all();
    }
}

/// Stops the workers, also when an assertion of the administrator fails.
struct StopWhenDropped<'a>(&'a Load);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.tally.lock().unwrap().stopped = true;
    }
}

#[test]
fn after_a_reload_the_next_call_uses_the_successor() {
    let account = Account::new();
    account.under_load(|load| {
        let old = vec![account.old.clone()];
        assert_eq!(load.tokens_used(), old);
        let (new, pending) = account.rotate();
        let new = vec![new];
        assert_eq!(load.tokens_used(), old);
        // The workers' session and the one that verified the successor.
        assert_eq!(account.sessions_started(), 2);
        assert!(account.provider.reload().unwrap());
        assert_eq!((load.tokens_used(), account.sessions_started()), (new.clone(), 3));
        assert!(account.wait_for(&pending, load).iter().all(|used| *used == new));
        account.revoke(pending);
        assert_eq!(load.tokens_used(), new);
    });
}

#[test]
fn without_a_reload_the_next_renewal_uses_the_successor() {
    let account = Account::new();
    account.under_load(|load| {
        let old = vec![account.old.clone()];
        assert_eq!(load.tokens_used(), old);
        let (new, pending) = account.rotate();
        let new = vec![new];
        let minutes = account.wait_for(&pending, load);
        // In the minute of the renewal a session of each token is in use.
        let old_only = minutes.iter().take_while(|used| **used == old).count();
        let new_only = minutes.iter().rev().take_while(|used| **used == new).count();
        assert!(old_only + new_only >= 59, "{old_only} minutes with the old token, {new_only} with the successor");
        // The renewal is due after three quarters of the lifetime, and put off at random by up to a twentieth of it.
        assert!((44..=48).contains(&old_only), "{old_only}");
        account.revoke(pending);
        assert_eq!((load.tokens_used(), account.sessions_started()), (new, 3));
    });
}
