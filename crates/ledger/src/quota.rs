//! How many recipients each account has been charged this month.
//!
//! The truth is a counter in the store, added to by the commits that accept mail. A counter cannot be an expectation, so
//! what may still be taken is decided here, in memory, before the commit: a charge is held while its commit runs and
//! taken back if that fails. The sum in memory is therefore never less than what is on disk, and equal when nothing is
//! under way. This makes one process the keeper of an account's quota.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::calendar::Month;
use crate::id::AccountId;
use crate::limits::CACHE_ENTRIES_MAX;

/// The charges of all accounts seen lately.
#[derive(Debug, Default)]
pub(crate) struct Meters(Mutex<HashMap<AccountId, Arc<Meter>>>);

#[derive(Debug)]
struct Meter(Mutex<Reading>);

#[derive(Debug)]
struct Reading {
    month: Month,
    charged: u64,
}

/// Recipients charged to an account, to be taken back unless it is kept.
#[derive(Debug)]
pub(crate) struct Charge {
    meter: Arc<Meter>,
    month: Month,
    count: u64,
}

impl Meters {
    /// Charges `count` recipients, if with them the account stays within `limit`. `stored` reads the counter, where it is
    /// not known.
    pub(crate) fn charge<E>(
        &self,
        account: AccountId,
        month: Month,
        (count, limit): (u64, Option<u64>),
        stored: impl FnOnce() -> Result<u64, E>,
    ) -> Result<Option<Charge>, E> {
        let meter = self.meter(account, month, stored)?;
        let mut reading = meter.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total = reading.charged.saturating_add(count);
        if limit.is_some_and(|limit| total > limit) {
            return Ok(None);
        }
        reading.charged = total;
        drop(reading);
        Ok(Some(Charge { meter, month, count }))
    }

    /// The account's meter, set to `month`.
    fn meter<E>(
        &self,
        account: AccountId,
        month: Month,
        stored: impl FnOnce() -> Result<u64, E>,
    ) -> Result<Arc<Meter>, E> {
        let mut meters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(meter) = meters.get(&account) {
            let meter = Arc::clone(meter);
            let reading = meter.0.lock().unwrap_or_else(PoisonError::into_inner);
            if reading.month == month {
                drop(reading);
                return Ok(meter);
            }
        }
        if meters.len() >= CACHE_ENTRIES_MAX {
            // One that holds a charge is known to somebody else.
            meters.retain(|_, meter| Arc::strong_count(meter) > 1);
        }
        let meter = Arc::new(Meter(Mutex::new(Reading {
            month,
            charged: stored()?,
        })));
        meters.insert(account, Arc::clone(&meter));
        Ok(meter)
    }
}

impl Charge {
    /// The month that it is charged to.
    pub(crate) fn month(&self) -> Month {
        self.month
    }

    /// How many recipients.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The commit that carries the charge has succeeded.
    pub(crate) fn keep(mut self) {
        self.count = 0;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let mut reading = self.meter.0.lock().unwrap_or_else(PoisonError::into_inner);
        if reading.month == self.month {
            reading.charged = reading.charged.saturating_sub(self.count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_counts_until_it_is_dropped_and_for_good_when_it_is_kept() {
        let meters = Meters::default();
        let (account, month) = (AccountId::from_bytes([1; 16]), Month::of(0));
        let charge = |count, limit| {
            meters
                .charge(account, month, (count, limit), || Ok::<_, ()>(5))
                .unwrap()
        };
        let first = charge(3, Some(8)).unwrap();
        assert!(charge(1, Some(8)).is_none(), "the first is under way");
        drop(first);
        charge(3, Some(8)).unwrap().keep();
        assert!(charge(1, Some(8)).is_none());
        charge(1, None).unwrap().keep();
        assert!(charge(1, Some(10)).is_some());
        let next = meters.charge(account, Month::of(40 * 86_400_000), (8, Some(8)), || {
            Ok::<_, ()>(0)
        });
        assert!(next.unwrap().is_some(), "another month, another count");
    }
}
