//! The secret that a webhook's requests are signed with.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use store::RecordError;
use thiserror::Error;

use crate::limits::WEBHOOK_SECRET_BYTES;

const PREFIX: &str = "whsec_";

/// A secret: `whsec_` and 24 to 64 octets in Base64. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// The text is not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a webhook secret: expected whsec_ and 24 to 64 octets in Base64")]
pub struct SecretError;

impl Secret {
    /// A new secret.
    pub fn new(entropy: [u8; 32]) -> Self {
        Self(entropy.to_vec())
    }

    /// Reads a secret, such as one that is brought along from another service.
    ///
    /// # Errors
    /// [`SecretError`] for another prefix, another encoding, or a key that is too short or too long.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let longest = PREFIX.len() + WEBHOOK_SECRET_BYTES.end().div_ceil(3) * 4;
        let encoded = (text.len() <= longest)
            .then(|| text.strip_prefix(PREFIX))
            .flatten()
            .ok_or(SecretError)?;
        let octets = STANDARD.decode(encoded).map_err(|_| SecretError)?;
        Self::from_octets(&octets).map_err(|_| SecretError)
    }

    /// The secret, for its owner.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn from_octets(octets: &[u8]) -> Result<Self, RecordError> {
        match WEBHOOK_SECRET_BYTES.contains(&octets.len()) {
            true => Ok(Self(octets.to_vec())),
            false => Err(RecordError::Value("webhook secret")),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_of_the_standard_form_and_never_shown() {
        let secret = Secret::new([0xa5; 32]);
        assert_eq!(Secret::parse(&secret.expose()), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for (octets, good) in [(23, false), (24, true), (64, true), (65, false)] {
            let text = format!("{PREFIX}{}", STANDARD.encode(vec![7; octets]));
            assert_eq!(Secret::parse(&text).is_ok(), good, "{octets} octets");
        }
        for text in ["", "whsec_", "whsec_!!!!", "whpk_AAAA", &STANDARD.encode([1; 32])] {
            assert_eq!(Secret::parse(text), Err(SecretError), "{text:?}");
        }
    }
}
