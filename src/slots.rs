//! How many sessions or connections may be open: in all, and from one address.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts sessions against two bounds.
#[derive(Clone)]
pub(crate) struct Slots {
    max: usize,
    max_per_address: usize,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One session's place; dropping it gives the place back.
pub(crate) struct Slot {
    open: Arc<Mutex<Open>>,
    address: IpAddr,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoSlot {
    /// The server has as many sessions as it may.
    Server,
    /// This address has as many as it may.
    Address,
}

impl Slots {
    pub(crate) fn new(max: usize, max_per_address: usize) -> Self {
        Self {
            max,
            max_per_address,
            open: Arc::default(),
        }
    }

    /// A place for a client at `address`.
    pub(crate) fn take(&self, address: IpAddr) -> Result<Slot, NoSlot> {
        self.take_among(address, self.max_per_address)
    }

    /// A place for an address that speaks for many clients: only the bound over all of them holds.
    pub(crate) fn take_for_many(&self, address: IpAddr) -> Result<Slot, NoSlot> {
        self.take_among(address, usize::MAX)
    }

    fn take_among(&self, address: IpAddr, max_here: usize) -> Result<Slot, NoSlot> {
        let mut open = lock(&self.open);
        if open.all >= self.max {
            return Err(NoSlot::Server);
        }
        let here = open.by_address.entry(address).or_default();
        if *here >= max_here {
            return Err(NoSlot::Address);
        }
        *here += 1;
        open.all += 1;
        drop(open);
        Ok(Slot {
            open: Arc::clone(&self.open),
            address,
        })
    }

    pub(crate) fn open(&self) -> usize {
        lock(&self.open).all
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        open.all -= 1;
        if let Entry::Occupied(mut here) = open.by_address.entry(self.address) {
            *here.get_mut() -= 1;
            if *here.get() == 0 {
                here.remove();
            }
        }
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_hold_and_places_come_back() {
        let slots = Slots::new(3, 2);
        let [here, there]: [IpAddr; 2] = [[127, 0, 0, 1].into(), [127, 0, 0, 2].into()];
        let first = slots.take(here).ok();
        let _second = slots.take(here).ok();
        assert_eq!(slots.take(here).err(), Some(NoSlot::Address));
        assert!(slots.take_for_many(here).is_ok());
        let _third = slots.take(there).ok();
        assert_eq!(slots.take_for_many(here).err(), Some(NoSlot::Server));
        assert_eq!(slots.take(there).err(), Some(NoSlot::Server));
        drop(first);
        assert!(slots.take(here).is_ok());
        assert_eq!(
            slots.open(),
            2,
            "a place that is dropped at once comes back at once"
        );
    }
}
