//! Events and counters over the memory engine, against models that keep everything in a list.

use std::sync::Arc;

use proptest::prelude::*;
use store::{Batch, Store, open_memory};

use super::list::read;
use crate::keys;
use crate::tests::{NOW, at_once};
use crate::*;

const DAY: u64 = 86_400_000;

struct World {
    store: Arc<dyn Store>,
    ledger: Ledger,
    account: AccountId,
    emails: Vec<Email>,
}

/// What happens: to which e-mail and recipient, when, and what.
type Step = (usize, usize, u64, EventKind);

impl World {
    /// Two tagged e-mails, one without a tag, one of the sandbox.
    fn new() -> Self {
        let store = open_memory();
        let ledger = Ledger::new(Arc::clone(&store));
        let account = AccountId::new(NOW, [1; 10]);
        let emails: Vec<Email> = (0u8..4).map(|number| email(account, number)).collect();
        let mut batch = Batch::new();
        for email in &emails {
            batch.put(keys::email(email.id), email.encode());
        }
        at_once(store.commit(batch)).unwrap();
        Self {
            store,
            ledger,
            account,
            emails,
        }
    }

    /// Records the steps, some to a batch, and returns the events.
    fn record(&self, steps: &[Step], batch_size: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for steps in steps.chunks(batch_size) {
            let (mut batch, mut tally) = (Batch::new(), Tally::new());
            for (at, recipient, at_unix_ms, kind) in steps {
                let email = &self.emails[*at];
                let new = NewEvent {
                    at_unix_ms: *at_unix_ms,
                    recipient: email.to[*recipient].clone(),
                    before: RecipientStatus::Queued,
                    kind: kind.clone(),
                };
                let domain = DomainId::from_bytes([u8::try_from(*at % 2).unwrap(); 16]);
                let context = EmailContext::of(email, Some(domain));
                events.push(self.ledger.record(&context, new, &mut tally, &mut batch));
            }
            tally.put(&mut batch);
            at_once(self.store.commit(batch)).unwrap();
        }
        events
    }

    /// All pages of a query, by cursor.
    fn all(&self, query: &EventQuery, limit: usize) -> Vec<Event> {
        let mut events = Vec::new();
        let mut position = Position::Page(1);
        loop {
            let page = self.ledger.events(self.account, query, position, limit).unwrap();
            assert!(page.events.len() <= limit);
            for listed in page.events {
                let email = listed.email.unwrap();
                assert_eq!(email.id, listed.event.email, "joined with its own e-mail");
                events.push(listed.event);
            }
            match page.next {
                Some(next) => position = Position::After(next.to_string().parse().unwrap()),
                None => return events,
            }
        }
    }
}

fn email(account: AccountId, number: u8) -> Email {
    Email {
        id: EmailId::new(NOW, [number; 10]),
        account,
        disposition: Disposition::Queued,
        sandbox: number == 3,
        stream: if number == 0 {
            Stream::Broadcast
        } else {
            Stream::Shared
        },
        track_opens: None,
        track_clicks: None,
        to: vec!["Ann@y.example".into(), format!("joann{number}@y.example")],
        created_unix_ms: NOW,
        message_id: "m@b.example".into(),
        template: None,
        from: format!("Sender {number} <s{number}@b.example>"),
        subject: "s".into(),
        tag: [Some("red"), None, Some("blue"), None][usize::from(number)].map(str::to_owned),
        metadata: Some("{}".into()),
    }
}

fn arb_hit() -> impl Strategy<Value = Hit> {
    let actor = prop::sample::select(vec![HitActor::Human, HitActor::Machine, HitActor::Unknown]);
    let user_agent = prop::option::of("[a-z]{0,9}");
    (
        actor,
        0u32..2048,
        any::<(bool, bool)>(),
        any::<Option<std::net::IpAddr>>(),
        user_agent,
    )
        .prop_map(|(actor, bits, (first, first_of_all), ip, user_agent)| Hit {
            actor,
            signals: Signals::from_bits(bits),
            first,
            first_of_all,
            ip,
            user_agent,
        })
}

fn arb_kind() -> impl Strategy<Value = EventKind> {
    let text = || "\\PC{0,12}";
    let class = prop::sample::select(vec!["mailbox_full", "unknown_user"]);
    prop_oneof![
        any::<bool>().prop_map(|held| EventKind::Queued {
            hold: held.then_some(HoldReason::MonthlyQuota)
        }),
        any::<u64>().prop_map(|for_unix_ms| EventKind::Scheduled { for_unix_ms }),
        (prop::option::of(text()), any::<u32>()).prop_map(|(mx, attempts)| EventKind::Sent { mx, attempts }),
        (text(), text(), any::<u32>(), any::<Option<u64>>()).prop_map(|(reply, class, attempts, next)| {
            EventKind::Deferred {
                reply,
                class,
                attempts,
                next_attempt_unix_ms: next,
            }
        }),
        (text(), prop::option::of(text()), any::<u32>())
            .prop_map(|(reply, mx, attempts)| EventKind::Delivered { reply, mx, attempts }),
        (text(), class, any::<(bool, bool)>()).prop_map(|(reply, class, (hard, report))| {
            EventKind::Bounced {
                reply,
                class: class.to_owned(),
                hard,
                report,
            }
        }),
        text().prop_map(|reason| EventKind::Suppressed { reason }),
        text().prop_map(|why| EventKind::Failed { why }),
        Just(EventKind::Canceled),
        text().prop_map(|feedback_type| EventKind::Complained { feedback_type }),
        arb_hit().prop_map(|hit| EventKind::Opened { hit }),
        (arb_hit(), 0u16..3, text()).prop_map(|(hit, link, url)| EventKind::Clicked { hit, link, url }),
        text().prop_map(|source| EventKind::Unsubscribed { source }),
    ]
}

/// Times within three days, in no order.
fn arb_steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0usize..4, 0usize..2, NOW..NOW + 3 * DAY, arb_kind()), 0..60)
}

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

    #[test]
    fn no_event_makes_a_reader_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let record = [&[1][..], &octets].concat();
        let id = EmailId::new(NOW, [0; 10]);
        if let Ok((event, tag)) = Event::decode(id, 7, &record) {
            prop_assert_eq!(Event::decode(id, 7, &event.encode(tag)), Ok((event, tag)));
        }
    }
}

fn hit(actor: HitActor, first: First) -> Hit {
    Hit {
        actor,
        signals: Signals::default(),
        first: first.of_actor,
        first_of_all: first.of_all,
        ip: None,
        user_agent: Some("é".repeat(200)),
    }
}

#[test]
fn a_first_is_first_once_in_flight_remembered_and_in_the_store() {
    let world = World::new();
    let id = world.emails[0].id;
    let mut firsts = Firsts::default();
    let mut batch = Batch::new();
    let claim = |firsts: &mut Firsts, actor, batch: &mut Batch| {
        let first = firsts
            .claim(&world.ledger, id, HitKind::Open, actor, batch)
            .unwrap();
        (first.of_actor, first.of_all)
    };
    assert_eq!(claim(&mut firsts, HitActor::Machine, &mut batch), (true, true));
    firsts.submitted();
    firsts.abandoned();
    let mut batch = Batch::new();
    assert_eq!(
        claim(&mut firsts, HitActor::Machine, &mut batch),
        (true, true),
        "the first was none"
    );
    assert_eq!(
        claim(&mut firsts, HitActor::Unknown, &mut batch),
        (false, false),
        "claimed"
    );
    firsts.submitted();
    let mut next = Batch::new();
    assert_eq!(
        claim(&mut firsts, HitActor::Machine, &mut next),
        (false, false),
        "in flight"
    );
    at_once(world.store.commit(batch)).unwrap();
    firsts.committed();
    firsts.submitted();
    firsts.committed();
    let mut batch = Batch::new();
    assert_eq!(
        claim(&mut firsts, HitActor::Machine, &mut batch),
        (false, false),
        "remembered"
    );
    assert!(batch.is_empty());
    let mut fresh = Firsts::default();
    assert_eq!(
        claim(&mut fresh, HitActor::Machine, &mut batch),
        (false, false),
        "in the store"
    );
    assert_eq!(claim(&mut fresh, HitActor::Human, &mut batch), (true, false));
    let click = fresh
        .claim(&world.ledger, id, HitKind::Click, HitActor::Human, &mut batch)
        .unwrap();
    assert!(click.of_actor && click.of_all, "a click is no open");
}

#[test]
fn events_go_with_old_emails_and_leave_their_counters() {
    let mut world = World::new();
    let first = First {
        of_actor: true,
        of_all: true,
    };
    let kind = EventKind::Clicked {
        hit: hit(HitActor::Human, first),
        link: 3,
        url: "https://x.example/".into(),
    };
    let steps: Vec<Step> = (0..300)
        .map(|at| (at % 3, 0, NOW + at as u64, kind.clone()))
        .collect();
    let events = world.record(&steps, 50);
    let EventKind::Clicked { hit, .. } = &events[0].kind else {
        panic!("a click");
    };
    assert_eq!(
        hit.user_agent.as_deref(),
        Some("é".repeat(127).as_str()),
        "cut between characters"
    );
    let mut batch = Batch::new();
    let claim = Firsts::default().claim(
        &world.ledger,
        world.emails[0].id,
        HitKind::Click,
        HitActor::Human,
        &mut batch,
    );
    assert!(claim.unwrap().of_all);
    at_once(world.store.commit(batch)).unwrap();
    let clicks = |email: &Email| world.ledger.link_clicks(world.account, email.id).unwrap();
    assert_eq!(
        clicks(&world.emails[1]),
        [LinkClicks {
            link: 3,
            human: 100,
            other: 0
        }]
    );

    world.ledger.retention.events_ms = 1000;
    assert_eq!(
        at_once(world.ledger.sweep_events(NOW + 1000)).unwrap(),
        0,
        "not old enough"
    );
    assert_eq!(at_once(world.ledger.sweep_events(NOW + 1001)).unwrap(), 300);
    assert_eq!(at_once(world.ledger.sweep_events(NOW + 1001)).unwrap(), 0);
    for kind in [b'F', b'V', b'W', b'X', b'Y', b'j'] {
        assert!(
            world.store.scan(&[kind], &[kind + 1], 1).unwrap().is_empty(),
            "{}",
            char::from(kind)
        );
    }
    let totals = world
        .ledger
        .totals(world.account, &StatisticsFilter::default(), (NOW, NOW))
        .unwrap();
    assert_eq!(totals.clicks.human, 300);
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
