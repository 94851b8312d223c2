//! What each accepted e-mail adds to the batch that accepts it, and what is told of it afterwards.

use std::collections::BTreeMap;

use bytes::Bytes;
use store::Batch;

use crate::account::{Account, Status};
use crate::calendar::Month;
use crate::email::{Disposition, Email, Outcome};
use crate::error::LedgerError;
use crate::event::RecipientStatus;
use crate::hold::{Hold, HoldReason};
use crate::id::{AccountId, EmailId};
use crate::keys;
use crate::ledger::Ledger;
use crate::quota::Charge;

/// An e-mail about to be accepted: its charge is taken back if this is dropped before [`Admission::committed`].
#[derive(Debug)]
#[must_use = "the charge is taken back when this is dropped"]
pub struct Admission {
    /// Why it may not leave yet, if so.
    pub held: Option<HoldReason>,
    charge: Option<Charge>,
}

impl Admission {
    /// The batch that accepts the e-mail is committed.
    pub fn committed(mut self) {
        if let Some(charge) = self.charge.take() {
            charge.keep();
        }
    }
}

impl Ledger {
    /// Puts into `batch` whatever must be true of `email` once it is accepted. It costs `charge` recipients of the month,
    /// which [`Self::put_charge`] puts there; an account that has not that many left, or may not send, has it held.
    ///
    /// # Errors
    /// The store's.
    pub fn admit(
        &self,
        account: &Account,
        email: &mut Email,
        charge: u64,
        now_unix_ms: u64,
        batch: &mut Batch,
    ) -> Result<Admission, LedgerError> {
        let admission = match account.hold() {
            // It is charged when it leaves.
            Some(reason) if charge > 0 => Admission {
                held: Some(reason),
                charge: None,
            },
            _ => self.charge(account, charge, now_unix_ms)?,
        };
        if let Some(reason) = admission.held {
            let scheduled_unix_ms = match email.disposition {
                Disposition::Scheduled(at) => Some(at),
                Disposition::Queued | Disposition::Held(_) | Disposition::Suppressed => None,
            };
            let hold = Hold {
                reason,
                charge,
                scheduled_unix_ms,
                mark: None,
            };
            email.disposition = Disposition::Held(reason);
            batch.put(keys::hold(account.id, email.id), hold.encode());
        }
        batch.put(keys::email(email.id), email.encode());
        Ok(admission)
    }

    fn charge(&self, account: &Account, count: u64, now_unix_ms: u64) -> Result<Admission, LedgerError> {
        if count == 0 {
            return Ok(Admission {
                held: None,
                charge: None,
            });
        }
        let month = Month::of(now_unix_ms);
        let limit = account.monthly_email_limit;
        let charge = self.meters.charge(account.id, month, (count, limit), || {
            self.charged(account.id, month)
        })?;
        let held = charge.is_none().then_some(HoldReason::MonthlyQuota);
        Ok(Admission { held, charge })
    }

    /// Puts into `batch` what the e-mails admitted to it cost their account: once for all of them, since each addition to
    /// a counter is a record of its own until somebody reads it.
    pub fn put_charge(&self, account: AccountId, admissions: &[Admission], batch: &mut Batch) {
        let mut months: BTreeMap<Month, u64> = BTreeMap::new();
        for charge in admissions
            .iter()
            .filter_map(|admission| admission.charge.as_ref())
        {
            *months.entry(charge.month()).or_default() += charge.count();
        }
        for (month, count) in months {
            batch.add(
                keys::charged(account, month),
                i64::try_from(count).unwrap_or(i64::MAX),
            );
        }
    }

    /// Recipients charged to an account in a month, as committed.
    ///
    /// # Errors
    /// The store's.
    pub fn charged(&self, account: AccountId, month: Month) -> Result<u64, LedgerError> {
        let counter = self.store.get(&keys::charged(account, month))?;
        let counter = counter.and_then(|octets| Some(i64::from_le_bytes(octets.as_ref().try_into().ok()?)));
        Ok(counter.map_or(0, |count| u64::try_from(count).unwrap_or_default()))
    }

    /// Puts into `batch` what became of a recipient in the end, unless something worse is on record. Of two that are told
    /// while neither is committed the later stands; between a delivery and a report of it lies a commit.
    pub fn outcome(&self, email: EmailId, outcome: &Outcome, batch: &mut Batch) {
        // An end that cannot be read keeps no other from being told; the commit will say what ails the store.
        let known = self.recipient_status(email, &outcome.address).ok().flatten();
        self.outcome_after(known, (email, outcome), batch);
    }

    /// The same for whoever knows what is on record.
    pub fn outcome_after(
        &self,
        known: Option<RecipientStatus>,
        (email, outcome): (EmailId, &Outcome),
        batch: &mut Batch,
    ) {
        let news = RecipientStatus::from(outcome.kind);
        if known.is_none_or(|known| known.or_worse(news) == news) {
            batch.put(keys::outcome(email, &outcome.address), outcome.encode());
        }
    }

    pub(crate) fn outcome_of(&self, email: EmailId, address: &str) -> Result<Option<Outcome>, LedgerError> {
        let record = self.store.get(&keys::outcome(email, address))?;
        let outcome = record.map(|record| Outcome::decode(address.as_bytes(), &record));
        outcome.transpose().map_err(LedgerError::damaged("an outcome"))
    }

    /// Puts into `batch` that an e-mail is not held any more.
    pub fn unhold(&self, account: AccountId, email: EmailId, batch: &mut Batch) {
        batch.delete(keys::hold(account, email));
    }

    /// Puts into `batch` that an e-mail which was on its way is held, for nothing: it was paid for when it was accepted.
    /// `mark` is which of its deliveries was put aside, and when.
    ///
    /// # Errors
    /// As [`Self::account`]: the e-mail's record cannot be read, and does not tell of the hold. The hold is put there all the
    /// same.
    pub fn put_aside(
        &self,
        (account, id): (AccountId, EmailId),
        reason: HoldReason,
        mark: (u16, u64),
        batch: &mut Batch,
    ) -> Result<(), LedgerError> {
        let hold = Hold {
            reason,
            charge: 0,
            scheduled_unix_ms: None,
            mark: Some(mark),
        };
        batch.put(keys::hold(account, id), hold.encode());
        if let Some(mut email) = self.email(account, id)? {
            email.disposition = Disposition::Held(reason);
            batch.put(keys::email(id), email.encode());
        }
        Ok(())
    }

    /// An e-mail of `account`, with what its template says of it.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn email(&self, account: AccountId, id: EmailId) -> Result<Option<Email>, LedgerError> {
        Ok(self.find_email(id)?.filter(|email| email.account == account))
    }

    /// An e-mail of whichever account, with what its template says of it: for those who know that it was sent, such as who
    /// holds a token out of it.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn find_email(&self, id: EmailId) -> Result<Option<Email>, LedgerError> {
        let Some(record) = self.store.get(&keys::email(id))? else {
            return Ok(None);
        };
        let mut email = Email::decode(id, &record).map_err(LedgerError::damaged("an e-mail"))?;
        if let Some((template, _)) = email.template.map_or(Ok(None), |id| self.template_head(id))? {
            email.from = template.from;
            email.subject = template.subject;
            email.tag = template.tag;
            email.metadata = template.metadata;
        }
        Ok(Some(email))
    }

    /// What became of the recipients of an e-mail that came to an end.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn outcomes(&self, id: EmailId) -> Result<Vec<Outcome>, LedgerError> {
        let span = keys::outcomes(id);
        let rows = self.store.scan(&span.from, &span.to, usize::from(u16::MAX))?;
        rows.iter()
            .map(|(key, record)| {
                let address = key.get(span.from.len()..).unwrap_or_default();
                Outcome::decode(address, record).map_err(LedgerError::damaged("an outcome"))
            })
            .collect()
    }

    /// Held e-mails of all accounts behind `after`, with their accounts.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn held(
        &self,
        after: Option<(AccountId, EmailId)>,
        limit: usize,
    ) -> Result<Vec<(AccountId, EmailId)>, LedgerError> {
        let mut span = keys::holds();
        if let Some((account, email)) = after {
            span.from = keys::behind(&keys::hold(account, email));
        }
        let rows = self.store.scan(&span.from, &span.to, limit)?;
        let read = |key: &Bytes| Some((keys::id_at(key, 1)?, keys::id_at(key, 17)?));
        Ok(rows
            .iter()
            .filter_map(|(key, _)| read(key))
            .map(|(account, email)| (AccountId::from_bytes(account), EmailId::from_bytes(email)))
            .collect())
    }

    /// Puts into `batch` that a held e-mail leaves after all, if the account can pay for it now: at once, or at the time for
    /// which it is scheduled. What it costs is for [`Self::put_charge`].
    ///
    /// # Errors
    /// As [`Self::account`].
    pub fn release(
        &self,
        account: &Account,
        id: EmailId,
        now_unix_ms: u64,
        batch: &mut Batch,
    ) -> Result<Option<(Admission, Disposition)>, LedgerError> {
        let key = keys::hold(account.id, id);
        let Some(record) = self.store.get(&key)? else {
            return Ok(None);
        };
        let hold = Hold::decode(&record).map_err(LedgerError::damaged("a hold"))?;
        if account.status != Status::Active || account.hold().is_some() {
            return Ok(None);
        }
        let admission = self.charge(account, hold.charge, now_unix_ms)?;
        if admission.held.is_some() {
            return Ok(None);
        }
        let disposition = match hold.scheduled_unix_ms {
            Some(at) if at > now_unix_ms => Disposition::Scheduled(at),
            _ => Disposition::Queued,
        };
        if let Some(mut email) = self.email(account.id, id)? {
            email.disposition = disposition;
            batch.put(keys::email(id), email.encode());
        }
        batch.expect(key.clone(), Some(record)).delete(key);
        Ok(Some((admission, disposition)))
    }
}
