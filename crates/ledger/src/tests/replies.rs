//! Replies that stand for a repeated request.

use store::Batch;

use super::{NOW, at_once, ledger};
use crate::limits::IDEMPOTENCY_MS;
use crate::*;

#[test]
fn a_reply_stands_for_a_day_and_is_kept_with_its_request() {
    let (store, ledger, account) = ledger();
    let key = IdempotencyKey([1; 32]);
    let reply = |octets: usize, at| StoredReply {
        fingerprint: Fingerprint([9; 32]),
        at_unix_ms: at,
        status: 200,
        body: vec![b'x'; octets].into(),
    };
    let open = |now| match ledger.reply(account.id, key, now).unwrap() {
        ReplySlot::Open(slot) => slot,
        ReplySlot::Taken(reply) => panic!("taken: {reply:?}"),
    };
    let taken = |now| match ledger.reply(account.id, key, now).unwrap() {
        ReplySlot::Taken(reply) => Some(reply),
        ReplySlot::Open(_) => None,
    };
    let (first, second) = (open(NOW), open(NOW));
    let mut batch = Batch::new();
    first.put(&reply(300_000, NOW), &mut batch);
    at_once(store.commit(batch)).unwrap();
    let mut late = Batch::new();
    second.put(&reply(1, NOW), &mut late);
    assert!(
        at_once(store.commit(late)).is_err(),
        "of two at once one is refused"
    );
    assert_eq!(
        taken(NOW + IDEMPOTENCY_MS - 1),
        Some(reply(300_000, NOW)),
        "in pieces, whole"
    );
    let again = NOW + IDEMPOTENCY_MS;
    assert_eq!(taken(again), None);
    let mut batch = Batch::new();
    open(again).put(&reply(10, again), &mut batch);
    at_once(store.commit(batch)).unwrap();
    assert_eq!(
        taken(again),
        Some(reply(10, again)),
        "a shorter one behind a longer one"
    );

    assert_eq!(at_once(ledger.sweep(again + 1)).unwrap().replies, 1);
    assert_eq!(
        taken(again + 1),
        Some(reply(10, again)),
        "the younger reply stays"
    );
    at_once(ledger.sweep(again + IDEMPOTENCY_MS + 1)).unwrap();
    let (from, to) = (&b"I"[..], &b"J"[..]);
    assert!(store.scan(from, to, 10).unwrap().is_empty());
}
