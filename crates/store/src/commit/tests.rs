//! The committer on engines that fail, pause and run full on command.

use std::collections::BTreeSet;
use std::sync::Condvar;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use super::*;
use crate::contract::{BATCH_BYTES_MAX, QUEUE_BYTES_MAX, VALUE_BYTES_MAX};
use crate::engine::{FreeSpace, Usage};
use crate::memory::Memory;

/// A map in memory with the faults of a disk, shared between a test and the store that runs on it.
#[derive(Default)]
struct Disk {
    memory: Memory,
    writes: AtomicUsize,
    /// The write that fails, counted from one; none if zero.
    failing_write: AtomicUsize,
    panics: AtomicBool,
    free: Mutex<Option<FreeSpace>>,
    gate: Gate,
    settled: AtomicBool,
}

/// Holds writes back while it is shut.
#[derive(Default)]
struct Gate {
    shut: Mutex<bool>,
    moved: Condvar,
    /// Writes that have reached the gate.
    arrived: Mutex<usize>,
}

impl Gate {
    fn shut(&self) {
        *self.shut.lock().unwrap() = true;
    }

    fn open(&self) {
        *self.shut.lock().unwrap() = false;
        self.moved.notify_all();
    }

    fn pass(&self) {
        *self.arrived.lock().unwrap() += 1;
        self.moved.notify_all();
        let shut = self.shut.lock().unwrap();
        drop(self.moved.wait_while(shut, |shut| *shut).unwrap());
    }

    fn wait_for(&self, arrivals: usize) {
        let arrived = self.arrived.lock().unwrap();
        drop(
            self.moved
                .wait_while(arrived, |arrived| *arrived < arrivals)
                .unwrap(),
        );
    }
}

impl Engine for Arc<Disk> {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Fault> {
        self.memory.get(key)
    }

    fn scan(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, Fault> {
        self.memory.scan(from, to, limit)
    }

    fn write(&self, batches: &[Batch]) -> Result<(), Fault> {
        self.gate.pass();
        assert!(!self.panics.load(Ordering::Relaxed), "told to");
        let write = self.writes.fetch_add(1, Ordering::Relaxed) + 1;
        if write == self.failing_write.load(Ordering::Relaxed) {
            return Err(Fault {
                why: "I/O error".into(),
            });
        }
        self.memory.write(batches)
    }

    fn settle(&self) {
        self.settled.store(true, Ordering::Relaxed);
    }

    fn free_space(&self) -> Result<FreeSpace, Fault> {
        self.free.lock().unwrap().ok_or(Fault {
            why: "no such file system".into(),
        })
    }

    fn usage(&self) -> Usage {
        self.memory.usage()
    }
}

const ROOM: FreeSpace = FreeSpace {
    bytes: 1000,
    inodes: 100,
};

fn disk() -> Arc<Disk> {
    Arc::new(Disk {
        free: Mutex::new(Some(ROOM)),
        ..Disk::default()
    })
}

fn store(disk: &Arc<Disk>) -> GroupStore<Arc<Disk>> {
    GroupStore::start(Arc::clone(disk), Floor::new(100, 10), None).unwrap()
}

fn put(key: &str, value: &str) -> Batch {
    let mut batch = Batch::new();
    batch.put(key, Bytes::copy_from_slice(value.as_bytes()));
    batch
}

fn poisoned() -> StoreError {
    StoreError::Poisoned {
        why: "I/O error".into(),
    }
}

#[test]
fn a_failed_write_poisons_for_good() {
    let disk = disk();
    let store = store(&disk);
    store.commit(put("before", "kept")).wait().unwrap();
    disk.failing_write.store(2, Ordering::Relaxed);

    disk.gate.shut();
    let in_the_group = store.commit(put("doomed", "1"));
    disk.gate.wait_for(2);
    let behind_it = store.commit(put("waiting", "2"));
    disk.gate.open();

    assert_eq!(in_the_group.wait(), Err(poisoned()));
    assert_eq!(behind_it.wait(), Err(poisoned()));
    assert_eq!(store.commit(put("later", "3")).wait(), Err(poisoned()));
    assert_eq!(
        store.commit(Batch::new()).wait(),
        Err(poisoned()),
        "not even nothing is promised"
    );
    assert_eq!(
        store.health(),
        Health::Poisoned {
            why: "I/O error".into()
        }
    );
    assert_eq!(
        disk.writes.load(Ordering::Relaxed),
        2,
        "nothing was written after the failure"
    );
    assert_eq!(store.get(b"before").unwrap().unwrap(), "kept", "reads go on");
    assert_eq!(store.get(b"later").unwrap(), None);

    assert_eq!(store.close(), Err(poisoned()));
    assert!(
        !disk.settled.load(Ordering::Relaxed),
        "a failed engine is not asked to flush"
    );
}

#[test]
fn a_panicking_committer_fails_everyone_and_hangs_nobody() {
    let disk = disk();
    let store = store(&disk);
    disk.panics.store(true, Ordering::Relaxed);
    assert!(matches!(
        store.commit(put("a", "1")).wait(),
        Err(StoreError::Poisoned { .. })
    ));
    assert!(matches!(store.close(), Err(StoreError::Poisoned { .. })));
    assert!(matches!(
        store.commit(put("b", "2")).wait(),
        Err(StoreError::Poisoned { .. })
    ));
}

#[test]
fn batches_that_wait_together_are_written_together() {
    let disk = disk();
    let store = store(&disk);
    disk.gate.shut();
    let first = store.commit(put("0", ""));
    disk.gate.wait_for(1);
    let others: Vec<CommitFuture> = (1..=50).map(|n| store.commit(put(&n.to_string(), ""))).collect();
    disk.gate.open();
    for commit in std::iter::once(first).chain(others) {
        commit.wait().unwrap();
    }
    assert_eq!(disk.writes.load(Ordering::Relaxed), 2);
    let stats = store.stats();
    assert_eq!((stats.groups, stats.batches, stats.waiting_batches), (2, 51, 0));
}

#[test]
fn expectations_see_every_batch_before_them_even_of_the_same_moment() {
    let disk = disk();
    let store = store(&disk);
    disk.gate.shut();
    let first = store.commit(put("0", ""));
    disk.gate.wait_for(1);

    let expecting = |found: Option<&'static str>, new: &str| {
        let mut batch = put("key", new);
        batch.expect("key", found.map(Bytes::from));
        store.commit(batch)
    };
    let chain = [
        expecting(None, "a"),
        expecting(Some("a"), "b"),
        expecting(Some("a"), "c"),
        expecting(Some("b"), "d"),
    ];
    let bystander = store.commit(put("other", ""));
    disk.gate.open();

    first.wait().unwrap();
    let outcomes = chain.map(|commit| commit.wait().is_ok());
    assert_eq!(outcomes, [true, true, false, true]);
    bystander.wait().unwrap();
    assert_eq!(store.get(b"key").unwrap().unwrap(), "d");
    assert_eq!(store.stats().expectations_failed, 1);
}

#[test]
fn a_patient_batch_goes_along_with_an_urgent_one() {
    let disk = disk();
    let store = store(&disk);
    disk.gate.shut();
    let first = store.commit(put("0", ""));
    disk.gate.wait_for(1);
    let mut settlement = Batch::new();
    settlement.delete("0").patient();
    let patient = store.commit(settlement);
    let urgent = store.commit(put("1", ""));
    disk.gate.open();
    for commit in [first, patient, urgent] {
        commit.wait().unwrap();
    }
    assert_eq!(disk.writes.load(Ordering::Relaxed), 2);
    assert_eq!(store.get(b"0").unwrap(), None);
}

#[test]
fn a_patient_batch_alone_is_written_in_the_end() {
    let store = store(&disk());
    let mut settlement = Batch::new();
    settlement.put("key", "value").patient();
    store.commit(settlement).wait().unwrap();
}

#[test]
fn under_the_floor_only_admitting_batches_are_refused() {
    let short = [
        Some(FreeSpace { bytes: 99, ..ROOM }),
        Some(FreeSpace { inodes: 9, ..ROOM }),
        None, // a file system that cannot be asked
    ];
    for free in short {
        let disk = disk();
        *disk.free.lock().unwrap() = free;
        let store = store(&disk);
        let mut admitting = put("new", "mail");
        admitting.admitting();
        assert!(
            matches!(store.commit(admitting).wait(), Err(StoreError::Full(_))),
            "{free:?}"
        );
        assert!(matches!(store.health(), Health::Full(_)), "{free:?}");
        store.commit(put("old", "settled")).wait().unwrap();
    }
}

#[test]
fn the_floor_is_measured_again_when_the_measurement_is_old() {
    let disk = disk();
    let floor = Floor::new(100, 10);
    let start = Instant::now();
    let second = start + std::time::Duration::from_secs(1);
    assert_eq!(floor.shortage(&disk, start), None);
    *disk.free.lock().unwrap() = Some(FreeSpace { bytes: 99, ..ROOM });
    assert_eq!(floor.shortage(&disk, start), None, "still fresh");
    assert_eq!(floor.shortage(&disk, second).unwrap().free_bytes, 99);
}

#[test]
fn what_waits_is_bounded_for_those_who_admit() {
    let disk = disk();
    let store = store(&disk);
    disk.gate.shut();
    let first = store.commit(put("0", ""));
    disk.gate.wait_for(1);

    let values = BATCH_BYTES_MAX / VALUE_BYTES_MAX - 1;
    let large = |n: usize| {
        let mut batch = Batch::new();
        for value in 0..values {
            batch.put(format!("{n}/{value}"), Bytes::from_static(&[0; VALUE_BYTES_MAX]));
        }
        batch.admitting();
        batch
    };
    let fit = QUEUE_BYTES_MAX / large(0).bytes;
    let waiting: Vec<CommitFuture> = (0..fit).map(|n| store.commit(large(n))).collect();
    assert_eq!(store.commit(large(fit)).wait(), Err(StoreError::Busy));
    let settlement = store.commit(put("settled", ""));

    disk.gate.open();
    for commit in waiting.into_iter().chain([first, settlement]) {
        commit.wait().unwrap();
    }
    store.commit(large(fit)).wait().unwrap();
}

#[test]
fn closing_writes_what_waits_and_takes_nothing_more() {
    let disk = disk();
    let store = store(&disk);
    disk.gate.shut();
    let commits: Vec<CommitFuture> = (0..10).map(|n| store.commit(put(&n.to_string(), ""))).collect();
    disk.gate.wait_for(1);
    thread::scope(|scope| {
        let closing = scope.spawn(|| store.close());
        disk.gate.open();
        closing.join().unwrap().unwrap();
    });
    for commit in commits {
        commit.wait().unwrap();
    }
    assert!(disk.settled.load(Ordering::Relaxed));
    assert_eq!(store.commit(put("late", "")).wait(), Err(StoreError::Closed));
    assert_eq!(store.get(b"0"), Err(StoreError::Closed));
    assert_eq!(store.health(), Health::Closed);
    assert_eq!(store.close(), Ok(()));
    assert_eq!(Arc::strong_count(&disk), 1, "the engine was released");
}

#[test]
fn dropping_a_future_cancels_nothing_and_dropping_the_store_closes_it() {
    let disk = disk();
    let store = store(&disk);
    drop(store.commit(put("key", "value")));
    drop(store);
    assert_eq!(disk.memory.get(b"key").unwrap().unwrap(), "value");
    assert!(disk.settled.load(Ordering::Relaxed));
}

#[test]
fn the_observer_hears_of_each_group() {
    #[derive(Default)]
    struct Heard(Mutex<Vec<GroupReport>>);
    impl CommitObserver for Heard {
        fn group(&self, report: GroupReport) {
            self.0.lock().unwrap().push(report);
        }
    }
    let heard = Arc::new(Heard::default());
    let observer: Arc<dyn CommitObserver> = Arc::clone(&heard) as _;
    let store = GroupStore::start(disk(), Floor::new(0, 0), Some(observer)).unwrap();
    store.commit(put("key", "value")).wait().unwrap();
    let reports = heard.0.lock().unwrap();
    assert_eq!(
        reports
            .iter()
            .map(|report| (report.batches, report.bytes))
            .collect::<Vec<_>>(),
        [(1, 8)]
    );
}

#[test]
fn many_writers_at_once_lose_nothing() {
    let disk = disk();
    let store = store(&disk);
    thread::scope(|scope| {
        for writer in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..100 {
                    let mut batch = put(&format!("{writer}/{n:03}"), "");
                    batch.add("total", 1);
                    store.commit(batch).wait().unwrap();
                }
            });
        }
    });
    let keys: BTreeSet<Bytes> = store
        .scan(b"0", b"9", 1000)
        .unwrap()
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert_eq!(keys.len(), 800);
    assert_eq!(
        store.get(b"total").unwrap().unwrap().as_ref(),
        800i64.to_le_bytes()
    );
}
