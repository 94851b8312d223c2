//! Where the tracked links of e-mails lead. Written before the e-mail leaves; a link that is followed leads nowhere else.

use bytes::Bytes;
use store::{Batch, RecordError, RecordReader, RecordWriter, VALUE_BYTES_MAX};

use crate::error::LedgerError;
use crate::id::EmailId;
use crate::keys;
use crate::ledger::Ledger;

const VERSION: u8 = 1;

impl Ledger {
    /// Puts into `batch` where the links of an e-mail lead, by their numbers from 0. The same again changes nothing.
    pub fn put_links(&self, email: EmailId, links: &[String], batch: &mut Batch) {
        let (mut first, mut row, mut octets) = (0, Vec::new(), 0);
        for (at, link) in (0u16..).zip(links) {
            if !row.is_empty() && octets + link.len() > VALUE_BYTES_MAX / 2 {
                batch.put(keys::links(email, first), encode(&std::mem::take(&mut row)));
                (first, octets) = (at, 0);
            }
            octets += link.len();
            row.push(link.as_str());
        }
        if !row.is_empty() {
            batch.put(keys::links(email, first), encode(&row));
        }
    }

    /// Where a link of an e-mail leads.
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn link(&self, email: EmailId, number: u16) -> Result<Option<String>, LedgerError> {
        // The first row is the only one unless the links are very long, so this is one read in nearly every case.
        let mut first = 0;
        while let Some(row) = self.store.get(&keys::links(email, first))? {
            match find(&row, number.saturating_sub(first)).map_err(LedgerError::damaged("links"))? {
                Place::Here(link) => return Ok(Some(link)),
                Place::Behind(0) => break,
                Place::Behind(links) => first = first.saturating_add(links),
            }
        }
        Ok(None)
    }
}

/// Where a link is.
enum Place {
    Here(String),
    /// Behind a row of so many links, none of which it is.
    Behind(u16),
}

fn encode(links: &[&str]) -> Bytes {
    let octets: usize = links.iter().map(|link| link.len() + 3).sum();
    let mut out = RecordWriter::new(VERSION, octets + 8);
    out.number(links.len() as u64);
    links.iter().for_each(|link| {
        out.text(link);
    });
    out.finish()
}

/// The link at this place of a row; those before it are passed over.
fn find(row: &[u8], at: u16) -> Result<Place, RecordError> {
    let mut input = RecordReader::new(row, VERSION)?;
    let links = u16::try_from(input.number()?).map_err(|_| RecordError::Value("links"))?;
    if links <= at {
        return Ok(Place::Behind(links));
    }
    for _ in 0..at {
        input.bytes()?;
    }
    Ok(Place::Here(input.text()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use store::open_memory;

    use super::*;

    #[test]
    fn each_link_is_found_by_its_number_and_by_no_other() {
        let store = open_memory();
        let ledger = Ledger::new(Arc::clone(&store));
        let (email, other) = (EmailId::new(7, [1; 10]), EmailId::new(7, [2; 10]));
        // Enough for several rows.
        let links: Vec<String> = (0..200)
            .map(|at| format!("https://a.example/{at}/{}", "x".repeat(8_000)))
            .collect();
        let mut batch = Batch::new();
        ledger.put_links(email, &links, &mut batch);
        crate::tests::at_once(store.commit(batch)).unwrap();
        for (at, link) in (0u16..).zip(&links) {
            assert_eq!(ledger.link(email, at).unwrap().as_ref(), Some(link), "{at}");
        }
        assert_eq!(ledger.link(email, 200).unwrap(), None);
        assert_eq!(ledger.link(other, 0).unwrap(), None);
    }
}
