//! What the figures depend on.

use std::env;
use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use apptoken::{Clock as _, SystemClock};

/// The machine, the date and the command, in one paragraph.
pub(crate) fn described() -> String {
    let cores = available_parallelism().map_or(0, usize::from);
    let system = value_in("/etc/os-release", "PRETTY_NAME=").unwrap_or_else(|| env::consts::OS.into());
    let model = value_in("/proc/cpuinfo", "model name").unwrap_or_else(|| env::consts::ARCH.into());
    let compiler = Command::new("rustc").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let arguments: Vec<String> = env::args().skip(1).map(|each| format!(" {each}")).collect();
    let command = if arguments.is_empty() { String::new() } else { format!(" --{}", arguments.concat()) };
    format!(
        "Measured at {} with `cargo run --release -p apptoken-bench{command}` on {cores} cores of {model}, {system}, {}. \
         Times are medians; all clients were measured in turn.",
        SystemClock::new().now().wall,
        String::from_utf8_lossy(&compiler).trim(),
    )
}

/// The first value of a name in a file with lines such as `name: value` or `NAME="value"`.
fn value_in(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_matches([':', ' ', '\t', '"']).to_owned())
}
