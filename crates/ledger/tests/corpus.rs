//! The corpora of the fuzz targets, replayed: what was found once stays found. The properties are those of `fuzz/`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]
#![allow(clippy::indexing_slicing, reason = "the same")]
#![allow(clippy::disallowed_methods, reason = "the corpora lie in files")]

use std::path::Path;

#[path = "../../../fuzz/properties/bounce.rs"]
mod bounce;

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
fn refusals() {
    replay("../../fuzz/corpus/bounce", bounce::holds);
}
