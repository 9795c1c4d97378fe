use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Provider;
use crate::events::Event;
use crate::sync::{Condvar, Mutex, lock, recover};

/// Renews a provider's session on a thread of its own, until it is dropped.
#[derive(Debug)]
pub struct Refresher {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Stop {
    asked: Mutex<bool>,
    changed: Condvar,
}

/// How often the thread looks at least: the clock may be set, and the session dropped.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The renewal policy decides whether it tries then.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How often it looks at most.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

impl Refresher {
    pub(super) fn start(provider: Provider) -> Self {
        Self::with_pause(provider, LONGEST_PAUSE)
    }

    fn with_pause(provider: Provider, longest: Duration) -> Self {
        let stop = Arc::new(Stop::default());
        let stopping = Arc::clone(&stop);
        let run = move || {
            loop {
                // An error is reported as an event, and the next look comes soon. A panic of the caller's code, such as an
                // observer, must not end renewal silently.
                if catch_unwind(AssertUnwindSafe(|| provider.session())).is_err() {
                    let _ = catch_unwind(AssertUnwindSafe(|| provider.shared.report(&Event::RefresherPanicked)));
                }
                let pause = provider.identity.quiet_for(provider.shared.link.now()).unwrap_or(AFTER_FAILURE);
                if stopping.wait(pause.max(SHORTEST_PAUSE).min(longest)) {
                    return;
                }
            }
        };
        // If the system has no thread left, callers renew as they do without.
        let thread = thread::Builder::new().name("apptoken-refresher".into()).spawn(run).ok();
        Self { stop, thread }
    }

    /// Stops the thread and waits for its end; a renewal that is under way comes to its end first.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Refresher {
    fn drop(&mut self) {
        *lock(&self.stop.asked) = true;
        self.stop.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It only panics if the caller's transport, clock or observer does.
            let _ = thread.join();
        }
    }
}

impl Stop {
    /// Waits, and says whether to stop.
    fn wait(&self, pause: Duration) -> bool {
        let asked = lock(&self.asked);
        *recover(self.changed.wait_timeout_while(asked, pause, |asked| !*asked)).0
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

    /// Stands still until it is moved.
    #[derive(Clone, Default)]
    struct Hand(Arc<AtomicU64>);

    impl Clock for Hand {
        fn now(&self) -> Moment {
            let elapsed = Duration::from_secs(self.0.load(Ordering::SeqCst));
            Moment { wall: UnixSeconds(1_795_230_763).plus(elapsed), elapsed }
        }

        fn sleep(&self, _: Duration) {}
    }

    fn provider(clock: Hand, logins: mpsc::Sender<()>) -> Provider {
        let id = AppTokenId::parse("1_a").unwrap();
        let token = AppTokenSecret::parse("0123456789abcdef0123456789abcdef").unwrap();
        let credential = Credential::new(PartnerId::new(101).unwrap(), id, token, HashType::Sha256);
        let time = clock.clone();
        let logins = Mutex::new(logins);
        let transport = FnTransport::new(move |request| {
            let now = time.now().wall;
            let body = if request.url().contains("startWidgetSession") {
                r#"{"partnerId":101,"ks":"widget"}"#.to_owned()
            } else {
                let _ = logins.lock().unwrap().send(());
                let expiry = now.plus(Duration::from_secs(3600));
                format!(
                    r#"{{"ks":"ks{now}","sessionType":0,"partnerId":101,"userId":"","expiry":{expiry},"privileges":""}}"#
                )
            };
            Ok(HttpResponse::new(200, [("X-Kaltura-Session", format!("1, {now}"))], body.into_bytes()))
        });
        Provider::builder(Endpoint::parse("https://kaltura.example.org").unwrap(), credential, transport)
            .clock(clock)
            .build()
    }

    #[test]
    fn the_thread_renews_in_time_and_ends_with_its_handle() {
        let (clock, (sender, logins)) = (Hand::default(), mpsc::channel());
        let provider = provider(clock.clone(), sender);
        let refresher = Refresher::with_pause(provider.clone(), Duration::from_millis(1));
        logins.recv().unwrap();
        for hours in 1..4 {
            clock.0.store(hours * 3590, Ordering::SeqCst);
            logins.recv().unwrap();
        }
        refresher.stop();
        drop(provider);
        // The thread held the last other end of the channel.
        assert!(logins.recv().is_err());
    }
}
