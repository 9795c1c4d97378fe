//! Forking and waiting for the children.

use std::os::unix::process::ExitStatusExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{self, ExitStatus};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use fork::{Fork, fork, waitpid, waitpid_nohang};

/// A limit that only a broken test reaches.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(60);
/// The exit codes of a child that hung or panicked. Other codes are what its work returned.
const HANGS: i32 = 102;
const PANICKED: i32 = 101;

/// Forks. The child does this work, and its exit code is the result.
pub(crate) fn start_child(work: impl FnOnce() -> i32) -> i32 {
    match fork().unwrap() {
        Fork::Parent(child) => child,
        Fork::Child => {
            let (_done, hangs) = mpsc::channel::<()>();
            thread::spawn(move || {
                if hangs.recv_timeout(WATCHDOG) == Err(RecvTimeoutError::Timeout) {
                    process::exit(HANGS);
                }
            });
            // A panic must not go on into what belongs to the parent, such as the server.
            process::exit(catch_unwind(AssertUnwindSafe(work)).unwrap_or(PANICKED))
        }
    }
}

/// Forks, and waits for a child that must not fail.
pub(crate) fn run_child(work: impl FnOnce()) {
    let child = start_child(|| {
        work();
        0
    });
    assert_succeeded(child);
}

pub(crate) fn assert_succeeded(child: i32) {
    match exit_code(waitpid(child).unwrap()) {
        0 => {}
        HANGS => panic!("the child hangs"),
        code => panic!("the child failed with exit code {code}"),
    }
}

/// The exit code of a child, if it has ended.
pub(crate) fn ended(child: i32) -> Option<i32> {
    waitpid_nohang(child).unwrap().map(exit_code)
}

fn exit_code(status: i32) -> i32 {
    ExitStatus::from_raw(status).code().expect("the child was killed")
}
