//! The additions of one batch, summed before they enter it.
//!
//! Each addition to a counter is a record of its own until somebody reads it. A batch of 500 e-mails adds to the same few
//! counters 500 times; a tally makes one addition of them.

use std::collections::BTreeMap;

use store::Batch;

use super::metric::Metric;
use super::{Grain, read};
use crate::event::{EmailContext, Event, EventKind, HitActor};
use crate::id::AccountId;
use crate::keys;

/// What the events of a batch add to counters, until [`Tally::put`] puts it there.
#[derive(Debug, Default)]
#[must_use = "what is counted is lost unless it is put into the batch of its events"]
pub struct Tally {
    hours: BTreeMap<Slot, i64>,
    clicks: BTreeMap<Vec<u8>, i64>,
}

/// One metric of one kind of mail in one hour.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    account: [u8; 16],
    mail: read::Mail,
    tag: [u8; 8],
    hour: u32,
    metric: Metric,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one event of a live e-mail.
    pub(crate) fn count(&mut self, email: &EmailContext, event: &Event) {
        Metric::of(&event.kind, |metric| {
            let slot = Slot {
                account: email.account.to_bytes(),
                mail: read::Mail::of(email),
                tag: email.tag.to_bytes(),
                hour: Grain::Hour.number(event.at_unix_ms),
                metric,
            };
            *self.hours.entry(slot).or_default() += 1;
        });
        if let EventKind::Clicked { hit, link, .. } = &event.kind {
            let key = keys::clicks(email.email, *link, hit.actor == HitActor::Human);
            *self.clicks.entry(key).or_default() += 1;
        }
    }

    /// Puts what was counted into `batch`, each counter once, and starts again from nothing.
    pub fn put(&mut self, batch: &mut Batch) {
        let mut counters = std::mem::take(&mut self.clicks);
        for (slot, count) in std::mem::take(&mut self.hours) {
            for key in slot.keys() {
                *counters.entry(key).or_default() += count;
            }
        }
        for (key, count) in counters {
            batch.add(key, count);
        }
    }
}

impl Slot {
    /// The counters to which it adds.
    fn keys(&self) -> impl Iterator<Item = Vec<u8>> {
        let tagged = |cell: &dyn Fn() -> Vec<u8>| (self.tag != [0; 8]).then(cell);
        let cells = [
            Some(vec![read::WHOLE]),
            Some([&[read::BY_MAIL][..], &self.mail.0].concat()),
            tagged(&|| [&[read::BY_TAG][..], &self.tag, &self.mail.0].concat()),
            tagged(&|| [&[read::TAG_WHOLE][..], &self.tag].concat()),
        ];
        let grains = [(Grain::Hour, self.hour), (Grain::Day, self.hour / 24)];
        let cells = cells.into_iter().flatten();
        cells.flat_map(move |cell| {
            grains.map(|(grain, number)| {
                let mut key = keys::counters(AccountId::from_bytes(self.account), grain.to_byte());
                key.extend_from_slice(&cell);
                key.extend_from_slice(&number.to_be_bytes());
                self.metric.write(&mut key);
                key
            })
        })
    }
}
