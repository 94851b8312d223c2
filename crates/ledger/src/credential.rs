//! The SMTP credential of an account. The user name is the account's e-mail address.

use bytes::Bytes;
use store::{RecordError, RecordReader, RecordWriter};

const VERSION: u8 = 1;

/// A password, as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The Argon2id hash as a PHC string.
    pub password_hash: String,
    /// When it was made, in milliseconds since the epoch.
    pub created_unix_ms: u64,
    /// When it ends to be good, if ever.
    pub expires_unix_ms: Option<u64>,
}

impl Credential {
    /// Whether it is good at `now_unix_ms`.
    pub fn is_good(&self, now_unix_ms: u64) -> bool {
        self.expires_unix_ms.is_none_or(|expires| now_unix_ms < expires)
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 160);
        out.text(&self.password_hash)
            .number(self.created_unix_ms)
            .optional_number(self.expires_unix_ms);
        out.finish()
    }

    pub(crate) fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let credential = Self {
            password_hash: input.text()?.to_owned(),
            created_unix_ms: input.number()?,
            expires_unix_ms: input.optional_number()?,
        };
        input.end()?;
        Ok(credential)
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("created_unix_ms", &self.created_unix_ms)
            .finish_non_exhaustive()
    }
}
