//! The parameters of MAIL, each known or refused (RFC 5321 §4.1.1.11).

use super::CommandError;
use crate::limits::NUMBER_DIGITS_MAX;

/// What the octets of a message are declared or found to be (RFC 6152 §3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyType {
    /// No octet above 127.
    #[default]
    SevenBit,
    /// Octets above 127 may be there.
    EightBitMime,
}

/// What extensions add to MAIL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailParameters {
    /// `SIZE=`: octets of the message, as the client estimates it (RFC 1870 §6).
    pub size: Option<u64>,
    /// `BODY=` (RFC 6152 §3).
    pub body: Option<BodyType>,
    /// `SMTPUTF8` (RFC 6531 §3.4).
    pub smtputf8: bool,
    /// Whether `AUTH=` was given. Its value is not trusted and not passed on (RFC 4954 §5 allows that).
    pub auth: bool,
}

impl MailParameters {
    /// Reads what stands behind the reverse-path.
    pub(super) fn parse(text: &str) -> Result<Self, CommandError> {
        let mut parameters = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            parameters.add(word)?;
        }
        Ok(parameters)
    }

    fn add(&mut self, word: &str) -> Result<(), CommandError> {
        let (keyword, value) = match word.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value)),
            None => (word, None),
        };
        let fresh = if keyword.eq_ignore_ascii_case("SIZE") {
            let size = value.and_then(number).ok_or(CommandError::ParameterInvalid)?;
            self.size.replace(size).is_none()
        } else if keyword.eq_ignore_ascii_case("BODY") {
            let body = value.and_then(body_type).ok_or(CommandError::ParameterInvalid)?;
            self.body.replace(body).is_none()
        } else if keyword.eq_ignore_ascii_case("SMTPUTF8") {
            value.is_none() && !std::mem::replace(&mut self.smtputf8, true)
        } else if keyword.eq_ignore_ascii_case("AUTH") {
            value.is_some_and(|value| !value.is_empty()) && !std::mem::replace(&mut self.auth, true)
        } else {
            return Err(CommandError::ParameterUnknown);
        };
        if fresh {
            Ok(())
        } else {
            Err(CommandError::ParameterInvalid)
        }
    }
}

fn body_type(value: &str) -> Option<BodyType> {
    if value.eq_ignore_ascii_case("7BIT") {
        Some(BodyType::SevenBit)
    } else if value.eq_ignore_ascii_case("8BITMIME") {
        Some(BodyType::EightBitMime)
    } else {
        None
    }
}

/// A number as SIZE and BDAT have it: digits only, and few enough.
pub(super) fn number(digits: &str) -> Option<u64> {
    let plain = digits.len() <= NUMBER_DIGITS_MAX && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}
