//! The corpora of the fuzz targets, replayed: what was found once stays found. The properties are those of `fuzz/`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]
#![allow(clippy::indexing_slicing, reason = "the same")]
#![allow(clippy::disallowed_methods, reason = "the corpora lie in files")]

use std::path::Path;

#[path = "../../../fuzz/properties/report.rs"]
mod report;
#[path = "../../../fuzz/properties/score.rs"]
mod score;
#[path = "../../../fuzz/properties/token.rs"]
mod token;
#[path = "../../../fuzz/properties/tracking.rs"]
mod tracking;

fn replay(folder: &str, holds: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut seeds = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        holds(&std::fs::read(entry.unwrap().path()).unwrap());
        seeds += 1;
    }
    assert!(seeds >= 8, "{}: {seeds} seeds", folder.display());
}

#[test]
fn reports() {
    replay("../../fuzz/corpus/report", report::holds);
    replay("tests/reports", report::holds);
}

#[test]
fn scores() {
    replay("../../fuzz/corpus/score", score::holds);
}

#[test]
fn tokens() {
    replay("../../fuzz/corpus/token", token::holds);
}

#[test]
fn tracking_of_documents_and_messages() {
    replay("../../fuzz/corpus/tracking", tracking::holds);
    replay("tests/tracking_corpus", tracking::holds);
    replay("tests/reports", tracking::holds);
}
