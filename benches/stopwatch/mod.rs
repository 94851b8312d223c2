//! Measuring, and the table in which every figure stands beside the least that it could be.

#![allow(dead_code, reason = "not every bench uses all of it")]
#![allow(clippy::print_stdout, reason = "printing the figures is what benches are for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Rounds of which the fastest counts: what the code costs when nothing else runs.
const ROUNDS: usize = 15;

/// Whether figures were asked for: `cargo test --all-targets` runs benches too, and should measure nothing.
pub fn is_asked_for() -> bool {
    let asked = std::env::args().any(|word| word == "--bench");
    if !asked {
        println!("no table without --bench, so that `cargo test --all-targets` measures nothing");
    }
    asked
}

/// The time of one call of `work`, over rounds of `calls`.
pub fn fastest(calls: u32, mut work: impl FnMut()) -> Duration {
    let round = |_| {
        let begin = Instant::now();
        (0..calls).for_each(|_| work());
        begin.elapsed() / calls
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}

/// How long `work` takes, once, and what it gives.
pub fn once<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begin = Instant::now();
    let made = work();
    (begin.elapsed(), made)
}

/// How long it takes to copy `octets` into memory that is there: nothing that is done with all of them is faster.
pub fn copied(octets: &[u8]) -> Duration {
    let mut copy = Vec::with_capacity(octets.len());
    fastest(2000, || {
        copy.clear();
        copy.extend_from_slice(black_box(octets));
        black_box(&copy);
    })
}

/// Prints the head of the table; `per` is what the figures are for one of.
pub fn head(per: &str) {
    println!(
        "{:<46} {:>9} {:>9} {:>7}  the limit",
        format!("per {per}"),
        "us",
        "limit us",
        "times"
    );
}

/// Prints a row: what was measured, what it took, and the `limit` it can be held against.
pub fn row(what: &str, took: Duration, limit: Duration, of: &str) {
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "{what:<46} {:>9.3} {:>9.3} {:>7.1}  {of}",
        us(took),
        us(limit),
        us(took) / us(limit)
    );
}
