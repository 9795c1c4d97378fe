//! A login in the core without a network, beside two JSON parses and one hash.

use std::env;
use std::hint::black_box;
use std::process::{Command, Stdio};

use apptoken_bench::{RecordedLogin, Row, median, shown_seconds};

use super::{Result, timed};

const ROUNDS: usize = 2001;
const LOGINS: usize = 100;

/// Measures in a process of its own: the threads of the other measurements, and the gaps that they leave in the heap, make
/// allocations slower.
pub(crate) fn measure() -> Result<Vec<Row>> {
    let output = Command::new(env::current_exe()?).arg("--core").stderr(Stdio::inherit()).output()?;
    let printed = String::from_utf8(output.stdout)?;
    let (ours, limit) = printed.trim().split_once('\t').ok_or("the process that measures the core failed")?;
    Ok(vec![Row {
        what: "a login in the core, without a network".into(),
        ours: ours.into(),
        limit: format!("{limit} (two JSON parses and one SHA-256)"),
        ..Row::default()
    }])
}

/// The figures, for the process that started this one.
pub(crate) fn figures() -> Result<String> {
    let recorded = RecordedLogin::load()?;
    let (mut ours, mut limit, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let logins: Vec<_> = (0..LOGINS).map(|_| recorded.login()).collect();
        let whole = seconds_of(logins, |login| recorded.log_in(login));
        let minimum = seconds_of(vec![(); LOGINS], |()| recorded.minimum_work());
        ratios.push(whole / minimum);
        ours.push(whole);
        limit.push(minimum);
    }
    let [ours, limit] = [ours, limit].map(|seconds| shown_seconds(median(&seconds)));
    Ok(format!("{ours} ({:.2} ×)\t{limit}", median(&ratios)))
}

/// The seconds of one piece of work, without making its input and dropping its output.
fn seconds_of<I, O>(inputs: Vec<I>, work: impl Fn(I) -> O) -> f64 {
    let mut outputs = Vec::with_capacity(inputs.len());
    let ((), seconds) = timed(|| outputs.extend(inputs.into_iter().map(|input| black_box(work(black_box(input))))));
    seconds / LOGINS as f64
}
