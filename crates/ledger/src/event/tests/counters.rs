//! What is counted, against the events.

use proptest::prelude::*;
use store::Batch;

use super::{DAY, Step, World, arb_steps};
use crate::tests::NOW;
use crate::*;

/// Everything that is counted in the points of a series.
fn sum(points: &[Point]) -> Counts {
    let mut sum = Counts::default();
    for point in points {
        let mut counts = point.counts.clone();
        let pairs = sum.slots_mut().into_iter().zip(counts.slots_mut());
        pairs.for_each(|(sum, count)| *sum += *count);
        for (class, count) in counts.bounced_as {
            *sum.bounced_as.entry(class).or_default() += count;
        }
    }
    sum
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn counters_equal_the_events(
        steps in arb_steps(), batch_size in 1usize..20, first in 0u64..3, last in 0u64..3,
        domain in prop::option::of(0u8..2), stream in prop::option::of(any::<bool>()),
        tag in prop::option::of(prop::sample::select(vec!["red", "none"])),
    ) {
        let world = World::new();
        let events = world.record(&steps, batch_size);
        let scope = StatisticsFilter {
            domain: domain.map(|number| DomainId::from_bytes([number; 16])),
            stream: stream.map(|broadcast| if broadcast { Stream::Broadcast } else { Stream::Shared }),
            tag: tag.map(str::to_owned),
        };
        let span = (NOW + first * DAY, NOW + last * DAY);
        let in_scope = |event: &&Event| {
            let at = world.emails.iter().position(|email| email.id == event.email).unwrap();
            let email = &world.emails[at];
            !email.sandbox
                && domain.is_none_or(|number| usize::from(number) == at % 2)
                && scope.stream.is_none_or(|stream| stream == email.stream)
                && tag.is_none_or(|tag| email.tag.as_deref() == Some(tag))
                && (span.0 / DAY..=span.1 / DAY).contains(&(event.at_unix_ms / DAY))
        };
        let counted: Vec<&Event> = events.iter().filter(in_scope).collect();
        let number = |wanted: &dyn Fn(&EventKind) -> bool| {
            counted.iter().filter(|event| wanted(&event.kind)).count() as u64
        };
        let totals = world.ledger.totals(world.account, &scope, span).unwrap();
        prop_assert_eq!(totals.sent, number(&|kind| matches!(kind, EventKind::Sent { .. })));
        prop_assert_eq!(totals.delivered, number(&|kind| matches!(kind, EventKind::Delivered { .. })));
        prop_assert_eq!(totals.hard_bounced, number(&|kind| matches!(kind, EventKind::Bounced { hard: true, .. })));
        prop_assert_eq!(totals.bounced(), number(&|kind| matches!(kind, EventKind::Bounced { .. })));
        let full = totals.bounced_as.get("mailbox_full").copied().unwrap_or_default();
        prop_assert_eq!(
            full,
            number(&|kind| matches!(kind, EventKind::Bounced { class, .. } if class == "mailbox_full"))
        );
        prop_assert_eq!(totals.deferred, number(&|kind| matches!(kind, EventKind::Deferred { .. })));
        prop_assert_eq!(totals.failed, number(&|kind| matches!(kind, EventKind::Failed { .. })));
        prop_assert_eq!(totals.suppressed, number(&|kind| matches!(kind, EventKind::Suppressed { .. })));
        prop_assert_eq!(totals.complained, number(&|kind| matches!(kind, EventKind::Complained { .. })));
        prop_assert_eq!(totals.unsubscribed, number(&|kind| matches!(kind, EventKind::Unsubscribed { .. })));
        for actors in [Actors::All, Actors::HumanOnly, Actors::ScannerOnly] {
            let by = |hit: &Hit| match actors {
                Actors::All => true,
                Actors::HumanOnly => hit.actor == HitActor::Human,
                Actors::ScannerOnly => hit.actor != HitActor::Human,
            };
            let first = |hit: &Hit| by(hit) && if actors == Actors::All { hit.first_of_all } else { hit.first };
            let opens = |by: &dyn Fn(&Hit) -> bool| {
                number(&|kind| matches!(kind, EventKind::Opened { hit } if by(hit)))
            };
            let clicks = |by: &dyn Fn(&Hit) -> bool| {
                number(&|kind| matches!(kind, EventKind::Clicked { hit, .. } if by(hit)))
            };
            prop_assert_eq!(totals.opens.of(actors), opens(&by));
            prop_assert_eq!(totals.unique_opens.of(actors), opens(&first));
            prop_assert_eq!(totals.clicks.of(actors), clicks(&by));
            prop_assert_eq!(totals.unique_clicks.of(actors), clicks(&first));
        }
        for interval in [Interval::Hour, Interval::Day, Interval::Week, Interval::Month] {
            let span = (span.0 / DAY * DAY, (span.1 / DAY + 1) * DAY - 1);
            let points = world.ledger.series(world.account, &scope, interval, span).unwrap();
            prop_assert_eq!(&sum(&points), &totals, "{:?}", interval);
            let ends = points.iter().skip(1).map(|point| point.from_unix_ms).chain([span.1 + 1]);
            for (point, end) in points.iter().zip(ends) {
                let inside = point.from_unix_ms..end;
                let number = |wanted: fn(&EventKind) -> bool| {
                    let inside = counted.iter().filter(|event| inside.contains(&event.at_unix_ms));
                    inside.filter(|event| wanted(&event.kind)).count() as u64
                };
                prop_assert_eq!(point.counts.sent, number(|kind| matches!(kind, EventKind::Sent { .. })));
                prop_assert_eq!(point.counts.bounced(), number(|kind| matches!(kind, EventKind::Bounced { .. })));
            }
        }
    }
}

#[test]
fn a_tally_adds_to_each_counter_once() {
    let world = World::new();
    let sent = EventKind::Sent {
        mx: None,
        attempts: 1,
    };
    let steps: Vec<Step> = (0..500).map(|at| (1, 0, NOW + at, sent.clone())).collect();
    let count = |steps: &[Step]| {
        let mut tally = Tally::new();
        let context = EmailContext::of(&world.emails[1], None);
        for (_, _, at_unix_ms, kind) in steps {
            let new = NewEvent {
                at_unix_ms: *at_unix_ms,
                recipient: "x@y.example".into(),
                before: RecipientStatus::Queued,
                kind: kind.clone(),
            };
            world.ledger.record(&context, new, &mut tally, &mut Batch::new());
        }
        let mut batch = Batch::new();
        tally.put(&mut batch);
        format!("{batch:?}").matches("Add {").count()
    };
    assert_eq!((count(&steps[..1]), count(&steps)), (4, 4));
}

#[test]
fn a_series_is_bounded() {
    let world = World::new();
    let series = |interval, days| {
        let span = (NOW, NOW + days * DAY);
        world
            .ledger
            .series(world.account, &StatisticsFilter::default(), interval, span)
    };
    assert!(matches!(series(Interval::Hour, 42), Err(LedgerError::Limit(_))));
    assert_eq!(series(Interval::Hour, 40).unwrap().len(), 961);
    assert_eq!(
        series(Interval::Month, 365).unwrap().len(),
        13,
        "empty points are there too"
    );
}
