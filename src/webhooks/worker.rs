//! Reads the due index in due order, takes what there is room for, and sleeps until the next is due, a place is free, or it
//! is told.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ledger::LedgerError;
use ledger::webhook::destination::Destination;
use ledger::webhook::schedule::retry_after_ms;
use ledger::webhook::{Attempted, Delivery, DueEntry, Headers, Next, Response, Settled, WebhookId};
use store::Batch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::Shared;
use super::places::{Room, Taken};
use crate::clock;

/// Entries read at once; what is put right of them is one commit.
const PAGE: usize = 64;
/// How often everything is looked through, from the beginning of the index.
const FULL_EVERY: Duration = Duration::from_secs(60);
/// How far before the last look the next one begins: an event is recorded a moment after it happened. What has been dealt
/// with since then is stepped over each time. What is recorded later still is found when everything is looked through.
const LOOK_BACK_MS: u64 = 10 * 1000;
/// How soon it is looked after a kick, and again, each time [`FOLLOW_FACTOR`] as long after: who kicks commits next, and
/// for how long that takes nobody knows.
const FOLLOW_FIRST: Duration = Duration::from_millis(20);
const FOLLOW_FACTOR: u32 = 4;
const FOLLOW_MAX: Duration = Duration::from_secs(2);
/// How soon it is looked again when something is left that can be dealt with at once.
const SOON: Duration = Duration::from_millis(50);
/// How long an entry waits for a busy endpoint; the ones behind it wait longer, so that they come back one by one and not
/// all together.
const BUSY_MS: u64 = 1000;
const SPREAD_MS: u64 = 10;
const SPREAD_MS_MAX: u64 = 10 * 60 * 1000;
/// How long an endpoint is left alone whose attempts cannot be settled.
const UNSETTLED_MS: u64 = 60 * 1000;

/// From where to look, and how far that has come.
struct Look {
    from_unix_ms: u64,
    full_at: Instant,
    /// Entries put off, by endpoint.
    put_off: HashMap<WebhookId, u64>,
    /// The first entry that is left where it is.
    left_unix_ms: Option<u64>,
    again: bool,
}

/// Runs until the program ends and what is under way is settled.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut attempts = JoinSet::new();
    let stopped = shared.lifecycle.stopped();
    tokio::pin!(stopped);
    let mut look = Look::new();
    let mut follow = Follow::default();
    'looks: loop {
        let pause = match walk(&shared, &mut look, &mut attempts).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(%error, "webhooks that are due cannot be read");
                FULL_EVERY
            }
        };
        follow.after_look(pause);
        loop {
            tokio::select! {
                () = &mut stopped => break 'looks,
                () = shared.kick.notified() => follow.kicked(),
                Some(ended) = attempts.join_next(), if !attempts.is_empty() => {
                    tell_defect(ended);
                    break;
                }
                () = sleep_until(follow.at) => break,
            }
        }
    }
    while let Some(ended) = attempts.join_next().await {
        tell_defect(ended);
    }
}

fn tell_defect(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "an attempt of a webhook ended by a defect");
    }
}

/// Deals with everything that is due, as far as there is room; says when to look again.
async fn walk(
    shared: &Arc<Shared>,
    look: &mut Look,
    attempts: &mut JoinSet<()>,
) -> Result<Duration, LedgerError> {
    let started = clock::now().unix_ms();
    look.begin();
    let mut after: Option<DueEntry> = None;
    loop {
        let now = clock::now().unix_ms();
        let due = shared
            .ledger
            .due_webhooks(look.from_unix_ms, after.as_ref(), now, PAGE)?;
        let mut tidy = Batch::new();
        tidy.patient();
        let mut full = false;
        for entry in &due.entries {
            if full {
                look.leave(entry);
                break;
            }
            full = deal(shared, entry, look, attempts, &mut tidy)?;
        }
        shared.ledger.tidy_webhooks(tidy).await?;
        if full {
            // A place that becomes free makes it look again.
            look.end(started);
            return Ok(FULL_EVERY);
        }
        match due.next {
            Next::More => after = due.entries.last().cloned(),
            next => {
                look.end(started);
                return Ok(look.pause(next));
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Deals with one entry; says whether there is room for nobody any more.
fn deal(
    shared: &Arc<Shared>,
    entry: &DueEntry,
    look: &mut Look,
    attempts: &mut JoinSet<()>,
    tidy: &mut Batch,
) -> Result<bool, LedgerError> {
    let now = clock::now().unix_ms();
    match shared.places.room(entry, now) {
        Room::UnderWay => look.leave(entry),
        Room::LineUnderWay => shared.ledger.dismiss_webhook(entry, tidy),
        Room::Busy => {
            let until = now + BUSY_MS + look.put_off(entry);
            shared.ledger.postpone_webhook(entry, until, tidy)?;
        }
        Room::Paused(until) => {
            let until = until.saturating_add(look.put_off(entry));
            shared.ledger.postpone_webhook(entry, until, tidy)?;
        }
        Room::Full => {
            look.leave(entry);
            return Ok(true);
        }
        Room::Free => match shared.ledger.take_webhook(entry, now, tidy) {
            Ok(Some(delivery)) => {
                look.leave(entry);
                let taken = Taken::new(shared, entry.clone());
                attempts.spawn(attempt(Arc::clone(shared), delivery, taken));
            }
            // Of a line there may be more.
            Ok(None) => look.again |= entry.is_line(),
            Err(error @ LedgerError::Damaged { .. }) => {
                let (account, endpoint) = (entry.account(), entry.endpoint());
                tracing::error!(%account, %endpoint, %error, "a webhook cannot be read and stays where it is");
            }
            Err(error) => return Err(error),
        },
    }
    Ok(false)
}

/// Makes one attempt and settles it. The place is free when that is done.
async fn attempt(shared: Arc<Shared>, delivery: Delivery, taken: Taken) {
    let endpoint = delivery.endpoint.id;
    let started_unix_ms = clock::now().unix_ms();
    let started = Instant::now();
    let result = send(&shared, &delivery, started_unix_ms).await;
    let took = started.elapsed();
    let attempted = Attempted {
        started_unix_ms,
        duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        result,
    };
    let now = clock::now().unix_ms();
    let settled = shared
        .ledger
        .settle_webhook(&delivery, &attempted, clock::entropy(), now)
        .await;
    match settled {
        Ok(settled) => {
            if let Some(pause_ms) = settled.pause_ms {
                shared.places.pause(endpoint, now.saturating_add(pause_ms), now);
            }
            tell(&delivery, &attempted, &settled);
        }
        Err(error) => {
            shared.places.pause(endpoint, now + UNSETTLED_MS, now);
            tracing::error!(%endpoint, message = %delivery.message, %error, "an attempt of a webhook cannot be settled; it will be made again");
        }
    }
    drop(taken);
}

async fn send(shared: &Shared, delivery: &Delivery, now_unix_ms: u64) -> Result<Response, String> {
    let endpoint = &delivery.endpoint;
    // What is allowed may have changed since the URL was set.
    let destination = Destination::parse(&endpoint.url, &shared.policy).map_err(|error| error.to_string())?;
    let body = delivery.payload.body().clone();
    let headers = Headers::new(endpoint, delivery.message, &body, now_unix_ms);
    let resolve = async |host: String| {
        let found = shared.dns.addresses(&host).await;
        found.map_err(|error| error.to_string())
    };
    let answer = shared.sender.post(&destination, &headers, body, resolve).await;
    let answer = answer.map_err(|failure| failure.to_string())?;
    let asked = answer.retry_after.as_deref();
    Ok(Response {
        status: answer.status,
        retry_after_ms: asked.and_then(|text| retry_after_ms(text, clock::now().unix_ms())),
        excerpt: String::from_utf8_lossy(&answer.body).into_owned(),
    })
}

/// Ids and figures: neither what was sent nor what came back.
fn tell(delivery: &Delivery, attempted: &Attempted, settled: &Settled) {
    let (account, endpoint) = (delivery.endpoint.account, delivery.endpoint.id);
    let status = attempted.result.as_ref().map_or(0, |response| response.status);
    tracing::debug!(
        %account, %endpoint, message = %delivery.message, attempt = delivery.number, status,
        duration_ms = attempted.duration_ms, fate = ?settled.fate, "webhook"
    );
    if let Some(reason) = settled.disabled {
        let reason = reason.as_str();
        tracing::warn!(%account, %endpoint, reason, "a webhook was disabled");
    }
}

/// When it is looked next.
struct Follow {
    at: Instant,
    /// How long after that again, if there was a kick.
    again: Option<Duration>,
}

impl Default for Follow {
    fn default() -> Self {
        Self {
            at: Instant::now(),
            again: None,
        }
    }
}

impl Follow {
    fn kicked(&mut self) {
        self.at = self.at.min(Instant::now() + FOLLOW_FIRST);
        self.again = Some(FOLLOW_FIRST * FOLLOW_FACTOR);
    }

    /// `pause` is when the look itself asks for another.
    fn after_look(&mut self, pause: Duration) {
        let again = self.again.filter(|again| *again <= FOLLOW_MAX);
        self.again = again.map(|again| again * FOLLOW_FACTOR);
        self.at = Instant::now() + again.map_or(pause, |again| again.min(pause));
    }
}

impl Look {
    fn new() -> Self {
        Self {
            from_unix_ms: 0,
            full_at: Instant::now(),
            put_off: HashMap::new(),
            left_unix_ms: None,
            again: false,
        }
    }

    fn begin(&mut self) {
        if Instant::now() >= self.full_at {
            self.from_unix_ms = 0;
            self.full_at = Instant::now() + FULL_EVERY;
        }
        self.put_off.clear();
        self.left_unix_ms = None;
        self.again = false;
    }

    /// Everything before what is left has been dealt with.
    fn end(&mut self, started_unix_ms: u64) {
        let seen = started_unix_ms.saturating_sub(LOOK_BACK_MS);
        self.from_unix_ms = self.left_unix_ms.map_or(seen, |left| left.min(seen));
    }

    fn leave(&mut self, entry: &DueEntry) {
        let left = self.left_unix_ms.unwrap_or(entry.due_unix_ms);
        self.left_unix_ms = Some(left.min(entry.due_unix_ms));
    }

    /// How much longer this entry waits than the first of its endpoint.
    fn put_off(&mut self, entry: &DueEntry) -> u64 {
        let count = self.put_off.entry(entry.endpoint()).or_default();
        let longer = (*count * SPREAD_MS).min(SPREAD_MS_MAX);
        *count += 1;
        longer
    }

    fn pause(&self, next: Next) -> Duration {
        if self.again {
            return SOON;
        }
        match next {
            Next::At(due) => {
                Duration::from_millis(due.saturating_sub(clock::now().unix_ms())).min(FULL_EVERY)
            }
            Next::More | Next::Nothing => FULL_EVERY,
        }
    }
}
