//! A login in the core without a network, beside two JSON parses and one hash.

use std::hint::black_box;

use apptoken_bench::{RecordedLogin, Row, median, shown_seconds};

use super::{Result, timed};

const ROUNDS: usize = 501;
const LOGINS: usize = 100;

pub(crate) fn measure() -> Result<Vec<Row>> {
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
    Ok(vec![Row {
        what: "a login in the core, without a network".into(),
        ours: format!("{} ({:.2} ×)", shown_seconds(median(&ours)), median(&ratios)),
        limit: format!("{} (two JSON parses and one SHA-256)", shown_seconds(median(&limit))),
        ..Row::default()
    }])
}

/// The seconds of one piece of work, without making its input and dropping its output.
fn seconds_of<I, O>(inputs: Vec<I>, work: impl Fn(I) -> O) -> f64 {
    let mut outputs = Vec::with_capacity(inputs.len());
    let ((), seconds) = timed(|| outputs.extend(inputs.into_iter().map(|input| black_box(work(black_box(input))))));
    seconds / LOGINS as f64
}
