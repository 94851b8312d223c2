//! The clock and the entropy of the running program: the only places where either is read.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use ledger::{Actor, Request};
use queue::{QueueId, Timestamp};

/// Octets fetched from the system at once.
const BLOCK_BYTES: usize = 1024;

/// Now, by the system's clock.
pub fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

/// A fresh message id.
pub fn queue_id(now: Timestamp) -> QueueId {
    QueueId::new(now.unix_ms(), entropy())
}

/// Octets that nobody can guess. Each is given out once; they are fetched in blocks, because a system call for each
/// message would be one of its dearest.
pub fn entropy<const N: usize>() -> [u8; N] {
    thread_local! {
        static BLOCK: RefCell<(usize, [u8; BLOCK_BYTES])> = const { RefCell::new((BLOCK_BYTES, [0; BLOCK_BYTES])) };
    }
    const { assert!(N <= BLOCK_BYTES) };
    BLOCK.with_borrow_mut(|(used, block)| {
        if *used + N > BLOCK_BYTES {
            getrandom::fill(block).unwrap_or_else(|error| panic!("the system gives no randomness: {error}"));
            *used = 0;
        }
        let mut octets = [0; N];
        octets.copy_from_slice(&block[*used..*used + N]);
        block[*used..*used + N].fill(0);
        *used += N;
        octets
    })
}

/// A change of configuration that `actor` asks for at this moment.
pub(crate) fn request(actor: Actor) -> Request {
    Request {
        actor,
        now_unix_ms: now().unix_ms(),
        entropy: entropy(),
    }
}

/// A number in 0..1, evenly spread.
pub fn chance() -> f64 {
    f64::from(u32::from_ne_bytes(entropy())) / (f64::from(u32::MAX) + 1.0)
}
