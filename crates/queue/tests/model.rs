//! The queue against a small model, over random histories with restarts: nothing accepted is lost, each recipient ends
//! in exactly one final state, nothing is attempted before it is due, notices go to whom they should, and when
//! everything is settled the store is empty.

#![allow(clippy::unwrap_used, reason = "the world of a test ends where it is wrong")]

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use queue::{
    Attempt, Body, Delivery, DueKey, Handling, NextStep, NoWitness, Queue, QueueConfig, QueueId, Reason,
    RetryPolicy, Selector, SettleContext, Submission, Timestamp, Verdict,
};
use smtp::address::{ForwardPath, ReversePath};
use store::{Batch, Store};

const SENDER: &str = "sender@home.example";

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

fn queue(store: &Arc<dyn Store>, body_bytes_max: u64) -> Queue {
    let retry = RetryPolicy {
        first: Duration::from_secs(10),
        factor: 2.0,
        max: Duration::from_secs(60),
        jitter: 0.5,
        expire: Duration::from_secs(300),
    };
    let config = QueueConfig {
        retry,
        recipients_per_delivery: 3,
        body_bytes_max,
        hostname: "relay.example".into(),
    };
    Queue::new(Arc::clone(store), config)
}

fn fresh_id(now: Timestamp, made: &mut u64) -> QueueId {
    *made += 1;
    let mut entropy = [0; 10];
    entropy[..8].copy_from_slice(&made.to_be_bytes());
    QueueId::new(now.unix_ms(), entropy)
}

#[derive(Clone, Debug)]
enum Step {
    /// Accept a message: from nobody or somebody, to these (user, domain) pairs.
    Submit {
        null_sender: bool,
        recipients: Vec<(u8, u8)>,
        size: usize,
        /// When its first attempt is wanted: at once, after so many seconds, or not until it is released.
        wanted: Wanted,
    },
    /// Release what is held.
    Release,
    /// Let time pass and attempt what is due; each recipient gets the next of these outcomes.
    Attempt {
        seconds: u16,
        outcomes: Vec<u8>,
    },
    /// End the process without a word; claims are gone, the store stays.
    Restart,
    /// An operator's wishes.
    RetryAll,
    Cancel {
        domain: u8,
    },
}

#[derive(Clone, Copy, Debug)]
enum Wanted {
    Now,
    In(u16),
    Held,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let recipients = proptest::collection::vec((0..6u8, 0..3u8), 1..8);
    let wanted = prop_oneof![
        Just(Wanted::Now),
        (0..90u16).prop_map(Wanted::In),
        Just(Wanted::Held)
    ];
    let step = prop_oneof![
        3 => (any::<bool>(), recipients, 0..5_000usize, wanted)
            .prop_map(|(null_sender, recipients, size, wanted)| Step::Submit { null_sender, recipients, size, wanted }),
        1 => Just(Step::Release),
        4 => (0..40u16, proptest::collection::vec(0..6u8, 1..6))
            .prop_map(|(seconds, outcomes)| Step::Attempt { seconds, outcomes }),
        1 => Just(Step::Restart),
        1 => Just(Step::RetryAll),
        1 => (0..3u8).prop_map(|domain| Step::Cancel { domain }),
    ];
    proptest::collection::vec(step, 1..40)
}

/// What the model knows of one recipient of one message.
#[derive(Debug, Default)]
struct Fate {
    due: Timestamp,
    finals: u32,
    tried: bool,
}

struct World {
    store: Arc<dyn Store>,
    queue: Queue,
    now: Timestamp,
    made: u64,
    fates: HashMap<(QueueId, String), Fate>,
}

impl World {
    fn new() -> Self {
        let store = store::open_memory();
        let queue = queue(&store, 8_000);
        let now = Timestamp::from_unix_ms(1_000_000);
        Self {
            store,
            queue,
            now,
            made: 0,
            fates: HashMap::new(),
        }
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Submit {
                null_sender,
                recipients,
                size,
                wanted,
            } => self.submit(*null_sender, recipients, *size, *wanted),
            Step::Release => self.release(),
            Step::Attempt { seconds, outcomes } => {
                self.now = self.now.after(Duration::from_secs(u64::from(*seconds)));
                let mut outcomes = outcomes.iter().copied().cycle();
                self.attempt_due(&mut || outcomes.next().unwrap_or(0));
            }
            Step::Restart => self.queue = queue(&self.store, 8_000),
            Step::RetryAll => {
                block_on(self.queue.retry(&Selector::All, self.now)).unwrap();
                let tried = |fate: &&mut Fate| fate.tried;
                self.fates
                    .values_mut()
                    .filter(tried)
                    .for_each(|fate| fate.due = self.now.min(fate.due));
            }
            Step::Cancel { domain } => {
                let domain = format!("d{domain}.example");
                let selector = Selector::Domain(smtp::address::Domain::parse(&domain).unwrap());
                block_on(self.queue.cancel(&selector, self.now, &NoWitness)).unwrap();
                let suffix = format!("@{domain}");
                let waiting = self
                    .fates
                    .iter_mut()
                    .filter(|((_, to), fate)| to.ends_with(&suffix) && fate.finals == 0);
                waiting.for_each(|(_, fate)| fate.finals += 1);
            }
        }
    }

    /// Everything held is due, and its clock starts.
    fn release(&mut self) {
        let held = |fate: &Fate| fate.due == Timestamp::NEVER && fate.finals == 0;
        let ids = self
            .fates
            .iter()
            .filter(|(_, fate)| held(fate))
            .map(|((id, _), _)| *id);
        let mut ids: Vec<QueueId> = ids.collect();
        ids.sort();
        ids.dedup();
        // Every second one is let go at once, the others in a minute.
        let later = self.now.after(Duration::from_secs(60));
        let times: BTreeMap<QueueId, Timestamp> = ids
            .iter()
            .copied()
            .zip([self.now, later].into_iter().cycle())
            .collect();
        let released: Vec<_> = times.iter().map(|(id, due)| (*id, *due)).collect();
        block_on(self.queue.release(&released, Batch::new())).unwrap();
        for ((id, _), fate) in self.fates.iter_mut().filter(|(_, fate)| held(fate)) {
            fate.due = times[id];
        }
    }

    fn submit(&mut self, null_sender: bool, recipients: &[(u8, u8)], size: usize, wanted: Wanted) {
        let id = fresh_id(self.now, &mut self.made);
        let due = match wanted {
            Wanted::Now => self.now,
            Wanted::In(seconds) => self.now.after(Duration::from_secs(u64::from(seconds))),
            Wanted::Held => Timestamp::NEVER,
        };
        let mut addresses: Vec<String> = recipients
            .iter()
            .map(|(user, domain)| format!("u{user}@d{domain}.example"))
            .collect();
        addresses.sort();
        addresses.dedup();
        let submission = Submission {
            id,
            received: self.now,
            reverse_path: if null_sender {
                ReversePath::Null
            } else {
                ReversePath::parse(&format!("<{SENDER}>")).unwrap()
            },
            recipients: addresses
                .iter()
                .map(|address| ForwardPath::parse(&format!("<{address}>")).unwrap())
                .collect(),
            eight_bit: false,
            smtputf8: false,
            head: Bytes::from_static(b"Received: here\r\n"),
            body: Body::in_memory(vec![Bytes::from(vec![b'x'; size])]),
            due,
            handling: Handling::default(),
        };
        let submitted = block_on(self.queue.submit(vec![submission], Batch::new())).unwrap();
        let deliveries = submitted.ready;
        for address in addresses {
            let fate = Fate {
                due,
                finals: 0,
                tried: false,
            };
            assert!(self.fates.insert((id, address), fate).is_none());
        }
        // The first attempt comes from the index, like any other: memory is the shell's affair.
        deliveries
            .into_iter()
            .for_each(|delivery| self.queue.unclaim(delivery));
    }

    fn attempt_due(&mut self, outcome: &mut dyn FnMut() -> u8) {
        let mut from = DueKey::FIRST;
        loop {
            let step = self.queue.due(from, self.now).unwrap();
            let claimed: Vec<Delivery> = step
                .entries
                .iter()
                .filter_map(|entry| self.queue.claim(entry.key).unwrap())
                .collect();
            let attempts: Vec<Attempt> = claimed
                .into_iter()
                .map(|delivery| self.attempt(delivery, outcome))
                .collect();
            self.settle(attempts);
            match step.next {
                NextStep::More(key) => from = key,
                NextStep::Wait(_) | NextStep::End => return,
            }
        }
    }

    fn attempt(&mut self, delivery: Delivery, outcome: &mut dyn FnMut() -> u8) -> Attempt {
        assert!(delivery.state.due <= self.now, "attempted before it is due");
        let message = Arc::clone(&delivery.message);
        let octets: usize = (0..message.pieces)
            .map(|piece| self.queue.piece(&message, piece).unwrap().len())
            .sum();
        assert_eq!(octets as u64, message.size);
        let reason = |status: &str| Reason {
            status: status.into(),
            text: format!("reply {status}"),
        };
        let mut verdicts = Vec::new();
        for recipient in delivery.waiting() {
            let key = (message.id, recipient.forward_path.as_str().to_owned());
            let verdict = match outcome() {
                0 => Verdict::Refused(reason("5.1.1")),
                1 => Verdict::Deferred(reason("4.2.0")),
                3 => Verdict::Unwanted { why: "bounce".into() },
                4 => Verdict::Untried,
                _ => Verdict::Delivered {
                    reply: "250 ok".into(),
                },
            };
            match self.fates.get_mut(&key) {
                Some(fate) => {
                    assert_eq!(fate.finals, 0, "attempted after its end: {key:?}");
                    assert!(fate.due <= self.now);
                    fate.tried = true;
                    match &verdict {
                        // Whether it is the last one depends on the schedule: `settle` looks at the record.
                        Verdict::Deferred(_) | Verdict::Held | Verdict::Untried => {}
                        Verdict::Refused(_)
                        | Verdict::Delivered { .. }
                        | Verdict::Unwanted { .. }
                        | Verdict::Canceled => fate.finals += 1,
                    }
                }
                None => {
                    assert_eq!(key.1, SENDER, "a message that nobody accepted");
                    assert_eq!(message.reverse_path, ReversePath::Null);
                }
            }
            verdicts.push(verdict);
        }
        Attempt {
            delivery,
            verdicts,
            host: Some("mx.example".into()),
        }
    }

    fn settle(&mut self, attempts: Vec<Attempt>) {
        let (now, made) = (self.now, &mut self.made);
        let mut notice_id = || fresh_id(now, made);
        let context = SettleContext {
            now,
            notice_id: &mut notice_id,
            chance: &mut || 0.5,
            witness: &NoWitness,
        };
        let settled = block_on(self.queue.settle(attempts, context)).unwrap();
        for report in &settled.deliveries {
            self.judge_notice(report);
            for recipient in &report.state.recipients {
                let key = (report.message.id, recipient.forward_path.as_str().to_owned());
                let Some(fate) = self.fates.get_mut(&key) else {
                    continue;
                };
                fate.due = report.state.due;
                let over = recipient.state != queue::RecipientState::Waiting;
                if over && fate.finals == 0 {
                    fate.finals = 1; // a deferral that was the last
                }
                assert_eq!(over, fate.finals == 1, "{key:?}");
            }
        }
        assert_eq!(
            settled.notices.len(),
            settled
                .deliveries
                .iter()
                .filter(|report| report.notice.is_some())
                .count()
        );
        settled
            .notices
            .into_iter()
            .for_each(|notice| self.queue.unclaim(notice));
    }

    /// A sender hears of a delivery exactly when one of its recipients has just failed, and nobody never.
    fn judge_notice(&self, report: &queue::SettledDelivery) {
        let failed = report
            .attempted
            .iter()
            .any(|at| report.state.recipients[*at].state == queue::RecipientState::Failed);
        let sender = report.message.reverse_path != ReversePath::Null;
        assert_eq!(report.notice.is_some(), failed && sender);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn every_history_ends_with_one_final_state_each_and_an_empty_store(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.run(step);
            let report = queue::check(&*world.store).unwrap();
            prop_assert_eq!(report.damaged, 0, "{:?}", report.damage);
        }
        world.release();
        for _ in 0..40 {
            world.now = world.now.after(Duration::from_secs(120));
            world.attempt_due(&mut || 2);
        }
        for (key, fate) in &world.fates {
            prop_assert_eq!(fate.finals, 1, "{:?}", key);
        }
        prop_assert_eq!(world.queue.live_deliveries(), 0);
        prop_assert_eq!(world.queue.live_body_bytes(), 0);
        let rest = world.store.scan(&[0], &[0xff], 10).unwrap();
        prop_assert!(rest.is_empty(), "left behind: {:?}", rest);
    }
}
