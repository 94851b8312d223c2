//! Accounts that are paused and suspended: what becomes of their mail, what they are told, and how it ends.

use serde_json::{Value, json};

use crate::world::customer::Customer;
use crate::world::{Action, Client, Host, Moment, Program, World, eventually};

/// A receiver that is reached over one connection, so that order can be seen, and a relay listener of the account's own.
fn stage() -> (World, Host, Program, Customer) {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    world.settings.set_listener("account", "owner@src.test");
    world.settings.set("delivery.connections_per_route", 1);
    let host = world.host(2);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    (world, host, program, customer)
}

fn email(to: &str, subject: &str) -> Value {
    json!({ "to": to, "from": "hello@src.test", "subject": subject, "text": "t" })
}

/// Waits until the e-mail is held for this reason; what the server says of it then.
fn held(customer: &Customer, id: &Value, reason: &str) -> Value {
    let path = format!("/api/emails/{}", id.as_str().expect("an id"));
    eventually(&format!("{path} to be held"), || {
        let email = customer.ask("GET", &path, None).json();
        (email["hold_reason"] == json!(reason)).then_some(email)
    })
}

fn stopped(customer: &Customer) -> Value {
    let profile = customer.ask("GET", "/api/customer/profile", None).json();
    profile["customer"]["sending_stopped"].clone()
}

fn subjects(host: &Host, count: usize) -> Vec<String> {
    let subject = |text: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix("Subject: "));
        line.expect("a subject").to_owned()
    };
    host.mail(count).iter().map(|mail| subject(&mail.text)).collect()
}

#[test]
fn what_a_paused_account_sends_waits_and_leaves_in_order() {
    let (world, host, program, customer) = stage();
    host.recipient("later@dest.test", &["451 4.7.1 greylisted"]);
    let under_way = customer.send(&email("later@dest.test", "first"))["id"].clone();
    customer.becomes(&under_way, "deferred");
    let pause = [
        "customer",
        "pause",
        "owner@src.test",
        "--reason",
        "too many bounces",
    ];
    let shown = program.json(&pause);
    assert_eq!(shown["sending_stopped"]["kind"], "paused", "{shown}");
    assert_eq!(shown["status"], "active");

    let mut ids = Vec::new();
    for number in 0..5 {
        let sent = customer.send(&email("b@dest.test", &format!("number {number}")));
        assert_eq!(sent["status"], "queued");
        let message = sent["message"].as_str().unwrap();
        assert!(message.contains("too many bounces"), "{message}");
        ids.push((sent["id"].clone(), format!("number {number}")));
    }
    let batch = customer.ask(
        "POST",
        "/api/batch",
        Some(&json!({ "emails": [email("b@dest.test", "batch")] })),
    );
    assert!(batch.text().contains("too many bounces"), "{}", batch.text());
    ids.push((batch.json()["results"][0]["id"].clone(), "batch".to_owned()));
    let mut client = Client::hello(world.relay());
    let text = "From: hello@src.test\r\nSubject: smtp\r\n\r\nx\r\n";
    let submitted = client.submit("hello@src.test", &["b@dest.test"], text);
    ids.push((json!(submitted), "smtp".to_owned()));
    for (id, _) in &ids {
        assert_eq!(held(&customer, id, "paused")["status"], "queued");
    }
    // What was on its way meets the pause when it comes due.
    let aside = held(&customer, &under_way, "paused");
    assert_eq!(aside["status"], "deferred", "{aside}");
    assert_eq!(aside["recipients"][0]["next_attempt_at"], Value::Null);
    let reason = stopped(&customer);
    assert_eq!(
        (&reason["kind"], &reason["reason"]),
        (&json!("paused"), &json!("too many bounces"))
    );
    let health = customer.ask("GET", "/api/customer/health-score", None).json();
    assert_eq!(health["sending_stopped"], reason);

    program.kill();
    let program = world.start();
    program.json(&["queue", "retry", "--all"]);
    let path = format!("/api/v1/emails/{}/events", under_way.as_str().unwrap());
    let events = customer.ask("GET", &path, None).json()["events"].clone();
    let last = events.as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (
            &last["event_type"],
            &last["status"],
            &last["event_data"]["hold_reason"]
        ),
        (&json!("queued"), &json!("deferred"), &json!("paused")),
        "{last}"
    );
    assert_eq!(host.count(), 0);
    host.recipient("later@dest.test", &["250 2.1.5 ok"]);

    let shown = program.json(&["customer", "resume", "owner@src.test"]);
    assert_eq!(shown["sending_stopped"], Value::Null);
    ids.push((under_way.clone(), "first".to_owned()));
    // Those of one millisecond have no order.
    ids.sort_by_key(|(id, _)| id.as_str().unwrap().to_owned());
    let expected: Vec<String> = ids.into_iter().map(|(_, subject)| subject).collect();
    assert_eq!(subjects(&host, 8), expected);
    let arrived = customer.becomes(&under_way, "delivered");
    let attempts = |email: &Value| email["recipients"][0]["attempts"].as_u64().unwrap();
    assert_eq!(
        attempts(&arrived),
        attempts(&aside) + 1,
        "being held is no attempt"
    );
    program.drained();
    assert_eq!(stopped(&customer), Value::Null);
}

#[test]
fn a_suspended_account_is_refused_everywhere_and_told_why() {
    let (world, host, program, customer) = stage();
    host.recipient("later@dest.test", &["451 4.7.1 greylisted"]);
    let under_way = customer.send(&email("later@dest.test", "first"))["id"].clone();
    customer.becomes(&under_way, "deferred");
    let mut client = Client::hello(world.relay());
    program.json(&["customer", "suspend", "owner@src.test", "--reason", "phishing"]);
    for (path, body) in [
        ("/api/send", email("b@dest.test", "s")),
        ("/api/batch", json!({ "emails": [email("b@dest.test", "s")] })),
    ] {
        let refused = customer.ask("POST", path, Some(&body));
        assert_eq!(refused.status, 403, "{}", refused.text());
        let problem = refused.json();
        assert_eq!(problem["code"], "account_suspended");
        assert!(
            problem["message"].as_str().unwrap().contains("phishing"),
            "{problem}"
        );
    }
    let reply = client.expect("MAIL FROM:<hello@src.test>", 550);
    assert!(format!("{reply:?}").contains("suspended"), "{reply:?}");
    held(&customer, &under_way, "suspended");
    host.recipient("later@dest.test", &["250 2.1.5 ok"]);
    assert_eq!(stopped(&customer)["kind"], "suspended");
    let resumed = program.json(&["customer", "resume", "owner@src.test"]);
    assert_eq!(resumed["status"], "suspended", "a pause is another matter");
    let active = program.json(&["customer", "reinstate", "owner@src.test"]);
    assert_eq!(active["status"], "active");
    assert!(active["reinstated_at"].is_string(), "{active}");
    assert_eq!(subjects(&host, 1), ["first"]);
    customer.send(&email("b@dest.test", "second"));
    assert_eq!(subjects(&host, 2), ["first", "second"]);
    let audit = program.json(&["customer", "audit"]).to_string();
    for action in ["account.suspended", "phishing", "account.reinstated"] {
        assert!(audit.contains(action), "{action} in {audit}");
    }
    let nobody = program.cli(&["customer", "suspend", "nobody@src.test"]);
    assert!(!nobody.status.success());
}

#[test]
fn too_many_bounces_pause_an_account_and_resuming_forgives_them() {
    let (_world, host, program, customer) = stage();
    host.always(Moment::Rcpt, Action::Reply("550 5.1.1 no such user".into()));
    let recipients: Vec<Value> = (0..200)
        .map(|number| json!({ "email": format!("b{number}@dest.test"), "vars": {} }))
        .collect();
    let bulk = json!({ "from": "hello@src.test", "subject": "s", "text": "t", "recipients": recipients });
    let reply = customer.ask("POST", "/api/bulk-send", Some(&bulk));
    assert_eq!(reply.json()["queued"], 200, "{}", reply.text());
    program.drained();
    let refresh = || customer.ask("POST", "/api/customer/health-score/refresh", None);
    let refreshed = refresh().json();
    assert_eq!(refreshed["sending_stopped"]["kind"], "paused", "{refreshed}");
    let reason = refreshed["sending_stopped"]["reason"].as_str().unwrap();
    assert!(reason.contains("100.00 %"), "{reason}");
    assert!(program.json(&["customer", "audit"]).to_string().contains(reason));
    let waiting = customer.send(&email("good@dest.test", "good"))["id"].clone();
    held(&customer, &waiting, "paused");

    host.relent(Moment::Rcpt);
    program.json(&["customer", "resume", "owner@src.test"]);
    customer.becomes(&waiting, "delivered");
    let refreshed = refresh().json();
    assert_eq!(refreshed["sending_stopped"], Value::Null, "{refreshed}");
    assert_eq!(refreshed["health_score"]["bounce_rate"], 0.0, "{refreshed}");
}

/// What is held of other recipients stays so when an operator takes some out of the queue.
#[test]
fn taking_out_one_domain_leaves_the_rest_of_an_email_held() {
    let (world, host, program, customer) = stage();
    world.mx("gone.test", &[(10, 2)]);
    program.json(&["customer", "pause", "owner@src.test"]);
    let mut both = email("b@dest.test", "both");
    both["cc"] = json!(["c@gone.test"]);
    let id = customer.send(&both)["id"].clone();
    held(&customer, &id, "paused");
    program.json(&["queue", "cancel", "--domain", "gone.test"]);
    program.queue_shrinks_to(1);
    program.json(&["customer", "resume", "owner@src.test"]);
    assert_eq!(subjects(&host, 1), ["both"]);
    program.drained();
}
