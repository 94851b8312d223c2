//! Names of what the ledger knows: version 7 UUIDs, so that they sort by the time they were made.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use uuid::Uuid;

/// The id of a `T`.
pub struct Id<T>([u8; 16], PhantomData<fn() -> T>);

/// The id of an account.
pub type AccountId = Id<crate::Account>;
/// The id of a sending domain.
pub type DomainId = Id<crate::Domain>;
/// The id of an e-mail; the queue knows its message by the same one.
pub type EmailId = Id<crate::Email>;

impl<T> Id<T> {
    /// Octets of an id.
    pub const BYTES: usize = 16;

    /// The id made at `unix_ms` with 10 octets of entropy (RFC 9562 §5.7).
    pub fn new(unix_ms: u64, entropy: [u8; 10]) -> Self {
        let uuid = uuid::Builder::from_unix_timestamp_millis(unix_ms, &entropy).into_uuid();
        Self(uuid.into_bytes(), PhantomData)
    }

    /// The id as it stands in keys and records.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The id read back from a key or record.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes, PhantomData)
    }

    /// When it was made.
    pub fn unix_ms(self) -> u64 {
        let mut unix_ms = [0; 8];
        unix_ms[2..].copy_from_slice(&self.0[..6]);
        u64::from_be_bytes(unix_ms)
    }
}

impl<T> FromStr for Id<T> {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::try_parse(text).map(|uuid| Self(uuid.into_bytes(), PhantomData))
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(Uuid::from_bytes(self.0).as_hyphenated(), f)
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// Derived, these would ask the same of `T`.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
