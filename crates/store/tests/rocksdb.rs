//! What only an engine with files can do, or fail to do.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use store::{BULK, Batch, Health, RocksConfig, Store, StoreError, check, open_rocksdb};

fn open(path: &Path) -> Arc<dyn Store> {
    open_rocksdb(&RocksConfig {
        floor_bytes: 0,
        floor_inodes: 0,
        ..RocksConfig::new(path)
    })
    .unwrap()
}

fn refusal(path: &Path) -> StoreError {
    open_rocksdb(&RocksConfig::new(path)).err().unwrap()
}

fn body_key(n: u32) -> Vec<u8> {
    [&[BULK][..], &n.to_be_bytes()].concat()
}

/// Ten kilobytes that no two bodies share.
fn body(n: u32) -> Bytes {
    n.to_le_bytes().repeat(2560).into()
}

/// `count` bodies, each with a small key, committed one by one.
fn fill(store: &dyn Store, count: u32) {
    for n in 0..count {
        let mut batch = Batch::new();
        batch
            .put(body_key(n), body(n))
            .put(n.to_be_bytes(), vec![b'v'; 100]);
        store.commit(batch).wait().unwrap();
    }
}

fn empty(store: &dyn Store, count: u32) {
    let mut batch = Batch::new();
    for n in 0..count {
        batch.delete(body_key(n)).delete(n.to_be_bytes());
    }
    store.commit(batch).wait().unwrap();
}

fn files(home: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(home.join("rocksdb"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}

fn bytes(home: &Path, extension: &str) -> u64 {
    files(home, extension)
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum()
}

#[test]
fn what_is_deleted_before_a_flush_is_never_written_again() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    fill(&*store, 100);
    empty(&*store, 100);
    store.close().unwrap();
    assert_eq!(bytes(home.path(), "blob"), 0);
    assert!(bytes(home.path(), "sst") < 100 * 1024, "only tombstones are left");
}

#[test]
fn bulk_values_live_in_blob_files_and_small_ones_do_not() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    fill(&*store, 100);
    store.close().unwrap();
    assert!(bytes(home.path(), "blob") >= 100 * 10_240);
    assert!(bytes(home.path(), "sst") < 100 * 1024);
    let store = open(home.path());
    assert_eq!(store.get(&body_key(99)).unwrap().unwrap(), body(99));
}

#[test]
fn one_user_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let in_use = StoreError::InUse {
        path: home.path().to_owned(),
    };
    assert_eq!(refusal(home.path()), in_use);
    assert_eq!(check(home.path()), Err(in_use));
    store.close().unwrap();
    drop(open(home.path()));
}

#[test]
fn a_later_format_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    open(home.path()).close().unwrap();
    fs::write(home.path().join("FORMAT"), "postrider store 2\n").unwrap();
    let newer = StoreError::NewerFormat {
        path: home.path().to_owned(),
        found: 2,
        supported: 1,
    };
    assert_eq!(refusal(home.path()), newer);
    assert_eq!(check(home.path()), Err(newer));
}

#[test]
fn a_store_that_lost_its_files_does_not_come_up_empty() {
    let home = tempfile::tempdir().unwrap();
    open(home.path()).close().unwrap();
    fs::remove_dir_all(home.path().join("rocksdb")).unwrap();
    assert!(matches!(refusal(home.path()), StoreError::Open { .. }));
}

#[test]
fn the_floor_is_held_against_the_real_file_system() {
    for (floor_bytes, floor_inodes) in [(u64::MAX, 0), (0, u64::MAX)] {
        let home = tempfile::tempdir().unwrap();
        let config = RocksConfig {
            floor_bytes,
            floor_inodes,
            ..RocksConfig::new(home.path())
        };
        let store = open_rocksdb(&config).unwrap();
        let Health::Full(shortage) = store.health() else {
            panic!("{:?}", store.health())
        };
        assert!(shortage.free_bytes > 0 && shortage.free_inodes > 0, "{shortage}");
        let mut admitting = Batch::new();
        admitting.put("new", "").admitting();
        assert!(matches!(store.commit(admitting).wait(), Err(StoreError::Full(_))));
        fill(&*store, 1);
    }
}

#[test]
fn a_check_counts_what_it_reads() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    fill(&*store, 10);
    store.close().unwrap();
    let report = check(home.path()).unwrap();
    assert!(report.is_sound(), "{report:?}");
    let [index, bulk] = report.families.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!((index.keys, index.bytes), (10, 10 * 104));
    assert_eq!((bulk.keys, bulk.bytes), (10, 10 * (5 + 10_240)));
    assert_eq!(
        check(&home.path().join("nowhere")),
        Err(StoreError::Foreign {
            path: home.path().join("nowhere")
        })
    );
}

#[test]
fn a_check_finds_a_flipped_bit_and_reads_on_in_the_next_file() {
    for (extension, family) in [("blob", 1), ("sst", 0)] {
        let home = tempfile::tempdir().unwrap();
        for half in [0..100, 100..200] {
            let store = open(home.path());
            let mut batch = Batch::new();
            for n in half {
                batch
                    .put(body_key(n), body(n))
                    .put(n.to_be_bytes(), vec![b'v'; 1000]);
            }
            store.commit(batch).wait().unwrap();
            store.close().unwrap();
        }
        let largest = |path: &PathBuf| fs::metadata(path).unwrap().len();
        let first = files(home.path(), extension)
            .into_iter()
            .filter(|path| largest(path) > 50_000)
            .min()
            .unwrap();
        let file = fs::File::options().read(true).write(true).open(first).unwrap();
        let mut byte = [0];
        let middle = file.metadata().unwrap().len() / 2;
        file.read_exact_at(&mut byte, middle).unwrap();
        file.write_all_at(&[byte[0] ^ 1], middle).unwrap();

        let report = check(home.path()).unwrap();
        assert!(!report.is_sound());
        let damaged = &report.families[family];
        assert_eq!(damaged.damage.len(), 1, "{report:?}");
        assert!(damaged.damage[0].after_key.is_some(), "{report:?}");
        assert!(
            (101..200).contains(&damaged.keys),
            "the second file was read: {report:?}"
        );
        let sound = &report.families[1 - family];
        assert_eq!((sound.keys, sound.damage.len()), (200, 0), "{report:?}");
    }
}

/// A file system of its own, so that it can be filled.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    /// `None`, said aloud, where mounting is not allowed.
    fn mount(mebibytes: u32) -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(home.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(home));
        }
        eprintln!("not run: mounting a small file system needs privileges this process does not have");
        None
    }

    fn grow(&self, mebibytes: u32) {
        let size = format!("remount,size={mebibytes}m");
        assert!(
            Command::new("mount")
                .args(["-o", &size])
                .arg(self.0.path())
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[test]
fn a_disk_that_is_really_full_poisons_and_loses_nothing_acknowledged() {
    let Some(disk) = Tmpfs::mount(16) else { return };
    let home = disk.0.path().join("store");
    let store = open(&home);
    let mut acknowledged = 0;
    let failure = loop {
        let mut batch = Batch::new();
        batch.put(body_key(acknowledged), body(acknowledged));
        match store.commit(batch).wait() {
            Ok(_) => acknowledged += 1,
            Err(failure) => break failure,
        }
    };
    assert!(matches!(failure, StoreError::Poisoned { .. }), "{failure}");
    assert!(matches!(store.health(), Health::Poisoned { .. }));
    assert_eq!(store.get(&body_key(0)).unwrap().unwrap(), body(0), "reads go on");
    assert!(matches!(store.close(), Err(StoreError::Poisoned { .. })));

    disk.grow(64);
    let store = open(&home);
    for n in 0..acknowledged {
        assert_eq!(
            store.get(&body_key(n)).unwrap().unwrap(),
            body(n),
            "{n} of {acknowledged}"
        );
    }
    store.close().unwrap();
}
