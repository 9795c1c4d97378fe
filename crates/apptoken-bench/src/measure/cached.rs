//! A cached session, beside an atomic load and a reading of the clock.

use std::hint::black_box;
use std::time::Instant;

use apptoken::{Builder, Endpoint, PartnerId};
use apptoken_bench::{Row, median, shown_seconds};
use apptoken_transport_fake::{Fake, FakeClock};
use arc_swap::ArcSwap;

use super::server::{add_token, credential};
use super::{Result, seconds_each};

const REPETITIONS: u32 = 200_000;

pub(crate) fn measure(rounds: usize) -> Result<Vec<Row>> {
    let fake = Fake::builder().clock(FakeClock::running()).build();
    let partner = PartnerId::new(101)?;
    let token = add_token(&fake, partner);
    let endpoint = Endpoint::parse("https://www.kaltura.com")?;
    let provider = Builder::with_transport(endpoint, fake).provider(credential(partner, &token)).build();
    let cached = ArcSwap::new(provider.session()?);
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(seconds_each(REPETITIONS, || drop(black_box(provider.session()))));
        limit.push(seconds_each(REPETITIONS, || drop(black_box((cached.load_full(), Instant::now())))));
    }
    Ok(vec![Row {
        what: "a cached session".into(),
        ours: shown_seconds(median(&ours)),
        limit: format!("{} (`ArcSwap` load and `Instant::now`)", shown_seconds(median(&limit))),
        counts: "0, 0, 0".into(),
        ..Row::default()
    }])
}
