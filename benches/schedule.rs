//! What it costs to find, claim, hold and settle a delivery while 100 000 of them wait, beside the least that it could:
//!
//! ```text
//! cargo bench --profile release --bench schedule
//! ```
//!
//! The limits are those of a `BTreeMap` with the same keys and values: it has the order and nothing else, no disk, no
//! records to read, no claims. A settlement on RocksDB is synced, once for each batch of attempts.

#![allow(clippy::unwrap_used, reason = "a bench that cannot begin may end")]

mod samples;
mod stopwatch;

use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use queue::limits::{LANE_READY_MAX, LIVE_DELIVERIES_MAX};
use queue::{
    Attempt, Delivery, DueKey, Lane, LaneLimits, NextStep, NoWitness, Queue, Reason, SettleContext, Verdict,
};
use store::{BULK, Store, open_memory};
use tokio::runtime::Runtime;

/// Deliveries in the queue, and the sessions by which they came.
const WAITING: usize = 100_000;
const SESSIONS: u64 = 500;

/// Deliveries claimed and settled: as many as the queue would hold in memory.
const CLAIMED: usize = LIVE_DELIVERIES_MAX;

/// Attempts settled together.
const SETTLED: usize = 500;

fn main() {
    if !stopwatch::is_asked_for() {
        return;
    }
    stopwatch::head("delivery");
    let runtime = samples::runtime();
    Case::new("memory", &open_memory(), &runtime).measure(&runtime);
    let folder = samples::Folder::new();
    let store = folder.store();
    Case::new("RocksDB", &store, &runtime).measure(&runtime);
    store.close().unwrap();
}

/// A queue in which everything waits and all of it is due.
struct Case {
    engine: &'static str,
    queue: Arc<Queue>,
    least: Least,
}

impl Case {
    fn new(engine: &'static str, store: &Arc<dyn Store>, runtime: &Runtime) -> Self {
        samples::hand_over(runtime, &samples::queue(store), SESSIONS, WAITING as u64, &[]);
        let rows = store.scan(&[0], &[BULK], usize::MAX).unwrap();
        let map = rows
            .into_iter()
            .map(|(key, value)| (key.to_vec(), value))
            .collect();
        Self {
            engine,
            queue: samples::queue(store),
            least: Least { map },
        }
    }

    fn measure(mut self, runtime: &Runtime) {
        let due = self.walk();
        let mut claimed = self.claim(&due[..CLAIMED]);
        if self.engine == "memory" {
            // A lane knows nothing of engines.
            claimed = hold(claimed, &due);
        }
        let reason = Reason {
            status: "4.2.0".into(),
            text: "450 4.2.0 Try again later".into(),
        };
        let half = claimed.split_off(CLAIMED / 2);
        self.settle(runtime, "deferred", claimed, &Verdict::Deferred(reason));
        let reply = "250 2.0.0 Ok: queued as 018bcfe568007000".into();
        self.settle(runtime, "delivered", half, &Verdict::Delivered { reply });
    }

    /// Steps through the due index, from its beginning to its end.
    fn walk(&self) -> Vec<DueKey> {
        let mut due = Vec::with_capacity(WAITING);
        let took = stopwatch::fastest(1, || {
            due.clear();
            let mut next = NextStep::More(DueKey::FIRST);
            while let NextStep::More(from) = next {
                let step = self.queue.due(from, samples::NOON).unwrap();
                due.extend(step.entries.iter().map(|entry| entry.key));
                next = step.next;
            }
        });
        assert_eq!(due.len(), WAITING);
        self.row(
            "due",
            took / WAITING as u32,
            self.least.step(),
            "step of a BTreeMap walk",
        );
        due
    }

    fn claim(&self, due: &[DueKey]) -> Vec<Delivery> {
        let claim = |key: &DueKey| self.queue.claim(*key).unwrap().unwrap();
        let (took, claimed) = stopwatch::once(|| due.iter().map(claim).collect());
        self.row(
            "claim",
            took / CLAIMED as u32,
            2 * self.least.look_up(),
            "two BTreeMap look-ups",
        );
        claimed
    }

    fn settle(&mut self, runtime: &Runtime, what: &str, deliveries: Vec<Delivery>, verdict: &Verdict) {
        let count = deliveries.len() as u32;
        let settling = settle_all(&self.queue, deliveries, verdict);
        let (took, ()) = stopwatch::once(|| runtime.block_on(settling));
        let limit = 3 * self.least.change();
        self.row(
            &format!("settle, {what}"),
            took / count,
            limit,
            "three BTreeMap changes",
        );
    }

    fn row(&self, what: &str, took: Duration, limit: Duration, of: &str) {
        stopwatch::row(&format!("{what}, {}", self.engine), took, limit, of);
    }
}

async fn settle_all(queue: &Queue, deliveries: Vec<Delivery>, verdict: &Verdict) {
    let mut deliveries = deliveries.into_iter();
    while deliveries.len() > 0 {
        let batch = deliveries.by_ref().take(SETTLED);
        let attempts = batch
            .map(|delivery| Attempt::uniform(delivery, verdict, None))
            .collect();
        let context = SettleContext {
            now: samples::NOON,
            notice_id: &mut || unreachable!("nothing fails here"),
            chance: &mut || 0.5,
            witness: &NoWitness,
        };
        black_box(queue.settle(attempts, context).await.unwrap());
    }
}

/// A full lane: one delivery is taken, the next one fits; the other keys of the index do not.
fn hold(mut claimed: Vec<Delivery>, due: &[DueKey]) -> Vec<Delivery> {
    let limits = LaneLimits {
        connections_max: 20,
        patience: Duration::from_millis(5),
    };
    let mut lane = Lane::new(limits, samples::NOON);
    let mut list = VecDeque::new();
    for delivery in claimed.drain(..2 * LANE_READY_MAX) {
        match lane.has_room_for(delivery.due_key()) {
            true => drop(lane.offer(delivery, samples::NOON)),
            false => list.push_back(delivery),
        }
    }
    let took = stopwatch::fastest(WAITING as u32, || {
        let delivery = lane.take().unwrap();
        black_box(lane.offer(delivery, samples::NOON));
    });
    let limit = stopwatch::fastest(WAITING as u32, || {
        let delivery = list.pop_front().unwrap();
        black_box(&mut list).push_back(delivery);
    });
    stopwatch::row("lane, take and offer", took, limit, "pop and push of a VecDeque");
    let took = stopwatch::fastest(1, || {
        due.iter().for_each(|key| assert!(!lane.has_room_for(*key)));
    });
    let limit = stopwatch::fastest(1, || {
        black_box(black_box(due).iter().min());
    });
    let each = |all: Duration| all / WAITING as u32;
    stopwatch::row("lane, no room", each(took), each(limit), "comparison of two keys");
    claimed.extend(lane.take_all());
    claimed.extend(list);
    claimed
}

/// The same keys and values in a map.
struct Least {
    map: BTreeMap<Vec<u8>, Bytes>,
}

impl Least {
    fn step(&self) -> Duration {
        let walk = || {
            self.map.iter().for_each(|entry| {
                black_box(entry);
            })
        };
        stopwatch::fastest(1, walk) / self.map.len() as u32
    }

    fn look_up(&self) -> Duration {
        let keys: Vec<_> = self.map.keys().take(CLAIMED).collect();
        let look_up = || {
            keys.iter().for_each(|key| {
                black_box(self.map.get(*key));
            })
        };
        stopwatch::fastest(1, look_up) / CLAIMED as u32
    }

    fn change(&mut self) -> Duration {
        let keys: Vec<_> = self.map.keys().take(CLAIMED).cloned().collect();
        let change = || {
            for key in &keys {
                let (key, value) = self.map.remove_entry(key).unwrap();
                self.map.insert(key, value);
            }
        };
        stopwatch::fastest(1, change) / CLAIMED as u32 / 2
    }
}
