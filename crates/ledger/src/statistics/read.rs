//! Reading the counters.

use bytes::Bytes;

use super::counts::{Counts, LinkClicks};
use super::metric::Metric;
use super::{Grain, Interval};
use crate::email::Stream;
use crate::error::LedgerError;
use crate::event::{EmailContext, TagDigest};
use crate::id::{AccountId, DomainId, EmailId};
use crate::keys;
use crate::ledger::Ledger;
use crate::limits::{SERIES_POINTS_MAX, STATISTICS_CELLS_MAX};

/// What the cells of an account begin with: all of its mail, that of a domain and stream, that of a tag, domain and stream,
/// that of a tag.
pub(super) const WHOLE: u8 = 0;
pub(super) const BY_MAIL: u8 = 1;
pub(super) const BY_TAG: u8 = 2;
pub(super) const TAG_WHOLE: u8 = 3;

/// Counters read at once.
const CHUNK_ROWS: usize = 4096;

/// Which mail is asked about: all of it that fits whatever is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatisticsFilter {
    /// Mail from this domain.
    pub domain: Option<DomainId>,
    /// Mail through this pool of addresses.
    pub stream: Option<Stream>,
    /// Mail with this tag.
    pub tag: Option<String>,
}

/// One point of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// When it begins, in milliseconds since the epoch.
    pub from_unix_ms: u64,
    /// What was counted in it.
    pub counts: Counts,
}

/// The domain and stream of mail, as in keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mail(pub(super) [u8; Self::BYTES]);

impl Mail {
    const BYTES: usize = 17;

    pub(super) fn of(email: &EmailContext) -> Self {
        let domain = email.domain.map_or([0; 16], DomainId::to_bytes);
        let mut mail = [email.stream.to_byte(); Self::BYTES];
        mail[..16].copy_from_slice(&domain);
        Self(mail)
    }

    fn domain(&self) -> &[u8] {
        &self.0[..16]
    }

    fn stream(&self) -> u8 {
        self.0[16]
    }
}

/// Hours or days, both ends included.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    grain: Grain,
    first: u32,
    last: u32,
}

impl Ledger {
    /// What was counted on the days from that of `from_unix_ms` to that of `to_unix_ms`, both included.
    ///
    /// # Errors
    /// The store's; [`LedgerError::Limit`] for an account with more domains than are counted together.
    pub fn totals(
        &self,
        account: AccountId,
        scope: &StatisticsFilter,
        (from_unix_ms, to_unix_ms): (u64, u64),
    ) -> Result<Counts, LedgerError> {
        let stretch = Stretch {
            grain: Grain::Day,
            first: Grain::Day.number(from_unix_ms),
            last: Grain::Day.number(to_unix_ms),
        };
        let mut counts = Counts::default();
        self.read(account, scope, stretch, &mut |_, metric, count| {
            counts.add(metric, count)
        })?;
        Ok(counts)
    }

    /// What was counted, point by point, from the one that holds `from_unix_ms` to the one that holds `to_unix_ms`. Only
    /// hours or days between the two count in the first and last point; a point in which nothing happened is there too.
    ///
    /// # Errors
    /// As [`Self::totals`]; [`LedgerError::Limit`] for more than [`SERIES_POINTS_MAX`] points.
    pub fn series(
        &self,
        account: AccountId,
        scope: &StatisticsFilter,
        interval: Interval,
        (from_unix_ms, to_unix_ms): (u64, u64),
    ) -> Result<Vec<Point>, LedgerError> {
        let grain = interval.grain();
        let stretch = Stretch {
            grain,
            first: grain.number(from_unix_ms),
            last: grain.number(to_unix_ms),
        };
        let starts = stretch.points(interval)?;
        let mut counts = vec![Counts::default(); starts.len()];
        self.read(account, scope, stretch, &mut |number, metric, count| {
            let point = starts.partition_point(|start| *start <= number);
            if let Some(counts) = point.checked_sub(1).and_then(|at| counts.get_mut(at)) {
                counts.add(metric, count);
            }
        })?;
        let points = starts.into_iter().zip(counts);
        Ok(points
            .map(|(start, counts)| Point {
                from_unix_ms: u64::from(start) * grain.ms(),
                counts,
            })
            .collect())
    }

    /// How often each link of an e-mail was followed, by link; links never followed are not named.
    ///
    /// # Errors
    /// The store's; [`LedgerError::NotFound`] when the account has no such e-mail.
    pub fn link_clicks(&self, account: AccountId, email: EmailId) -> Result<Vec<LinkClicks>, LedgerError> {
        if self.email(account, email)?.is_none() {
            return Err(LedgerError::NotFound);
        }
        let span = keys::clicks_of(email);
        let mut links: Vec<LinkClicks> = Vec::new();
        for (key, value) in self.store.scan(&span.from, &span.to, 2 * usize::from(u16::MAX))? {
            let Some(&[high, low, human]) = key.get(span.from.len()..) else {
                continue;
            };
            let link = u16::from_be_bytes([high, low]);
            if links.last().is_none_or(|last| last.link != link) {
                links.push(LinkClicks {
                    link,
                    human: 0,
                    other: 0,
                });
            }
            if let Some(last) = links.last_mut() {
                *(if human == 1 {
                    &mut last.human
                } else {
                    &mut last.other
                }) = number(&value);
            }
        }
        Ok(links)
    }

    /// Tells `sink` of every counter of `scope` in `stretch`, with its hour or day.
    fn read(
        &self,
        account: AccountId,
        scope: &StatisticsFilter,
        stretch: Stretch,
        sink: &mut dyn FnMut(u32, Metric, u64),
    ) -> Result<(), LedgerError> {
        if stretch.first > stretch.last {
            return Ok(());
        }
        let mut base = keys::counters(account, stretch.grain.to_byte());
        if *scope == StatisticsFilter::default() {
            base.push(WHOLE);
            return self.read_cell(&base, stretch, sink);
        }
        let tag = scope.tag.as_ref().map(|tag| TagDigest::of(Some(tag)).to_bytes());
        let all_mail = scope.domain.is_none() && scope.stream.is_none();
        match tag {
            None => base.push(BY_MAIL),
            Some(tag) => {
                base.push(if all_mail { TAG_WHOLE } else { BY_TAG });
                base.extend_from_slice(&tag);
            }
        }
        if all_mail {
            return self.read_cell(&base, stretch, sink);
        }
        self.read_mail(&base, scope, stretch, sink)
    }

    /// Goes from cell to cell behind `base`, reading those in `scope` and leaping over the others.
    fn read_mail(
        &self,
        base: &[u8],
        scope: &StatisticsFilter,
        stretch: Stretch,
        sink: &mut dyn FnMut(u32, Metric, u64),
    ) -> Result<(), LedgerError> {
        let end = keys::span(base.to_vec()).to;
        let mut from = [base, scope.first().as_slice()].concat();
        for _ in 0..STATISTICS_CELLS_MAX {
            let found = self.store.scan(&from, &end, 1)?;
            let Some((key, _)) = found.first() else {
                return Ok(());
            };
            let Some(mail) = key
                .get(base.len()..)
                .and_then(|rest| rest.first_chunk())
                .map(|mail| Mail(*mail))
            else {
                return Ok(());
            };
            from = match scope.leap(mail) {
                Leap::Read => {
                    let cell = [base, &mail.0].concat();
                    self.read_cell(&cell, stretch, sink)?;
                    keys::span(cell).to
                }
                Leap::To(prefix) => [base, &prefix].concat(),
                Leap::Behind(prefix) => keys::span([base, &prefix].concat()).to,
                Leap::End => return Ok(()),
            };
        }
        Err(LedgerError::Limit(
            "too many domains to be counted together".into(),
        ))
    }

    /// Reads what one cell has in `stretch`.
    fn read_cell(
        &self,
        cell: &[u8],
        stretch: Stretch,
        sink: &mut dyn FnMut(u32, Metric, u64),
    ) -> Result<(), LedgerError> {
        let mut from = [cell, &stretch.first.to_be_bytes()].concat();
        let to = keys::span([cell, &stretch.last.to_be_bytes()].concat()).to;
        loop {
            let rows = self.store.scan(&from, &to, CHUNK_ROWS)?;
            for (key, value) in &rows {
                let Some((time, metric)) = key.get(cell.len()..).and_then(|end| end.split_first_chunk())
                else {
                    continue;
                };
                if let Some(metric) = Metric::read(metric) {
                    sink(u32::from_be_bytes(*time), metric, number(value));
                }
            }
            match rows.last() {
                Some((last, _)) if rows.len() == CHUNK_ROWS => from = keys::behind(last),
                _ => return Ok(()),
            }
        }
    }
}

/// Where to go on from a cell.
enum Leap {
    /// It is wanted.
    Read,
    /// To the first that begins so.
    To(Vec<u8>),
    /// Behind all that begin so.
    Behind(Vec<u8>),
    /// Nothing more is wanted.
    End,
}

impl StatisticsFilter {
    /// What the first cell in scope begins with at least.
    fn first(&self) -> Vec<u8> {
        self.domain
            .map_or_else(Vec::new, |domain| domain.to_bytes().to_vec())
    }

    fn leap(&self, mail: Mail) -> Leap {
        if self
            .domain
            .is_some_and(|domain| domain.to_bytes() != mail.domain())
        {
            return Leap::End;
        }
        match self.stream.map(Stream::to_byte) {
            Some(stream) if mail.stream() < stream => Leap::To([mail.domain(), &[stream]].concat()),
            Some(stream) if mail.stream() > stream => Leap::Behind(mail.domain().to_vec()),
            _ => Leap::Read,
        }
    }
}

impl Stretch {
    /// The first hour or day of each point.
    fn points(self, interval: Interval) -> Result<Vec<u32>, LedgerError> {
        let mut starts = Vec::new();
        if self.first > self.last {
            return Ok(starts);
        }
        let mut start = interval.start(self.first);
        while start <= self.last {
            if starts.len() == SERIES_POINTS_MAX {
                let limit =
                    format!("a series has at most {SERIES_POINTS_MAX} points; ask for longer intervals");
                return Err(LedgerError::Limit(limit));
            }
            starts.push(start);
            let next = interval.next(start);
            if next == start {
                break;
            }
            start = next;
        }
        Ok(starts)
    }
}

fn number(value: &Bytes) -> u64 {
    let count = value.as_ref().try_into().map_or(0, i64::from_le_bytes);
    u64::try_from(count).unwrap_or_default()
}
