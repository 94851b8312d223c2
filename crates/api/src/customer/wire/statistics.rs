//! Statistics as JSON.

use std::collections::BTreeMap;

use ledger::{Actors, Counts, Interval, LinkClicks, Stream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A pool of addresses.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StreamName {
    Transactional,
    Broadcast,
    Shared,
}

/// Whose opens and clicks are counted.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HitsOf {
    All,
    HumanOnly,
    ScannerOnly,
}

/// How long a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IntervalName {
    Hour,
    Day,
    Week,
    Month,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MetricName {
    Sends,
    Deliveries,
    Bounces,
    Opens,
    Clicks,
    Complaints,
    Unsubscribes,
}

/// Counts and rates. Rates are per cent with two digits, 0 where nothing was sent or delivered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TotalsView {
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
    pub(crate) bounced: u64,
    pub(crate) hard_bounced: u64,
    pub(crate) soft_bounced: u64,
    /// Attempts that failed for now.
    pub(crate) deferred: u64,
    pub(crate) failed: u64,
    pub(crate) suppressed: u64,
    pub(crate) opens: u64,
    /// E-mails opened.
    pub(crate) unique_opens: u64,
    pub(crate) clicks: u64,
    /// E-mails of which a link was followed.
    pub(crate) unique_clicks: u64,
    pub(crate) unsubscribes: u64,
    pub(crate) complaints: u64,
    pub(crate) delivery_rate: f64,
    pub(crate) open_rate: f64,
    pub(crate) click_rate: f64,
    pub(crate) bounce_rate: f64,
    pub(crate) complaint_rate: f64,
}

/// One metric over time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MetricSeries {
    /// The points, oldest first.
    pub(crate) days: Vec<MetricPoint>,
    /// Their sum.
    pub(crate) totals: MetricCounts,
    /// The links that were followed, when an e-mail was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) links: Option<Vec<LinkView>>,
}

/// One stretch of time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MetricPoint {
    /// When it begins: a date, or a timestamp where points are hours.
    pub(crate) date: String,
    #[serde(flatten)]
    pub(crate) counts: MetricCounts,
}

/// What was counted of one metric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MetricCounts {
    /// All, by whom `filter` says.
    pub(crate) count: u64,
    /// Bounces because the address is bad.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) hard: Option<u64>,
    /// Other bounces.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) soft: Option<u64>,
    /// Opens and clicks by humans.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) human: Option<u64>,
    /// Those by machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) machine: Option<u64>,
    /// Those by nobody knows whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) unknown: Option<u64>,
    /// E-mails with at least one, by whom `filter` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) unique: Option<u64>,
    /// Bounces by class.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) by_class: Option<BTreeMap<String, u64>>,
}

/// How often a link was followed.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct LinkView {
    /// Which link of the e-mail, from 0.
    pub(crate) link: u16,
    /// By whom `filter` says.
    pub(crate) clicks: u64,
    pub(crate) human: u64,
    /// By anybody else.
    pub(crate) other: u64,
}

impl From<StreamName> for Stream {
    fn from(name: StreamName) -> Self {
        match name {
            StreamName::Transactional => Self::Transactional,
            StreamName::Broadcast => Self::Broadcast,
            StreamName::Shared => Self::Shared,
        }
    }
}

impl From<HitsOf> for Actors {
    fn from(name: HitsOf) -> Self {
        match name {
            HitsOf::All => Self::All,
            HitsOf::HumanOnly => Self::HumanOnly,
            HitsOf::ScannerOnly => Self::ScannerOnly,
        }
    }
}

impl From<IntervalName> for Interval {
    fn from(name: IntervalName) -> Self {
        match name {
            IntervalName::Hour => Self::Hour,
            IntervalName::Day => Self::Day,
            IntervalName::Week => Self::Week,
            IntervalName::Month => Self::Month,
        }
    }
}

impl TotalsView {
    pub(crate) fn of(counts: &Counts, actors: Actors) -> Self {
        let (unique_opens, unique_clicks) = (counts.unique_opens.of(actors), counts.unique_clicks.of(actors));
        let (sent, delivered, bounced) = (counts.sent, counts.delivered, counts.bounced());
        Self {
            sent,
            delivered,
            bounced,
            hard_bounced: counts.hard_bounced,
            soft_bounced: counts.soft_bounced,
            deferred: counts.deferred,
            failed: counts.failed,
            suppressed: counts.suppressed,
            opens: counts.opens.of(actors),
            unique_opens,
            clicks: counts.clicks.of(actors),
            unique_clicks,
            unsubscribes: counts.unsubscribed,
            complaints: counts.complained,
            delivery_rate: rate(delivered, sent),
            open_rate: rate(unique_opens, delivered),
            click_rate: rate(unique_clicks, delivered),
            bounce_rate: rate(bounced, sent),
            complaint_rate: rate(counts.complained, delivered),
        }
    }
}

impl MetricCounts {
    pub(crate) fn of(metric: MetricName, counts: &Counts, actors: Actors) -> Self {
        let only = |count| Self {
            count,
            ..Self::default()
        };
        let hits = |hits: ledger::ByActor, unique: ledger::Unique| Self {
            human: Some(hits.human),
            machine: Some(hits.machine),
            unknown: Some(hits.unknown),
            unique: Some(unique.of(actors)),
            ..only(hits.of(actors))
        };
        match metric {
            MetricName::Sends => only(counts.sent),
            MetricName::Deliveries => only(counts.delivered),
            MetricName::Bounces => Self {
                hard: Some(counts.hard_bounced),
                soft: Some(counts.soft_bounced),
                by_class: Some(counts.bounced_as.clone()),
                ..only(counts.bounced())
            },
            MetricName::Opens => hits(counts.opens, counts.unique_opens),
            MetricName::Clicks => hits(counts.clicks, counts.unique_clicks),
            MetricName::Complaints => only(counts.complained),
            MetricName::Unsubscribes => only(counts.unsubscribed),
        }
    }

    /// Counts `other` too, which is of the same metric.
    pub(crate) fn add(&mut self, other: &Self) {
        self.count += other.count;
        for (mine, more) in [
            (&mut self.hard, other.hard),
            (&mut self.soft, other.soft),
            (&mut self.human, other.human),
            (&mut self.machine, other.machine),
            (&mut self.unknown, other.unknown),
            (&mut self.unique, other.unique),
        ] {
            if let (Some(mine), Some(more)) = (mine, more) {
                *mine += more;
            }
        }
        if let (Some(mine), Some(more)) = (&mut self.by_class, &other.by_class) {
            for (class, count) in more {
                *mine.entry(class.clone()).or_default() += count;
            }
        }
    }
}

impl LinkView {
    pub(crate) fn of(LinkClicks { link, human, other }: LinkClicks, actors: Actors) -> Self {
        let clicks = match actors {
            Actors::All => human.saturating_add(other),
            Actors::HumanOnly => human,
            Actors::ScannerOnly => other,
        };
        Self {
            link,
            clicks,
            human,
            other,
        }
    }
}

/// Per cent with two digits.
fn rate(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    let hundredths = (u128::from(part) * 10_000 + u128::from(whole / 2)) / u128::from(whole);
    f64::from(u32::try_from(hundredths).unwrap_or(u32::MAX)) / 100.0
}
