//! Reads the due index in due order and dispatches what is due, as far as there is room; sleeps until the next.

use std::sync::Arc;

use queue::{DueEntry, DueKey, NextStep, QueueError};
use smtp::address::Domain;

use super::Shared;
use crate::clock;

/// What the scheduler waits for.
enum Wait {
    /// The time of an entry.
    Until(DueKey),
    /// A kick: the index is empty behind here, or memory is full.
    Kick,
}

/// Runs until the program ends.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut from = DueKey::FIRST;
    let mut wait = Wait::Kick;
    loop {
        match wait {
            Wait::Kick => shared.kick.notified().await,
            Wait::Until(key) => {
                let pause = key.due.since(clock::now());
                tokio::select! {
                    () = shared.kick.notified() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
        if let Some(key) = shared.take_kick() {
            from = from.min(key);
        }
        wait = match walk(&shared, &mut from).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::error!(%error, "the due index cannot be read");
                Wait::Kick
            }
        };
    }
}

/// Dispatches everything due from `from` on and leaves `from` at the first entry not dealt with.
async fn walk(shared: &Arc<Shared>, from: &mut DueKey) -> Result<Wait, QueueError> {
    loop {
        if shared.is_stopping() {
            return Ok(Wait::Kick);
        }
        let step = shared.queue.due(*from, clock::now())?;
        for entry in step.entries {
            if !shared.queue.has_room() {
                *from = entry.key;
                return Ok(Wait::Kick);
            }
            dispatch(shared, entry);
        }
        match step.next {
            NextStep::More(key) => *from = key,
            NextStep::Wait(key) => {
                *from = key;
                return Ok(Wait::Until(key));
            }
            NextStep::End => return Ok(Wait::Kick),
        }
        tokio::task::yield_now().await;
    }
}

fn dispatch(shared: &Arc<Shared>, entry: DueEntry) {
    if !has_room(shared, &entry) {
        return;
    }
    match shared.queue.claim(entry.key) {
        Ok(Some(delivery)) => shared.dispatch(delivery),
        Ok(None) => {}
        Err(error) => {
            shared.metrics.damaged();
            tracing::error!(delivery = %entry.key.id, %error, "a due delivery cannot be read and stays where it is");
        }
    }
}

/// Whether the entry's route has room; when not, the route's lane has taken note of it. A route that is not known yet has room.
fn has_room(shared: &Shared, entry: &DueEntry) -> bool {
    let Ok(domain) = Domain::parse(&entry.domain) else {
        return true;
    };
    let site = shared.dns.remembered(&domain, std::time::Instant::now());
    let route = site.and_then(|site| shared.places.known_route(&site));
    route.is_none_or(|route| route.has_room_for(entry.key))
}
