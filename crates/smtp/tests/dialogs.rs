//! Every dialog, replayed through a session: whole, with one cut at every octet, and octet by octet.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod dialog;

use std::path::PathBuf;

use dialog::{Cut, Dialog, replay};

/// Cuts tried in one dialog. Those with large bodies get as many, evenly spread.
const CUTS_MAX: usize = 4000;

fn dialogs() -> Vec<Dialog> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/dialogs");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        Dialog::parse(&name, &std::fs::read_to_string(path).unwrap())
    };
    paths.iter().map(read).collect()
}

#[test]
fn whole() {
    let dialogs = dialogs();
    assert!(dialogs.len() >= 40);
    for dialog in &dialogs {
        replay(dialog, Cut::Whole);
    }
}

#[test]
fn cut_once() {
    for dialog in dialogs().iter().filter(|dialog| !dialog.setting.together) {
        let octets = dialog.client_octets().len();
        for at in (1..octets).step_by(octets.div_ceil(CUTS_MAX).max(1)) {
            replay(dialog, Cut::At(at));
        }
    }
}

#[test]
fn octet_by_octet() {
    for dialog in dialogs().iter().filter(|dialog| !dialog.setting.together) {
        replay(dialog, Cut::Everywhere);
    }
}
