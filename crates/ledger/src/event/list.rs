//! Reading events.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::query::{Cursor, EventQuery, Index, Position, Rest};
use super::tag::TagDigest;
use super::walk::{Row, Walk};
use super::{AccountId, EmailId, Event};
use crate::email::Email;
use crate::error::LedgerError;
use crate::keys::{self, Place};
use crate::ledger::Ledger;
use crate::limits::{EVENT_PAGE_MAX, EVENT_READS_MAX, EVENT_ROWS_MAX, EVENTS_PER_EMAIL_MAX};

/// E-mails kept while a list is made: the events of one stand close together.
const EMAILS_KEPT: usize = 1000;

/// An event with its e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedEvent {
    /// The event.
    pub event: Event,
    /// Its e-mail, with from, tag and metadata; none once its record is gone.
    pub email: Option<Arc<Email>>,
}

/// Some events of a list, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventPage {
    /// The events. Fewer than asked for, or none, although `next` is given, when the query has looked at as many rows as it
    /// may before it found enough.
    pub events: Vec<ListedEvent>,
    /// How many there are in all, as far as was looked; none behind a cursor.
    pub total: Option<u64>,
    /// Whether `total` is all there are. It is not when a query looks at more than [`EVENT_ROWS_MAX`] rows, or has to read
    /// more than [`EVENT_READS_MAX`] events.
    pub is_total_exact: bool,
    /// Where the list goes on.
    pub next: Option<Cursor>,
}

impl Ledger {
    /// The events of `account` that `query` wants, newest first, at most `limit` and at most [`EVENT_PAGE_MAX`].
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn events(
        &self,
        account: AccountId,
        query: &EventQuery,
        position: Position,
        limit: usize,
    ) -> Result<EventPage, LedgerError> {
        let limit = limit.clamp(1, EVENT_PAGE_MAX);
        let (after, skip) = match position {
            Position::Page(page) => (None, (page.max(1) as usize - 1).saturating_mul(limit)),
            Position::After(cursor) => (Some(cursor), 0),
        };
        let (index, rest) = query.plan(account);
        let rows = match index {
            Index::Email(email) => Rows::Read(self.rows_of_email(account, email, query, after)?.into_iter()),
            Index::Prefixes(prefixes) => Rows::Walk(Walk::new(self.store.as_ref(), prefixes, query, after)),
        };
        let mut listing = Listing {
            reader: Reader {
                ledger: self,
                account,
                emails: HashMap::new(),
            },
            rest,
            counts: after.is_none(),
            skip,
            limit,
            matched: 0,
            last: None,
            page: EventPage::default(),
        };
        listing.fill(rows, query)?;
        Ok(listing.page)
    }

    /// All events of an e-mail, in the order in which they were recorded; none when the account has no such e-mail.
    ///
    /// # Errors
    /// As [`Self::events`].
    pub fn email_events(
        &self,
        account: AccountId,
        email: EmailId,
    ) -> Result<Option<Vec<Event>>, LedgerError> {
        if self.email(account, email)?.is_none() {
            return Ok(None);
        }
        let events = self.events_of(email)?;
        let own = events.into_iter().filter(|event| event.account == account);
        Ok(Some(own.collect()))
    }

    fn events_of(&self, email: EmailId) -> Result<Vec<Event>, LedgerError> {
        let span = keys::events_of(email);
        let rows = self.store.scan(&span.from, &span.to, EVENTS_PER_EMAIL_MAX)?;
        rows.iter()
            .filter_map(|(key, record)| read(key, record))
            .map(|read| Ok(read?.0))
            .collect()
    }

    /// The rows that an index of one e-mail would have.
    fn rows_of_email(
        &self,
        account: AccountId,
        email: EmailId,
        query: &EventQuery,
        after: Option<Cursor>,
    ) -> Result<Vec<Row>, LedgerError> {
        let events = self.events_of(email)?;
        let own = events
            .iter()
            .filter(|event| event.account == account && query.covers(event.at_unix_ms));
        let mut rows: Vec<Row> = own.map(|event| (Place::of(event), event.event_type())).collect();
        rows.retain(|(place, _)| after.is_none_or(|Cursor(after)| *place > after));
        rows.sort_unstable();
        Ok(rows)
    }
}

/// An event from its row, with the digest of its tag. None for a key that is none of an event.
pub(super) fn read(key: &[u8], record: &Bytes) -> Option<Result<(Event, TagDigest), LedgerError>> {
    let (email, sequence) = keys::event_at(key)?;
    let event = Event::decode(email, sequence, record);
    Some(event.map_err(LedgerError::damaged("an event")))
}

enum Rows<'a> {
    Walk(Walk<'a>),
    Read(std::vec::IntoIter<Row>),
}

impl Rows<'_> {
    fn next(&mut self) -> Result<Option<Row>, LedgerError> {
        match self {
            Self::Walk(walk) => walk.next(),
            Self::Read(rows) => Ok(rows.next()),
        }
    }
}

/// A page while it is filled.
struct Listing<'a> {
    reader: Reader<'a>,
    rest: Rest,
    /// Whether what is behind the page is counted.
    counts: bool,
    skip: usize,
    limit: usize,
    matched: usize,
    /// The last row that was decided.
    last: Option<Place>,
    page: EventPage,
}

impl Listing<'_> {
    fn fill(&mut self, mut rows: Rows<'_>, query: &EventQuery) -> Result<(), LedgerError> {
        let reads_max = if self.rest.is_empty() {
            usize::MAX
        } else {
            EVENT_READS_MAX
        };
        let mut looked = 0;
        let mut read = 0;
        let is_exhausted = loop {
            let Some((place, kind)) = rows.next()? else {
                break true;
            };
            if looked == EVENT_ROWS_MAX || read == reads_max {
                // What is on the page is told; the rest begins behind what was looked at.
                self.page.next = self.page.next.or(self.last.map(Cursor));
                break false;
            }
            looked += 1;
            if query.wants(kind) {
                read += 1;
                if !self.row(place)? {
                    break false;
                }
            }
            self.last = Some(place);
        };
        if self.counts {
            self.page.total = Some(self.matched as u64);
            self.page.is_total_exact = is_exhausted;
        }
        Ok(())
    }

    /// Decides about one row; false when nothing more is wanted.
    fn row(&mut self, place: Place) -> Result<bool, LedgerError> {
        let is_full = self.page.events.len() == self.limit;
        let is_listed = !is_full && self.matched >= self.skip;
        if self.rest.is_empty() && !is_listed {
            self.matched += 1;
        } else {
            let Some(listed) = self.reader.read(place, &self.rest, is_listed)? else {
                return Ok(true);
            };
            self.matched += 1;
            if is_listed {
                self.page.events.push(listed);
            }
        }
        if is_full && self.page.next.is_none() {
            self.page.next = self.page.events.last().map(|last| Cursor(Place::of(&last.event)));
        }
        Ok(!is_full || self.counts)
    }
}

/// Reads events and joins them with their e-mails.
struct Reader<'a> {
    ledger: &'a Ledger,
    account: AccountId,
    emails: HashMap<EmailId, Option<Arc<Email>>>,
}

impl Reader<'_> {
    /// The event at `place`, if it fits `rest`, with its e-mail if that is wanted. An index may for a moment name an event
    /// that retention has removed.
    fn read(
        &mut self,
        place: Place,
        rest: &Rest,
        with_email: bool,
    ) -> Result<Option<ListedEvent>, LedgerError> {
        let key = keys::event(place.email(), place.sequence());
        let record = self.ledger.store.get(&key)?;
        let Some((event, tag)) = record.and_then(|record| read(&key, &record)).transpose()? else {
            return Ok(None);
        };
        if !rest.fits(&event, tag) {
            return Ok(None);
        }
        let email = match with_email || rest.needs_email() {
            true => self.email(event.email)?,
            false => None,
        };
        if rest.needs_email() && !email.as_ref().is_some_and(|email| rest.fits_from(&email.from)) {
            return Ok(None);
        }
        Ok(Some(ListedEvent { event, email }))
    }

    fn email(&mut self, id: EmailId) -> Result<Option<Arc<Email>>, LedgerError> {
        if let Some(email) = self.emails.get(&id) {
            return Ok(email.clone());
        }
        if self.emails.len() == EMAILS_KEPT {
            self.emails.clear();
        }
        let email = self.ledger.email(self.account, id)?.map(Arc::new);
        self.emails.insert(id, email.clone());
        Ok(email)
    }
}
