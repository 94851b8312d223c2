//! Stores written by every released format are read by this version.
//!
//! `fixtures/v1` was made by this file: `POSTRIDER_FIXTURE=DIR cargo test --release -p store --test format`
//! writes the store anew into `DIR`, which must not exist. A released fixture is never replaced; a new format
//! adds one.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use store::{BULK, Batch, RocksConfig, Store, check, open_rocksdb};

#[test]
fn version_1_is_read() {
    let copy = tempfile::tempdir().unwrap();
    copy_tree(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1"),
        copy.path(),
    );

    let report = check(copy.path()).unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(
        report
            .families
            .iter()
            .map(|family| family.keys)
            .collect::<Vec<_>>(),
        [4, 2]
    );

    let store = open(copy.path());
    assert_eq!(store.get(b"small").unwrap().unwrap(), "in a file");
    assert_eq!(store.get(b"deleted").unwrap(), None);
    assert_eq!(
        store.get(b"counter").unwrap().unwrap().as_ref(),
        42i64.to_le_bytes()
    );
    assert_eq!(store.get(&[BULK, 1]).unwrap().unwrap(), body(1), "in a blob file");
    assert_eq!(store.get(b"late").unwrap().unwrap(), "in the log");
    assert_eq!(store.get(&[BULK, 2]).unwrap().unwrap(), body(2), "in the log");
    assert_eq!(store.get(b"moved").unwrap().unwrap(), "to the log");

    let mut batch = Batch::new();
    batch.put("new", "").add("counter", 1);
    store.commit(batch).wait().unwrap();
    store.close().unwrap();
}

/// Writes a fixture where the environment asks for one, and nothing otherwise.
#[test]
fn a_fixture_is_written_when_asked_for() {
    let Some(target) = std::env::var_os("POSTRIDER_FIXTURE").map(PathBuf::from) else {
        return;
    };
    assert!(!target.exists(), "{} exists", target.display());
    let home = tempfile::tempdir().unwrap();

    let store = open(home.path());
    let mut batch = Batch::new();
    batch
        .put("small", "in a file")
        .put("moved", "from a file")
        .put("deleted", "")
        .add("counter", 40);
    batch.put([BULK, 1], body(1));
    store.commit(batch).wait().unwrap();
    store.close().unwrap();

    // What an unclean end leaves in the log is a part of the format as well: copied before the store is
    // closed.
    let store = open(home.path());
    let mut batch = Batch::new();
    batch
        .put("late", "in the log")
        .put("moved", "to the log")
        .delete("deleted")
        .add("counter", 2);
    batch.put([BULK, 2], body(2));
    store.commit(batch).wait().unwrap();
    copy_tree(home.path(), &target);
    store.close().unwrap();
}

fn open(path: &Path) -> Arc<dyn Store> {
    open_rocksdb(&RocksConfig {
        floor_bytes: 0,
        floor_inodes: 0,
        ..RocksConfig::new(path)
    })
    .unwrap()
}

fn body(n: u8) -> Bytes {
    Bytes::from(vec![n; 4000])
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() {
            copy_tree(&path, &to.join(name));
        } else if name != "LOCK" && !name.to_string_lossy().starts_with("LOG") {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
