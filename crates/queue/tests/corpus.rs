//! The corpus of the fuzz target `record`, replayed: what was found once stays found. The property is that of `fuzz/`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::path::Path;

#[path = "../../../fuzz/properties/record.rs"]
mod record;

#[test]
fn records() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/record");
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        record::holds(&std::fs::read(entry.unwrap().path()).unwrap());
        seeds += 1;
    }
    assert!(seeds >= 15, "{seeds} seeds");
}
