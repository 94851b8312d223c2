//! One list of events out of several ranges of an index, newest first.

use std::collections::VecDeque;

use store::Store;

use super::kind::EventType;
use super::query::{Cursor, EventQuery};
use crate::error::LedgerError;
use crate::keys::{self, Place};

/// Rows of a range read at first; each time more are wanted, twice as many.
const CHUNK_ROWS: usize = 64;
const CHUNK_ROWS_MAX: usize = 4096;

/// A row of an index.
pub(super) type Row = (Place, EventType);

/// Ranges of an index, merged.
pub(super) struct Walk<'a> {
    store: &'a dyn Store,
    ranges: Vec<Range>,
}

/// What is left of one range.
struct Range {
    from: Vec<u8>,
    to: Vec<u8>,
    /// Octets before the place.
    prefix: usize,
    /// The type of all events in it; otherwise the last octet says.
    kind: Option<EventType>,
    rows: VecDeque<Row>,
    chunk: usize,
    is_read: bool,
}

impl<'a> Walk<'a> {
    /// Over the keys with `prefixes`, in the time that `query` wants, behind `after`.
    pub(super) fn new(
        store: &'a dyn Store,
        prefixes: Vec<(Vec<u8>, Option<EventType>)>,
        query: &EventQuery,
        after: Option<Cursor>,
    ) -> Self {
        let ranges = prefixes
            .into_iter()
            .map(|(prefix, kind)| Range::new(&prefix, kind, query, after));
        Self {
            store,
            ranges: ranges.collect(),
        }
    }

    /// The next row, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Row>, LedgerError> {
        for range in &mut self.ranges {
            range.fill(self.store)?;
        }
        let first = self.ranges.iter_mut().filter(|range| !range.rows.is_empty());
        let first = first.min_by_key(|range| range.rows.front().copied());
        Ok(first.and_then(|range| range.rows.pop_front()))
    }
}

impl Range {
    fn new(prefix: &[u8], kind: Option<EventType>, query: &EventQuery, after: Option<Cursor>) -> Self {
        // Times are inverted in keys: the latest comes first.
        let latest = [prefix, &(!query.to_unix_ms.unwrap_or(u64::MAX)).to_be_bytes()].concat();
        let earliest = [prefix, &(!query.from_unix_ms.unwrap_or(0)).to_be_bytes()].concat();
        // No type has this octet: behind the place, whether a type follows it or not.
        let behind = after.map(|Cursor(place)| [prefix, &place.to_bytes(), &[u8::MAX]].concat());
        let from = behind.map_or(latest.clone(), |behind| behind.max(latest));
        let to = keys::span(earliest).to;
        Self {
            is_read: from >= to,
            from,
            to,
            prefix: prefix.len(),
            kind,
            rows: VecDeque::new(),
            chunk: CHUNK_ROWS,
        }
    }

    fn fill(&mut self, store: &dyn Store) -> Result<(), LedgerError> {
        while self.rows.is_empty() && !self.is_read {
            let rows = store.scan(&self.from, &self.to, self.chunk)?;
            self.is_read = rows.len() < self.chunk;
            self.chunk = (self.chunk * 2).min(CHUNK_ROWS_MAX);
            if let Some((last, _)) = rows.last() {
                self.from = keys::behind(last);
            }
            let places = rows.iter().filter_map(|(key, _)| self.row(key));
            self.rows = places.collect();
        }
        Ok(())
    }

    fn row(&self, key: &[u8]) -> Option<Row> {
        let (place, rest) = key.get(self.prefix..)?.split_first_chunk()?;
        let kind = match self.kind {
            Some(kind) => kind,
            None => EventType::from_byte(*rest.first()?)?,
        };
        Some((Place::from_bytes(*place), kind))
    }
}
