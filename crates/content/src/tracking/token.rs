//! Tokens: what a URL or an address of ours says about the message it stood in, and that we said so.
//!
//! **Promise.** A token that is read was made with one of the keys of the ring, for the purpose it is read for. Each
//! token has one spelling in a URL, and one (in any case) in a local part. Reading takes the same time wherever a
//! forged token differs from a true one.
//!
//! **Form.** 36 octets: key id (1), purpose (1), e-mail id (16), number (2, big-endian), and the first 128 bits of
//! HMAC-SHA256 (RFC 2104 §5 allows half) over a label and all before it. In a URL these are 48 characters of base64url
//! (RFC 4648 §5), in a local part, which software on the way may put in another case, 58 of base32 (§6) behind a
//! letter and a dot: 60 octets of the 64 that RFC 5321 §4.5.3.1.1 allows. Neither is padded.
//!
//! Nothing in a token is secret. It does not expire: an unsubscribe link has to work for as long as the message is kept.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use data_encoding::BASE32_NOPAD_NOCASE;
use thiserror::Error;

use super::limits::KEYS_MAX;

/// Octets of a key's secret.
pub const SECRET_OCTETS: usize = 32;

/// Characters of a token in a URL.
pub const URL_CHARACTERS: usize = OCTETS / 3 * 4;

/// Characters of a token in a local part, with what stands before it.
pub const LOCAL_PART_CHARACTERS: usize = 2 + (OCTETS * 8).div_ceil(5);

const MAC_OCTETS: usize = 16;
const SAID_OCTETS: usize = 1 + 1 + 16 + 2;
const OCTETS: usize = SAID_OCTETS + MAC_OCTETS;

/// What the authentication code covers first: nothing else that the same secret might ever be used for begins so.
const LABEL: &[u8] = b"postrider tracking token 1\0";

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The picture that tells of an opened message.
    Open,
    /// A link that was followed.
    Click,
    /// No more mail, please.
    Unsubscribe,
    /// The return path of a message.
    Bounce,
}

impl Purpose {
    /// How it is written, in a token and before a local part.
    fn letter(self) -> char {
        match self {
            Self::Open => 'o',
            Self::Click => 'c',
            Self::Unsubscribe => 'u',
            Self::Bounce => 'b',
        }
    }

    fn of_letter(letter: u8) -> Option<Self> {
        [Self::Open, Self::Click, Self::Unsubscribe, Self::Bounce]
            .into_iter()
            .find(|purpose| u32::from(purpose.letter()) == u32::from(letter))
    }
}

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    /// What it is good for.
    pub purpose: Purpose,
    /// Which e-mail it was in.
    pub email_id: [u8; 16],
    /// For a click, which link of the e-mail; otherwise which recipient, or 0 if all were sent the same octets.
    pub number: u16,
}

/// Why a text is no token. Whoever sent it need not be told which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Cut off, or something was added.
    #[error("a token of another length")]
    Length,
    /// A character, or a last bit, that no token has.
    #[error("not the spelling of a token")]
    Spelling,
    /// Its key is not in the ring: forged, or older than the oldest key.
    #[error("a token of the unknown key {0}")]
    UnknownKey(u8),
    /// Not made by us, or altered.
    #[error("a token that was not made with our key")]
    Forged,
    /// Made by us for something else.
    #[error("a token for another purpose")]
    Purpose,
}

/// Why keys do not make a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyRingError {
    /// Two keys with one id.
    #[error("the tracking key id {0} is used twice: give each key its own")]
    SameId(u8),
    /// More than [`KEYS_MAX`].
    #[error("more than {KEYS_MAX} tracking keys: remove the oldest")]
    TooMany,
}

/// A secret and the id by which tokens name it.
#[derive(Clone)]
pub struct TokenKey {
    /// Names the key in every token made with it. Never give it to another secret.
    pub id: u8,
    /// Random octets.
    pub secret: [u8; SECRET_OCTETS],
}

/// The id alone.
impl fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The key that tokens are made with, and older ones with which tokens are still read.
pub struct KeyRing {
    current: (u8, hmac::Key),
    older: Vec<(u8, hmac::Key)>,
}

impl KeyRing {
    /// A ring of the current key and older ones, in any order.
    ///
    /// # Errors
    /// [`KeyRingError`] says which id or which number is wrong.
    pub fn new(current: &TokenKey, older: &[TokenKey]) -> Result<Self, KeyRingError> {
        if older.len() >= KEYS_MAX {
            return Err(KeyRingError::TooMany);
        }
        let keyed = |key: &TokenKey| (key.id, hmac::Key::new(hmac::HMAC_SHA256, &key.secret));
        let mut ring = Self {
            current: keyed(current),
            older: Vec::with_capacity(older.len()),
        };
        for key in older {
            if ring.key(key.id).is_some() {
                return Err(KeyRingError::SameId(key.id));
            }
            ring.older.push(keyed(key));
        }
        Ok(ring)
    }

    /// The token as it stands in a URL: [`URL_CHARACTERS`] letters, digits, `-` and `_`.
    pub fn in_url(&self, token: &Token) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.sealed(token))
    }

    /// The token as a local part: [`LOCAL_PART_CHARACTERS`] lower-case letters, digits and one dot.
    pub fn in_local_part(&self, token: &Token) -> String {
        let mut local_part = BASE32_NOPAD_NOCASE.encode(&self.sealed(token));
        local_part.make_ascii_lowercase();
        format!("{}.{local_part}", token.purpose.letter())
    }

    /// Reads a token out of a URL.
    ///
    /// # Errors
    /// [`TokenError`]; nothing that the text says may then be believed.
    pub fn read_url(&self, purpose: Purpose, text: &str) -> Result<Token, TokenError> {
        if text.len() != URL_CHARACTERS {
            return Err(TokenError::Length);
        }
        let octets = BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| TokenError::Spelling)?;
        self.opened(purpose, &octets)
    }

    /// Reads a local part that is a token, in any case.
    ///
    /// # Errors
    /// [`TokenError`]; nothing that the text says may then be believed.
    pub fn read_local_part(&self, purpose: Purpose, local_part: &str) -> Result<Token, TokenError> {
        if local_part.len() != LOCAL_PART_CHARACTERS {
            return Err(TokenError::Length);
        }
        let (letter, text) = local_part.split_once('.').ok_or(TokenError::Spelling)?;
        let octets = BASE32_NOPAD_NOCASE
            .decode(text.as_bytes())
            .map_err(|_| TokenError::Spelling)?;
        let token = self.opened(purpose, &octets)?;
        let mut written = [0; 4];
        if !letter.eq_ignore_ascii_case(purpose.letter().encode_utf8(&mut written)) {
            return Err(TokenError::Purpose);
        }
        Ok(token)
    }

    fn key(&self, id: u8) -> Option<&hmac::Key> {
        std::iter::once(&self.current)
            .chain(&self.older)
            .find(|(other, _)| *other == id)
            .map(|(_, key)| key)
    }

    fn sealed(&self, token: &Token) -> Vec<u8> {
        let (id, key) = &self.current;
        let mut octets = Vec::with_capacity(OCTETS);
        octets.push(*id);
        octets.extend(token.purpose.letter().to_string().bytes());
        octets.extend(token.email_id);
        octets.extend(token.number.to_be_bytes());
        let code = code(key, &octets);
        octets.extend(code.as_ref().iter().take(MAC_OCTETS));
        octets
    }

    fn opened(&self, purpose: Purpose, octets: &[u8]) -> Result<Token, TokenError> {
        let (said, given) = octets
            .split_first_chunk::<SAID_OCTETS>()
            .ok_or(TokenError::Length)?;
        let [id, letter, email_id @ .., high, low] = said;
        let key = self.key(*id).ok_or(TokenError::UnknownKey(*id))?;
        let code = code(key, said);
        let expected = code
            .as_ref()
            .first_chunk::<MAC_OCTETS>()
            .ok_or(TokenError::Forged)?;
        constant_time::verify_slices_are_equal(expected, given).map_err(|_| TokenError::Forged)?;
        if Purpose::of_letter(*letter) != Some(purpose) {
            return Err(TokenError::Purpose);
        }
        Ok(Token {
            purpose,
            email_id: *email_id,
            number: u16::from_be_bytes([*high, *low]),
        })
    }
}

/// The ids alone.
impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let older: Vec<u8> = self.older.iter().map(|(id, _)| *id).collect();
        formatter
            .debug_struct("KeyRing")
            .field("current", &self.current.0)
            .field("older", &older)
            .finish()
    }
}

fn code(key: &hmac::Key, said: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(LABEL);
    context.update(said);
    context.sign()
}

#[cfg(test)]
mod tests;
