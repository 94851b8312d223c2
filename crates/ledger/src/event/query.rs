//! Which events are asked for, and by which index they are found.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::kind::EventType;
use super::tag::TagDigest;
use super::{AccountId, EmailId, Event};
use crate::keys::{self, Place};

/// Which events are wanted: all that fit whatever is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Of this e-mail.
    pub email: Option<EmailId>,
    /// Of one of these types; of any when there are none.
    pub types: Vec<EventType>,
    /// Of recipients whose address holds this text, in whatever case. A complete address is that recipient alone, and is
    /// found without looking at others.
    pub recipient: Option<String>,
    /// Of e-mails whose From: holds this text, in whatever case.
    pub from: Option<String>,
    /// Of e-mails with this tag.
    pub tag: Option<String>,
    /// Not before this, in milliseconds since the epoch.
    pub from_unix_ms: Option<u64>,
    /// Not after this, in milliseconds since the epoch.
    pub to_unix_ms: Option<u64>,
}

/// Where in the list to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// At this page, counted from 1. Everything before it is stepped over, and everything behind it counted.
    Page(u32),
    /// Behind this place. Costs its page, however far behind.
    After(Cursor),
}

/// A place in a list of events, newest first. As a text it is 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub(super) Place);

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a cursor of this list")]
pub struct CursorError;

/// An index by which events are found.
pub(super) enum Index {
    /// One e-mail's.
    Email(EmailId),
    /// What keys begin with, and the one type that is under it, if it is one.
    Prefixes(Vec<(Vec<u8>, Option<EventType>)>),
}

/// What is left to be decided by the event itself, or by its e-mail.
pub(super) struct Rest {
    recipient: Option<String>,
    tag: Option<TagDigest>,
    from: Option<String>,
}

impl EventQuery {
    /// The narrowest index, and what it leaves open.
    pub(super) fn plan(&self, account: AccountId) -> (Index, Rest) {
        let mut rest = Rest {
            recipient: self.recipient.as_deref().map(str::to_lowercase),
            tag: self.tag.as_deref().map(|tag| TagDigest::of(Some(tag))),
            from: self.from.as_deref().map(str::to_lowercase),
        };
        if let Some(email) = self.email {
            return (Index::Email(email), rest);
        }
        if let Some(recipient) = rest.recipient.take_if(|recipient| is_complete(recipient)) {
            let prefix = keys::events_by_recipient(account, &recipient);
            return (Index::Prefixes(vec![(prefix, None)]), rest);
        }
        if let Some(tag) = rest.tag.take() {
            return (
                Index::Prefixes(vec![(keys::events_by_tag(account, tag), None)]),
                rest,
            );
        }
        let types = EventType::ALL.into_iter().filter(|kind| self.wants(*kind));
        let prefixes = types.map(|kind| (keys::events_by_type(account, kind), Some(kind)));
        (Index::Prefixes(prefixes.collect()), rest)
    }

    /// Whether events of this type are wanted.
    pub(super) fn wants(&self, kind: EventType) -> bool {
        self.types.is_empty() || self.types.contains(&kind)
    }

    /// Whether events of this time are wanted.
    pub(super) fn covers(&self, at_unix_ms: u64) -> bool {
        self.from_unix_ms.is_none_or(|from| at_unix_ms >= from)
            && self.to_unix_ms.is_none_or(|to| at_unix_ms <= to)
    }
}

impl Rest {
    /// Whether the index decides everything.
    pub(super) fn is_empty(&self) -> bool {
        self.recipient.is_none() && self.tag.is_none() && self.from.is_none()
    }

    /// Whether the event fits, as far as it says itself.
    pub(super) fn fits(&self, event: &Event, tag: TagDigest) -> bool {
        let is_recipient = |text: &String| {
            let recipient = event.recipient.to_lowercase();
            if is_complete(text) {
                recipient == *text
            } else {
                recipient.contains(text)
            }
        };
        self.tag.is_none_or(|wanted| wanted == tag) && self.recipient.as_ref().is_none_or(is_recipient)
    }

    /// Whether the e-mail has to be asked too.
    pub(super) fn needs_email(&self) -> bool {
        self.from.is_some()
    }

    /// Whether an e-mail from `from` fits.
    pub(super) fn fits_from(&self, from: &str) -> bool {
        self.from
            .as_ref()
            .is_none_or(|text| from.to_lowercase().contains(text))
    }
}

/// Whether a text is an address from end to end, and not a piece of one.
fn is_complete(text: &str) -> bool {
    let Some((local_part, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let label = domain.rsplit_once('.').filter(|(name, _)| !name.is_empty());
    !local_part.is_empty() && label.is_some_and(|(_, last)| last.len() > 1)
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .to_bytes()
            .iter()
            .try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let mut place = [0; Place::BYTES];
        if text.len() != 2 * place.len() {
            return Err(CursorError);
        }
        for (octet, digits) in place.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| CursorError)?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(CursorError);
            }
            *octet = u8::from_str_radix(digits, 16).map_err(|_| CursorError)?;
        }
        Ok(Self(Place::from_bytes(place)))
    }
}
