use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{mem, process};

use super::Provider;
use crate::events::Event;
use crate::sync::{Condvar, Mutex, lock, recover};

/// A thread that renews a provider's session, until this handle is dropped.
///
/// In the child of a fork the handle does nothing: the thread is in the parent only.
#[derive(Debug)]
pub struct Refresher {
    stop: Arc<StopSignal>,
    thread: Option<JoinHandle<()>>,
    process: u32,
}

#[derive(Debug, Default)]
struct StopSignal {
    requested: Mutex<bool>,
    changed: Condvar,
}

/// The longest time between two checks. The planned time can become wrong: the wall clock can be set, or the session be
/// dropped.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The time until the next check after an error. The renewal policy decides whether that check logs in.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The shortest time between two checks: a session of one second must not keep a processor busy.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

impl Refresher {
    pub(super) fn start(provider: Provider) -> Self {
        Self::with_pause(provider, LONGEST_PAUSE)
    }

    fn with_pause(provider: Provider, longest: Duration) -> Self {
        let stop = Arc::new(StopSignal::default());
        let stopping = Arc::clone(&stop);
        let run = move || {
            loop {
                // An error is reported as an event, and the next check is soon. A panic of the caller's code, such as an
                // observer, must not end renewal without notice.
                if catch_unwind(AssertUnwindSafe(|| provider.session())).is_err() {
                    let _ = catch_unwind(AssertUnwindSafe(|| provider.shared.report(&Event::RefresherPanicked)));
                }
                let pause = provider.identity.time_until_decision(provider.shared.link.now()).unwrap_or(AFTER_FAILURE);
                if provider.shared.link.is_stopped() || stopping.wait(pause.max(SHORTEST_PAUSE).min(longest)) {
                    return;
                }
            }
        };
        // If the system cannot start a thread, callers renew the session as without a refresher.
        let thread = thread::Builder::new().name("apptoken-refresher".into()).spawn(run).ok();
        Self { stop, thread, process: process::id() }
    }

    /// Stops the thread and waits for it; a renewal that is under way is finished first, unless the provider was
    /// [stopped](Provider::stop).
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Refresher {
    fn drop(&mut self) {
        let thread = self.thread.take();
        if self.process != process::id() {
            // The thread does not exist here: to wait for it would have no end, and even to release its handle could damage a
            // thread of this process that got its memory.
            mem::forget(thread);
            return;
        }
        *lock(&self.stop.requested) = true;
        self.stop.changed.notify_all();
        if let Some(thread) = thread {
            // It panics only if the caller's clock does: panics of `session` are caught.
            let _ = thread.join();
        }
    }
}

impl StopSignal {
    /// Waits for at most `pause`, and returns whether to stop.
    fn wait(&self, pause: Duration) -> bool {
        let requested = lock(&self.requested);
        *recover(self.changed.wait_timeout_while(requested, pause, |requested| !*requested)).0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc;

    use apptoken_core::{
        AppTokenId, AppTokenSecret, Clock, Credential, Endpoint, FnTransport, HashType, HttpResponse, Moment,
        PartnerId, UnixSeconds,
    };

    use super::*;
    use crate::Builder;

    /// A clock that moves only when the test sets it.
    #[derive(Clone, Default)]
    struct ManualClock(Arc<AtomicU64>);

    impl Clock for ManualClock {
        fn now(&self) -> Moment {
            let elapsed = Duration::from_secs(self.0.load(Ordering::SeqCst));
            Moment { wall: UnixSeconds(1_795_230_763).plus(elapsed), elapsed }
        }

        fn sleep(&self, _: Duration) {}
    }

    fn provider(clock: ManualClock, logins: mpsc::Sender<()>) -> Provider {
        let id = AppTokenId::parse("1_a").unwrap();
        let token = AppTokenSecret::parse("0123456789abcdef0123456789abcdef").unwrap();
        let credential = Credential::new(PartnerId::new(101).unwrap(), id, token, HashType::Sha256);
        let time = clock.clone();
        let logins = Mutex::new(logins);
        let transport = FnTransport::new(move |request| {
            let now = time.now().wall.0;
            let body = if request.url().contains("startWidgetSession") {
                r#"{"partnerId":101,"ks":"widget"}"#.to_owned()
            } else {
                let _ = logins.lock().unwrap().send(());
                let expiry = now + 3600;
                format!(
                    r#"{{"ks":"ks{now}","sessionType":0,"partnerId":101,"userId":"","expiry":{expiry},"privileges":""}}"#
                )
            };
            Ok(HttpResponse::new(200, [("X-Kaltura-Session", format!("1, {now}"))], body.into_bytes()))
        });
        Builder::with_transport(Endpoint::parse("https://kaltura.example.org").unwrap(), transport)
            .clock(clock)
            .provider(credential)
            .build()
    }

    #[test]
    fn the_thread_renews_when_due_and_ends_with_its_handle() {
        let (clock, (sender, logins)) = (ManualClock::default(), mpsc::channel());
        let provider = provider(clock.clone(), sender);
        let refresher = Refresher::with_pause(provider.clone(), Duration::from_millis(1));
        logins.recv().unwrap();
        for hours in 1..4 {
            clock.0.store(hours * 3590, Ordering::SeqCst);
            logins.recv().unwrap();
        }
        refresher.stop();
        drop(provider);
        // The thread owned the last sender.
        assert!(logins.recv().is_err());
    }

    #[test]
    fn the_thread_ends_when_the_provider_is_stopped() {
        let (sender, logins) = mpsc::channel();
        let provider = provider(ManualClock::default(), sender);
        let refresher = Refresher::with_pause(provider.clone(), Duration::from_millis(1));
        logins.recv().unwrap();
        provider.stop();
        drop(provider);
        // The thread owned the last sender.
        assert!(logins.recv().is_err());
        refresher.stop();
    }
}
