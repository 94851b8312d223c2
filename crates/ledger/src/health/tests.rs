//! Scores worked out by hand, and what must hold of any.

use proptest::prelude::*;
use store::{Batch, open_memory};

use super::component::between;
use super::*;
use crate::statistics::{ByActor, Unique};
use crate::tests::{NOW, at_once};
use crate::{
    AccountId, Actor, Disposition, Email, EmailContext, EmailId, EventKind, Ledger, NewEvent,
    RecipientStatus, Request, Stream, Tally,
};

const DAY: u64 = 86_400_000;

fn counts(sent: u64, delivered: u64) -> Counts {
    Counts {
        sent,
        delivered,
        ..Counts::default()
    }
}

/// The same in both windows, and no domains.
fn steady(counts: Counts) -> Evidence {
    Evidence {
        fast: counts.clone(),
        slow: counts,
        authentication: Authentication::default(),
    }
}

fn proved(required: u64, valid: u64) -> Evidence {
    Evidence {
        authentication: Authentication { required, valid },
        ..steady(counts(1000, 1000))
    }
}

#[test]
fn scores_are_those_worked_out_by_hand() {
    let good = || counts(800, 800);
    let hard = || Counts {
        hard_bounced: 19,
        ..good()
    };
    let blocked = Counts {
        soft_bounced: 11,
        bounced_as: [("content_spam".into(), 10), ("mailbox_full".into(), 1)].into(),
        ..good()
    };
    let opened = Counts {
        opens: ByActor {
            human: 60,
            ..ByActor::default()
        },
        unique_opens: Unique {
            human: 60,
            other: 0,
            all: 60,
        },
        ..good()
    };
    let bounced = |sent, soft_bounced| {
        steady(Counts {
            soft_bounced,
            ..counts(sent, sent - soft_bounced)
        })
    };
    let complained = |sent, complained| {
        steady(Counts {
            complained,
            ..counts(sent, sent)
        })
    };
    let fast_only = Evidence {
        fast: hard(),
        slow: Counts {
            hard_bounced: 19,
            ..counts(80_000, 80_000)
        },
        ..Evidence::default()
    };
    let (pause, suspend) = (Some(VerdictKind::Pause), Some(VerdictKind::Suspend));
    for (what, evidence, score, grade, status, verdict) in [
        ("nothing wrong", steady(good()), 100, "A+", "excellent", None),
        // (19 + 1) / 1000 = 2 % is 80; 20 points of 0.25 / 0.85.
        ("hard bounces", steady(hard()), 94, "A", "excellent", None),
        (
            "a bad week in a good month",
            fast_only,
            94,
            "A",
            "excellent",
            None,
        ),
        // 16.04 / 20000 = 0.0802 % is 79.8; 20.2 points of 0.30 / 0.85.
        ("complaints", complained(19_800, 16), 93, "A", "excellent", None),
        // 3.04 / 1000 = 0.304 % is 0, and capped.
        (
            "complaints beyond the cap",
            complained(800, 3),
            39,
            "F",
            "critical",
            None,
        ),
        (
            "complaints above 1 %",
            complained(200, 3),
            39,
            "F",
            "critical",
            suspend,
        ),
        (
            "too few for a verdict",
            complained(199, 3),
            39,
            "F",
            "critical",
            None,
        ),
        ("bounces above 10 %", bounced(200, 21), 39, "F", "critical", pause),
        ("bounces of 10 %", bounced(200, 20), 100, "A+", "excellent", None),
        (
            "too few for a pause",
            bounced(199, 21),
            100,
            "A+",
            "excellent",
            None,
        ),
        // 10.4 / 1000 = 1.04 % is 69.5; 30.5 points of 0.15 / 0.85.
        ("blocks", steady(blocked), 95, "A+", "excellent", None),
        (
            "one record of four is missing",
            proved(4, 3),
            96,
            "A+",
            "excellent",
            None,
        ),
        (
            "three records of four are missing",
            proved(4, 1),
            69,
            "D",
            "poor",
            None,
        ),
        // 42 / 1000 = 4.2 % is 76; 24 points of 0.10 / 0.85.
        (
            "hygiene",
            steady(Counts {
                suppressed: 40,
                ..counts(760, 760)
            }),
            97,
            "A+",
            "excellent",
            None,
        ),
        // 102 / 1000 = 10.2 % is 59.4; 40.6 points of 0.05 / 0.85.
        (
            "deferrals",
            steady(Counts {
                deferred: 100,
                ..counts(700, 700)
            }),
            98,
            "A+",
            "excellent",
            None,
        ),
        // 100 / 1000 = 10 % is 66.7; 33.3 points of 0.10.
        ("engagement", steady(opened), 97, "A+", "excellent", None),
    ] {
        let health = measure(&evidence).unwrap();
        let found = (
            health.overall_score,
            health.grade.as_str(),
            health.status.as_str(),
        );
        assert_eq!(found, (score, grade, status), "{what}: {health:#?}");
        assert_eq!(
            health.verdict.as_ref().map(|verdict| verdict.kind),
            verdict,
            "{what}"
        );
        assert_eq!(
            health.recommendations.is_empty(),
            health.components.iter().all(|part| part.advice.is_empty())
        );
    }
    assert_eq!(measure(&Evidence::default()), None);
}

#[test]
fn a_verdict_looks_at_the_month_only_when_the_week_is_too_short() {
    let bad = || Counts {
        hard_bounced: 400,
        ..counts(1000, 600)
    };
    let verdict = |fast| {
        let evidence = Evidence {
            fast,
            slow: bad(),
            ..Evidence::default()
        };
        measure(&evidence).unwrap().verdict.map(|verdict| verdict.days)
    };
    assert_eq!(verdict(counts(199, 199)), Some(30));
    assert_eq!(verdict(counts(200, 200)), None, "they have mended their ways");
    assert_eq!(verdict(bad()), Some(7));
}

#[test]
fn rates_are_told_as_they_were_counted() {
    let health = measure(&steady(Counts {
        soft_bounced: 1,
        complained: 1,
        unique_opens: Unique {
            human: 2,
            other: 9,
            all: 9,
        },
        unique_clicks: Unique {
            human: 1,
            other: 0,
            all: 1,
        },
        ..counts(5, 4)
    }))
    .unwrap();
    let rates = Rates {
        delivery: 80.0,
        open: 50.0,
        click: 25.0,
        bounce: 20.0,
        complaint: 25.0,
    };
    assert_eq!(health.rates, rates);
    let complaints = health.components.first().unwrap();
    assert_eq!(
        (complaints.numerator, complaints.denominator, complaints.value),
        (1, 4, 25.0)
    );
    assert!(health.summary.contains("first impression"), "{}", health.summary);
}

#[test]
fn grades_and_words_begin_where_they_should() {
    for (score, grade, word) in [
        (100, "A+", "excellent"),
        (95, "A+", "excellent"),
        (94, "A", "excellent"),
        (90, "A", "excellent"),
        (89, "B+", "good"),
        (85, "B+", "good"),
        (84, "B", "good"),
        (80, "B", "good"),
        (79, "C+", "fair"),
        (75, "C+", "fair"),
        (74, "C", "fair"),
        (70, "C", "fair"),
        (69, "D", "poor"),
        (60, "D", "poor"),
        (59, "F", "critical"),
        (0, "F", "critical"),
    ] {
        assert_eq!(
            (Grade::of(score).as_str(), Standing::of(score).as_str()),
            (grade, word),
            "{score}"
        );
    }
}

#[test]
fn knots_are_joined_by_straight_lines() {
    let knots = [(1.0, 100.0), (3.0, 50.0), (4.0, 0.0)];
    for (rate, score) in [
        (0.0, 100.0),
        (1.0, 100.0),
        (2.0, 75.0),
        (3.0, 50.0),
        (3.5, 25.0),
        (4.0, 0.0),
        (99.0, 0.0),
    ] {
        assert_eq!(between(&knots, rate), score, "{rate}");
    }
}

#[test]
fn weights_make_one() {
    let whole: f64 = ComponentName::ALL.iter().map(|name| name.weight()).sum();
    assert!(
        (whole - 1.1).abs() < 1e-9,
        "engagement's tenth is taken out of the others: {whole}"
    );
}

/// An e-mail with `sent` recipients sent to, on `at_unix_ms`.
fn sent(ledger: &Ledger, account: AccountId, number: u8, at_unix_ms: u64) {
    let email = Email {
        id: EmailId::new(NOW, [number; 10]),
        account,
        disposition: Disposition::Queued,
        sandbox: false,
        stream: Stream::Shared,
        track_opens: None,
        track_clicks: None,
        to: vec!["x@y.example".into()],
        created_unix_ms: at_unix_ms,
        message_id: "m@b.example".into(),
        template: None,
        from: "a@b.example".into(),
        subject: "s".into(),
        tag: None,
        metadata: None,
    };
    let (mut batch, mut tally) = (Batch::new(), Tally::new());
    for kind in [
        EventKind::Sent {
            mx: None,
            attempts: 1,
        },
        EventKind::Delivered {
            reply: "250 ok".into(),
            mx: None,
            attempts: 1,
        },
    ] {
        let event = NewEvent {
            at_unix_ms,
            recipient: "x@y.example".into(),
            before: RecipientStatus::Queued,
            kind,
        };
        ledger.record(&EmailContext::of(&email, None), event, &mut tally, &mut batch);
    }
    tally.put(&mut batch);
    at_once(ledger.store.commit(batch)).unwrap();
}

#[test]
fn the_ledger_counts_thirty_days_and_keeps_one_score_a_day() {
    let ledger = Ledger::new(open_memory());
    let account = AccountId::new(NOW, [1; 10]);
    let stranger = AccountId::new(NOW, [2; 10]);
    let request = |now_unix_ms| Request {
        actor: Actor::Operator,
        now_unix_ms,
        entropy: [0; 10],
    };
    sent(&ledger, account, 1, NOW - 30 * DAY);
    assert_eq!(ledger.health(account, NOW).unwrap(), None, "that is too long ago");
    assert_eq!(
        at_once(ledger.refresh_health(account, &request(NOW))).unwrap(),
        None
    );
    assert_eq!(ledger.latest_health_snapshot(account, NOW).unwrap(), None);

    sent(&ledger, account, 2, NOW - 29 * DAY);
    let health = ledger.health(account, NOW).unwrap().unwrap();
    let refresh = |at| at_once(ledger.refresh_health(account, &request(at))).unwrap();
    assert!(refresh(NOW - DAY).is_some());
    assert_eq!(refresh(NOW), Some(health.clone()));
    assert_eq!(refresh(NOW + 1), Some(health));
    let kept = ledger.health_snapshots(account, (0, NOW)).unwrap();
    let made: Vec<u64> = kept.iter().map(|snapshot| snapshot.made_unix_ms).collect();
    assert_eq!(
        made,
        [NOW - DAY, NOW + 1],
        "the later of a day replaces the earlier"
    );
    let latest = ledger.latest_health_snapshot(account, NOW).unwrap();
    assert_eq!(latest.as_ref(), kept.last());
    let rates = latest.unwrap().rates();
    assert_eq!((rates.delivery, rates.bounce), (100.0, 0.0));
    assert_eq!(ledger.health_snapshots(account, (NOW, 0)).unwrap(), []);
    assert_eq!(ledger.latest_health_snapshot(stranger, NOW).unwrap(), None);
}

fn any_counts() -> impl Strategy<Value = Counts> {
    let count = || prop_oneof![0u64..5, 0u64..2000, any::<u64>()];
    let hits = (count(), count());
    (
        count(),
        count(),
        count(),
        count(),
        count(),
        count(),
        count(),
        hits,
    )
        .prop_map(
            |(
                sent,
                delivered,
                hard_bounced,
                soft_bounced,
                deferred,
                suppressed,
                complained,
                (human, machine),
            )| Counts {
                sent,
                delivered,
                hard_bounced,
                soft_bounced,
                deferred,
                suppressed,
                complained,
                opens: ByActor {
                    human,
                    machine,
                    unknown: 0,
                },
                unique_opens: Unique {
                    human,
                    other: machine,
                    all: human,
                },
                bounced_as: [("virus".into(), soft_bounced / 2), ("no such class".into(), 7)].into(),
                ..Counts::default()
            },
        )
}

proptest! {
    #[test]
    fn a_score_is_a_number_from_0_to_100_and_falls_with_what_goes_wrong(
        (fast, slow) in (any_counts(), any_counts()),
        (required, valid) in (0u64..9, 0u64..12),
        (more, which) in (1u64..500, 0..6),
        in_fast in any::<bool>(),
    ) {
        let authentication = Authentication { required, valid };
        let evidence = Evidence { fast, slow, authentication };
        let Some(health) = measure(&evidence) else {
            prop_assert_eq!(evidence.slow.sent, 0);
            return Ok(());
        };
        prop_assert!(health.overall_score <= 100);
        let weights: f64 = health.components.iter().map(|part| part.weight).sum();
        prop_assert!((weights - 1.0).abs() < 1e-9, "{}", weights);
        for part in &health.components {
            prop_assert!((0.0..=100.0).contains(&part.value), "{:?}", part);
            prop_assert!((0.0..=100.0).contains(&part.score), "{:?}", part);
            prop_assert!((0.0..=100.0).contains(&part.points_lost), "{:?}", part);
        }
        let rates = health.rates;
        for rate in [rates.delivery, rates.open, rates.click, rates.bounce, rates.complaint] {
            prop_assert!((0.0..=100.0).contains(&rate), "{:?}", rates);
        }

        let mut worse = evidence;
        let add = |counts: &mut Counts| {
            let slot = match which {
                0 => &mut counts.complained,
                1 => &mut counts.hard_bounced,
                2 => &mut counts.soft_bounced,
                3 => &mut counts.deferred,
                4 => &mut counts.suppressed,
                _ => counts.bounced_as.entry("content_spam".into()).or_default(),
            };
            *slot = slot.saturating_add(more);
        };
        add(&mut worse.slow);
        if in_fast {
            add(&mut worse.fast);
        }
        prop_assert!(measure(&worse).unwrap().overall_score <= health.overall_score);
    }

    #[test]
    fn a_snapshot_is_read_as_it_was_written(counts in any_counts(), at in any::<u64>()) {
        let evidence = steady(Counts { sent: counts.sent.max(1), ..counts });
        let health = measure(&evidence).unwrap();
        let snapshot = Snapshot::of(&health, &evidence, at);
        prop_assert_eq!(Snapshot::decode(&snapshot.encode()), Ok(snapshot));
        prop_assert_eq!(snapshot.rates(), health.rates);
    }
}
