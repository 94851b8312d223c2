//! Events and outcomes as they are written.

use proptest::prelude::*;
use store::Batch;

use super::{World, arb_steps};
use crate::tests::{NOW, at_once};
use crate::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn events_are_read_as_they_were_recorded(steps in arb_steps(), batch_size in 1usize..20) {
        let world = World::new();
        let events = world.record(&steps, batch_size);
        let mut ids: Vec<_> = events.iter().map(|event| event.id().to_bytes()).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), events.len());
        for email in &world.emails {
            let own: Vec<Event> = events.iter().filter(|event| event.email == email.id).cloned().collect();
            prop_assert!(own.is_sorted_by(|one, next| one.sequence < next.sequence));
            prop_assert_eq!(world.ledger.email_events(world.account, email.id).unwrap(), Some(own));
        }
        let stranger = AccountId::new(NOW, [9; 10]);
        prop_assert_eq!(world.ledger.email_events(stranger, world.emails[0].id).unwrap(), None);
    }

    #[test]
    fn no_event_makes_a_reader_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let record = [&[1][..], &octets].concat();
        let id = EmailId::new(NOW, [0; 10]);
        if let Ok((event, tag)) = Event::decode(id, 7, &record) {
            prop_assert_eq!(Event::decode(id, 7, &event.encode(tag)), Ok((event, tag)));
        }
    }
}

#[test]
fn a_worse_outcome_is_not_overwritten() {
    let world = World::new();
    let id = world.emails[0].id;
    let tell = |kind| {
        let outcome = Outcome {
            address: "x@y.example".into(),
            kind,
            attempts: 1,
            last_reply: None,
            at_unix_ms: NOW,
        };
        let mut batch = Batch::new();
        world.ledger.outcome(id, &outcome, &mut batch);
        at_once(world.store.commit(batch)).unwrap();
        world.ledger.recipient_status(id, "x@y.example").unwrap().unwrap()
    };
    assert_eq!(tell(OutcomeKind::Delivered), RecipientStatus::Delivered);
    assert_eq!(tell(OutcomeKind::Bounced), RecipientStatus::Bounced);
    assert_eq!(tell(OutcomeKind::Delivered), RecipientStatus::Bounced);
    assert_eq!(tell(OutcomeKind::Complained), RecipientStatus::Complained);
    let version_1 = [1, 0, 2, 0, 5];
    let outcome = Outcome::decode(b"x@y.example", &version_1).unwrap();
    assert_eq!(
        (outcome.kind, outcome.attempts, outcome.at_unix_ms),
        (OutcomeKind::Delivered, 2, 5)
    );
}
