//! Killing the process at any moment loses nothing that was acknowledged and leaves no half of a batch.
//!
//! The parent starts this test binary again as a child that commits and says what was acknowledged, kills it,
//! opens the store and looks. `SIGKILL` leaves the page cache alone, so this proves the order of things, not
//! the sync itself.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests; the child speaks through its output"
)]

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use store::{BULK, Batch, RocksConfig, Store, check, open_rocksdb};

const ROUNDS: u64 = 12;
const WRITERS: u64 = 4;
const CHILD_HOME: &str = "POSTRIDER_CRASH_HOME";
const CHILD_ROUND: &str = "POSTRIDER_CRASH_ROUND";
const ACKNOWLEDGED: &str = "acknowledged ";

#[test]
fn a_kill_loses_nothing_acknowledged_and_tears_no_batch() {
    let home = tempfile::tempdir().unwrap();
    let mut acknowledged = HashSet::new();
    let mut dice = 7_u64;
    for round in 0..ROUNDS {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // From the first batch to some 60 MB, far enough for a flush and a new log.
        let patience = (dice >> 33) % if round % 3 == 0 { 1500 } else { 50 };
        acknowledged.extend(run_until(home.path(), round, patience as usize));
        let store = open(home.path());
        verify(&*store, &acknowledged);
        store.close().unwrap();
    }
    assert!(check(home.path()).unwrap().is_sound());
}

/// Kills a child once it has acknowledged more than `patience` batches, and returns all that it acknowledged.
fn run_until(home: &Path, round: u64, patience: usize) -> Vec<Vec<u8>> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_commits_until_it_is_killed", "--nocapture"])
        .env(CHILD_HOME, home)
        .env(CHILD_ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    for line in lines {
        // The harness talks too; a line cut off by the kill lacks its end, which `lines` hides, so its last
        // field repeats the first.
        let line = line.unwrap();
        let Some((_, said)) = line.split_once(ACKNOWLEDGED) else {
            continue;
        };
        let Some((id, again)) = said.split_once(' ') else {
            continue;
        };
        if id != again {
            continue;
        }
        acknowledged.push(id.as_bytes().to_vec());
        if acknowledged.len() > patience {
            child.kill().unwrap();
        }
    }
    assert!(
        !child.wait().unwrap().success(),
        "it was killed, or it failed before it could be"
    );
    acknowledged
}

/// The child: a test that passes at once unless it was started by the one above.
#[test]
fn child_commits_until_it_is_killed() {
    let (Some(home), Ok(round)) = (std::env::var_os(CHILD_HOME), std::env::var(CHILD_ROUND)) else {
        return;
    };
    let store = open(Path::new(&home));
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (store, round) = (&store, &round);
            scope.spawn(move || {
                for n in 0.. {
                    let id = format!("{round:0>3}-{writer}-{n:06}");
                    store.commit(arrival(&id)).wait().unwrap();
                    // One write, so that lines of different writers do not mix.
                    std::io::stdout()
                        .write_all(format!("{ACKNOWLEDGED}{id} {id}\n").as_bytes())
                        .unwrap();
                    if n % 2 == 0 {
                        drop(store.commit(settlement(&id)));
                    }
                }
            });
        }
    });
}

fn open(home: &Path) -> Arc<dyn Store> {
    open_rocksdb(&RocksConfig {
        floor_bytes: 0,
        floor_inodes: 0,
        ..RocksConfig::new(home)
    })
    .unwrap()
}

fn key(family: u8, id: &str) -> Vec<u8> {
    [&[family], id.as_bytes()].concat()
}

fn body(id: &str) -> Bytes {
    id.repeat(3000).into()
}

/// Two small keys, a body and a counter, together.
fn arrival(id: &str) -> Batch {
    let mut batch = Batch::new();
    batch
        .put(key(b'a', id), "envelope")
        .put(key(b'b', id), "due")
        .put(key(BULK, id), body(id))
        .add("total", 1);
    batch
}

/// The body gives way to an outcome.
fn settlement(id: &str) -> Batch {
    let mut batch = Batch::new();
    batch
        .delete(key(BULK, id))
        .delete(key(b'b', id))
        .put(key(b'c', id), "delivered")
        .patient();
    batch
}

fn verify(store: &dyn Store, acknowledged: &HashSet<Vec<u8>>) {
    let ids = |family: u8| -> HashSet<Vec<u8>> {
        let rows = store.scan(&[family], &[family + 1], usize::MAX / 2).unwrap();
        rows.into_iter().map(|(key, _)| key[1..].to_vec()).collect()
    };
    let (envelopes, due, outcomes) = (ids(b'a'), ids(b'b'), ids(b'c'));
    let bodies: HashMap<Bytes, Bytes> = store
        .scan(&[BULK], &[BULK + 1], usize::MAX / 2)
        .unwrap()
        .into_iter()
        .collect();

    assert!(
        acknowledged.is_subset(&envelopes),
        "lost: {:?}",
        acknowledged.difference(&envelopes).next()
    );
    assert!(outcomes.is_subset(&envelopes));
    for id in &envelopes {
        let text = std::str::from_utf8(id).unwrap();
        let settled = outcomes.contains(id);
        assert_eq!(due.contains(id), !settled, "torn: {text}");
        let found = bodies.get(key(BULK, text).as_slice());
        assert_eq!(found, (!settled).then(|| body(text)).as_ref(), "torn: {text}");
    }
    assert_eq!(bodies.len() + outcomes.len(), envelopes.len());
    let count = store
        .get(b"total")
        .unwrap()
        .map_or(0, |count| i64::from_le_bytes(count.as_ref().try_into().unwrap()));
    assert_eq!(count, envelopes.len() as i64);
}
