//! Counters read together.

use std::collections::BTreeMap;

use super::metric::Metric;
use crate::event::HitActor;

/// Whose opens and clicks are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Actors {
    /// Everybody's.
    #[default]
    All,
    /// Those by humans.
    HumanOnly,
    /// All others: those by machines, and those that nobody can tell.
    ScannerOnly,
}

/// Hits by who made them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByActor {
    /// By humans.
    pub human: u64,
    /// By machines.
    pub machine: u64,
    /// By nobody knows whom.
    pub unknown: u64,
}

/// E-mails with at least one hit. One that both a human and a machine opened is in both parts and once in `all`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unique {
    /// With one by a human.
    pub human: u64,
    /// With one by anybody else.
    pub other: u64,
    /// With any.
    pub all: u64,
}

/// What is counted, in one stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Recipients whose mail left.
    pub sent: u64,
    /// Recipients whose mail the next hop took.
    pub delivered: u64,
    /// Refused for good because the address is bad.
    pub hard_bounced: u64,
    /// Refused for good for any other reason.
    pub soft_bounced: u64,
    /// Attempts that failed for now.
    pub deferred: u64,
    /// Could not be sent.
    pub failed: u64,
    /// Not sent to who wants no mail.
    pub suppressed: u64,
    /// Called spam.
    pub complained: u64,
    /// Recipients who want no more.
    pub unsubscribed: u64,
    /// Opens.
    pub opens: ByActor,
    /// Clicks.
    pub clicks: ByActor,
    /// E-mails opened.
    pub unique_opens: Unique,
    /// E-mails of which a link was followed.
    pub unique_clicks: Unique,
    /// Bounces by the name of their class.
    pub bounced_as: BTreeMap<String, u64>,
}

/// How often a link of an e-mail was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkClicks {
    /// Which link, counted from 0.
    pub link: u16,
    /// By humans.
    pub human: u64,
    /// By anybody else.
    pub other: u64,
}

impl ByActor {
    /// Those by `actors`.
    pub fn of(self, actors: Actors) -> u64 {
        match actors {
            Actors::All => self.human + self.machine + self.unknown,
            Actors::HumanOnly => self.human,
            Actors::ScannerOnly => self.machine + self.unknown,
        }
    }

    fn slot(&mut self, actor: HitActor) -> &mut u64 {
        match actor {
            HitActor::Human => &mut self.human,
            HitActor::Machine => &mut self.machine,
            HitActor::Unknown => &mut self.unknown,
        }
    }
}

impl Unique {
    /// Those by `actors`.
    pub fn of(self, actors: Actors) -> u64 {
        match actors {
            Actors::All => self.all,
            Actors::HumanOnly => self.human,
            Actors::ScannerOnly => self.other,
        }
    }

    fn slot(&mut self, human: bool) -> &mut u64 {
        if human { &mut self.human } else { &mut self.other }
    }
}

impl Counts {
    /// All bounces.
    pub fn bounced(&self) -> u64 {
        self.hard_bounced.saturating_add(self.soft_bounced)
    }

    /// These without those of `earlier`, which are among them.
    pub(crate) fn less(mut self, earlier: &Self) -> Self {
        let mut earlier = earlier.clone();
        let pairs = self.slots_mut().into_iter().zip(earlier.slots_mut());
        pairs.for_each(|(slot, earlier)| *slot = slot.saturating_sub(*earlier));
        for (class, count) in &mut self.bounced_as {
            *count = count.saturating_sub(earlier.bounced_as.get(class).copied().unwrap_or_default());
        }
        self.bounced_as.retain(|_, count| *count > 0);
        self
    }

    /// All but the classes of bounces, in the order in which they stand in records.
    pub(crate) fn slots_mut(&mut self) -> [&mut u64; 21] {
        let Self {
            sent,
            delivered,
            hard_bounced,
            soft_bounced,
            deferred,
            failed,
            suppressed,
            complained,
            unsubscribed,
            opens,
            clicks,
            unique_opens,
            unique_clicks,
            bounced_as: _,
        } = self;
        [
            sent,
            delivered,
            hard_bounced,
            soft_bounced,
            deferred,
            failed,
            suppressed,
            complained,
            unsubscribed,
            &mut opens.human,
            &mut opens.machine,
            &mut opens.unknown,
            &mut clicks.human,
            &mut clicks.machine,
            &mut clicks.unknown,
            &mut unique_opens.human,
            &mut unique_opens.other,
            &mut unique_opens.all,
            &mut unique_clicks.human,
            &mut unique_clicks.other,
            &mut unique_clicks.all,
        ]
    }

    pub(super) fn add(&mut self, metric: Metric, count: u64) {
        let slot = match metric {
            Metric::Sent => &mut self.sent,
            Metric::Delivered => &mut self.delivered,
            Metric::HardBounced => &mut self.hard_bounced,
            Metric::SoftBounced => &mut self.soft_bounced,
            Metric::Deferred => &mut self.deferred,
            Metric::Failed => &mut self.failed,
            Metric::Suppressed => &mut self.suppressed,
            Metric::Complained => &mut self.complained,
            Metric::Unsubscribed => &mut self.unsubscribed,
            Metric::Opens(actor) => self.opens.slot(actor),
            Metric::Clicks(actor) => self.clicks.slot(actor),
            Metric::UniqueOpens { human } => self.unique_opens.slot(human),
            Metric::UniqueClicks { human } => self.unique_clicks.slot(human),
            Metric::AllUniqueOpens => &mut self.unique_opens.all,
            Metric::AllUniqueClicks => &mut self.unique_clicks.all,
            Metric::BouncedAs(class) => self.bounced_as.entry(class).or_default(),
        };
        *slot = slot.saturating_add(count);
    }
}
