use super::schedule::DELAYS_MS;
use super::*;
use crate::limits::{WEBHOOK_DROP_BATCH, WEBHOOK_FAILING_MS, WEBHOOK_PAUSE_MS, WEBHOOK_RETENTION_MS};
use crate::{LedgerError, Swept};

#[test]
fn a_message_is_tried_ten_times_at_its_times_and_given_up() {
    let world = World::new();
    let endpoint = world.endpoint(1, false);
    world.enqueue(&endpoint, message(0));
    let mut now = NOW;
    for number in 1..=10u32 {
        assert!(world.take(now - 1).is_empty(), "attempt {number} is not early");
        let [delivery] = &world.take(now)[..] else {
            panic!("attempt {number} is due")
        };
        assert_eq!((delivery.number, &delivery.payload), (number, &payload()));
        let settled = world.settle(delivery, &answered(500, now), now);
        match DELAYS_MS.get(usize::try_from(number).unwrap()) {
            Some(delay) => {
                now += delay;
                assert_eq!(settled.fate, Fate::Waiting(now));
                assert_eq!(world.next_due(), Some(now));
            }
            None => assert_eq!(settled.fate, Fate::GivenUp),
        }
    }
    assert_eq!(world.next_due(), None);
    let attempts = world.attempts(&endpoint);
    let numbers: Vec<u32> = attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1], "newest first");
    assert_eq!(attempts[0].will_retry_unix_ms, None);
    assert_eq!(attempts[9].will_retry_unix_ms, Some(NOW + 5000));
    assert_eq!(attempts[9].excerpt, "what the endpoint said");
    assert_eq!(attempts[9].status, Some(500));
}

#[test]
fn what_was_delivered_is_not_sent_again() {
    let world = World::new();
    let endpoint = world.endpoint(1, false);
    world.enqueue(&endpoint, message(0));
    world.enqueue(&endpoint, message(0));
    let [delivery] = &world.take(NOW)[..] else {
        panic!("one message, however often it is put")
    };
    let settled = world.settle(delivery, &answered(204, NOW), NOW);
    assert_eq!((settled.fate, settled.next_due_unix_ms), (Fate::Delivered, None));
    // The batch of the event is put once more, such as by a caller who did not hear of its commit.
    world.enqueue(&endpoint, message(0));
    assert!(world.take(NOW).is_empty());
    assert!(matches!(
        world.ledger.due_webhooks(0, None, NOW, 1).unwrap().next,
        Next::Nothing
    ));
}

#[test]
fn until_it_is_settled_a_crash_makes_a_delivery_due_again() {
    let world = World::new();
    let endpoint = world.endpoint(1, false);
    let line = world.endpoint(2, true);
    world.enqueue(&endpoint, message(0));
    world.enqueue(&line, message(0));
    let taken = world.take(NOW);
    assert_eq!(taken.len(), 2);
    assert_eq!(world.take(NOW).len(), 2, "nothing was settled");
    // The settlement that cannot be committed leaves everything as it was.
    for delivery in &taken {
        let other = open_memory();
        other.close().unwrap();
        let broken = Ledger::new(other);
        assert!(at_once(broken.settle_webhook(delivery, &answered(200, NOW), [0; 14], NOW)).is_err());
    }
    assert_eq!(world.take(NOW).len(), 2);
    for delivery in &taken {
        world.settle(delivery, &answered(200, NOW), NOW);
    }
    let restarted = World {
        ledger: Ledger::new(Arc::clone(&world.store)),
        ..world
    };
    assert!(restarted.take(NOW).is_empty());
    assert_eq!(restarted.attempts(&endpoint).len(), 1);
    assert_eq!(restarted.attempts(&line).len(), 1);
}

#[test]
fn an_ordered_endpoint_gets_one_at_a_time_oldest_first() {
    let world = World::new();
    let endpoint = world.endpoint(1, true);
    // Recorded out of order.
    for after in [20, 0, 10] {
        world.enqueue(&endpoint, message(after));
    }
    let now = NOW + 30;
    let [first] = &world.take(now)[..] else {
        panic!("one at a time")
    };
    assert_eq!(first.message, message(0));
    let settled = world.settle(first, &answered(500, now), now);
    let retry = now + 5000;
    assert_eq!(settled.next_due_unix_ms, Some(retry));
    assert!(
        world.take(retry - 1).is_empty(),
        "the others wait behind the first"
    );
    let mut order = Vec::new();
    while let [delivery] = &world.take(retry)[..] {
        order.push(delivery.message);
        world.settle(delivery, &answered(200, retry), retry);
    }
    assert_eq!(order, [message(0), message(10), message(20)]);
    assert_eq!(world.next_due(), None, "nothing is left behind");
}

#[test]
fn a_line_moves_on_when_its_first_is_given_up() {
    let world = World::new();
    let endpoint = world.endpoint(1, true);
    world.enqueue(&endpoint, message(0));
    world.enqueue(&endpoint, message(1));
    let mut now = NOW + 1;
    for _ in DELAYS_MS {
        let [delivery] = &world.take(now)[..] else {
            panic!("one at a time")
        };
        assert_eq!(delivery.message, message(0));
        now = world
            .settle(delivery, &answered(404, now), now)
            .next_due_unix_ms
            .unwrap();
    }
    assert_eq!(messages(&world.take(now)), [message(1)]);
}

#[test]
fn what_joins_a_line_while_it_is_looked_at_is_not_forgotten() {
    let joins = |world: &World, endpoint: &Endpoint, number| {
        // Another event of the same millisecond: its entry has the same key.
        world.enqueue(endpoint, MessageId::new(NOW, [number; 10]));
    };
    // The line is found empty.
    let world = World::new();
    let endpoint = world.endpoint(1, true);
    world.enqueue(&endpoint, message(0));
    world.settle(&world.take(NOW)[0], &answered(200, NOW), NOW);
    let entries = world.ledger.due_webhooks(0, None, NOW, 10).unwrap().entries;
    let mut tidy = Batch::new();
    let empty = world.ledger.take_webhook(&entries[0], NOW, &mut tidy).unwrap();
    assert!(empty.is_none());
    joins(&world, &endpoint, 8);
    at_once(world.ledger.tidy_webhooks(tidy)).unwrap();
    let [joined] = &world.take(NOW)[..] else {
        panic!("it is due")
    };

    // The entry is dismissed on account of a delivery that is settled meanwhile, in the same millisecond.
    joins(&world, &endpoint, 9);
    let entries = world.ledger.due_webhooks(0, None, NOW, 10).unwrap().entries;
    let mut tidy = Batch::new();
    for entry in &entries {
        world.ledger.dismiss_webhook(entry, &mut tidy);
    }
    world.settle(joined, &answered(200, NOW), NOW);
    at_once(world.ledger.tidy_webhooks(tidy)).unwrap();
    assert_eq!(world.take(NOW).len(), 1, "the next of the line");
}

#[test]
fn an_entry_that_was_settled_since_it_was_read_is_not_taken() {
    for ordered in [false, true] {
        let world = World::new();
        let endpoint = world.endpoint(1, ordered);
        world.enqueue(&endpoint, message(0));
        world.enqueue(&endpoint, message(1));
        let read = world.ledger.due_webhooks(0, None, NOW, 10).unwrap().entries;
        world.settle(&world.take(NOW)[0], &answered(200, NOW + 1), NOW + 1);
        let mut tidy = Batch::new();
        let again = world.ledger.take_webhook(&read[0], NOW + 1, &mut tidy).unwrap();
        assert!(again.is_none());
        at_once(world.ledger.tidy_webhooks(tidy)).unwrap();
        assert_eq!(messages(&world.take(NOW + 1)), [message(1)]);
    }
}

#[test]
fn turning_the_order_on_or_off_loses_nothing() {
    let world = World::new();
    let endpoint = world.endpoint(1, true);
    for (after, ordered) in [(0, true), (1, false), (2, true)] {
        let alter = |endpoint: &mut Endpoint| endpoint.ordered = ordered;
        let endpoint = at_once(world.ledger.update_webhook(
            world.account.id,
            endpoint.id,
            alter,
            &request(2),
        ))
        .unwrap();
        world.enqueue(&endpoint, message(after));
    }
    let mut seen = Vec::new();
    loop {
        let taken = world.take(NOW + 2);
        if taken.is_empty() {
            break;
        }
        for delivery in &taken {
            world.settle(delivery, &answered(200, NOW + 2), NOW + 2);
        }
        seen.extend(messages(&taken));
    }
    seen.sort_by_key(|id| id.to_bytes());
    assert_eq!(seen, [message(0), message(1), message(2)]);
}

#[test]
fn status_410_disables_the_endpoint_and_ends_what_waits() {
    for ordered in [false, true] {
        let world = World::new();
        let endpoint = world.endpoint(1, ordered);
        world.enqueue(&endpoint, message(0));
        world.enqueue(&endpoint, message(1));
        let taken = world.take(NOW + 1);
        let settled = world.settle(&taken[0], &answered(410, NOW + 1), NOW + 1);
        assert_eq!(
            (settled.fate, settled.disabled),
            (Fate::GivenUp, Some(DisabledReason::Gone))
        );
        let endpoint = world.ledger.webhook(world.account.id, endpoint.id).unwrap();
        assert!(!endpoint.is_active);
        assert_eq!(endpoint.disabled_reason, Some(DisabledReason::Gone));
        let log = world.ledger.audit(0, 10).unwrap();
        assert_eq!(
            log.last().map(|entry| entry.action.as_str()),
            Some("webhook.disabled")
        );
        assert!(world.take(NOW + 1).is_empty());
        assert_eq!(world.next_due(), None, "what waited is given up");

        let alter = |endpoint: &mut Endpoint| endpoint.is_active = true;
        let active = at_once(
            world
                .ledger
                .update_webhook(world.account.id, endpoint.id, alter, &request(3)),
        )
        .unwrap();
        assert_eq!(active.disabled_reason, None);
    }
}

#[test]
fn an_endpoint_that_fails_for_days_is_disabled_unless_it_succeeds_once() {
    let late = NOW + WEBHOOK_FAILING_MS;
    for (saved, disabled) in [(false, Some(DisabledReason::Failing)), (true, None)] {
        let world = World::new();
        let endpoint = world.endpoint(1, false);
        let attempt = |after: u64, status| {
            world.enqueue(&endpoint, message(after));
            let at = NOW + after;
            let taken = world.take(at);
            let delivery = taken
                .iter()
                .find(|delivery| delivery.message == message(after))
                .unwrap();
            world.settle(delivery, &answered(status, at), at).disabled
        };
        assert_eq!(attempt(0, 500), None);
        assert_eq!(world.ledger.webhook_failing_since(&endpoint).unwrap(), Some(NOW));
        assert_eq!(attempt(WEBHOOK_FAILING_MS - 2, 301), None, "a moment is missing");
        if saved {
            assert_eq!(attempt(WEBHOOK_FAILING_MS - 1, 200), None);
        }
        assert_eq!(attempt(late - NOW, 500), disabled);
    }
}

#[test]
fn an_overloaded_endpoint_asks_for_a_pause_and_its_messages_can_wait() {
    let world = World::new();
    let endpoint = world.endpoint(1, false);
    let line = world.endpoint(2, true);
    for endpoint in [&endpoint, &line] {
        world.enqueue(endpoint, message(0));
        world.enqueue(endpoint, message(1));
    }
    let now = NOW + 1;
    let taken = world.take(now);
    let settled = world.settle(&taken[0], &answered(503, now), now);
    assert_eq!(settled.pause_ms, Some(WEBHOOK_PAUSE_MS));
    let until = now + WEBHOOK_PAUSE_MS;
    let mut tidy = Batch::new();
    for entry in world.ledger.due_webhooks(0, None, now, 10).unwrap().entries {
        world.ledger.postpone_webhook(&entry, until, &mut tidy).unwrap();
    }
    at_once(world.ledger.tidy_webhooks(tidy)).unwrap();
    assert_eq!(world.next_due(), Some(now + 5000), "only the retry comes before");
    let taken = world.take(until);
    assert_eq!(
        messages(&taken),
        [message(0), message(1), message(0)],
        "the two of the endpoint, the first of the line"
    );
    assert_eq!(taken[1].number, 1, "waiting is not an attempt");
}

#[test]
fn what_waits_for_a_removed_endpoint_goes_with_it() {
    for ordered in [false, true] {
        let world = World::new();
        let endpoint = world.endpoint(1, ordered);
        for after in 0..=WEBHOOK_DROP_BATCH as u64 {
            world.enqueue(&endpoint, message(after));
        }
        let now = NOW + 1000;
        let under_way = world.take(now).remove(0);
        at_once(
            world
                .ledger
                .delete_webhook(world.account.id, endpoint.id, &request(2)),
        )
        .unwrap();
        let settled = world.settle(&under_way, &answered(200, now), now);
        assert_eq!((settled.fate, settled.attempt), (Fate::Superseded, None));
        while !world
            .ledger
            .due_webhooks(0, None, now, 1)
            .unwrap()
            .entries
            .is_empty()
        {
            assert!(world.take(now).is_empty());
        }
        while at_once(world.ledger.sweep(now)).unwrap() != Swept::default() {}
        assert!(
            world.store.scan(b"w", b"x", 1).unwrap().is_empty(),
            "nothing is left of it"
        );
    }
}

#[test]
fn payloads_and_attempts_are_swept_at_their_age_and_not_before() {
    let world = World::new();
    let endpoint = world.endpoint(1, false);
    for after in [0, 1000] {
        world.enqueue(&endpoint, message(after));
        let at = NOW + after;
        world.settle(&world.take(at)[0], &answered(200, at), at);
    }
    let sweep = |now| at_once(world.ledger.sweep(now)).unwrap().webhooks;
    assert_eq!(sweep(NOW + WEBHOOK_RETENTION_MS), 0);
    assert_eq!(
        sweep(NOW + WEBHOOK_RETENTION_MS + 1),
        3,
        "payload, progress, attempt"
    );
    let left = world.attempts(&endpoint);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].message, message(1000));
    assert_eq!(sweep(NOW + WEBHOOK_RETENTION_MS + 1001), 3);
    assert!(world.attempts(&endpoint).is_empty());
}

#[test]
fn what_is_due_comes_in_parts_and_attempts_in_pages() {
    let world = World::new();
    let endpoint = world.endpoint(1, false);
    for after in 0..5 {
        world.enqueue(&endpoint, message(after));
    }
    let now = NOW + 3;
    let first = world.ledger.due_webhooks(0, None, now, 2).unwrap();
    assert_eq!((first.entries.len(), first.next), (2, Next::More));
    let second = world
        .ledger
        .due_webhooks(0, first.entries.last(), now, 10)
        .unwrap();
    assert_eq!((second.entries.len(), second.next), (2, Next::At(NOW + 4)));
    let third = world.ledger.due_webhooks(NOW + 3, None, NOW + 4, 10).unwrap();
    assert_eq!((third.entries.len(), third.next), (2, Next::Nothing));
    for delivery in world.take(NOW + 4) {
        let at = delivery.message.unix_ms();
        world.settle(&delivery, &answered(200, at), at);
    }
    let page = |before| {
        world
            .ledger
            .webhook_attempts(world.account.id, endpoint.id, before, 2)
            .unwrap()
    };
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let attempts = page(before);
        let Some(last) = attempts.last() else { break };
        before = Some(last.id);
        seen.extend(attempts.iter().map(|attempt| attempt.message));
    }
    let expected: Vec<MessageId> = (0..5).rev().map(message).collect();
    assert_eq!(seen, expected);
    let stranger = crate::AccountId::new(NOW, [9; 10]);
    assert!(matches!(
        world.ledger.webhook_attempts(stranger, endpoint.id, None, 2),
        Err(LedgerError::NotFound)
    ));
}
