//! Settles attempts in groups: while one group is being committed the next one gathers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use queue::limits::SETTLE_RECIPIENTS_MAX;
use queue::{Attempt, Fate, SettleContext, Settled, SettledDelivery};
use tokio::sync::mpsc;

use super::Shared;
use crate::clock;
use crate::journal::Event;

/// Attempts settled in one commit at most.
const GROUP_MAX: usize = 512;

/// An attempt, and when its outcome was heard: until it is committed a crash would repeat it.
pub(super) struct Heard {
    pub(super) attempt: Attempt,
    pub(super) at: Instant,
}

/// Runs until every sender is gone.
pub(super) async fn run(shared: Arc<Shared>, mut heard: mpsc::UnboundedReceiver<Heard>) {
    let mut group = Vec::new();
    while heard.recv_many(&mut group, GROUP_MAX).await > 0 {
        while !group.is_empty() {
            settle(&shared, take_bounded(&mut group)).await;
        }
    }
}

/// Takes as many attempts as fit in one batch of the store.
fn take_bounded(group: &mut Vec<Heard>) -> Vec<Heard> {
    let mut recipients = 0;
    let fits = group.iter().take_while(|heard| {
        recipients += heard.attempt.delivery.state.recipients.len();
        recipients <= SETTLE_RECIPIENTS_MAX
    });
    let count = fits.count().max(1);
    group.drain(..count).collect()
}

async fn settle(shared: &Arc<Shared>, group: Vec<Heard>) {
    let had_room = shared.queue.has_room();
    let count = group.len();
    let oldest = group.iter().map(|heard| heard.at).min();
    let attempts: Vec<Attempt> = group.into_iter().map(|heard| heard.attempt).collect();
    let now = clock::now();
    let context = SettleContext {
        now,
        notice_id: &mut || clock::queue_id(now),
        chance: &mut clock::chance,
        witness: shared.chronicle.as_ref(),
    };
    match shared.queue.settle(attempts, context).await {
        Ok(settled) => finish(shared, settled, oldest.map_or(Duration::ZERO, |at| at.elapsed())),
        // The outcomes heard are the duplicates of the restart.
        Err(error) => shared
            .lifecycle
            .fail(format!("attempts could not be settled: {error}")),
    }
    shared.unsettled.fetch_sub(count, Ordering::AcqRel);
    if !had_room && shared.queue.has_room() {
        shared.kick.notify_one();
    }
}

fn finish(shared: &Arc<Shared>, settled: Settled, window: Duration) {
    shared.metrics.settled(&settled.tally, window);
    for delivery in &settled.deliveries {
        tell(shared, delivery);
    }
    settled
        .notices
        .into_iter()
        .for_each(|notice| shared.dispatch(notice));
    if let Some(key) = settled.next_due {
        shared.kick(key);
    }
}

/// Tells the journal what became of each recipient attempted.
fn tell(shared: &Shared, settled: &SettledDelivery) {
    let SettledDelivery {
        message, state, host, ..
    } = settled;
    let (id, attempt) = (message.id, state.attempts);
    let age = clock::now().since(message.received);
    for (at, fate) in settled.attempted.iter().zip(&settled.fates) {
        let Some(recipient) = state.recipients.get(*at) else {
            continue;
        };
        let reply = recipient.last_reply.as_deref().unwrap_or("");
        let (reply, to): (&dyn std::fmt::Display, &dyn std::fmt::Display) = (&reply, &recipient.forward_path);
        let event = match fate {
            Fate::Delivered => {
                shared.metrics.latency(age);
                let host = host.as_deref().unwrap_or("");
                Event::Delivered {
                    id,
                    recipient: to,
                    host,
                    reply,
                    attempt,
                    age,
                }
            }
            Fate::Deferred { .. } => Event::Deferred {
                id,
                recipient: to,
                reply,
                attempt,
                next_attempt: state.due,
            },
            Fate::Refused { .. } | Fate::Expired { .. } => Event::Bounced {
                id,
                recipient: to,
                reply,
                attempt,
            },
            Fate::Canceled => Event::Canceled { id, recipient: to },
            Fate::Held => Event::Held { id, recipient: to },
            Fate::Unwanted { .. } => Event::Unwanted {
                id,
                recipient: to,
                why: reply,
            },
        };
        shared.journal.record(event);
    }
    if let Some(notice) = settled.notice {
        shared.journal.record(Event::Noticed {
            id: notice,
            about: id,
        });
    }
}
