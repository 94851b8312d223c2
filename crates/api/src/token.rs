//! The secret that operators present.

use std::fmt;

use subtle::ConstantTimeEq;
use thiserror::Error;

/// Shorter tokens could be guessed over a fast network.
const OCTETS_MIN: usize = 16;

/// A header line has to hold it.
const OCTETS_MAX: usize = 1024;

/// The token of `Authorization: Bearer …`. `Debug` does not show it.
#[derive(Clone)]
pub struct OperatorToken(Box<str>);

/// Why a text is no operator token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OperatorTokenError {
    /// Too short to resist guessing, or too long for a header.
    #[error("it has {0} characters instead of {OCTETS_MIN} to {OCTETS_MAX}")]
    Length(usize),
    /// A header could not carry it.
    #[error("it has characters other than visible ASCII")]
    Characters,
}

impl OperatorToken {
    /// The token `text`.
    ///
    /// # Errors
    /// When it is too short, too long, or has characters that a header cannot carry.
    pub fn new(text: &str) -> Result<Self, OperatorTokenError> {
        if !(OCTETS_MIN..=OCTETS_MAX).contains(&text.len()) {
            return Err(OperatorTokenError::Length(text.chars().count()));
        }
        if !text.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(OperatorTokenError::Characters);
        }
        Ok(Self(text.into()))
    }

    /// Whether `presented` is the token, in a time that tells nothing of it but its length.
    pub fn matches(&self, presented: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(presented).into()
    }

    /// The secret itself, for a client to present.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorToken(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_fit_a_header_and_match_only_themselves() {
        let token = OperatorToken::new("0123456789abcdef").unwrap();
        for (presented, matches) in [
            ("0123456789abcdef", true),
            ("0123456789abcdeg", false),
            ("0123456789abcde", false),
            ("0123456789abcdef0", false),
            ("", false),
        ] {
            assert_eq!(token.matches(presented.as_bytes()), matches, "{presented:?}");
        }
        for (text, error) in [
            ("", OperatorTokenError::Length(0)),
            ("0123456789abcde", OperatorTokenError::Length(15)),
            ("0123456789 abcdef", OperatorTokenError::Characters),
            ("0123456789äbcdef", OperatorTokenError::Characters),
        ] {
            assert_eq!(OperatorToken::new(text).unwrap_err(), error, "{text:?}");
        }
        assert_eq!(format!("{token:?}"), "OperatorToken(***)");
    }
}
