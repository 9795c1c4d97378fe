//! The request of a call, without its secrets.

use apptoken::{Endpoint, Error, Ks, UnixSeconds, value::Printable};
use serde_json::Value;

use super::action::NamedAction;
use crate::arguments;
use crate::console::Console;
use crate::failure::Failure;

const REDACTED: &str = "[redacted]";

pub(super) fn run(
    endpoint: Endpoint,
    action: &NamedAction,
    has_session: bool,
    from_files: &[String],
    console: &Console,
) -> Result<(), Failure> {
    let call = apptoken::Call::new(endpoint, action.clone());
    // Stands for the session, which is not started for this.
    let call = if has_session { call.with_ks(Ks::parse(REDACTED)?) } else { call };
    let now = apptoken::Moment { wall: UnixSeconds(0), elapsed: std::time::Duration::ZERO };
    let exchange = call.start(now)?;
    let request = exchange.request();
    let unreadable = |_| Error::invalid_input("the request is not JSON");
    let mut body: Value = serde_json::from_slice(request.body()).map_err(unreadable)?;
    redact(&mut body, "", from_files);
    let mut text = format!("{} {}\n", request.method(), request.url());
    for (name, value) in request.headers() {
        text += &format!("{name}: {value}\n");
    }
    let body = serde_json::to_string_pretty(&body).map_err(unreadable)?;
    text += &format!("\n{body}\n");
    let shown: String = text.lines().map(|line| format!("{}\n", Printable(line))).collect();
    console.data(shown.as_bytes())
}

/// Redacts what is a secret by its name, and what was read from a file.
fn redact(value: &mut Value, path: &str, from_files: &[String]) {
    let Value::Object(members) = value else { return };
    for (name, member) in members {
        let path = if path.is_empty() { name.clone() } else { format!("{path}:{name}") };
        if arguments::is_secret_parameter(&path) || from_files.contains(&path) {
            *member = REDACTED.into();
        } else {
            redact(member, &path, from_files);
        }
    }
}
