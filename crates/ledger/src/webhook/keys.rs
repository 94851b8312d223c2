//! The part of the key space that belongs to webhooks: `w`, and an octet that says what of them.
//!
//! | key | value |
//! |---|---|
//! | `wa` account endpoint ~attempt | record of an attempt; the id is complemented, so that the newest comes first |
//! | `wd` due account endpoint message | due index: a message; with a message of zeros, the endpoint's line |
//! | `we` account endpoint | endpoint record |
//! | `wh` account endpoint | since when the endpoint has answered nothing but failures |
//! | `wl` account endpoint message | line of an ordered endpoint |
//! | `wm` account endpoint message | payload |
//! | `wp` account endpoint message | progress, once it differs from "due when it happened" |

use super::{AttemptId, MessageId, WebhookId};
use crate::id::AccountId;
use crate::keys::{Span, id_at, key, span};

/// An endpoint, as it stands in keys: whose, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) account: AccountId,
    pub(super) endpoint: WebhookId,
}

/// What is kept for a time: each sorts by when it was made, payloads and progress by when the event happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Attempt,
    Payload,
    Progress,
}

/// The message in the key of a line's entry of the due index. Messages have ids of version 7, never this one.
const LINE: [u8; 16] = [0; 16];

/// Octets before the message or attempt in a key: kind, account, endpoint.
pub(super) const PLACE_END: usize = 2 + 16 + 16;

impl Place {
    pub(super) fn new(account: AccountId, endpoint: WebhookId) -> Self {
        Self { account, endpoint }
    }

    /// The place that a key of `wa`, `wl`, `wm` or `wp` belongs to.
    pub(super) fn of(key: &[u8]) -> Option<Self> {
        Some(Self {
            account: AccountId::from_bytes(id_at(key, 2)?),
            endpoint: WebhookId::from_bytes(id_at(key, 18)?),
        })
    }

    fn with(self, kind: u8, rest: &[u8]) -> Vec<u8> {
        key(
            b'w',
            &[&[kind], &self.account.to_bytes(), &self.endpoint.to_bytes(), rest],
        )
    }

    pub(super) fn endpoint(self) -> Vec<u8> {
        self.with(b'e', &[])
    }

    pub(super) fn failing(self) -> Vec<u8> {
        self.with(b'h', &[])
    }

    pub(super) fn in_line(self, message: MessageId) -> Vec<u8> {
        self.with(b'l', &message.to_bytes())
    }

    pub(super) fn line(self) -> Span {
        span(self.with(b'l', &[]))
    }

    pub(super) fn payload(self, message: MessageId) -> Vec<u8> {
        self.with(b'm', &message.to_bytes())
    }

    /// Payloads of the events from `from_unix_ms` on, before `to_unix_ms`.
    pub(super) fn payloads_between(self, from_unix_ms: u64, to_unix_ms: u64) -> Span {
        Span {
            from: self.with(b'm', &time(from_unix_ms)),
            to: self.with(b'm', &time(to_unix_ms)),
        }
    }

    /// All of a kind.
    pub(super) fn all(self, kind: Kind) -> Span {
        span(self.with(kind.octet(), &[]))
    }

    /// What of a kind is from before `unix_ms`.
    pub(super) fn before(self, kind: Kind, unix_ms: u64) -> Span {
        let Span { from, to } = self.all(kind);
        match kind {
            Kind::Payload | Kind::Progress => Span {
                from,
                to: self.with(kind.octet(), &time(unix_ms)),
            },
            Kind::Attempt => {
                let youngest = time(unix_ms.saturating_sub(1)).map(|octet| !octet);
                Span {
                    from: self.with(kind.octet(), &youngest),
                    to,
                }
            }
        }
    }

    pub(super) fn progress(self, message: MessageId) -> Vec<u8> {
        self.with(b'p', &message.to_bytes())
    }

    pub(super) fn attempt(self, id: AttemptId) -> Vec<u8> {
        self.with(b'a', &id.to_bytes().map(|octet| !octet))
    }

    pub(super) fn due(self, unix_ms: u64, message: Option<MessageId>) -> Vec<u8> {
        let message = message.map_or(LINE, MessageId::to_bytes);
        let (account, endpoint) = (self.account.to_bytes(), self.endpoint.to_bytes());
        key(
            b'w',
            &[b"d", &unix_ms.to_be_bytes(), &account, &endpoint, &message],
        )
    }
}

impl Kind {
    fn octet(self) -> u8 {
        match self {
            Self::Attempt => b'a',
            Self::Payload => b'm',
            Self::Progress => b'p',
        }
    }

    pub(super) fn span(self) -> Span {
        span(vec![b'w', self.octet()])
    }
}

pub(super) fn endpoints(account: AccountId) -> Span {
    span(key(b'w', &[b"e", &account.to_bytes()]))
}

/// What is due at `unix_ms` and later.
pub(super) fn due_from(unix_ms: u64) -> Span {
    let Span { to, .. } = span(b"wd".to_vec());
    let from = key(b'w', &[b"d", &unix_ms.to_be_bytes()]);
    Span { from, to }
}

/// Reads a key of the due index: when, whose, and which message unless it is a line.
pub(super) fn read_due(key: &[u8]) -> Option<(u64, Place, Option<MessageId>)> {
    let due = u64::from_be_bytes(key.get(2..10)?.try_into().ok()?);
    let place = Place::new(
        AccountId::from_bytes(id_at(key, 10)?),
        WebhookId::from_bytes(id_at(key, 26)?),
    );
    let message = id_at(key, 42)?;
    Some((
        due,
        place,
        (message != LINE).then_some(MessageId::from_bytes(message)),
    ))
}

/// The message of a key of `wl`, `wm` or `wp`.
pub(super) fn message(key: &[u8]) -> Option<MessageId> {
    id_at(key, PLACE_END).map(MessageId::from_bytes)
}

/// The id of a key of `wa`.
pub(super) fn attempt_id(key: &[u8]) -> Option<AttemptId> {
    let id = id_at(key, PLACE_END)?;
    Some(AttemptId::from_bytes(id.map(|octet| !octet)))
}

/// How ids made at `unix_ms` begin.
fn time(unix_ms: u64) -> [u8; 6] {
    let [_, _, rest @ ..] = unix_ms.min((1 << 48) - 1).to_be_bytes();
    rest
}
