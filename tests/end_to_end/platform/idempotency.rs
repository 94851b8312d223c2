//! Idempotency keys across kills: every request is repeated until it is answered, and each of them sends one message.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::world::customer::{Customer, Reply, request};
use crate::world::{World, eventually};

const REQUESTS: usize = 1000;
const SENDERS: usize = 8;
const KILLS: usize = 8;

#[test]
fn a_thousand_sends_repeated_under_kills_send_one_message_each() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    // Nobody takes mail yet: what was accepted is counted in the queue, where a duplicate of delivery cannot hide one of
    // acceptance.
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    let next = AtomicUsize::new(0);
    let replies: Mutex<BTreeMap<usize, String>> = Mutex::default();
    let program = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                scope.spawn(|| {
                    while let Some(number) =
                        Some(next.fetch_add(1, Ordering::Relaxed)).filter(|n| *n < REQUESTS)
                    {
                        let reply = insist(&customer, number);
                        replies.lock().unwrap().insert(number, reply);
                    }
                })
            })
            .collect();
        let mut program = program;
        for kill in 0..KILLS {
            // A kill for each eighth of the requests, wherever they are.
            let enough = (kill + 1) * REQUESTS / (KILLS + 1);
            eventually("more requests", || {
                (next.load(Ordering::Relaxed) >= enough).then_some(())
            });
            program.kill();
            program = world.start();
        }
        for sender in senders {
            sender.join().expect("a sender that got through");
        }
        program
    });
    let replies = replies.into_inner().unwrap();
    assert_eq!(replies.len(), REQUESTS);
    let mut ids: HashMap<String, usize> = HashMap::new();
    for (number, reply) in &replies {
        let reply: Value = serde_json::from_str(reply).expect("JSON");
        ids.insert(reply["id"].as_str().unwrap().to_owned(), *number);
        assert_eq!(
            insist(&customer, *number),
            replies[number],
            "the same octets again"
        );
    }
    assert_eq!(ids.len(), REQUESTS, "an id each");
    let again = ask(&customer, 0).unwrap();
    assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
    assert_eq!(program.queued(), REQUESTS as u64, "one message for each key");
    let sent =
        customer.ask("GET", "/api/customer/profile", None).json()["customer"]["emails_sent_this_month"]
            .clone();
    assert_eq!(sent, REQUESTS, "and charged once");
}

/// Repeats request `number` with its key until it is answered.
fn insist(customer: &Customer, number: usize) -> String {
    eventually(&format!("an answer to request {number}"), || {
        match ask(customer, number) {
            Some(reply) if reply.status == 200 => Some(reply.text()),
            Some(reply) => {
                // The first try may still be at work, or the server on its way out.
                assert!([409, 503].contains(&reply.status), "{}", reply.text());
                None
            }
            None => None,
        }
    })
}

fn ask(customer: &Customer, number: usize) -> Option<Reply> {
    let email = json!({ "to": format!("r{number}@dest.test"), "from": "hello@src.test", "subject": "s", "text": "t" });
    let header = format!(
        "Authorization: Bearer {}\r\nContent-Type: application/json\r\nIdempotency-Key: key-{number}\r\n",
        customer.api_key
    );
    request(
        customer.address(),
        "POST",
        "/api/send",
        &header,
        email.to_string().as_bytes(),
    )
}

/// The same over SMTP: a message sent again with its key is accepted once.
#[test]
fn a_key_over_smtp_is_accepted_once() {
    let mut world = World::new();
    world.settings.set_listener("account", "owner@src.test");
    let program = world.start();
    program.customer("owner@src.test", &["src.test"]);
    let text = "From: hello@src.test\r\nX-Postrider-Idempotency-Key: order-17\r\n\r\nhello\r\n";
    let mut client = world.client();
    let first = client.hello_and_submit("hello@src.test", &["b@nowhere.test"], text);
    assert_eq!(client.submit("hello@src.test", &["b@nowhere.test"], text), first);
    let other = text.replace("17", "18");
    assert_ne!(
        client.submit("hello@src.test", &["b@nowhere.test"], &other),
        first
    );
    drop(client);
    let queue = program.json(&["customer", "show", "owner@src.test"]);
    assert_eq!(queue["emails_sent_this_month"], 2);
}
