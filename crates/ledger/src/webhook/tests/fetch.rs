use super::*;
use crate::limits::{WEBHOOK_FETCH_MAX, WEBHOOK_FETCH_RETENTION_MS};
use crate::{LedgerError, Paging};

impl World {
    fn fetched_endpoint(&self) -> Arc<Endpoint> {
        let new = NewEndpoint {
            destination: None,
            ..new_endpoint(1, false)
        };
        at_once(self.ledger.create_webhook(&self.account, new, &request(1))).unwrap()
    }

    fn fetch(&self, endpoint: &Endpoint) -> Vec<MessageId> {
        let fetched = self.ledger.fetch_webhooks(endpoint).unwrap();
        fetched.into_iter().map(|(message, _)| message).collect()
    }

    fn sweep(&self, now: u64) {
        at_once(self.ledger.sweep(now)).unwrap();
    }
}

#[test]
fn messages_wait_in_order_until_they_are_settled_and_are_never_sent() {
    let world = World::new();
    let endpoint = world.fetched_endpoint();
    for after in [2, 0, 1] {
        world.enqueue(&endpoint, message(after));
    }
    assert!(world.take(u64::MAX).is_empty(), "nothing is sent");
    assert_eq!(world.next_due(), None);
    let all = [0, 1, 2].map(message);
    assert_eq!(world.fetch(&endpoint), all);
    assert_eq!(world.fetch(&endpoint), all, "they were not settled");
    at_once(world.ledger.settle_fetched(&endpoint, &all[..1])).unwrap();
    assert_eq!(world.fetch(&endpoint), all[1..]);
    // One that was recorded late is not lost behind those that were settled.
    at_once(world.ledger.settle_fetched(&endpoint, &all)).unwrap();
    world.enqueue(&endpoint, message(0));
    assert_eq!(world.fetch(&endpoint), all[..1]);
    let other = world.endpoint(2, true);
    world.enqueue(&other, message(0));
    at_once(world.ledger.settle_fetched(&other, &all)).unwrap();
    assert_eq!(world.take(u64::MAX).len(), 1, "what is sent is not fetched");
    let replayed = at_once(world.ledger.replay_webhook_message(
        world.account.id,
        endpoint.id,
        message(0),
        &request(3),
    ));
    assert!(matches!(replayed, Err(LedgerError::Limit(_))));
}

#[test]
fn what_nobody_fetches_goes_after_a_day() {
    let world = World::new();
    let endpoint = world.fetched_endpoint();
    world.enqueue(&endpoint, message(0));
    let day = WEBHOOK_FETCH_RETENTION_MS;
    world.sweep(NOW + day);
    assert_eq!(world.fetch(&endpoint), [message(0)]);
    world.sweep(NOW + day + 1);
    assert!(world.fetch(&endpoint).is_empty());
    let line = world.store.scan(b"wl", b"wm", 10).unwrap();
    assert!(line.is_empty(), "{line:?}");
}

#[test]
fn a_fetch_has_a_bound() {
    let world = World::new();
    let endpoint = world.fetched_endpoint();
    for after in 0..=WEBHOOK_FETCH_MAX as u64 {
        world.enqueue(&endpoint, message(after));
    }
    assert_eq!(world.fetch(&endpoint).len(), WEBHOOK_FETCH_MAX);
}

#[test]
fn attempts_come_in_pages_newest_first() {
    let world = World::new();
    let endpoint = world.endpoint(1, false);
    for after in 0..3 {
        world.enqueue(&endpoint, message(after));
        for delivery in world.take(NOW + after) {
            world.settle(&delivery, &answered(200, NOW + after), NOW + after);
        }
    }
    let page = |paging: Paging| {
        let account = world.account.id;
        let listed = world
            .ledger
            .list_webhook_attempts(account, endpoint.id, (&paging, 2));
        listed.unwrap()
    };
    let started = |page: &AttemptPage| -> Vec<u64> {
        page.items
            .iter()
            .map(|attempt| attempt.started_unix_ms - NOW)
            .collect()
    };
    let first = page(Paging::Page(1));
    assert_eq!((started(&first), first.total), (vec![2, 1], 3));
    let second = page(Paging::Page(2));
    assert_eq!((started(&second), second.next), (vec![0], None));
    assert_eq!(started(&page(Paging::Behind(first.next.unwrap()))), [0]);
    assert!(page(Paging::Page(3)).items.is_empty());
}
