//! Kills, pauses and cuts off 200 processes that share sessions through Redis, for ten minutes, and counts what happens.
//!
//! `cargo run --release -p apptoken-store-redis --example chaos -- 200 600` starts a `redis-server`, a server of Kaltura and
//! proxies on this machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    missing_docs
)]

#[cfg(unix)]
mod chaos;

#[cfg(unix)]
fn main() {
    use std::process::Command;
    use std::time::Duration;

    if std::env::var_os(chaos::TOKEN).is_some() {
        return chaos::work();
    }
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|number| number.parse().ok()).collect();
    let [processes, seconds] =
        [(0, 200), (1, 600)].map(|(place, default)| numbers.get(place).copied().unwrap_or(default));
    let port = chaos::free_port();
    let folder = std::env::temp_dir();
    let server = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--maxclients", "5000"])
        .current_dir(folder)
        .stdout(std::process::Stdio::null())
        .spawn();
    let Ok(mut server) = server else {
        eprintln!("redis-server is not on the path");
        return;
    };
    // Otherwise the first processes find no Redis, and log in by themselves.
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(Duration::from_millis(50));
    }
    let settings = chaos::Settings {
        processes: processes as usize,
        duration: Duration::from_secs(seconds),
        lifetimes: [20, 30, 45, 60].map(Duration::from_secs).to_vec(),
        redis: port,
    };
    let figures = chaos::run(&settings, || {
        let program = std::env::current_exe().unwrap_or_else(|_| "chaos".into());
        Command::new(program)
    });
    let _ = server.kill();
    let _ = server.wait();
    println!("{figures:#?}");
    if !figures.is_good() {
        std::process::exit(1);
    }
}

#[cfg(not(unix))]
fn main() {
    eprintln!("this needs Unix, to pause processes");
}
