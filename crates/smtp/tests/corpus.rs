//! The corpora of the fuzz targets, replayed: what was found once stays found. The properties are those of `fuzz/`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "../../../fuzz/properties/address.rs"]
mod address;
#[path = "../../../fuzz/properties/command.rs"]
mod command;
#[path = "../../../fuzz/properties/data.rs"]
mod data;
#[path = "../../../fuzz/properties/reply.rs"]
mod reply;
#[path = "../../../fuzz/properties/session.rs"]
mod session;

mod dialog;

use std::path::Path;

fn replay(target: &str, holds: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(target);
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        holds(&std::fs::read(entry.unwrap().path()).unwrap());
        seeds += 1;
    }
    assert!(seeds >= 15, "{target}: {seeds} seeds");
}

#[test]
fn addresses() {
    replay("address", address::holds);
}

#[test]
fn commands() {
    replay("command", command::holds);
}

#[test]
fn framing() {
    replay("data", data::holds);
}

#[test]
fn replies() {
    replay("reply", reply::holds);
}

#[test]
fn sessions() {
    replay("session", session::holds);
}

#[test]
fn sessions_of_the_dialogs() {
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogs")).unwrap() {
        let path = entry.unwrap().path();
        let dialog = dialog::Dialog::parse(&path.to_string_lossy(), &std::fs::read_to_string(&path).unwrap());
        for choice in [0, 1, 2, 77] {
            session::holds(&[&[choice][..], &dialog.client_octets()].concat());
        }
    }
}
