//! API keys: what they look like, and the digest that is kept of them.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use thiserror::Error;

const LIVE: &str = "ml_live_";
const TEST: &str = "ml_test_";
const SECRET_DIGITS: usize = 64;

/// What a key's mail does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It is delivered.
    Live,
    /// It goes the whole way and never leaves this machine: the sandbox.
    Test,
}

/// A key as its holder presents it: `ml_live_` or `ml_test_` and 64 lower-case hexadecimal digits. `Debug` shows what
/// [`ApiKey::hint`] does.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    mode: Mode,
    text: String,
}

/// The text is not an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an API key: expected ml_live_ or ml_test_ and 64 lower-case hexadecimal digits")]
pub struct ApiKeyError;

impl ApiKey {
    /// A new key.
    pub fn new(mode: Mode, entropy: [u8; 32]) -> Self {
        let mut text = prefix(mode).to_owned();
        for octet in entropy {
            for digit in [octet >> 4, octet & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        Self { mode, text }
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`ApiKeyError`] for anything that was never given out.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        let (mode, secret) = [Mode::Live, Mode::Test]
            .into_iter()
            .find_map(|mode| Some((mode, text.strip_prefix(prefix(mode))?)))
            .ok_or(ApiKeyError)?;
        let digits = secret
            .bytes()
            .all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
        (secret.len() == SECRET_DIGITS && digits)
            .then(|| Self {
                mode,
                text: text.to_owned(),
            })
            .ok_or(ApiKeyError)
    }

    /// What its mail does.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The secret, to be shown once.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is kept of it. A look-up by digest takes a time that tells nothing of the key: whoever could choose a digest
    /// could choose the key.
    pub fn digest(&self) -> [u8; 32] {
        let mut octets = [0; 32];
        octets.copy_from_slice(digest(&SHA256, self.text.as_bytes()).as_ref());
        octets
    }

    /// The key as it may be shown later: `ml_live_1234…cdef`.
    pub fn hint(&self) -> String {
        let secret = &self.text[prefix(self.mode).len()..];
        format!(
            "{}{}…{}",
            prefix(self.mode),
            &secret[..4],
            &secret[SECRET_DIGITS - 4..]
        )
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({})", self.hint())
    }
}

fn prefix(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => LIVE,
        Mode::Test => TEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_what_was_given_out_and_nothing_else() {
        let key = ApiKey::new(Mode::Test, [0xa5; 32]);
        assert_eq!(key.expose(), format!("ml_test_{}", "a5".repeat(32)));
        assert_eq!(ApiKey::parse(key.expose()), Ok(key.clone()));
        assert_eq!(format!("{key:?}"), "ApiKey(ml_test_a5a5…a5a5)");
        assert_ne!(key.digest(), ApiKey::new(Mode::Live, [0xa5; 32]).digest());
        let digits = "0".repeat(64);
        for text in [
            String::new(),
            "ml_live_".into(),
            digits.clone(),
            format!("ml_prod_{digits}"),
            format!("ml_live_{}", "A".repeat(64)),
            format!("ml_live_{digits}0"),
            format!("ml_live_{}", "é".repeat(32)),
        ] {
            assert_eq!(ApiKey::parse(&text), Err(ApiKeyError), "{text:?}");
        }
    }
}
