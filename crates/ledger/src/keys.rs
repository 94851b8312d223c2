//! The key space of the ledger, in one table. The queue has `M`, `D`, `T`, `S` and `0xB0`.
//!
//! | key | value |
//! |---|---|
//! | `A` account | account record |
//! | `a` address | account of this e-mail address, in lower case |
//! | `B` template | head of a template: what its copies have in common |
//! | `b` template | counter: copies not yet settled |
//! | `C` account | SMTP credential |
//! | `c` account grain cell time metric | counter: what happened to the account's mail in an hour or on a day |
//! | `E` email | e-mail record |
//! | `F` email kind human | presence: the e-mail was opened or clicked, by a human or by anybody else |
//! | `H` account email | reason why the e-mail is held, and what it costs |
//! | `h` account day | the score of the account's mail on a day |
//! | `I` account digest piece | reply to an idempotency key, in pieces |
//! | `i` time account digest | the same by age |
//! | `j` email link human | counter: clicks on a link |
//! | `K` digest | account and mode of an API key |
//! | `k` id | secret of tokens |
//! | `L` time id | audit log |
//! | `l` email number | where links lead, from this number on |
//! | `N` account domain | domain record |
//! | `n` account name | id of the domain of this name |
//! | `P` account | what had been counted that day when the account was let go again |
//! | `Q` account month | counter: recipients charged in the month |
//! | `R` email address | what became of a recipient |
//! | `U` account address 0 scope kind | suppression: the address folded, scope 0 for the account or 1 and a domain |
//! | `u` time key | this key, an `U` or an `x`, may be over then |
//! | `x` account address | what counts against this address, and when it was |
//! | `V` email sequence | event |
//! | `W` account type place | presence: an event of the account, by type |
//! | `X` account recipient 0 place type | presence: the same by recipient, in lower case |
//! | `Y` account tag place type | presence: the same by the digest of the tag |
//! | `w` … | webhooks: a second octet says what of them, see `webhook/keys.rs` |
//! | `0xB1` template piece | a piece of a template |
//!
//! Numbers are big-endian, so that bytewise order is numeric order. A place ([`Place`]) is the time of an event, its e-mail and
//! its sequence number, time and number inverted: a scan, which goes forwards only, meets the newest first.

use crate::calendar::Month;
use crate::event::{Event, EventType, HitKind, TagDigest};
use crate::id::{AccountId, DomainId, EmailId};
use crate::suppression::{Scope, SuppressionKind};

const TEMPLATE_PIECE: u8 = 0xB1;
const _: () = assert!(TEMPLATE_PIECE >= store::BULK);

/// From the first key of a kind to just behind the last.
pub(crate) struct Span {
    pub(crate) from: Vec<u8>,
    pub(crate) to: Vec<u8>,
}

/// All keys that begin with `prefix`, which does not end in 0xff.
pub(crate) fn span(prefix: Vec<u8>) -> Span {
    let mut to = prefix.clone();
    // Ids may end in 0xff: behind every key with the prefix stands the prefix plus one, as a number.
    while let Some(last) = to.pop() {
        if let Some(next) = last.checked_add(1) {
            to.push(next);
            break;
        }
    }
    Span { from: prefix, to }
}

/// The first key behind `key`.
pub(crate) fn behind(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

pub(crate) fn account(id: AccountId) -> Vec<u8> {
    key(b'A', &[&id.to_bytes()])
}

pub(crate) fn accounts() -> Span {
    span(vec![b'A'])
}

pub(crate) fn address(address: &str) -> Vec<u8> {
    key(b'a', &[address.to_lowercase().as_bytes()])
}

pub(crate) fn template(id: EmailId) -> Vec<u8> {
    key(b'B', &[&id.to_bytes()])
}

pub(crate) fn templates() -> Span {
    span(vec![b'B'])
}

pub(crate) fn template_copies(id: EmailId) -> Vec<u8> {
    key(b'b', &[&id.to_bytes()])
}

pub(crate) fn templates_with_copies() -> Span {
    span(vec![b'b'])
}

pub(crate) fn template_piece(id: EmailId, piece: u16) -> Vec<u8> {
    key(TEMPLATE_PIECE, &[&id.to_bytes(), &piece.to_be_bytes()])
}

pub(crate) fn credential(account: AccountId) -> Vec<u8> {
    key(b'C', &[&account.to_bytes()])
}

pub(crate) fn email(id: EmailId) -> Vec<u8> {
    key(b'E', &[&id.to_bytes()])
}

pub(crate) fn emails() -> Span {
    span(vec![b'E'])
}

pub(crate) fn hold(account: AccountId, email: EmailId) -> Vec<u8> {
    key(b'H', &[&account.to_bytes(), &email.to_bytes()])
}

pub(crate) fn holds() -> Span {
    span(vec![b'H'])
}

pub(crate) fn health(account: AccountId, day: u32) -> Vec<u8> {
    key(b'h', &[&account.to_bytes(), &day.to_be_bytes()])
}

pub(crate) fn reply(account: AccountId, digest: &[u8; 32], piece: u8) -> Vec<u8> {
    key(b'I', &[&account.to_bytes(), digest, &[piece]])
}

pub(crate) fn replies(account: AccountId, digest: &[u8; 32]) -> Span {
    span(key(b'I', &[&account.to_bytes(), digest]))
}

pub(crate) fn reply_age(unix_ms: u64, account: AccountId, digest: &[u8; 32]) -> Vec<u8> {
    key(b'i', &[&unix_ms.to_be_bytes(), &account.to_bytes(), digest])
}

pub(crate) fn reply_ages_until(unix_ms: u64) -> Span {
    Span {
        from: vec![b'i'],
        to: key(b'i', &[&unix_ms.to_be_bytes()]),
    }
}

pub(crate) fn api_key(digest: &[u8; 32]) -> Vec<u8> {
    key(b'K', &[digest])
}

pub(crate) fn audit(id: [u8; 16]) -> Vec<u8> {
    key(b'L', &[&id])
}

/// Where the entries made at `unix_ms` begin: ids begin with their time.
pub(crate) fn audit_from(unix_ms: u64) -> Vec<u8> {
    key(b'L', &[&unix_ms.to_be_bytes()[2..]])
}

pub(crate) fn audits() -> Span {
    span(vec![b'L'])
}

pub(crate) fn domain(account: AccountId, id: DomainId) -> Vec<u8> {
    key(b'N', &[&account.to_bytes(), &id.to_bytes()])
}

pub(crate) fn domains(account: AccountId) -> Span {
    span(key(b'N', &[&account.to_bytes()]))
}

pub(crate) fn all_domains() -> Span {
    span(vec![b'N'])
}

pub(crate) fn domain_name(account: AccountId, name: &str) -> Vec<u8> {
    key(b'n', &[&account.to_bytes(), name.as_bytes()])
}

pub(crate) fn baseline(account: AccountId) -> Vec<u8> {
    key(b'P', &[&account.to_bytes()])
}

pub(crate) fn charged(account: AccountId, month: Month) -> Vec<u8> {
    key(b'Q', &[&account.to_bytes(), &month.to_bytes()])
}

pub(crate) fn outcome(email: EmailId, address: &str) -> Vec<u8> {
    key(b'R', &[&email.to_bytes(), address.as_bytes()])
}

pub(crate) fn outcomes(email: EmailId) -> Span {
    span(key(b'R', &[&email.to_bytes()]))
}

pub(crate) fn event(email: EmailId, sequence: u64) -> Vec<u8> {
    key(b'V', &[&email.to_bytes(), &sequence.to_be_bytes()])
}

pub(crate) fn events_of(email: EmailId) -> Span {
    span(key(b'V', &[&email.to_bytes()]))
}

pub(crate) fn events() -> Span {
    span(vec![b'V'])
}

/// The e-mail and the sequence number in the key of an event.
pub(crate) fn event_at(key: &[u8]) -> Option<(EmailId, u64)> {
    let sequence = u64::from_be_bytes(*key.get(17..)?.first_chunk()?);
    Some((EmailId::from_bytes(id_at(key, 1)?), sequence))
}

/// Where an event stands among all events of its account, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place([u8; Self::BYTES]);

impl Place {
    pub(crate) const BYTES: usize = 32;

    pub(crate) fn of(event: &Event) -> Self {
        let mut place = [0; Self::BYTES];
        place[..8].copy_from_slice(&(!event.at_unix_ms).to_be_bytes());
        place[8..24].copy_from_slice(&event.email.to_bytes());
        place[24..].copy_from_slice(&(!event.sequence).to_be_bytes());
        Self(place)
    }

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        self.0
    }

    pub(crate) fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    pub(crate) fn email(self) -> EmailId {
        EmailId::from_bytes(id_at(&self.0, 8).unwrap_or_default())
    }

    pub(crate) fn sequence(self) -> u64 {
        !u64::from_be_bytes(self.0.last_chunk().copied().unwrap_or_default())
    }
}

pub(crate) fn event_by_type(account: AccountId, kind: EventType, place: Place) -> Vec<u8> {
    key(b'W', &[&account.to_bytes(), &[kind.to_byte()], &place.0])
}

/// What the keys of all events of one type begin with.
pub(crate) fn events_by_type(account: AccountId, kind: EventType) -> Vec<u8> {
    key(b'W', &[&account.to_bytes(), &[kind.to_byte()]])
}

pub(crate) fn event_by_recipient(
    account: AccountId,
    recipient: &str,
    place: Place,
    kind: EventType,
) -> Vec<u8> {
    let mut key = events_by_recipient(account, recipient);
    key.extend_from_slice(&place.0);
    key.push(kind.to_byte());
    key
}

/// What the keys of all events of one recipient begin with.
pub(crate) fn events_by_recipient(account: AccountId, recipient: &str) -> Vec<u8> {
    key(
        b'X',
        &[&account.to_bytes(), recipient.to_lowercase().as_bytes(), &[0]],
    )
}

pub(crate) fn event_by_tag(account: AccountId, tag: TagDigest, place: Place, kind: EventType) -> Vec<u8> {
    key(
        b'Y',
        &[&account.to_bytes(), &tag.to_bytes(), &place.0, &[kind.to_byte()]],
    )
}

/// What the keys of all events with one tag begin with.
pub(crate) fn events_by_tag(account: AccountId, tag: TagDigest) -> Vec<u8> {
    key(b'Y', &[&account.to_bytes(), &tag.to_bytes()])
}

pub(crate) fn hit(email: EmailId, kind: HitKind, human: bool) -> Vec<u8> {
    let kind = match kind {
        HitKind::Open => 0,
        HitKind::Click => 1,
    };
    key(b'F', &[&email.to_bytes(), &[kind, u8::from(human)]])
}

pub(crate) fn hits(email: EmailId) -> Span {
    span(key(b'F', &[&email.to_bytes()]))
}

pub(crate) fn clicks(email: EmailId, link: u16, human: bool) -> Vec<u8> {
    key(
        b'j',
        &[&email.to_bytes(), &link.to_be_bytes(), &[u8::from(human)]],
    )
}

pub(crate) fn clicks_of(email: EmailId) -> Span {
    span(key(b'j', &[&email.to_bytes()]))
}

/// What the keys of all counters of an account in one grain begin with.
pub(crate) fn counters(account: AccountId, grain: u8) -> Vec<u8> {
    key(b'c', &[&account.to_bytes(), &[grain]])
}

pub(crate) fn suppressions(account: AccountId) -> Span {
    span(key(b'U', &[&account.to_bytes()]))
}

/// All of one folded address, in which there is no zero octet: first what holds for the whole account.
pub(crate) fn suppressions_of(account: AccountId, address: &str) -> Span {
    span(key(b'U', &[&account.to_bytes(), address.as_bytes(), &[0]]))
}

pub(crate) fn suppressions_in(account: AccountId, address: &str, scope: Scope) -> Span {
    let mut prefix = suppressions_of(account, address).from;
    match scope {
        Scope::Account => prefix.push(0),
        Scope::Domain(domain) => {
            prefix.push(1);
            prefix.extend_from_slice(&domain.to_bytes());
        }
    }
    span(prefix)
}

pub(crate) fn suppression(account: AccountId, address: &str, scope: Scope, kind: SuppressionKind) -> Vec<u8> {
    let mut key = suppressions_in(account, address, scope).from;
    key.push(kind.to_byte());
    key
}

pub(crate) fn expiry(unix_ms: u64, target: &[u8]) -> Vec<u8> {
    key(b'u', &[&unix_ms.to_be_bytes(), target])
}

pub(crate) fn expiries_until(unix_ms: u64) -> Span {
    Span {
        from: vec![b'u'],
        to: key(b'u', &[&unix_ms.saturating_add(1).to_be_bytes()]),
    }
}

/// The key that an expiry is of.
pub(crate) fn expiry_target(key: &[u8]) -> &[u8] {
    key.get(9..).unwrap_or_default()
}

pub(crate) fn strikes(account: AccountId, address: &str) -> Vec<u8> {
    key(b'x', &[&account.to_bytes(), address.as_bytes()])
}

pub(crate) fn links(email: EmailId, first: u16) -> Vec<u8> {
    key(b'l', &[&email.to_bytes(), &first.to_be_bytes()])
}

pub(crate) fn links_of(email: EmailId) -> Span {
    span(key(b'l', &[&email.to_bytes()]))
}

pub(crate) fn token_secret(id: u8) -> Vec<u8> {
    vec![b'k', id]
}

pub(crate) fn token_secrets() -> Span {
    span(vec![b'k'])
}

/// The 16 octets at `at` of a key.
pub(crate) fn id_at(key: &[u8], at: usize) -> Option<[u8; 16]> {
    key.get(at..at + 16)?.try_into().ok()
}

pub(crate) fn key(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(kind);
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_holds_its_prefix_and_no_other() {
        let account =
            |last| AccountId::from_bytes([0xff, 7, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last, 0xff]);
        let id = DomainId::from_bytes([0xff; 16]);
        let span = domains(account(1));
        assert!(span.from < domain(account(1), id) && domain(account(1), id) < span.to);
        assert!(domain(account(2), DomainId::from_bytes([0; 16])) >= span.to);
        assert_eq!(id_at(&domain(account(1), id), 17), Some([0xff; 16]));
    }
}
