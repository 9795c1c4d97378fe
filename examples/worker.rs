//! Two days of a long-running program, simulated in seconds: threads call an action through a provider while sessions expire,
//! the app token is rotated and the server fails at times.
//!
//!     cargo run --example worker

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use apptoken::api::{app_token, user};
use apptoken::{Builder, Credential, Event, FnSource, HashType, Observer, PartnerId};
use apptoken_emulator::Emulator;
use apptoken_transport_fake::{Fake, FakeClock, Fault, FaultKind, TokenSpec};

const THREADS: usize = 4;
const HOURS: u32 = 48;
/// How far the simulated clock advances in each hundredth of a second.
const STEP: Duration = Duration::from_secs(10 * 60);

fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start(Fake::new())?;
    let (kaltura, clock) = (emulator.fake(), emulator.fake().clock());
    let partner = PartnerId::new(101)?;
    let spec = || TokenSpec::new(HashType::Sha256).user("importer").duration(Duration::from_secs(3600));

    // The program's secret store: a rotation puts the new token here.
    let token = kaltura.add_token(partner, spec());
    let vault = Arc::new(Mutex::new(Credential::new(partner, token.id, token.secret, HashType::Sha256)));
    let source = {
        let vault = Arc::clone(&vault);
        FnSource::new(move || Ok(vault.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    };

    let log = Log { clock: clock.clone(), begun: clock.time().0 };
    let provider =
        Builder::new(emulator.endpoint().clone()).clock(clock.clone()).provider(source).observer(log).build();

    let (stop, done, failed) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let count = if provider.call(user::Get::default()).is_ok() { &done } else { &failed };
            count.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(1));
        }
    };
    thread::scope(|scope| -> Result<(), Box<dyn Error + Send + Sync>> {
        for _ in 0..THREADS {
            scope.spawn(work);
        }
        let days = || {
            for step in 0..HOURS * 6 {
                match step {
                    // From 6:00 to 9:00 one request in five fails.
                    36 => drop(kaltura.inject(Fault::on_any(FaultKind::Status(503)).probability(0.2))),
                    54 => kaltura.clear_faults(),
                    // At 20:00 an outage of one hour starts.
                    120 => drop(kaltura.inject(Fault::on_any(FaultKind::Reset))),
                    126 => kaltura.clear_faults(),
                    // At noon of each day the token is rotated.
                    72 | 216 => {
                        let new = kaltura.add_token(partner, spec());
                        let credential = Credential::new(partner, new.id, new.secret, HashType::Sha256);
                        let mut held = vault.lock().unwrap_or_else(PoisonError::into_inner);
                        let old = std::mem::replace(&mut *held, credential);
                        drop(held);
                        let admin = kaltura.admin_session(partner).ok_or("the fake has this account")?;
                        let admin = Builder::new(emulator.endpoint().clone())
                            .transport(kaltura.clone())
                            .clock(clock.clone())
                            .admin(partner, admin);
                        admin.call(app_token::Delete { id: old.id.clone() })?;
                        println!("        app token {} was replaced and deleted", old.id);
                    }
                    _ => {}
                }
                clock.advance(STEP);
                thread::sleep(Duration::from_millis(10));
            }
            Ok(())
        };
        let result = days();
        stop.store(true, Ordering::Relaxed);
        result
    })
    .map_err(|error| -> Box<dyn Error> { error })?;

    let counts = emulator.counts();
    println!();
    println!("{} calls succeeded, {} failed", done.into_inner(), failed.into_inner());
    println!(
        "{} requests over {} connections; {} widget sessions, {} sessions",
        counts.requests,
        counts.connections,
        kaltura.journal().count("session.startWidgetSession"),
        kaltura.journal().count("appToken.startSession"),
    );
    Ok(())
}

/// Prints the events of the provider, with the server's time.
struct Log {
    clock: FakeClock,
    begun: i64,
}

impl Observer for Log {
    fn observe(&self, event: &Event<'_>) {
        let minutes = (self.clock.time().0 - self.begun) / 60;
        println!("{:>4}:{:02} {event}", minutes / 60, minutes % 60);
    }
}
