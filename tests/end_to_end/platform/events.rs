//! What became of mail, as events and as counts.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::world::customer::Customer;
use crate::world::{Program, World, eventually};

fn stage() -> (World, crate::world::Host, Program, Customer) {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    world.settings.set("api.tracking_url", "https://track.test");
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    (world, host, program, customer)
}

/// The types of an e-mail's events, in order, once the last of them is this.
fn timeline(customer: &Customer, email: &Value, last: &str) -> Vec<Value> {
    let path = format!("/api/v1/emails/{}/events", email["id"].as_str().unwrap());
    eventually(&format!("{last} at the end of {path}"), || {
        let reply = customer.ask("GET", &path, None);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let events = reply.json()["events"].as_array().unwrap().clone();
        (events.last()?["event_type"] == json!(last)).then_some(events)
    })
}

fn types(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["event_type"].as_str().unwrap())
        .collect()
}

#[test]
fn each_step_of_an_email_is_an_event_in_order() {
    let (_world, host, _program, customer) = stage();
    host.recipient("nobody@dest.test", &["550 5.1.1 no such user"]);
    host.recipient(
        "later@dest.test",
        &["451 4.7.1 greylisted, try again", "250 2.1.5 ok"],
    );
    let send = |to: &str| {
        customer.send(&json!({
            "to": to, "from": "hello@src.test", "subject": "s", "text": "t",
            "tag": "welcome", "metadata": { "order": "17" },
        }))
    };
    let delivered = timeline(&customer, &send("b@dest.test"), "delivered");
    assert_eq!(types(&delivered), ["queued", "sent", "delivered"]);
    let sequence = |event: &Value| event["sequence"].as_u64().unwrap();
    assert!(
        delivered.is_sorted_by(|a, b| sequence(a) < sequence(b)),
        "{delivered:?}"
    );
    assert_eq!(delivered[2]["tag"], "welcome");
    assert_eq!(delivered[2]["metadata"], json!({ "order": "17" }));
    assert_eq!(delivered[2]["status"], "delivered");

    let bounced = timeline(&customer, &send("nobody@dest.test"), "bounced");
    assert_eq!(types(&bounced), ["queued", "sent", "bounced"]);
    assert_eq!(bounced[2]["event_data"]["class"], "invalid_recipient");
    assert_eq!(bounced[2]["event_data"]["hard"], true);
    // The address gets no more mail, and that is told with its evidence.
    let again = send("Nobody@dest.test");
    assert_eq!(again["status"], "suppressed");
    assert_eq!(types(&timeline(&customer, &again, "suppressed")), ["suppressed"]);
    let listed = customer
        .ask("GET", "/api/customer/suppressions?type=bounce", None)
        .text();
    assert!(
        listed.contains("nobody@dest.test") && listed.contains("no such user"),
        "{listed}"
    );

    let deferred = timeline(&customer, &send("later@dest.test"), "delivered");
    assert_eq!(types(&deferred), ["queued", "sent", "deferred", "delivered"]);
    assert_eq!(deferred[2]["event_data"]["class"], "greylisted");

    let counts = customer
        .ask("GET", "/api/stats/outbound?tag=welcome", None)
        .json();
    for (name, count) in [
        ("sent", 3),
        ("delivered", 2),
        ("bounced", 1),
        ("hard_bounced", 1),
        ("deferred", 1),
        ("suppressed", 1),
    ] {
        assert_eq!(counts[name], json!(count), "{name} in {counts}");
    }
    let none = customer.ask("GET", "/api/stats/outbound?tag=other", None).json();
    assert_eq!(none["sent"], 0, "{none}");
    let health = customer.ask("GET", "/api/customer/health-score", None);
    assert_eq!(health.status, 200, "{}", health.text());
    let page = customer
        .ask(
            "GET",
            "/api/v1/events?recipient=nobody@dest.test&type=bounced",
            None,
        )
        .json();
    assert_eq!(page["events"].as_array().unwrap().len(), 1, "{page}");
}

/// The sandbox and the simulator have events and are not counted; nobody there is ever suppressed.
#[test]
fn what_is_simulated_is_told_and_not_counted() {
    let (_world, _host, _program, customer) = stage();
    let bounced = || {
        customer.send(&json!({
            "to": "bounced@sim.postrider.invalid", "from": "hello@src.test", "subject": "s", "text": "t",
        }))
    };
    for _ in 0..2 {
        let events = timeline(&customer, &bounced(), "bounced");
        assert_eq!(types(&events), ["queued", "sent", "bounced"]);
    }
    let counts = customer.ask("GET", "/api/stats/outbound", None).json();
    assert_eq!(
        (&counts["sent"], &counts["bounced"]),
        (&json!(0), &json!(0)),
        "{counts}"
    );
}

/// Opens and clicks are told apart by who made them, and a message has one first of each.
#[test]
fn opens_and_clicks_count_for_whom_they_are() {
    let (_world, host, _program, customer) = stage();
    let email = customer.send(&json!({
        "to": "b@dest.test", "from": "hello@src.test", "subject": "s", "text": "t",
        "html": "<a href=\"https://shop.example/\">x</a>", "track_opens": true, "track_clicks": true,
    }));
    let mail = host.mail(1).remove(0);
    let text = mail.text.replace("=\r\n", "");
    let path = |kind: &str| {
        let at = text.find(&format!("/track/{kind}/")).expect("a URL");
        text[at..at + "/track/x/".len() + 48].to_owned()
    };
    timeline(&customer, &email, "delivered");
    let visit = |path: &str, agent: &str| {
        let reply = customer.raw("GET", path, &format!("User-Agent: {agent}\r\n"), b"");
        assert!(reply.status < 400, "{}", reply.text());
    };
    visit(&path("o"), "python-requests/2.32");
    visit(&path("o"), "Mozilla/5.0");
    visit(&path("c"), "curl/8.0");
    visit(&path("c"), "Barracuda");
    let events = eventually("four hits", || {
        let path = format!("/api/v1/emails/{}/events", email["id"].as_str().unwrap());
        let events = customer.ask("GET", &path, None).json()["events"]
            .as_array()
            .unwrap()
            .clone();
        (events.len() == 7).then_some(events)
    });
    assert_eq!(
        types(&events)[3..],
        ["opened", "opened", "clicked", "clicked"],
        "in the order in which they came"
    );
    assert_eq!(events[3]["event_data"]["actor"], "machine", "{}", events[3]);
    assert_eq!(events[6]["status"], "delivered", "a hit changes no state");
    let counts = customer.ask("GET", "/api/stats/outbound", None).json();
    let names = ["opens", "unique_opens", "clicks", "unique_clicks"];
    assert_eq!(
        names.map(|name| counts[name].clone()),
        [json!(2), json!(1), json!(2), json!(1)],
        "{counts}"
    );
    let human = customer
        .ask("GET", "/api/stats/outbound?filter=human_only", None)
        .json();
    assert_eq!(human["opens"], 0, "{human}");
}

/// An operator's rule speaks before those of the program; a file that does not hold changes nothing, and a better one is
/// taken at the next reload.
#[test]
fn an_operators_rules_decide_what_a_refusal_means() {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let rules = world.settings.path().with_file_name("bounce-rules.toml");
    let rule = |class: &str| {
        let text = format!("[[rule]]\nid = \"moon\"\ntext = \"blue moon\"\nclass = \"{class}\"\n");
        std::fs::write(&rules, text).expect("the rules can be written");
    };
    rule("content_policy");
    world.settings.set("bounces.rules", "bounce-rules.toml");
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    host.recipient("b@dest.test", &["550 5.1.1 blue moon, no such user"; 3]);
    let class = || {
        let email = customer.send(&json!({
            "to": "b@dest.test", "from": "hello@src.test", "subject": "s", "text": "t",
        }));
        let events = timeline(&customer, &email, "bounced");
        events[2]["event_data"]["class"].clone()
    };
    assert_eq!(class(), "content_policy");

    rule("no_such_class");
    program.signal(Signal::HUP);
    eventually("a complaint that names the line", || {
        let told = program.log().contains("bounce-rules.toml:4: ");
        told.then_some(())
    });
    assert_eq!(class(), "content_policy", "the old rules stand");

    rule("invalid_recipient");
    program.signal(Signal::HUP);
    eventually("the new rules", || {
        program.log().contains("\"reloaded\"").then_some(())
    });
    assert_eq!(class(), "invalid_recipient");
}

/// A mailbox that is switched off is forgiven once, and left alone after the second time.
#[test]
fn what_is_forgiven_once_suppresses_the_second_time() {
    let (_world, host, _program, customer) = stage();
    let off = "550 5.2.1 mailbox disabled";
    host.recipient("off@dest.test", &[off, off]);
    let send = || {
        customer.send(&json!({
            "to": "off@dest.test", "from": "hello@src.test", "subject": "s", "text": "t",
        }))
    };
    for _ in 0..2 {
        let events = timeline(&customer, &send(), "bounced");
        assert_eq!(events[2]["event_data"]["class"], "inactive_mailbox");
    }
    assert_eq!(types(&timeline(&customer, &send(), "suppressed")), ["suppressed"]);
    let listed = customer.ask("GET", "/api/customer/suppressions?type=bounce", None);
    let listed = listed.text();
    assert!(
        listed.contains("2 times inactive_mailbox within 7 days") && listed.contains(off),
        "{listed}"
    );
}
