//! What happened to mail to an address and is forgiven once: messages that expired on their way, a mailbox that was switched
//! off, a recipient who took no mail of this sender. Several of one class within some days, and the address is left alone.
//!
//! How many, within how long and for how long is what the class says ([`Action::SuppressAfter`]). One small record for each
//! such address says when. Two in the same moment may count as one: the address is then left alone a message later.

use bytes::Bytes;
use store::{Batch, RecordError, RecordReader, RecordWriter};

use crate::bounce::{Action, Class};
use crate::error::LedgerError;
use crate::id::{AccountId, EmailId};
use crate::keys;
use crate::ledger::Ledger;
use crate::limits::STRIKE_WINDOW_MS;
use crate::suppression::{Scope, Suppression, SuppressionId, SuppressionKind, fold};

/// The first version knew expired messages alone.
const VERSION: u8 = 2;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// One more that counts against an address.
#[derive(Clone, Copy, Debug)]
pub struct Strike<'a> {
    /// Whose mail it was.
    pub account: AccountId,
    /// To whom.
    pub address: &'a str,
    /// The e-mail.
    pub email_id: EmailId,
    /// What happened; each class counts for itself.
    pub class: Class,
    /// The last thing heard of it.
    pub evidence: Option<&'a str>,
    /// Names the suppression, should this lead to one.
    pub entropy: [u8; 10],
}

/// When what happened, oldest first, in milliseconds since the epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Strikes(Vec<(u64, Class)>);

impl Strikes {
    /// One more; true if these are `count` of its class within `within_ms`. They are forgotten then.
    fn add(&mut self, now_unix_ms: u64, class: Class, count: u32, within_ms: u64) -> bool {
        let age = |at: u64| now_unix_ms.saturating_sub(at);
        self.0.retain(|(at, _)| age(*at) < STRIKE_WINDOW_MS);
        self.0.push((now_unix_ms, class));
        let alike = |(at, other): &&(u64, Class)| *other == class && age(*at) < within_ms;
        let too_many = self.0.iter().filter(alike).count() >= usize::try_from(count).unwrap_or(usize::MAX);
        if too_many {
            self.0.retain(|(_, other)| *other != class);
        }
        too_many
    }

    /// Whether none of them counts any more.
    pub(crate) fn is_over(&self, now_unix_ms: u64) -> bool {
        self.0
            .iter()
            .all(|(at, _)| now_unix_ms.saturating_sub(*at) >= STRIKE_WINDOW_MS)
    }

    fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 32);
        out.number(self.0.len() as u64);
        for (at, class) in &self.0 {
            out.number(*at).byte(class.to_byte());
        }
        out.finish()
    }

    pub(crate) fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let has_class = input.version() >= 2;
        let strikes = input.list(|input| {
            let at = input.number()?;
            let class = match has_class {
                true => Class::from_byte(input.byte()?)?,
                false => Class::Expired,
            };
            Ok((at, class))
        })?;
        input.end()?;
        Ok(Self(strikes))
    }
}

impl Ledger {
    /// Puts into `batch` that this happened, and the suppression to which that leads, if it does. Nothing if `action` is none
    /// that counts.
    ///
    /// # Errors
    /// The store's, and damage.
    pub fn strike(
        &self,
        strike: &Strike<'_>,
        action: Action,
        now_unix_ms: u64,
        batch: &mut Batch,
    ) -> Result<Option<Suppression>, LedgerError> {
        let Action::SuppressAfter {
            count,
            within_ms,
            for_ms,
        } = action
        else {
            return Ok(None);
        };
        let Some(address) = fold(strike.address) else {
            return Ok(None);
        };
        let key = keys::strikes(strike.account, &address);
        let record = self.store.get(&key)?;
        let strikes = record.map(|record| Strikes::decode(&record)).transpose();
        let mut strikes = strikes
            .map_err(LedgerError::damaged("what counts against an address"))?
            .unwrap_or_default();
        let too_many = strikes.add(now_unix_ms, strike.class, count, within_ms);
        if strikes.0.is_empty() {
            batch.delete(key);
        } else {
            let over = now_unix_ms.saturating_add(STRIKE_WINDOW_MS);
            batch.put(keys::expiry(over, &key), Vec::new());
            batch.put(key, strikes.encode());
        }
        if !too_many {
            return Ok(None);
        }
        let suppression = Suppression {
            id: SuppressionId::new(now_unix_ms, strike.entropy),
            account: strike.account,
            email: strike.address.to_owned(),
            kind: SuppressionKind::Bounce,
            scope: Scope::Account,
            source: None,
            reason: Some(reason(strike.class, count, within_ms)),
            evidence: strike.evidence.map(str::to_owned),
            email_id: Some(strike.email_id),
            expires_unix_ms: for_ms.map(|ms| now_unix_ms.saturating_add(ms)),
        };
        self.suppress(&suppression, batch)?;
        Ok(Some(suppression))
    }
}

fn reason(class: Class, count: u32, within_ms: u64) -> String {
    let days = within_ms / DAY_MS;
    match class {
        Class::Expired => format!("{count} messages expired within {days} days"),
        class => format!("{count} times {} within {days} days", class.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(strikes: &mut Strikes, now: u64, class: Class) -> bool {
        let Action::SuppressAfter { count, within_ms, .. } = class.action() else {
            panic!("{class:?} does not count");
        };
        assert!(
            within_ms <= STRIKE_WINDOW_MS,
            "what counts is kept for long enough"
        );
        strikes.add(now, class, count, within_ms)
    }

    #[test]
    fn the_last_within_the_window_is_one_too_many() {
        use Class::{Expired, InactiveMailbox, RecipientRefused};
        for (class, days, last) in [
            (Expired, &[0, 1, 2][..], true),
            (Expired, &[0, 1], false),
            (Expired, &[0, 1, 30], false),
            (Expired, &[0, 1, 30, 30], true),
            (Expired, &[0, 29, 60], false),
            (InactiveMailbox, &[0, 6], true),
            (InactiveMailbox, &[0, 7], false),
            (RecipientRefused, &[0, 8, 16], true),
            (RecipientRefused, &[0, 8], false),
        ] {
            let mut strikes = Strikes::default();
            let verdicts: Vec<bool> = days
                .iter()
                .map(|at| add(&mut strikes, at * DAY_MS, class))
                .collect();
            assert_eq!(verdicts.last(), Some(&last), "{class:?} {days:?}");
            assert_eq!(Strikes::decode(&strikes.encode()), Ok(strikes));
        }
    }

    #[test]
    fn each_class_counts_for_itself() {
        let mut strikes = Strikes::default();
        assert!(!add(&mut strikes, 0, Class::InactiveMailbox));
        assert!(!add(&mut strikes, 1, Class::RecipientRefused));
        assert!(add(&mut strikes, 2, Class::InactiveMailbox));
        assert_eq!(strikes.0, [(1, Class::RecipientRefused)]);
    }

    #[test]
    fn what_the_first_version_wrote_is_read() {
        let mut out = RecordWriter::new(1, 16);
        out.number(2).number(5).number(700);
        let read = Strikes::decode(&out.finish());
        assert_eq!(
            read,
            Ok(Strikes(vec![(5, Class::Expired), (700, Class::Expired)]))
        );
    }
}
