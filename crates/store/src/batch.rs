//! A batch: changes that take effect together, the conditions they depend on, and how urgent they are.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::StoreError;
use crate::contract::{BATCH_BYTES_MAX, BULK, KEY_BYTES_MAX, VALUE_BYTES_MAX};
use crate::error::{Misuse, Part};

/// Changes that take effect together or not at all. Later changes of a key win over earlier ones of the same
/// batch.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub(crate) operations: Vec<Operation>,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) bytes: usize,
    pub(crate) admitting: bool,
    pub(crate) patient: bool,
}

/// One change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    Put { key: Vec<u8>, value: Bytes },
    Delete { key: Vec<u8> },
    Add { key: Vec<u8>, delta: i64 },
}

/// What a key must hold (or not hold: `None`) for the batch to take effect.
#[derive(Debug, Clone)]
pub(crate) struct Expectation {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Option<Bytes>,
}

impl Batch {
    /// An empty batch: urgent, and not admitting.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key` to `value`.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Bytes>) -> &mut Self {
        self.push(Operation::Put {
            key: key.into(),
            value: value.into(),
        })
    }

    /// Removes `key`; no matter if it is absent.
    pub fn delete(&mut self, key: impl Into<Vec<u8>>) -> &mut Self {
        self.push(Operation::Delete { key: key.into() })
    }

    /// Adds `delta` to the counter under `key`, wrapping at the ends of `i64` (saturation would depend on the
    /// order in which an engine merges). An absent key, or a value that is not eight bytes long, counts as
    /// zero.
    pub fn add(&mut self, key: impl Into<Vec<u8>>, delta: i64) -> &mut Self {
        self.push(Operation::Add {
            key: key.into(),
            delta,
        })
    }

    /// Makes the whole batch depend on `key` holding exactly `value` (`None`: on its absence) when its turn
    /// comes, with every batch before it taken into account. Not for counters, which engines may merge
    /// without reading.
    pub fn expect(&mut self, key: impl Into<Vec<u8>>, value: Option<Bytes>) -> &mut Self {
        let key = key.into();
        self.bytes += key.len() + value.as_ref().map_or(0, Bytes::len);
        self.expectations.push(Expectation { key, value });
        self
    }

    /// Marks a batch that makes the store grow on behalf of someone outside: refused when space is short
    /// ([`StoreError::Full`]) or the committer is behind ([`StoreError::Busy`]), while all others go on.
    pub fn admitting(&mut self) -> &mut Self {
        self.admitting = true;
        self
    }

    /// Marks a batch that may wait a few milliseconds for company. The next urgent batch takes it along.
    pub fn patient(&mut self) -> &mut Self {
        self.patient = true;
        self
    }

    /// Whether there is nothing to change and nothing to check.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty() && self.expectations.is_empty()
    }

    /// Puts the changes and conditions of `other` behind those of this batch. The whole is admitting if
    /// either is, and patient only if both are. All conditions are checked before any change.
    pub fn merge(&mut self, other: Self) -> &mut Self {
        self.patient = (self.patient || self.is_empty()) && (other.patient || other.is_empty());
        self.admitting |= other.admitting;
        self.bytes += other.bytes;
        self.operations.extend(other.operations);
        self.expectations.extend(other.expectations);
        self
    }

    fn push(&mut self, operation: Operation) -> &mut Self {
        self.bytes += operation.bytes();
        self.operations.push(operation);
        self
    }

    /// The bounds and prohibitions of the contract, checked once per batch, before it is enqueued.
    pub(crate) fn verify(&self) -> Result<(), StoreError> {
        bounded(Part::Batch, self.bytes, BATCH_BYTES_MAX)?;
        for operation in &self.operations {
            bounded(Part::Key, operation.key().len(), KEY_BYTES_MAX)?;
            match operation {
                Operation::Put { value, .. } => bounded(Part::Value, value.len(), VALUE_BYTES_MAX)?,
                Operation::Add { key, .. } if is_bulk(key) => return Err(Misuse::BulkCounter.into()),
                Operation::Add { .. } | Operation::Delete { .. } => {}
            }
        }
        self.verify_expectations()
    }

    fn verify_expectations(&self) -> Result<(), StoreError> {
        if self.expectations.is_empty() {
            return Ok(());
        }
        let counters: BTreeSet<&[u8]> = self.operations.iter().filter_map(Operation::counter).collect();
        for expectation in &self.expectations {
            bounded(Part::Key, expectation.key.len(), KEY_BYTES_MAX)?;
            if counters.contains(expectation.key.as_slice()) {
                return Err(Misuse::CounterExpected.into());
            }
        }
        Ok(())
    }
}

impl Operation {
    pub(crate) fn key(&self) -> &[u8] {
        match self {
            Self::Put { key, .. } | Self::Delete { key } | Self::Add { key, .. } => key,
        }
    }

    fn counter(&self) -> Option<&[u8]> {
        matches!(self, Self::Add { .. }).then(|| self.key())
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Put { key, value } => key.len() + value.len(),
            Self::Delete { key } => key.len(),
            Self::Add { key, .. } => key.len() + size_of::<i64>(),
        }
    }
}

/// Whether `key` names a bulk value.
pub(crate) fn is_bulk(key: &[u8]) -> bool {
    key.first().is_some_and(|&first| first >= BULK)
}

fn bounded(part: Part, bytes: usize, limit: usize) -> Result<(), StoreError> {
    if bytes > limit {
        Err(StoreError::TooLarge { part, bytes, limit })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_keeps_order_and_the_stricter_flags() {
        let patient = |key: &str| {
            let mut batch = Batch::new();
            batch.delete(key).patient();
            batch
        };
        let mut both = Batch::new();
        both.merge(patient("a")).merge(patient("b"));
        assert!(both.patient, "an empty batch does not make its company urgent");
        assert_eq!(
            both.operations.iter().map(Operation::key).collect::<Vec<_>>(),
            [b"a", b"b"]
        );

        let mut urgent = Batch::new();
        urgent.put("c", "value").admitting();
        both.merge(urgent);
        assert!(!both.patient && both.admitting);
        assert_eq!(both.bytes, "a".len() + "b".len() + "c".len() + "value".len());
    }

    #[test]
    fn limits_are_inclusive() {
        let put = |key: usize, value: usize| {
            let mut batch = Batch::new();
            batch.put(vec![b'k'; key], vec![0; value]);
            batch.verify()
        };
        assert_eq!(put(KEY_BYTES_MAX, VALUE_BYTES_MAX), Ok(()));
        for (key, value, part) in [
            (KEY_BYTES_MAX + 1, 0, Part::Key),
            (1, VALUE_BYTES_MAX + 1, Part::Value),
        ] {
            assert!(
                matches!(put(key, value), Err(StoreError::TooLarge { part: found, .. }) if found == part)
            );
        }
    }
}
