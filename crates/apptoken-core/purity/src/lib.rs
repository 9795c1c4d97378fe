//! Compiles apptoken-core without std; see the manifest.
#![no_std]

extern crate alloc;

use alloc::boxed::Box;
use core::panic::PanicInfo;

use apptoken_core::{Clock, Credential, Endpoint, Error, Login, Session, Transport, drive};

/// Runs a complete login.
pub fn log_in(
    endpoint: Endpoint,
    credential: Credential,
    transport: Box<dyn Transport>,
    clock: Box<dyn Clock>,
) -> Result<Session, Error> {
    Ok(drive(Login::new(endpoint, credential).start(clock.now())?, transport, &clock)?)
}

#[panic_handler]
fn halt(_: &PanicInfo<'_>) -> ! {
    loop {}
}
