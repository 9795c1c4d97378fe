//! What a program carries: crates, and the time of a clean build.

use std::collections::BTreeSet;

use apptoken_bench::{Row, shown_seconds};
use tempfile::TempDir;

use super::processes::cargo;
use super::{Result, timed};

pub(crate) fn measure(all: bool) -> Result<Vec<Row>> {
    let row = |what: &str, ours: String| Row { what: what.into(), ours, ..Row::default() };
    let build = if all { shown_seconds(clean_build()?) } else { "with `--all`".into() };
    Ok(vec![
        row("crates in the tree of `apptoken`, itself included", crates("apptoken")?.to_string()),
        row("crates in the tree of `apptoken-cli`, itself included", crates("apptoken-cli")?.to_string()),
        row("clean release build of `apptoken`", build),
    ])
}

fn crates(package: &str) -> Result<usize> {
    let tree = ["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--package", package];
    let output = cargo().args(tree).output()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let names: BTreeSet<&str> = printed.lines().filter_map(|line| line.split(" (").next()).collect();
    Ok(names.len())
}

fn clean_build() -> Result<f64> {
    let folder = TempDir::new()?;
    let mut build = cargo();
    build.args(["build", "--release", "--quiet", "--package", "apptoken", "--target-dir"]).arg(folder.path());
    let (status, seconds) = timed(|| build.status());
    match status?.success() {
        true => Ok(seconds),
        false => Err("the clean build failed".into()),
    }
}
