//! Measures `apptoken` beside its limits and other clients, prints one table and writes `logins.svg`.

#![allow(clippy::print_stdout)] // It is a program that prints its results.

mod measure;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use apptoken_bench::{Group, Row, plot, table};
use clap::Parser;

use crate::measure::{cached, core, emulator, logins, machine, peers::Peers, processes, weight};

/// Measures apptoken beside its limits and other clients, and prints one table
#[derive(Debug, Parser)]
struct Arguments {
    /// Measure what takes minutes, too: a clean build
    #[arg(long)]
    all: bool,

    /// The folder of the official clients: `venv` with KalturaApiClient, and `node_modules` with kaltura-client
    #[arg(long, value_name = "FOLDER")]
    peers: Option<PathBuf>,

    /// How often each figure is measured; the table shows medians
    #[arg(long, default_value_t = 7)]
    rounds: usize,

    /// Measure only the core, for the process that prints the table
    #[arg(long, hide = true)]
    core: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { all, peers, rounds, core } = Arguments::parse();
    if core {
        println!("{}", core::figures()?);
        return Ok(());
    }
    let programs = processes::build()?;
    let peers = Peers::find(peers.as_deref())?;
    let (mut rows, groups) = logins::measure(&peers, rounds)?;
    rows.extend(processes::measure(&programs, &peers, rounds)?);
    rows.extend(cached::measure(rounds)?);
    // Not earlier: right after a build, all that does not wait for the network is slower.
    rows.extend(core::measure()?);
    rows.extend(emulator::measure(&programs, rounds)?);
    rows.extend(weight::measure(all)?);
    report(&rows, &groups)
}

fn report(rows: &[Row], groups: &[Group]) -> Result<(), Box<dyn Error>> {
    println!("{}\n\n{}", machine::described(), table(rows));
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/logins.svg");
    fs::write(picture, plot("Logins over a round trip of 80 ms (TLS 1.3)", groups))?;
    Ok(())
}
