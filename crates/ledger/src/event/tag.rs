//! The tag of an e-mail as it stands in keys.

use aws_lc_rs::digest::{SHA256, digest};

/// The beginning of the SHA-256 of a tag; zeros where there is no tag. Of a million tags of one account, two share it
/// with a chance of one in 37 million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagDigest([u8; 8]);

impl TagDigest {
    /// That of a tag, or of none.
    pub fn of(tag: Option<&str>) -> Self {
        tag.map_or(Self::default(), |tag| {
            let digest = digest(&SHA256, tag.as_bytes());
            Self(digest.as_ref().first_chunk().copied().unwrap_or_default())
        })
    }

    /// Whether there is no tag.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    pub(crate) fn to_bytes(self) -> [u8; 8] {
        self.0
    }

    pub(crate) fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}
