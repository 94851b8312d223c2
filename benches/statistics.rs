//! What questions about a year of mail take, beside the bar of 50 ms:
//!
//! ```text
//! cargo bench --profile release --bench statistics
//! ```
//!
//! An account sends ten million e-mails in a year, evenly, from four domains, over three streams, with ten tags that each
//! occur in all of those. Their counters are written hour by hour as the ledger writes them. Of their events, the newest ten
//! million are stored too (`EVENTS` says how many): those that the health score must not need to look at.

#![allow(clippy::unwrap_used, reason = "a bench that cannot begin may end")]
#![allow(clippy::print_stdout, reason = "printing the figures is what benches are for")]

mod stopwatch;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::{
    AccountId, Actor, DomainId, EmailContext, EmailId, EventKind, Hit, HitActor, Interval, Ledger, NewEvent,
    RecipientStatus, Request, Signals, StatisticsFilter, Stream, TagDigest, Tally,
};
use store::{Batch, CommitFuture, RocksConfig, Store, open_rocksdb};

const EMAILS: u64 = 10_000_000;
const EVENTS: u64 = 10_000_000;
const HOURS: u64 = 365 * 24;
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// 2026-11-25T12:00:00Z
const NOW: u64 = 1_795_608_000_000;
const BAR: Duration = Duration::from_millis(50);

const DOMAINS: u64 = 4;
const STREAMS: [Stream; 3] = [Stream::Transactional, Stream::Broadcast, Stream::Shared];
const TAGS: u64 = 10;
const CLASSES: [&str; 6] = [
    "invalid_recipient",
    "mailbox_full",
    "content_spam",
    "reputation_block",
    "policy",
    "greylisted",
];

/// Events of each e-mail, about: how many hours hold the newest events.
const EVENTS_PER_EMAIL: f64 = 2.34;

fn main() {
    if !stopwatch::is_asked_for() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let store = open_rocksdb(&RocksConfig::new(folder.path().join("store"))).unwrap();
    let ledger = Ledger::new(Arc::clone(&store));
    let account = AccountId::new(NOW, [1; 10]);
    let (took, stored) = stopwatch::once(|| fill(&ledger, store.as_ref(), account));
    println!(
        "{EMAILS} e-mails counted, {stored} events stored in {:.0} s\n",
        took.as_secs_f64()
    );
    println!("{:<58} {:>9} {:>9}  the bar", "", "first ms", "then ms");
    ask_totals(&ledger, account);
    ask_series(&ledger, account);
    ask_health(&ledger, account);
    store.close().unwrap();
}

fn fill(ledger: &Ledger, store: &dyn Store, account: AccountId) -> u64 {
    let wanted = std::env::var("EVENTS").map_or(EVENTS, |count| count.parse().unwrap());
    let hours = (wanted as f64 / (EVENTS_PER_EMAIL * EMAILS as f64) * HOURS as f64) as u64;
    let stored_from = HOURS.saturating_sub(hours);
    let mut under_way: VecDeque<CommitFuture> = VecDeque::new();
    let mut stored = 0;
    for hour in 0..HOURS {
        let at = NOW - (HOURS - hour) * HOUR_MS;
        let (mut batch, mut tally) = (Batch::new(), Tally::new());
        let mut events = 0;
        for number in hour * EMAILS / HOURS..(hour + 1) * EMAILS / HOURS {
            events += email(ledger, (account, number, at), &mut tally, &mut batch);
        }
        if hour < stored_from {
            batch = Batch::new();
        } else {
            stored += events;
        }
        tally.put(&mut batch);
        under_way.push_back(store.commit(batch));
        if under_way.len() > 4 {
            under_way.pop_front().unwrap().wait().unwrap();
        }
    }
    under_way.into_iter().for_each(|commit| {
        commit.wait().unwrap();
    });
    stored
}

/// What happens to one e-mail; how many events that are.
fn email(
    ledger: &Ledger,
    (account, number, at_unix_ms): (AccountId, u64, u64),
    tally: &mut Tally,
    batch: &mut Batch,
) -> u64 {
    let mut entropy = [0; 10];
    entropy[..8].copy_from_slice(&number.to_be_bytes());
    let context = EmailContext {
        email: EmailId::new(at_unix_ms, entropy),
        account,
        domain: Some(domain(number % DOMAINS)),
        stream: STREAMS[usize::try_from(number / DOMAINS % 3).unwrap()],
        tag: TagDigest::of(Some(&tag(number / 12 % TAGS))),
        sandbox: false,
    };
    let recipient = format!("reader{}@example.org", number % 500_000);
    let mut events = 0;
    let mut happens = |kind| {
        let event = NewEvent {
            at_unix_ms,
            recipient: recipient.clone(),
            before: RecipientStatus::Queued,
            kind,
        };
        ledger.record(&context, event, tally, batch);
        events += 1;
    };
    happens(EventKind::Sent {
        mx: Some("mx.example.org".into()),
        attempts: 1,
    });
    // Spread without a pattern that the domains share.
    let chance = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    if chance % 25 == 0 {
        happens(EventKind::Deferred {
            reply: "451 4.7.1 try again later".into(),
            class: "greylisted".into(),
            attempts: 1,
            next_attempt_unix_ms: Some(at_unix_ms + HOUR_MS),
        });
    }
    if chance % 33 == 1 {
        happens(EventKind::Bounced {
            reply: "550 5.1.1 no such user".into(),
            class: CLASSES[usize::try_from(chance / 33 % 6).unwrap()].into(),
            hard: chance % 2 == 0,
            report: false,
        });
        return events;
    }
    happens(EventKind::Delivered {
        reply: "250 2.0.0 ok".into(),
        mx: Some("mx.example.org".into()),
        attempts: 1,
    });
    let hit = || Hit {
        actor: [HitActor::Human, HitActor::Machine, HitActor::Unknown]
            [usize::try_from(chance / 7 % 3).unwrap()],
        signals: Signals::default(),
        first: chance % 2 == 0,
        first_of_all: chance % 2 == 0,
        ip: None,
        user_agent: Some("Mozilla/5.0".into()),
    };
    if chance % 4 == 2 {
        happens(EventKind::Opened { hit: hit() });
    }
    if chance % 16 == 2 {
        happens(EventKind::Clicked {
            hit: hit(),
            link: 0,
            url: "https://shop.example/".into(),
        });
    }
    if chance % 9973 == 3 {
        happens(EventKind::Complained {
            feedback_type: "abuse".into(),
        });
    }
    events
}

fn domain(number: u64) -> DomainId {
    DomainId::new(NOW, [u8::try_from(number).unwrap(); 10])
}

fn tag(number: u64) -> String {
    format!("campaign-{number}")
}

fn year() -> (u64, u64) {
    (NOW - 364 * DAY_MS, NOW)
}

fn filters() -> Vec<(&'static str, StatisticsFilter)> {
    let all = StatisticsFilter::default();
    let by = |number: u64| Some(domain(number));
    vec![
        ("all mail", all.clone()),
        (
            "one domain",
            StatisticsFilter {
                domain: by(1),
                ..all.clone()
            },
        ),
        (
            "one stream",
            StatisticsFilter {
                stream: Some(Stream::Shared),
                ..all.clone()
            },
        ),
        (
            "one tag",
            StatisticsFilter {
                tag: Some(tag(3)),
                ..all.clone()
            },
        ),
        (
            "one tag of one domain and stream",
            StatisticsFilter {
                domain: by(1),
                stream: Some(Stream::Shared),
                tag: Some(tag(3)),
            },
        ),
    ]
}

fn ask_totals(ledger: &Ledger, account: AccountId) {
    for (what, filter) in filters() {
        measure(&format!("totals of a year, {what}"), || {
            drop(ledger.totals(account, &filter, year()).unwrap());
        });
    }
}

fn ask_series(ledger: &Ledger, account: AccountId) {
    let days = |days| (NOW - days * DAY_MS, NOW);
    for (what, interval, span) in [
        ("a year by the day", Interval::Day, year()),
        ("a year by the week", Interval::Week, year()),
        ("a year by the month", Interval::Month, year()),
        ("40 days by the hour", Interval::Hour, days(40)),
    ] {
        for (whose, filter) in filters() {
            measure(&format!("{what}, {whose}"), || {
                drop(ledger.series(account, &filter, interval, span).unwrap());
            });
        }
    }
}

fn ask_health(ledger: &Ledger, account: AccountId) {
    let request = Request {
        actor: Actor::System,
        now_unix_ms: NOW,
        entropy: [0; 10],
    };
    measure("health score", || {
        assert!(ledger.health(account, NOW).unwrap().is_some())
    });
    measure("the same kept, synced, and acted upon", || {
        let refresh = ledger.refresh_health(account, &request);
        assert!(wait_for(refresh).unwrap().is_some());
    });
}

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(future)
}

/// The first time, when the blocks it reads may not be in memory, and the fastest of some more.
fn measure(what: &str, mut ask: impl FnMut()) {
    let begin = Instant::now();
    ask();
    let first = begin.elapsed();
    let then = stopwatch::fastest(1, ask);
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let within = if first <= BAR { "within" } else { "beyond" };
    println!(
        "{what:<58} {:>9.2} {:>9.2}  {within} {} ms",
        ms(first),
        ms(then),
        BAR.as_millis()
    );
}
