//! What a query finds, against a look at all events.

use proptest::prelude::*;

use super::super::list::read;
use super::{DAY, Step, World, arb_steps};
use crate::keys;
use crate::tests::NOW;
use crate::*;

fn arb_query() -> impl Strategy<Value = EventQuery> {
    let types = prop::collection::vec(prop::sample::select(EventType::ALL.to_vec()), 0..4);
    let recipient = prop::sample::select(vec![
        "ann",
        "ANN@y.example",
        "joann2@y.example",
        "@y",
        "nobody@y.example",
    ]);
    let from = prop::sample::select(vec!["s1@", "sender 2", "B.EXAMPLE"]);
    let tag = prop::sample::select(vec!["red", "blue", "none"]);
    let time = || prop::option::of(NOW..NOW + 3 * DAY);
    let email = prop::option::weighted(0.2, 0u8..5);
    (
        email,
        types,
        prop::option::of(recipient),
        prop::option::of(from),
        prop::option::of(tag),
        time(),
        time(),
    )
        .prop_map(
            |(email, types, recipient, from, tag, from_unix_ms, to_unix_ms)| EventQuery {
                email: email.map(|number| EmailId::new(NOW, [number; 10])),
                types,
                recipient: recipient.map(str::to_owned),
                from: from.map(str::to_owned),
                tag: tag.map(str::to_owned),
                from_unix_ms,
                to_unix_ms,
            },
        )
}

/// Whether `query` wants `event`, decided from scratch.
fn wants(query: &EventQuery, event: &Event, email: &Email) -> bool {
    let contains = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    query.email.is_none_or(|id| id == event.email)
        && (query.types.is_empty() || query.types.contains(&event.event_type()))
        && query.recipient.as_deref().is_none_or(|text| {
            if text.ends_with(".example") {
                event.recipient.eq_ignore_ascii_case(text)
            } else {
                contains(&event.recipient, text)
            }
        })
        && query
            .from
            .as_deref()
            .is_none_or(|text| contains(&email.from, text))
        && query
            .tag
            .as_deref()
            .is_none_or(|tag| email.tag.as_deref() == Some(tag))
        && query.from_unix_ms.is_none_or(|from| event.at_unix_ms >= from)
        && query.to_unix_ms.is_none_or(|to| event.at_unix_ms <= to)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_query_finds_what_a_look_at_all_events_finds(
        steps in arb_steps(), query in arb_query(), limit in 1usize..20, page in 1u32..4,
    ) {
        let world = World::new();
        let events = world.record(&steps, 7);
        let email_of = |event: &Event| world.emails.iter().find(|email| email.id == event.email).unwrap();
        let mut wanted: Vec<Event> =
            events.into_iter().filter(|event| wants(&query, event, email_of(event))).collect();
        wanted.sort_by_key(keys::Place::of);
        prop_assert!(wanted.is_sorted_by_key(|event| std::cmp::Reverse(event.at_unix_ms)));
        prop_assert_eq!(&world.all(&query, limit), &wanted);
        let found = world.ledger.events(world.account, &query, Position::Page(page), limit).unwrap();
        prop_assert_eq!((found.total, found.is_total_exact), (Some(wanted.len() as u64), true));
        let skip = (page as usize - 1) * limit;
        let listed: Vec<Event> = found.events.into_iter().map(|listed| listed.event).collect();
        let expected: Vec<Event> = wanted.into_iter().skip(skip).take(limit).collect();
        prop_assert_eq!(listed, expected);
    }
}

#[test]
fn a_query_stops_at_its_bound_and_goes_on_from_there() {
    let world = World::new();
    let sent = EventKind::Sent {
        mx: None,
        attempts: 1,
    };
    let many = limits::EVENT_READS_MAX + 5;
    let steps: Vec<Step> = (0..many)
        .map(|at| (0, usize::from(at == 0), NOW + at as u64, sent.clone()))
        .collect();
    world.record(&steps, 500);
    // Only the oldest fits; the others are looked at first.
    let query = EventQuery {
        recipient: Some("joann".into()),
        ..EventQuery::default()
    };
    let page = world
        .ledger
        .events(world.account, &query, Position::Page(1), 10)
        .unwrap();
    assert!(page.events.is_empty() && page.total == Some(0) && !page.is_total_exact);
    let next = Position::After(page.next.unwrap());
    let page = world.ledger.events(world.account, &query, next, 10).unwrap();
    assert_eq!((page.events.len(), page.next, page.total), (1, None, None));
    let span = keys::events();
    let rows = world.store.scan(&span.from, &span.to, 1).unwrap();
    assert_eq!(
        read(&rows[0].0, &rows[0].1).unwrap().unwrap().0,
        page.events[0].event
    );
    for bad in ["", "zz", &"+1".repeat(32), &"é".repeat(32)] {
        assert_eq!(bad.parse::<Cursor>(), Err(CursorError), "{bad}");
    }
}
