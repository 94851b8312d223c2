//! Replies to idempotency keys, written in the commit of what they reply to.

use bytes::Bytes;
use store::{Batch, RecordError, RecordReader, RecordWriter, VALUE_BYTES_MAX};

use crate::error::LedgerError;
use crate::id::AccountId;
use crate::keys;
use crate::ledger::Ledger;
use crate::limits::IDEMPOTENCY_MS;

const VERSION: u8 = 1;

/// Octets of a reply in one value, with room for its frame.
const PIECE_BYTES: usize = VALUE_BYTES_MAX - 1024;

/// The SHA-256 digest of an `Idempotency-Key` as its caller wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(pub [u8; 32]);

/// The SHA-256 digest of a request: its route and its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// The reply that a request got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReply {
    /// Of the request.
    pub fingerprint: Fingerprint,
    /// When, in milliseconds since the epoch.
    pub at_unix_ms: u64,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

/// What stands under an idempotency key.
#[derive(Debug)]
pub enum ReplySlot {
    /// The reply that the key got within its time.
    Taken(StoredReply),
    /// None: a reply may be put there.
    Open(OpenSlot),
}

/// A place for a reply.
#[derive(Debug)]
pub struct OpenSlot {
    account: AccountId,
    key: IdempotencyKey,
    /// The first piece of a reply that is too old.
    replaced: Option<Bytes>,
}

impl OpenSlot {
    /// Puts the reply into the batch of its request, which then holds only if nobody else has used the key meanwhile.
    pub fn put(self, reply: &StoredReply, batch: &mut Batch) {
        let Self {
            account,
            key,
            replaced,
        } = self;
        let mut pieces = reply.body.chunks(PIECE_BYTES);
        let mut out = RecordWriter::new(VERSION, 64 + reply.body.len().min(PIECE_BYTES));
        out.array(&reply.fingerprint.0)
            .number(reply.at_unix_ms)
            .number(u64::from(reply.status))
            .number(reply.body.len() as u64)
            .bytes(pieces.next().unwrap_or_default());
        batch.expect(keys::reply(account, &key.0, 0), replaced);
        batch.put(keys::reply(account, &key.0, 0), out.finish());
        for (number, piece) in (1..).zip(pieces) {
            batch.put(
                keys::reply(account, &key.0, number),
                Bytes::copy_from_slice(piece),
            );
        }
        batch.put(keys::reply_age(reply.at_unix_ms, account, &key.0), Bytes::new());
    }
}

impl Ledger {
    /// What stands under an idempotency key of `account`.
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn reply(
        &self,
        account: AccountId,
        key: IdempotencyKey,
        now_unix_ms: u64,
    ) -> Result<ReplySlot, LedgerError> {
        let span = keys::replies(account, &key.0);
        let pieces = self.store.scan(&span.from, &span.to, usize::from(u8::MAX))?;
        let reply = read(&pieces).map_err(LedgerError::damaged("a reply"))?;
        Ok(match reply {
            Some(reply) if now_unix_ms < reply.at_unix_ms + IDEMPOTENCY_MS => ReplySlot::Taken(reply),
            _ => ReplySlot::Open(OpenSlot {
                account,
                key,
                replaced: pieces.into_iter().next().map(|(_, first)| first),
            }),
        })
    }
}

/// Reads a reply from its pieces in order.
fn read(pieces: &[(Bytes, Bytes)]) -> Result<Option<StoredReply>, RecordError> {
    let Some(((_, first), rest)) = pieces.split_first() else {
        return Ok(None);
    };
    let mut input = RecordReader::new(first, VERSION)?;
    let fingerprint = Fingerprint(input.array()?);
    let at_unix_ms = input.number()?;
    let status = u16::try_from(input.number()?).map_err(|_| RecordError::Value("status"))?;
    let length = input.number()?;
    let mut body = input.bytes()?.to_vec();
    input.end()?;
    let rest = rest.iter().flat_map(|(_, piece)| piece.iter());
    let missing = usize::try_from(length)
        .unwrap_or(usize::MAX)
        .saturating_sub(body.len());
    // A shorter reply may have replaced a longer one: what is behind its end belongs to that.
    body.extend(rest.take(missing));
    if body.len() as u64 != length {
        return Err(RecordError::Value("reply length"));
    }
    Ok(Some(StoredReply {
        fingerprint,
        at_unix_ms,
        status,
        body: body.into(),
    }))
}

/// When the reply was given, of its first piece.
pub(crate) fn at_unix_ms(first: &[u8]) -> Option<u64> {
    let mut input = RecordReader::new(first, VERSION).ok()?;
    input.array::<32>().ok()?;
    input.number().ok()
}
