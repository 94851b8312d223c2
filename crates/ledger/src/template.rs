//! Templates of bulk mail: stored once for all copies.
//!
//! The head stays as long as the records of the copies; the content goes when the last copy has left.

use bytes::Bytes;
use store::{Batch, RecordError, RecordReader, RecordWriter, StoreError, VALUE_BYTES_MAX};

use crate::error::LedgerError;
use crate::id::{AccountId, EmailId};
use crate::keys;
use crate::ledger::Ledger;

const VERSION: u8 = 1;

/// A content up to this size is part of the commit that accepts the copies.
const CONTENT_INLINE_BYTES_MAX: usize = 1024 * 1024;

/// What the copies of a bulk mail have in common. What `content` holds is for those who render it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTemplate {
    /// Its id, which names the bulk mail.
    pub id: EmailId,
    /// Whose it is.
    pub account: AccountId,
    /// The author, as in From:.
    pub from: String,
    /// The subject, not rendered.
    pub subject: String,
    /// The customer's tag.
    pub tag: Option<String>,
    /// The customer's metadata, a JSON object.
    pub metadata: Option<String>,
    /// Everything else.
    pub content: Bytes,
}

impl StoredTemplate {
    fn put_head(&self, batch: &mut Batch) {
        let mut out = RecordWriter::new(VERSION, 512);
        out.array(&self.account.to_bytes())
            .text(&self.from)
            .text(&self.subject)
            .optional_text(self.tag.as_deref())
            .optional_text(self.metadata.as_deref())
            .number(self.content.len().div_ceil(VALUE_BYTES_MAX) as u64);
        batch.put(keys::template(self.id), out.finish());
    }

    /// Each piece of the content, under its key.
    fn pieces(&self) -> impl Iterator<Item = (Vec<u8>, Bytes)> {
        let pieces = (0u16..).zip(self.content.chunks(VALUE_BYTES_MAX));
        pieces.map(|(number, piece)| {
            (
                keys::template_piece(self.id, number),
                self.content.slice_ref(piece),
            )
        })
    }

    /// Reads the head, and says how many pieces the content has.
    pub(crate) fn decode(id: EmailId, record: &[u8]) -> Result<(Self, u16), RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let template = Self {
            id,
            account: AccountId::from_bytes(input.array()?),
            from: input.text()?.to_owned(),
            subject: input.text()?.to_owned(),
            tag: input.optional_text()?.map(str::to_owned),
            metadata: input.optional_text()?.map(str::to_owned),
            content: Bytes::new(),
        };
        let pieces = u16::try_from(input.number()?).map_err(|_| RecordError::Value("piece count"))?;
        input.end()?;
        Ok((template, pieces))
    }
}

impl Ledger {
    /// Puts a template for `copies` e-mails into `batch`. A large content goes to the store before it; should the batch
    /// never be committed, the sweeper finds a template without copies.
    ///
    /// # Errors
    /// The store's.
    pub async fn store_template(
        &self,
        template: &StoredTemplate,
        copies: usize,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        if template.content.len() <= CONTENT_INLINE_BYTES_MAX {
            template.put_head(batch);
            for (key, piece) in template.pieces() {
                batch.put(key, piece);
            }
        } else {
            let mut ahead = Batch::new();
            template.put_head(&mut ahead);
            ahead.admitting().add(keys::template_copies(template.id), 0);
            let mut last = self.store.commit(ahead);
            for (key, piece) in template.pieces() {
                let mut ahead = Batch::new();
                ahead.admitting().put(key, piece);
                last.await?;
                last = self.store.commit(ahead);
            }
            last.await?;
        }
        batch.add(
            keys::template_copies(template.id),
            i64::try_from(copies).unwrap_or(i64::MAX),
        );
        Ok(())
    }

    /// Puts into `batch` that one copy of a template has left.
    pub fn template_left(&self, id: EmailId, batch: &mut Batch) {
        batch.add(keys::template_copies(id), -1);
    }

    /// A template with its content.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn template(&self, id: EmailId) -> Result<Option<StoredTemplate>, LedgerError> {
        let Some((mut template, pieces)) = self.template_head(id)? else {
            return Ok(None);
        };
        let mut content = Vec::new();
        for piece in 0..pieces {
            let Some(octets) = self.store.get(&keys::template_piece(id, piece))? else {
                return Ok(None);
            };
            content.extend_from_slice(&octets);
        }
        template.content = content.into();
        Ok(Some(template))
    }

    pub(crate) fn template_head(&self, id: EmailId) -> Result<Option<(StoredTemplate, u16)>, LedgerError> {
        let record = self.store.get(&keys::template(id))?;
        let head = record
            .map(|record| StoredTemplate::decode(id, &record))
            .transpose();
        head.map_err(LedgerError::damaged("a template"))
    }
}
