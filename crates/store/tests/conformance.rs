//! What every engine must do, run on every engine.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use store::{
    BATCH_BYTES_MAX, BULK, Batch, Health, KEY_BYTES_MAX, Misuse, Part, RocksConfig, Store, StoreError,
    VALUE_BYTES_MAX, open_memory, open_rocksdb,
};
use tempfile::TempDir;

/// A store under test.
struct Subject {
    name: &'static str,
    store: Arc<dyn Store>,
    /// Where it lives; `None` in memory.
    home: Option<TempDir>,
}

impl Subject {
    fn memory() -> Self {
        Self {
            name: "memory",
            store: open_memory(),
            home: None,
        }
    }

    fn rocksdb() -> Self {
        let home = tempfile::tempdir().unwrap();
        Self {
            name: "rocksdb",
            store: open_in(&home),
            home: Some(home),
        }
    }

    /// Closes and opens, where there is something to come back to.
    fn reopen(&mut self) {
        if let Some(home) = &self.home {
            self.store.close().unwrap();
            self.store = open_in(home);
        }
    }

    fn commit(&self, fill: impl FnOnce(&mut Batch)) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        fill(&mut batch);
        self.store.commit(batch).wait().map(drop)
    }

    fn get(&self, key: &[u8]) -> Option<Bytes> {
        self.store.get(key).unwrap()
    }

    fn keys(&self, from: &[u8], to: &[u8], limit: usize) -> Vec<Bytes> {
        self.store
            .scan(from, to, limit)
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    }
}

fn open_in(home: &TempDir) -> Arc<dyn Store> {
    open_rocksdb(&RocksConfig {
        floor_bytes: 0,
        floor_inodes: 0,
        ..RocksConfig::new(home.path())
    })
    .unwrap()
}

fn subjects() -> [Subject; 2] {
    [Subject::memory(), Subject::rocksdb()]
}

const END: &[u8] = &[0xff; 9];

#[test]
fn keys_are_ordered_bytewise_across_the_bulk_border() {
    for subject in subjects() {
        let sorted: [&[u8]; 8] = [b"", b"\0", b"a", b"a\0", b"ab", b"b", &[BULK - 1, 0xff], &[BULK]];
        subject
            .commit(|batch| {
                for key in sorted.iter().rev() {
                    batch.put(*key, "");
                }
                batch.put([BULK, 0], "").put([0xff], "");
            })
            .unwrap();
        assert_eq!(subject.keys(b"", END, 8), sorted, "{}", subject.name);
        assert_eq!(
            subject.keys(b"a", b"b", 9),
            [&b"a"[..], b"a\0", b"ab"],
            "{}: from is in, to is out",
            subject.name
        );
        assert_eq!(
            subject.keys(&[BULK - 1], &[BULK, 0], 9),
            [&[BULK - 1, 0xff][..], &[BULK]],
            "{}",
            subject.name
        );
        assert_eq!(
            subject.keys(&[BULK, 0], END, 9),
            [&[BULK, 0][..], &[0xff]],
            "{}",
            subject.name
        );
        assert_eq!(
            subject.keys(b"ab\0", &[BULK], 9),
            [&b"b"[..], &[BULK - 1, 0xff]],
            "{}",
            subject.name
        );
    }
}

#[test]
fn empty_ranges_and_limits_yield_nothing() {
    for subject in subjects() {
        subject
            .commit(|batch| {
                batch.put("b", "1");
            })
            .unwrap();
        for (from, to, limit) in [("b", "b", 9), ("c", "a", 9), ("a", "c", 0), ("c", "d", 9)] {
            assert!(
                subject.keys(from.as_bytes(), to.as_bytes(), limit).is_empty(),
                "{from} {to} {limit}"
            );
        }
    }
}

#[test]
fn the_last_change_of_a_key_wins() {
    for mut subject in subjects() {
        subject
            .commit(|batch| {
                batch.put("twice", "1").put("twice", "2");
                batch.put("gone", "1").delete("gone");
                batch.delete("back").put("back", "1");
                batch.delete("never there");
            })
            .unwrap();
        subject.reopen();
        assert_eq!(subject.get(b"twice").unwrap(), "2");
        assert_eq!(subject.get(b"gone"), None);
        assert_eq!(subject.get(b"back").unwrap(), "1");
    }
}

#[test]
fn counters_add_and_wrap() {
    for mut subject in subjects() {
        let read = |subject: &Subject| {
            subject
                .get(b"n")
                .map(|value| i64::from_le_bytes(value.as_ref().try_into().unwrap()))
        };
        assert_eq!(read(&subject), None);
        let steps = [(5, 5), (-7, -2), (0, -2), (i64::MAX, i64::MAX - 2), (3, i64::MIN)];
        for (delta, sum) in steps {
            subject
                .commit(|batch| {
                    batch.add("n", delta);
                })
                .unwrap();
            assert_eq!(read(&subject), Some(sum), "{}", subject.name);
            subject.reopen();
        }
        subject
            .commit(|batch| {
                batch.put("n", "no number").add("n", 2).add("n", 2);
            })
            .unwrap();
        assert_eq!(
            read(&subject),
            Some(4),
            "{}: what is no counter counts as zero",
            subject.name
        );
        subject
            .commit(|batch| {
                batch.add("n", 1).delete("n").add("n", 1);
            })
            .unwrap();
        assert_eq!(read(&subject), Some(1), "{}", subject.name);
    }
}

#[test]
fn a_failed_expectation_costs_its_whole_batch_and_no_other() {
    for subject in subjects() {
        subject
            .commit(|batch| {
                batch.put("held", "1");
            })
            .unwrap();
        let cases: [(&str, Option<&'static str>, bool); 5] = [
            ("held", Some("1"), true),
            ("held", Some("2"), false),
            ("held", None, false),
            ("absent", None, true),
            ("absent", Some(""), false),
        ];
        for (key, value, met) in cases {
            let outcome = subject.commit(|batch| {
                batch
                    .put("effect", "")
                    .add("count", 1)
                    .expect(key, value.map(Bytes::from));
            });
            let failure = StoreError::Expectation { key: key.into() };
            assert_eq!(
                outcome,
                if met { Ok(()) } else { Err(failure) },
                "{}: {key} {value:?}",
                subject.name
            );
            assert_eq!(
                subject.get(b"effect").is_some(),
                met,
                "{}: {key} {value:?}",
                subject.name
            );
            subject
                .commit(|batch| {
                    batch.delete("effect");
                })
                .unwrap();
        }
        assert_eq!(subject.get(b"count").unwrap().as_ref(), 2i64.to_le_bytes());
    }
}

#[test]
fn a_condition_without_changes_is_checked() {
    for subject in subjects() {
        assert_eq!(
            subject.commit(|batch| {
                batch.expect("absent", None);
            }),
            Ok(())
        );
        assert!(
            subject
                .commit(|batch| {
                    batch.expect("absent", Some(Bytes::new()));
                })
                .is_err()
        );
    }
}

#[test]
fn of_concurrent_claims_one_wins() {
    for subject in subjects() {
        for round in 0..20 {
            let key = format!("claim {round}");
            let won: usize = std::thread::scope(|scope| {
                let claims: Vec<_> = (0..8)
                    .map(|claimant| {
                        let (subject, key) = (&subject, &key);
                        scope.spawn(move || {
                            let outcome = subject.commit(|batch| {
                                batch
                                    .expect(key.as_str(), None)
                                    .put(key.as_str(), vec![claimant])
                                    .add("won", 1);
                            });
                            usize::from(outcome.is_ok())
                        })
                    })
                    .collect();
                claims.into_iter().map(|claim| claim.join().unwrap()).sum()
            });
            assert_eq!(won, 1, "{}", subject.name);
        }
        assert_eq!(subject.get(b"won").unwrap().as_ref(), 20i64.to_le_bytes());
    }
}

#[test]
fn what_the_contract_rules_out_is_refused_before_it_has_an_effect() {
    for subject in subjects() {
        let too_large = |part, bytes, limit| Err(StoreError::TooLarge { part, bytes, limit });
        let long_key = vec![b'k'; KEY_BYTES_MAX + 1];
        let key = too_large(Part::Key, KEY_BYTES_MAX + 1, KEY_BYTES_MAX);
        assert_eq!(
            subject.commit(|batch| {
                batch.put(long_key.clone(), "");
            }),
            key
        );
        assert_eq!(
            subject.commit(|batch| {
                batch.delete(long_key.clone());
            }),
            key
        );
        assert_eq!(
            subject.commit(|batch| {
                batch.expect(long_key, None);
            }),
            key
        );

        let value = too_large(Part::Value, VALUE_BYTES_MAX + 1, VALUE_BYTES_MAX);
        assert_eq!(
            subject.commit(|batch| {
                batch.put("a", "").put("k", vec![0; VALUE_BYTES_MAX + 1]);
            }),
            value
        );

        let values = BATCH_BYTES_MAX / VALUE_BYTES_MAX + 1;
        let batch = subject.commit(|batch| {
            for n in 0..values as u64 {
                batch.put(n.to_be_bytes(), Bytes::from_static(&[0; VALUE_BYTES_MAX]));
            }
        });
        let bytes = values * (size_of::<u64>() + VALUE_BYTES_MAX);
        assert_eq!(batch, too_large(Part::Batch, bytes, BATCH_BYTES_MAX));

        let misuse = |misuse: Misuse| Err(StoreError::Misuse(misuse));
        assert_eq!(
            subject.commit(|batch| {
                batch.add([BULK], 1);
            }),
            misuse(Misuse::BulkCounter)
        );
        let counter = subject.commit(|batch| {
            batch.add("n", 1).expect("n", None);
        });
        assert_eq!(counter, misuse(Misuse::CounterExpected));
        assert!(subject.keys(b"", END, 1).is_empty(), "{}", subject.name);
    }
}

#[test]
fn the_largest_of_everything_is_stored_and_returned() {
    for mut subject in subjects() {
        let index_key = vec![b'k'; KEY_BYTES_MAX];
        let bulk_key = vec![0xff; KEY_BYTES_MAX];
        let value = Bytes::from(vec![7; VALUE_BYTES_MAX]);
        subject
            .commit(|batch| {
                batch
                    .put(index_key.clone(), value.clone())
                    .put(bulk_key.clone(), value.clone());
            })
            .unwrap();
        subject.reopen();
        assert_eq!(subject.get(&index_key).unwrap(), value, "{}", subject.name);
        assert_eq!(subject.get(&bulk_key).unwrap(), value, "{}", subject.name);
    }
}

#[test]
fn an_empty_batch_succeeds() {
    for subject in subjects() {
        assert_eq!(subject.commit(|_| ()), Ok(()));
        assert_eq!(subject.store.stats().batches, 0);
    }
}

#[test]
fn stats_count_what_was_committed() {
    for subject in subjects() {
        subject
            .commit(|batch| {
                batch.put("key", "value").delete("k");
            })
            .unwrap();
        assert!(
            subject
                .commit(|batch| {
                    batch.expect("key", None);
                })
                .is_err()
        );
        let stats = subject.store.stats();
        assert_eq!(
            (
                stats.groups,
                stats.batches,
                stats.bytes,
                stats.expectations_failed
            ),
            (1, 1, 9, 1)
        );
        assert!(stats.engine_write_buffer_bytes > 0);
    }
}

#[test]
fn a_closed_store_does_nothing() {
    for subject in subjects() {
        subject
            .commit(|batch| {
                batch.put("key", "value");
            })
            .unwrap();
        assert_eq!(subject.store.health(), Health::Serving);
        subject.store.close().unwrap();
        subject.store.close().unwrap();
        assert_eq!(subject.store.health(), Health::Closed);
        assert_eq!(
            subject.commit(|batch| {
                batch.delete("key");
            }),
            Err(StoreError::Closed)
        );
        assert_eq!(subject.store.get(b"key"), Err(StoreError::Closed));
        assert_eq!(subject.store.scan(b"", END, 1), Err(StoreError::Closed));
    }
}

/// What may be done to a store, over so few keys that they collide.
#[derive(Debug, Clone)]
enum Step {
    Commit {
        changes: Vec<(u8, Change)>,
        expected: Option<(u8, Option<u8>)>,
    },
    Reopen,
}

#[derive(Debug, Clone)]
enum Change {
    Put(u8),
    PutLarge(u8),
    Delete,
    Add(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let change = prop_oneof![
        any::<u8>().prop_map(Change::Put),
        any::<u8>().prop_map(Change::PutLarge),
        Just(Change::Delete),
        (-3..3i64).prop_map(Change::Add),
    ];
    let expected = proptest::option::of((0..KEYS, proptest::option::of(any::<u8>())));
    let commit = (proptest::collection::vec((0..KEYS, change), 0..6), expected)
        .prop_map(|(changes, expected)| Step::Commit { changes, expected });
    proptest::collection::vec(prop_oneof![9 => commit, 1 => Just(Step::Reopen)], 1..40)
}

/// Half of them small, half of them bulk.
const KEYS: u8 = 8;

fn key(n: u8) -> Vec<u8> {
    if n < KEYS / 2 {
        vec![b'k', n]
    } else {
        vec![BULK, n]
    }
}

fn large(fill: u8) -> Bytes {
    Bytes::from(vec![fill; 5000])
}

/// Does the same to a plain map; `Err` if the store must refuse.
fn model(map: &mut BTreeMap<Vec<u8>, Bytes>, batch: &Step) -> Result<(), ()> {
    let Step::Commit { changes, expected } = batch else {
        return Ok(());
    };
    let adds = |n: u8| {
        changes
            .iter()
            .any(|(key, change)| *key == n && matches!(change, Change::Add(_)))
    };
    if (KEYS / 2..KEYS).any(adds) || expected.as_ref().is_some_and(|(n, _)| adds(*n)) {
        return Err(());
    }
    if let Some((n, value)) = expected
        && map.get(&key(*n)).cloned() != value.map(|fill| Bytes::from(vec![fill]))
    {
        return Err(());
    }
    for (n, change) in changes {
        match change {
            Change::Put(fill) => drop(map.insert(key(*n), Bytes::from(vec![*fill]))),
            Change::PutLarge(fill) => drop(map.insert(key(*n), large(*fill))),
            Change::Delete => drop(map.remove(&key(*n))),
            Change::Add(delta) => {
                let value = map.get(&key(*n)).and_then(|value| value.as_ref().try_into().ok());
                let sum = value.map_or(0, i64::from_le_bytes) + delta;
                map.insert(key(*n), Bytes::copy_from_slice(&sum.to_le_bytes()));
            }
        }
    }
    Ok(())
}

fn follow(mut subject: Subject, steps: &[Step]) {
    let mut map = BTreeMap::new();
    for step in steps {
        let outcome = match step {
            Step::Reopen => {
                subject.reopen();
                Ok(())
            }
            Step::Commit { changes, expected } => subject.commit(|batch| {
                for (n, change) in changes {
                    match change {
                        Change::Put(fill) => batch.put(key(*n), vec![*fill]),
                        Change::PutLarge(fill) => batch.put(key(*n), large(*fill)),
                        Change::Delete => batch.delete(key(*n)),
                        Change::Add(delta) => batch.add(key(*n), *delta),
                    };
                }
                if let Some((n, value)) = expected {
                    batch.expect(key(*n), value.map(|fill| Bytes::from(vec![fill])));
                }
            }),
        };
        assert_eq!(
            outcome.is_ok(),
            model(&mut map, step).is_ok(),
            "{step:?}: {outcome:?}"
        );
        let found = subject.store.scan(b"", END, usize::MAX / 2).unwrap();
        assert_eq!(
            found,
            map.clone()
                .into_iter()
                .map(|(k, v)| (Bytes::from(k), v))
                .collect::<Vec<_>>()
        );
        for n in 0..KEYS {
            assert_eq!(subject.get(&key(n)), map.get(&key(n)).cloned());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn memory_follows_the_model(steps in steps()) {
        follow(Subject::memory(), &steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn rocksdb_follows_the_model(steps in steps()) {
        follow(Subject::rocksdb(), &steps);
    }
}
