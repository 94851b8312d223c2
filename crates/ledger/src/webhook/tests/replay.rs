use super::*;
use crate::LedgerError;
use crate::limits::WEBHOOK_REPLAY_BATCH;

impl World {
    fn replay(&self, endpoint: &Endpoint, attempt: AttemptId, now: u64) -> Result<MessageId, LedgerError> {
        let mut again = request(50);
        again.now_unix_ms = now;
        at_once(
            self.ledger
                .replay_webhook(self.account.id, endpoint.id, attempt, &again),
        )
    }
}

#[test]
fn a_delivered_message_is_sent_again_under_its_id_with_a_new_schedule() {
    for ordered in [false, true] {
        let world = World::new();
        let endpoint = world.endpoint(1, ordered);
        world.enqueue(&endpoint, message(0));
        let settled = world.settle(&world.take(NOW)[0], &answered(200, NOW), NOW);
        let later = NOW + 1000;
        let attempt = settled.attempt.unwrap();
        assert_eq!(world.replay(&endpoint, attempt, later).unwrap(), message(0));
        let [delivery] = &world.take(later)[..] else {
            panic!("it is due at once")
        };
        assert_eq!((delivery.message, delivery.number), (message(0), 2));
        let settled = world.settle(delivery, &answered(500, later), later);
        assert_eq!(settled.fate, Fate::Waiting(later + 5000), "the schedule is new");
        let unknown = AttemptId::new(NOW, [99; 10]);
        assert!(matches!(
            world.replay(&endpoint, unknown, later),
            Err(LedgerError::NotFound)
        ));
    }
}

#[test]
fn a_waiting_message_is_replayed_once_and_at_once() {
    for ordered in [false, true] {
        let world = World::new();
        let endpoint = world.endpoint(1, ordered);
        world.enqueue(&endpoint, message(0));
        let settled = world.settle(&world.take(NOW)[0], &answered(500, NOW), NOW);
        world
            .replay(&endpoint, settled.attempt.unwrap(), NOW + 1)
            .unwrap();
        let [delivery] = &world.take(NOW + 1)[..] else {
            panic!("it is due at once")
        };
        world.settle(delivery, &answered(200, NOW + 1), NOW + 1);
        assert!(
            world.take(u64::MAX).is_empty(),
            "its old time has come to nothing"
        );
        assert_eq!(world.next_due(), None);
    }
}

#[test]
fn a_replay_during_an_attempt_outlives_its_settlement() {
    for ordered in [false, true] {
        let world = World::new();
        let endpoint = world.endpoint(1, ordered);
        world.enqueue(&endpoint, message(0));
        let first = world.settle(&world.take(NOW)[0], &answered(500, NOW), NOW);
        let retry = NOW + 5000;
        let under_way = world.take(retry).remove(0);
        world
            .replay(&endpoint, first.attempt.unwrap(), retry + 1)
            .unwrap();
        let settled = world.settle(&under_way, &answered(200, retry), retry + 2);
        assert_eq!(settled.fate, Fate::Superseded);
        let [again] = &world.take(retry + 2)[..] else {
            panic!("the replay stands")
        };
        assert_eq!(again.number, 3);
        assert_eq!(
            world.settle(again, &answered(200, retry + 2), retry + 2).fate,
            Fate::Delivered
        );
        assert_eq!(world.attempts(&endpoint).len(), 3);
    }
}

#[test]
fn a_stretch_of_time_is_replayed_in_bounded_steps_without_what_waits() {
    let world = World::new();
    let endpoint = world.endpoint(1, false);
    let count = WEBHOOK_REPLAY_BATCH as u64 + 10;
    for after in 0..count {
        world.enqueue(&endpoint, message(after));
    }
    let now = NOW + count;
    for delivery in world.take(now) {
        let status = if delivery.message == message(5) { 500 } else { 200 };
        world.settle(&delivery, &answered(status, now), now);
    }
    let mut again = request(50);
    again.now_unix_ms = now;
    let replay = |scope, range, after| {
        at_once(
            world
                .ledger
                .replay_webhooks((world.account.id, endpoint.id), range, scope, after, &again),
        )
        .unwrap()
    };
    let all = (NOW, NOW + count);
    assert_eq!(replay(ReplayScope::GivenUp, (NOW, NOW + 100), None).messages, 0);
    let first = replay(ReplayScope::All, all, None);
    assert_eq!(first.messages, WEBHOOK_REPLAY_BATCH - 1, "one waits");
    let second = replay(ReplayScope::All, all, first.after);
    assert_eq!((second.messages, second.after), (10, None));
    assert_eq!(world.take(now).len(), WEBHOOK_REPLAY_BATCH + 9);
    assert_eq!(replay(ReplayScope::All, (NOW + 9, NOW + 9), None).messages, 0);
    assert_eq!(replay(ReplayScope::All, (NOW + 9, NOW), None).messages, 0);
}

#[test]
fn what_was_given_up_while_disabled_comes_back_by_replay() {
    let world = World::new();
    let endpoint = world.endpoint(1, false);
    world.enqueue(&endpoint, message(0));
    world.enqueue(&endpoint, message(1));
    let taken = world.take(NOW + 1);
    let settled = world.settle(&taken[0], &answered(410, NOW + 1), NOW + 1);
    assert!(world.take(NOW + 1).is_empty());
    assert!(matches!(
        world.replay(&endpoint, settled.attempt.unwrap(), NOW + 2),
        Err(LedgerError::Limit(_))
    ));
    let alter = |endpoint: &mut Endpoint| endpoint.is_active = true;
    at_once(
        world
            .ledger
            .update_webhook(world.account.id, endpoint.id, alter, &request(3)),
    )
    .unwrap();
    let mut again = request(50);
    again.now_unix_ms = NOW + 3;
    let replayed = at_once(world.ledger.replay_webhooks(
        (world.account.id, endpoint.id),
        (NOW, NOW + 10),
        ReplayScope::GivenUp,
        None,
        &again,
    ))
    .unwrap();
    assert_eq!(replayed.messages, 2);
    assert_eq!(messages(&world.take(NOW + 3)), [message(0), message(1)]);
}
