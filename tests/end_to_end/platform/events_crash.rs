//! Events and counters where the server is killed: each acknowledged e-mail has its events in order and comes to one end, and
//! the counters are the events, exactly.
//!
//! Clients send over REST without pause, to recipients that take mail, refuse it and put it off, while the server is killed
//! with SIGKILL and started again: eight times here, as often as `CRASH_ROUNDS` says in `make crash`. When the queue has
//! drained, all is read over HTTP and compared.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::World;
use crate::world::customer::{Customer, request};

const CLIENTS: usize = 3;
const ROUNDS: u64 = 8;
const LIFE_MS: u64 = 100;
/// E-mails in all at most, so that the reading takes seconds.
const EMAILS_MAX: usize = 6_000;
const TAGS: [Option<&str>; 3] = [Some("red"), Some("blue"), None];

#[test]
fn counters_are_the_events_and_each_email_has_one_end_when_the_server_is_killed() {
    let rounds = std::env::var("CRASH_ROUNDS")
        .map_or(ROUNDS, |rounds| rounds.parse().expect("CRASH_ROUNDS is a number"));
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    for number in 0..4 {
        host.recipient(&format!("gone{number}@dest.test"), &["550 5.1.1 no such user"]);
        let later = ["451 4.7.1 greylisted", "451 4.7.1 greylisted", "250 2.1.5 ok"];
        host.recipient(&format!("later{number}@dest.test"), &later);
    }
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    let load = Load::default();

    let program = std::thread::scope(|scope| {
        let _end = EndOfLoad(&load);
        let mut program = program;
        for _ in 0..CLIENTS {
            scope.spawn(|| load.run(&customer));
        }
        for round in 0..rounds {
            // Longer and longer lives: the kill meets each stage of start and work.
            std::thread::sleep(Duration::from_millis(LIFE_MS * (round % ROUNDS + 1)));
            program.kill();
            program = world.start();
        }
        program
    });
    program.drained();

    let acknowledged = load.acknowledged();
    let events = all_events(&customer);
    println!(
        "{rounds} kills, {} e-mails acknowledged, {} events",
        acknowledged.len(),
        events.len()
    );
    assert!(
        !acknowledged.is_empty(),
        "the clients never got through: nothing was proved"
    );
    let emails = by_email(&events);
    let missing: Vec<&String> = acknowledged
        .iter()
        .filter(|id| !emails.contains_key(*id))
        .collect();
    assert!(
        missing.is_empty(),
        "acknowledged, and without events: {missing:?}"
    );
    emails.iter().for_each(|(id, events)| one_end(id, events));
    for filter in [
        String::new(),
        tag_of("red"),
        tag_of("blue"),
        "&stream_type=shared".to_owned(),
    ] {
        counters_equal(&customer, &events, &filter);
    }
}

fn tag_of(tag: &str) -> String {
    format!("&tag={tag}")
}

/// The events of each e-mail, in the order of their sequence.
fn by_email(events: &[Value]) -> BTreeMap<String, Vec<&Value>> {
    let mut emails: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for event in events {
        let id = event["email_id"].as_str().expect("an id");
        emails.entry(id.to_owned()).or_default().push(event);
    }
    for events in emails.values_mut() {
        events.sort_by_key(|event| event["sequence"].as_u64());
    }
    emails
}

/// What an e-mail to one recipient has gone through: taken over, sent once, put off as often as it was, and ended, once and
/// last.
fn one_end(id: &str, events: &[&Value]) {
    let types: Vec<&str> = events
        .iter()
        .map(|event| event["event_type"].as_str().expect("a type"))
        .collect();
    let fits = match types.as_slice() {
        ["suppressed"] => true,
        ["queued", "sent", between @ .., "delivered" | "bounced"] => {
            between.iter().all(|kind| *kind == "deferred")
        }
        _ => false,
    };
    assert!(fits, "{id}: {types:?}");
    let sequences: Vec<u64> = events
        .iter()
        .filter_map(|event| event["sequence"].as_u64())
        .collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "{id}: {sequences:?}");
    let times: Vec<&str> = events
        .iter()
        .filter_map(|event| event["timestamp"].as_str())
        .collect();
    assert!(times.is_sorted(), "{id}: {times:?}");
}

/// Totals, and the sums of each series, are what the events say.
fn counters_equal(customer: &Customer, events: &[Value], filter: &str) {
    let tag = filter.strip_prefix("&tag=");
    let in_scope = |event: &&Value| tag.is_none_or(|tag| event["tag"] == json!(tag));
    let number = |kind: &str| {
        let of_kind = |event: &&Value| event["event_type"] == json!(kind);
        events.iter().filter(in_scope).filter(of_kind).count()
    };
    let totals = customer
        .ask("GET", &format!("/api/stats/outbound?{filter}"), None)
        .json();
    for (counter, kind) in [
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("bounced", "bounced"),
        ("deferred", "deferred"),
        ("suppressed", "suppressed"),
        ("failed", "failed"),
    ] {
        assert_eq!(
            totals[counter],
            json!(number(kind)),
            "{counter} of {filter:?}: {totals}"
        );
    }
    for (series, kind) in [
        ("sends", "sent"),
        ("deliveries", "delivered"),
        ("bounces", "bounced"),
    ] {
        for interval in ["day", "week", "month"] {
            let path = format!("/api/stats/outbound/{series}?interval={interval}{filter}");
            let series = customer.ask("GET", &path, None).json();
            assert_eq!(series["totals"]["count"], json!(number(kind)), "{path}: {series}");
        }
    }
}

/// All events, page by page.
fn all_events(customer: &Customer) -> Vec<Value> {
    let mut events = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = customer
            .ask("GET", &format!("/api/v1/events?limit=500{cursor}"), None)
            .json();
        events.extend(page["events"].as_array().expect("events").iter().cloned());
        match page["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return events,
        }
    }
}

/// Clients that send until they are told to stop.
#[derive(Default)]
struct Load {
    numbers: AtomicUsize,
    acknowledged: Mutex<Vec<String>>,
    stopping: AtomicBool,
}

impl Load {
    fn run(&self, customer: &Customer) {
        while !self.stopping.load(Ordering::SeqCst) {
            let number = self.numbers.fetch_add(1, Ordering::SeqCst);
            if number >= EMAILS_MAX {
                return;
            }
            let sent = self.send(customer, number);
            if sent.is_none() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }

    /// Sends one e-mail; none when nobody said that it was taken over.
    fn send(&self, customer: &Customer, number: usize) -> Option<()> {
        let to = match number % 20 {
            0 => format!("gone{}@dest.test", number / 20 % 4),
            1 | 2 => format!("later{}@dest.test", number / 20 % 4),
            _ => format!("b{number}@dest.test"),
        };
        let mut email = json!({ "to": to, "from": "hello@src.test", "subject": "s", "text": "t" });
        if let Some(tag) = TAGS[number % TAGS.len()] {
            email["tag"] = json!(tag);
        }
        let header = format!(
            "Authorization: Bearer {}\r\nContent-Type: application/json\r\n",
            customer.api_key
        );
        let body = email.to_string();
        let reply = request(customer.address(), "POST", "/api/send", &header, body.as_bytes())?;
        let id = (reply.status == 200).then(|| reply.json()["id"].as_str().expect("an id").to_owned())?;
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(id);
        Some(())
    }

    fn acknowledged(&self) -> Vec<String> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Ends the load when dropped, so that a failure in between does not wait for clients that never end.
struct EndOfLoad<'a>(&'a Load);

impl Drop for EndOfLoad<'_> {
    fn drop(&mut self) {
        self.0.stopping.store(true, Ordering::SeqCst);
    }
}
