//! Logs in to a real server with the app token in the environment.
//!
//!     export KALTURA_SERVICE_URL=https://www.kaltura.com
//!     export KALTURA_PARTNER_ID=1234567
//!     export KALTURA_APP_TOKEN_ID=1_ab12cd34
//!     export KALTURA_APP_TOKEN=...
//!     export KALTURA_APP_TOKEN_HASH_TYPE=SHA256
//!     cargo run --example login
//!
//! With `--reveal` it also prints the session string, which is a secret.

use std::process::ExitCode;

use apptoken::value::{ApproximateDuration, Printable};
use apptoken::{Client, Error, Session};

fn main() -> ExitCode {
    match Client::from_env().and_then(|client| client.login()) {
        Ok(session) => {
            show(&session);
            if std::env::args().any(|argument| argument == "--reveal") {
                println!("ks          {}", session.ks().expose());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            explain(&error);
            ExitCode::FAILURE
        }
    }
}

fn show(session: &Session) {
    println!("partner     {}", session.partner());
    println!("user        {}", Printable(session.user_id()));
    println!("hash type   {}", session.hash_type());
    println!("expires at  {} (in {})", session.expires_at(), ApproximateDuration(session.lifetime()));
    println!("privileges  {}", Printable(session.privileges()));
    println!("fingerprint {}", session.ks().fingerprint());
    if !session.changes().is_empty() {
        println!("changed     {:?}", session.changes());
    }
}

fn explain(error: &Error) {
    eprintln!("error: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        eprintln!("  cause: {}", Printable(source));
        cause = source.source();
    }
    eprintln!("  what to do: {}", error.advice());
    if let Some(id) = error.request_id() {
        eprintln!("  for Kaltura's support: request {id}");
    }
}
