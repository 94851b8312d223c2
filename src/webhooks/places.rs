//! What is under way, and which endpoints are to be left alone. Bounded by the requests under way, and by the endpoints that
//! asked for a pause within the last hour.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use ledger::webhook::{DueEntry, WebhookId};

use super::{REQUESTS_MAX, REQUESTS_PER_ENDPOINT_MAX};

/// Pauses remembered; when there are more, those that are over are forgotten, then all.
const PAUSES_MAX: usize = 10_000;

/// What is under way.
#[derive(Default)]
pub(super) struct Places(Mutex<Content>);

#[derive(Default)]
struct Content {
    under_way: HashSet<DueEntry>,
    requests: HashMap<WebhookId, usize>,
    lines: HashSet<WebhookId>,
    paused_until: HashMap<WebhookId, u64>,
}

/// What can be done with an entry now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// It can be taken.
    Free,
    /// It has been.
    UnderWay,
    /// Another one of its line has been: this one is not needed.
    LineUnderWay,
    /// Its endpoint has as many requests as it may.
    Busy,
    /// Its endpoint is to be left alone until this time, in milliseconds since the epoch.
    Paused(u64),
    /// There is room for nobody.
    Full,
}

/// A place taken, until it is dropped.
pub(super) struct Taken {
    shared: Arc<super::Shared>,
    entry: DueEntry,
}

impl Places {
    /// What can be done with `entry`.
    pub(super) fn room(&self, entry: &DueEntry, now_unix_ms: u64) -> Room {
        let content = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let endpoint = entry.endpoint();
        let paused = content.paused_until.get(&endpoint).copied();
        if content.under_way.contains(entry) {
            Room::UnderWay
        } else if entry.is_line() && content.lines.contains(&endpoint) {
            Room::LineUnderWay
        } else if let Some(until) = paused.filter(|until| *until > now_unix_ms) {
            Room::Paused(until)
        } else if content.requests.get(&endpoint).copied().unwrap_or(0) >= REQUESTS_PER_ENDPOINT_MAX {
            Room::Busy
        } else if content.under_way.len() >= REQUESTS_MAX {
            Room::Full
        } else {
            Room::Free
        }
    }

    /// Leaves an endpoint alone until `until_unix_ms`.
    pub(super) fn pause(&self, endpoint: WebhookId, until_unix_ms: u64, now_unix_ms: u64) {
        let mut content = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pauses = &mut content.paused_until;
        if pauses.len() >= PAUSES_MAX {
            pauses.retain(|_, until| *until > now_unix_ms);
            if pauses.len() >= PAUSES_MAX {
                pauses.clear();
            }
        }
        let until = pauses.entry(endpoint).or_default();
        *until = until_unix_ms.max(*until);
    }
}

impl Taken {
    /// Takes a place for `entry`.
    pub(super) fn new(shared: &Arc<super::Shared>, entry: DueEntry) -> Self {
        let mut content = shared.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        content.under_way.insert(entry.clone());
        *content.requests.entry(entry.endpoint()).or_default() += 1;
        if entry.is_line() {
            content.lines.insert(entry.endpoint());
        }
        drop(content);
        Self {
            shared: Arc::clone(shared),
            entry,
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut content = self
            .shared
            .places
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let endpoint = self.entry.endpoint();
        content.under_way.remove(&self.entry);
        if self.entry.is_line() {
            content.lines.remove(&endpoint);
        }
        if let Some(count) = content.requests.get_mut(&endpoint) {
            *count -= 1;
            if *count == 0 {
                content.requests.remove(&endpoint);
            }
        }
    }
}
