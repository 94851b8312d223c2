//! The monthly quota: exact with many senders at once; what is above it is kept, and leaves when it may.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::world::World;

const SENDERS: usize = 64;
const EACH: usize = 8;
const LIMIT: usize = 200;

#[test]
fn a_quota_is_exact_under_many_senders_and_what_is_above_it_is_held() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    let limit = LIMIT.to_string();
    program.json(&[
        "customer",
        "set",
        "owner@src.test",
        "--monthly-email-limit",
        &limit,
    ]);

    let accepted = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    let email =
                        json!({ "to": "b@dest.test", "from": "hello@src.test", "subject": "s", "text": "t" });
                    assert_eq!(customer.send(&email)["status"], "queued");
                    accepted.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(accepted.load(Ordering::Relaxed), SENDERS * EACH);
    assert_eq!(host.mail(LIMIT).len(), LIMIT);
    let profile = || customer.ask("GET", "/api/customer/profile", None).json()["customer"].clone();
    assert_eq!(profile()["emails_sent_this_month"], LIMIT);
    assert_eq!(profile()["remaining_emails"], 0);
    assert_eq!(profile()["id"], json!(customer.id));
    program.queue_shrinks_to((SENDERS * EACH - LIMIT) as u64);

    // What is held survives a restart, is not an operator's to hurry, and says why it waits.
    program.kill();
    let program = world.start();
    program.json(&["queue", "retry", "--all"]);
    let held =
        customer.send(&json!({ "to": "c@dest.test", "from": "hello@src.test", "subject": "s", "text": "t" }));
    let path = format!("/api/emails/{}", held["id"].as_str().unwrap());
    let email: Value = customer.ask("GET", &path, None).json();
    assert_eq!(
        (&email["status"], &email["hold_reason"]),
        (&json!("queued"), &json!("monthly_quota")),
        "{email}"
    );
    assert_eq!(profile()["emails_sent_this_month"], LIMIT);

    // A higher limit lets go what it covers, and no more.
    let limit = (LIMIT + 100).to_string();
    program.json(&[
        "customer",
        "set",
        "owner@src.test",
        "--monthly-email-limit",
        &limit,
    ]);
    assert_eq!(host.mail(LIMIT + 100).len(), LIMIT + 100);
    assert_eq!(profile()["emails_sent_this_month"], LIMIT + 100);
    program.json(&[
        "customer",
        "set",
        "owner@src.test",
        "--monthly-email-limit",
        "none",
    ]);
    program.drained();
    let total = SENDERS * EACH + 1;
    assert_eq!(host.mail(total).len(), total);
    assert_eq!(profile()["emails_sent_this_month"], total);
}

#[test]
fn what_is_held_leaves_not_before_the_time_for_which_it_is_scheduled() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    let limit = |count: &str| {
        let set = [
            "customer",
            "set",
            "owner@src.test",
            "--monthly-email-limit",
            count,
        ];
        program.json(&set);
    };
    limit("0");
    let send = |subject: &str, send_at: Option<&str>| {
        let mut email =
            json!({ "to": "b@dest.test", "from": "hello@src.test", "subject": subject, "text": "t" });
        if let Some(at) = send_at {
            email["send_at"] = json!(at);
        }
        let sent = customer.send(&email);
        assert_eq!(
            customer.becomes(&sent["id"], "queued")["hold_reason"],
            "monthly_quota"
        );
        sent["id"].clone()
    };
    let in_an_hour = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let later = send("later", Some(&in_an_hour.to_string()));
    send("now", None);
    limit("none");
    customer.becomes(&later, "scheduled");
    let mail = host.mail(1);
    assert!(mail[0].text.contains("Subject: now"), "{mail:?}");
    program.queue_shrinks_to(1);
    assert_eq!(host.count(), 1);
}
