//! Measures a login in the core without a network, and compares it with the minimum work.
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use apptoken_bench::RecordedLogin;
use divan::{AllocProfiler, Bencher};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
    println!("a login takes {:.2} times as long as its minimum work (median of {ROUNDS} paired rounds)", ratio());
}

fn recorded() -> RecordedLogin {
    RecordedLogin::load().expect("the recorded login")
}

#[divan::bench(sample_count = 1000, sample_size = 100)]
fn whole_login(bencher: Bencher<'_, '_>) {
    let recorded = recorded();
    bencher.with_inputs(|| recorded.login()).bench_values(|login| recorded.log_in(login));
}

#[divan::bench(sample_count = 1000, sample_size = 100)]
fn minimum_work(bencher: Bencher<'_, '_>) {
    let recorded = recorded();
    bencher.bench(|| recorded.minimum_work());
}

const ROUNDS: usize = 501;

/// The median ratio of both times. They are measured in turn, so that other load on the machine affects both.
fn ratio() -> f64 {
    let recorded = recorded();
    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let logins: Vec<_> = (0..100).map(|_| recorded.login()).collect();
            let whole = time(logins, |login| recorded.log_in(login));
            let minimum = time(vec![(); 100], |()| recorded.minimum_work());
            whole.as_secs_f64() / minimum.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ROUNDS / 2).copied().unwrap_or(f64::NAN)
}

/// Measures only the work, not creating the inputs or dropping the results.
fn time<I, O>(inputs: Vec<I>, work: impl Fn(I) -> O) -> Duration {
    let mut outputs = Vec::with_capacity(inputs.len());
    let started = Instant::now();
    outputs.extend(inputs.into_iter().map(|input| black_box(work(black_box(input)))));
    started.elapsed()
}
