use std::sync::Arc;

use smtp::address::{Domain, ReversePath};

use super::*;
use crate::delivery::DeliveryState;
use crate::id::QueueId;
use crate::message::{Message, MessageFacts};

const PATIENCE: Duration = Duration::from_millis(5);

fn at(ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(ms)
}

fn lane() -> Lane {
    Lane::new(
        LaneLimits {
            connections_max: 2,
            patience: PATIENCE,
        },
        at(0),
    )
}

fn delivery(number: u64) -> Delivery {
    let facts = MessageFacts {
        received: at(number),
        expires: at(u64::MAX),
        reverse_path: ReversePath::Null,
        eight_bit: false,
        smtputf8: false,
        head: bytes::Bytes::new(),
        size: 0,
        pieces: 0,
        handling: crate::message::Handling::default(),
    };
    let state = DeliveryState {
        domain: Domain::parse("d.example").unwrap(),
        attempts: 0,
        due: at(number),
        recipients: Vec::new(),
    };
    Delivery {
        message: Arc::new(Message::new(QueueId::new(number, [0; 10]), facts, 1, None)),
        part: 0,
        state,
    }
}

#[test]
fn the_first_delivery_deserves_a_connection_and_a_second_one_only_after_patience() {
    let mut lane = lane();
    assert!(!lane.wants_connection(at(0)), "nothing to do");
    assert!(matches!(lane.offer(delivery(1), at(0)), Offer::Taken));
    assert!(lane.wants_connection(at(0)));
    lane.connection_opened();
    assert!(!lane.wants_connection(at(4)), "it has not waited long");
    assert_eq!(lane.look_again_in(), Some(PATIENCE));
    assert!(lane.wants_connection(at(5)));
    lane.connection_opened();
    assert!(!lane.wants_connection(at(500)), "two is the bound");
    assert_eq!(lane.look_again_in(), None, "only an event can change that");
}

#[test]
fn an_idle_connection_is_enough_and_a_failing_route_is_probed_by_one() {
    let mut lane = lane();
    lane.connection_opened();
    lane.connection_idle();
    lane.offer(delivery(1), at(0));
    assert!(!lane.wants_connection(at(100)));
    lane.connection_busy();
    assert!(lane.wants_connection(at(100)));
    lane.unreachable(at(100));
    assert!(!lane.wants_connection(at(1_000)));
    lane.connection_closed();
    assert!(lane.wants_connection(at(1_000)), "none is left to probe with");
    lane.reached(at(1_000));
    lane.connection_opened();
    assert!(lane.wants_connection(at(1_000)));
}

#[test]
fn what_does_not_fit_is_asked_for_again_from_its_earliest_place() {
    let mut lane = lane();
    for number in 0..LANE_READY_MAX as u64 {
        assert!(matches!(
            lane.offer(delivery(1_000 + number), at(0)),
            Offer::Taken
        ));
    }
    let (late, early) = (delivery(9_000), delivery(8_000));
    let key = early.due_key();
    assert!(matches!(lane.offer(late, at(0)), Offer::Full(_)));
    assert!(!lane.has_room_for(key));
    assert_eq!(lane.refill(), None, "there is no room yet");
    while lane.ready_len() >= LANE_REFILL_BELOW {
        assert!(lane.take().is_some());
    }
    assert_eq!(lane.refill(), Some(key));
    assert_eq!(lane.refill(), None, "it asks once");
    assert!(lane.has_room_for(key));
}

#[test]
fn deliveries_leave_in_order_and_one_put_back_is_next() {
    let mut lane = lane();
    (1..=3).for_each(|number| drop(lane.offer(delivery(number), at(0))));
    let first = lane.take().unwrap();
    assert_eq!(first.state.due, at(1));
    lane.put_back(first, at(0));
    let order: Vec<u64> = lane
        .take_all()
        .iter()
        .map(|delivery| delivery.state.due.unix_ms())
        .collect();
    assert_eq!(order, [1, 2, 3]);
    assert!(lane.is_spent());
}

#[test]
fn a_lane_with_work_and_no_progress_is_stalled() {
    let mut lane = lane();
    assert_eq!(lane.stalled_for(at(1_000)), Duration::ZERO, "nothing waits");
    lane.offer(delivery(1), at(1_000));
    assert_eq!(lane.stalled_for(at(61_000)), Duration::from_secs(60));
    lane.connection_opened();
    lane.take();
    assert_eq!(
        lane.stalled_for(at(61_000)),
        Duration::from_secs(60),
        "a busy connection is work too"
    );
    lane.progressed(at(61_000));
    assert_eq!(lane.stalled_for(at(61_000)), Duration::ZERO);
    lane.connection_idle();
    assert_eq!(lane.stalled_for(at(99_000)), Duration::ZERO);
}
