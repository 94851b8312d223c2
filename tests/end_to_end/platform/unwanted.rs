//! Mail that was wanted when it was accepted and is not when it is due: it does not leave.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::world::customer::Customer;
use crate::world::{Action, Host, Moment, Program, World, eventually};

/// For how long it is not asked again.
const ANSWER_HOLDS: Duration = Duration::from_secs(1);

fn stage() -> (World, Host, Program, Customer) {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    world.settings.set("retry.first", "1h");
    let host = world.host(2);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    (world, host, program, customer)
}

fn suppress(customer: &Customer, address: &str) {
    let reply = customer.ask(
        "POST",
        "/api/customer/suppressions",
        Some(&json!({ "email": address, "type": "manual" })),
    );
    assert_eq!(reply.status, 201, "{}", reply.text());
}

/// What became of one recipient, type by type.
fn history(customer: &Customer, email: &Value, recipient: &str) -> Vec<String> {
    let path = format!("/api/v1/emails/{}/events", email["id"].as_str().unwrap());
    let reply = customer.ask("GET", &path, None).json();
    let events = reply["events"].as_array().unwrap().iter();
    events
        .filter(|event| event["recipient"] == json!(recipient))
        .map(|event| event["event_type"].as_str().unwrap().to_owned())
        .collect()
}

/// Makes what waits due, once the answer of its acceptance does not hold any more.
fn come_due(program: &Program, accepted: Instant) {
    eventually("a second to pass", || {
        (accepted.elapsed() > ANSWER_HOLDS).then_some(())
    });
    program.json(&["queue", "retry", "--all"]);
}

#[test]
fn what_waits_goes_to_those_who_want_it_when_it_is_due() {
    let (_world, host, program, customer) = stage();
    host.always(Moment::Mail, Action::Reply("451 4.3.2 not now".into()));
    let sent = customer.send(&json!({
        "to": "gone@dest.test", "cc": ["here@dest.test"], "from": "hello@src.test", "subject": "s", "text": "t",
    }));
    let accepted = Instant::now();
    customer.becomes(&sent["id"], "deferred");
    suppress(&customer, "Gone@dest.test");
    host.relent(Moment::Mail);
    come_due(&program, accepted);
    let mail = host.mail(1);
    assert_eq!(mail[0].recipients, ["here@dest.test"]);
    program.drained();
    assert_eq!(host.count(), 1);
    assert_eq!(
        history(&customer, &sent, "gone@dest.test"),
        ["queued", "sent", "deferred", "suppressed"]
    );
    assert_eq!(
        history(&customer, &sent, "here@dest.test"),
        ["queued", "sent", "deferred", "delivered"]
    );
    let path = format!("/api/emails/{}", sent["id"].as_str().unwrap());
    let shown = customer.ask("GET", &path, None).json();
    assert_eq!(shown["recipients"][0]["status"], "suppressed", "{shown}");
    let counts = customer.ask("GET", "/api/stats/outbound", None).json();
    assert_eq!(
        (&counts["suppressed"], &counts["delivered"]),
        (&json!(1), &json!(1)),
        "{counts}"
    );
}

#[test]
fn a_retry_asks_again() {
    let (_world, host, program, customer) = stage();
    host.recipient("later@dest.test", &["451 4.7.1 greylisted"]);
    let sent = customer.send(&json!({
        "to": "later@dest.test", "from": "hello@src.test", "subject": "s", "text": "t",
    }));
    customer.becomes(&sent["id"], "deferred");
    suppress(&customer, "later@dest.test");
    eventually("the recipient to be left out", || {
        program.json(&["queue", "retry", "--all"]);
        let history = history(&customer, &sent, "later@dest.test");
        (history.last()? == "suppressed").then_some(())
    });
    program.drained();
}

#[test]
fn a_copy_of_bulk_mail_asks_again() {
    let (_world, host, program, customer) = stage();
    host.always(Moment::Mail, Action::Reply("451 4.3.2 not now".into()));
    let reply = customer.ask(
        "POST",
        "/api/bulk-send",
        Some(&json!({
            "from": "hello@src.test", "subject": "s", "html": "<p>{{name}}</p>",
            "recipients": [
                { "email": "one@dest.test", "vars": { "name": "1" } },
                { "email": "two@dest.test", "vars": { "name": "2" } },
            ],
        })),
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    let accepted = Instant::now();
    eventually("both copies to be deferred", || {
        let deferred = customer.ask("GET", "/api/v1/events?type=deferred", None).json();
        (deferred["events"].as_array()?.len() == 2).then_some(())
    });
    suppress(&customer, "one@dest.test");
    host.relent(Moment::Mail);
    come_due(&program, accepted);
    assert_eq!(host.mail(1)[0].recipients, ["two@dest.test"]);
    program.drained();
    assert_eq!(host.count(), 1);
}
