//! Hits: which is a first, and what stays of them when their events are gone.

use store::Batch;

use super::{Step, World};
use crate::tests::{NOW, at_once};
use crate::*;

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
