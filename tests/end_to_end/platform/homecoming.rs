//! What comes back about mail: bounces of real software, complaints, unsubscribes by mail, hooks, and what only looks so.

use std::net::SocketAddr;
use std::process::Command;

use postrider::demo::dns::Data;
use serde_json::{Value, json};

use super::mail::publish;
use crate::receivers::{Exim, OpenSmtpd, Postfix};
use crate::world::customer::Customer;
use crate::world::host::Mail;
use crate::world::{Client, Host, Program, RELAY_PORT, SMTP_PORT, World, eventually, tools};

pub(super) const HOME: &str = "bounces.test";
const LISTENER: &str = "name = 'reports'\nkind = 'reports'\naddress = ";

pub(super) struct Stage {
    pub(super) world: World,
    /// Takes the mail of dest.test.
    pub(super) host: Host,
    pub(super) program: Program,
    pub(super) customer: Customer,
}

pub(super) fn world() -> World {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 3)]);
    let address = SocketAddr::new(world.address(1), SMTP_PORT);
    world
        .settings
        .set("reports.host", HOME)
        .set("api.tracking_url", "https://track.test")
        .push("listener", &format!("{LISTENER}'{address}'"));
    world
}

pub(super) fn stage() -> Stage {
    let world = world();
    let (host, program) = (world.host(3), world.start());
    let customer = program.customer("owner@src.test", &["src.test"]);
    Stage {
        world,
        host,
        program,
        customer,
    }
}

impl Stage {
    pub(super) fn home(&self) -> Client {
        Client::hello(SocketAddr::new(self.world.address(1), SMTP_PORT))
    }

    /// Hands over a report, which must be taken.
    pub(super) fn report(&self, from: &str, to: &str, text: &str) {
        self.home().submit(from, &[to], text);
    }

    /// An e-mail to one address of dest.test, and what its host was given.
    pub(super) fn sent(&self, to: &str) -> (Value, Mail) {
        let before = self.host.count();
        let email = send(&self.customer, &json!(to));
        let mail = self.host.mail(before + 1).remove(before);
        timeline(&self.customer, &email, "delivered");
        (email, mail)
    }
}

pub(super) fn send(customer: &Customer, to: &Value) -> Value {
    customer.send(&json!({
        "to": to, "from": "hello@src.test", "subject": "s", "text": "t",
        "tag": "welcome", "metadata": { "order": "17" },
    }))
}

pub(super) fn events(customer: &Customer, email: &Value) -> Vec<Value> {
    let path = format!("/api/v1/emails/{}/events", email["id"].as_str().unwrap());
    let reply = customer.ask("GET", &path, None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["events"].as_array().unwrap().clone()
}

/// The events of an e-mail, once the last is this.
pub(super) fn timeline(customer: &Customer, email: &Value, last: &str) -> Vec<Value> {
    eventually(&format!("{last} at the end"), || {
        let events = events(customer, email);
        (events.last()?["event_type"] == json!(last)).then_some(events)
    })
}

pub(super) fn types(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["event_type"].as_str().unwrap())
        .collect()
}

pub(super) fn suppressions(customer: &Customer) -> Vec<Value> {
    let listed = customer.ask("GET", "/api/customer/suppressions", None).json();
    listed["suppressions"].as_array().unwrap().clone()
}

pub(super) fn count(customer: &Customer, name: &str) -> Value {
    customer.ask("GET", "/api/stats/outbound", None).json()[name].clone()
}

/// A status report (RFC 3464) on a message with this header.
pub(super) fn dsn(recipient: &str, action: &str, said: &str, original: &str) -> String {
    let status = said.split(' ').nth(1).unwrap();
    format!(
        "From: MAILER-DAEMON@dest.test\r\nSubject: about your mail\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=B\r\n\r\n\
         --B\r\n\r\nfor people\r\n\
         --B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.dest.test\r\n\r\n\
         Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {said}\r\n\
         \r\n--B\r\nContent-Type: message/rfc822\r\n\r\n{original}\r\n--B--\r\n"
    )
}

/// A feedback report (RFC 5965) on a message, or on none.
pub(super) fn arf(kind: &str, original: Option<&str>) -> String {
    let original = original.map(|text| format!("--B\r\nContent-Type: message/rfc822\r\n\r\n{text}\r\n"));
    format!(
        "From: fbl@provider.test\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=B\r\n\r\n\
         --B\r\n\r\nsomebody complains\r\n\
         --B\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nUser-Agent: P/1\r\nVersion: 1\r\n\r\n\
         {}--B--\r\n",
        original.unwrap_or_default()
    )
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').expect("an address").1
}

#[test]
fn bounces_of_postfix_come_home() {
    bounces_come_home(Postfix::passing_on);
}

#[test]
fn bounces_of_exim_come_home() {
    bounces_come_home(Exim::passing_on);
}

#[test]
fn bounces_of_opensmtpd_come_home() {
    bounces_come_home(OpenSmtpd::passing_on);
}

/// Host 2 takes the mail, is refused by host 3 behind it, and tells us by a message of its own.
fn bounces_come_home<T>(start: impl FnOnce(&World) -> T) {
    let mut world = world();
    world.mx("relay.test", &[(10, 2)]);
    world.settings.set_listener("account", "owner@src.test");
    let behind = world.host(3);
    behind.recipient("gone@relay.test", &["550 5.1.1 no such user here"]);
    behind.recipient("full@relay.test", &["552 5.2.2 the mailbox is full"]);
    let _between = start(&world);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);

    let alone = send(&customer, &json!("gone@relay.test"));
    let bounced = timeline(&customer, &alone, "bounced");
    assert_eq!(types(&bounced), ["queued", "sent", "delivered", "bounced"]);
    let last = &bounced[3];
    assert_eq!(last["event_data"]["class"], "invalid_recipient", "{last}");
    assert_eq!(last["event_data"]["hard"], true, "{last}");
    assert_eq!(last["event_data"]["report"], true, "{last}");
    assert!(
        last["event_data"].to_string().contains("no such user here"),
        "{last}"
    );
    assert_eq!(
        (&last["tag"], &last["status"]),
        (&json!("welcome"), &json!("bounced"))
    );
    assert_eq!(last["metadata"], json!({ "order": "17" }));
    customer.becomes(&alone["id"], "bounced");
    let listed = suppressions(&customer);
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert!(listed[0].to_string().contains("no such user here"), "{listed:?}");

    // Mail by SMTP too, whatever its reverse path was. Of several that share an envelope those are told of that the report
    // names.
    let text = "From: a@src.test\r\nTo: several@relay.test\r\nSubject: s\r\n\r\nt\r\n";
    let relay = SocketAddr::new(world.address(1), RELAY_PORT);
    let several = ["kept@relay.test", "full@relay.test", "also@relay.test"];
    let id = Client::hello(relay).submit("a@src.test", &several, text);
    let events = timeline(&customer, &json!({ "id": id }), "bounced");
    let last = events.last().unwrap();
    assert_eq!(last["recipient"], "full@relay.test");
    assert_eq!(last["event_data"]["class"], "mailbox_full", "{last}");
    let bounces = types(&events).iter().filter(|kind| **kind == "bounced").count();
    assert_eq!((bounces, events.len()), (1, 10), "{events:?}");
    assert_eq!(
        suppressions(&customer).len(),
        1,
        "a full mailbox is no bad address"
    );
    program.drained();
}

#[test]
fn only_addresses_that_were_made_here_are_served() {
    let stage = stage();
    let (_, mail) = stage.sent("b@dest.test");
    let path = &mail.reverse_path;
    assert_eq!(domain(path), HOME);
    let local_part = path.split('@').next().unwrap();
    let mut client = stage.home();
    let greeting = client.command("EHLO client.test");
    assert!(!greeting.text.contains("AUTH"), "{}", greeting.text);
    assert!(greeting.text.contains("STARTTLS"), "{}", greeting.text);
    client.expect("AUTH PLAIN AGEAYg==", 502);
    client.expect("MAIL FROM:<>", 250);
    let last = local_part.len() - 1;
    let flipped = |c: char| if c == 'a' { 'b' } else { 'a' };
    let forged: String = local_part
        .char_indices()
        .map(|(at, c)| if at == 20 { flipped(c) } else { c })
        .collect();
    for (address, code, enhanced) in [
        (path.clone(), 250, "2.1.5"),
        (path.to_uppercase(), 250, "2.1.5"),
        (format!("{local_part}@postrider.test"), 250, "2.1.5"),
        (format!("abuse@{HOME}"), 250, "2.1.5"),
        (format!("{forged}@{HOME}"), 550, "5.1.1"),
        (format!("{}@{HOME}", &local_part[..last]), 550, "5.1.1"),
        (format!("u{}@{HOME}", &local_part[1..]), 550, "5.1.1"),
        (format!("anybody@{HOME}"), 550, "5.1.1"),
        (format!("{local_part}@elsewhere.test"), 550, "5.7.1"),
        ("b@dest.test".to_owned(), 550, "5.7.1"),
    ] {
        let reply = client.command(&format!("RCPT TO:<{address}>"));
        assert_eq!(
            (reply.code, &reply.text[..5]),
            (code, enhanced),
            "{address}: {}",
            reply.text
        );
    }
    // Whoever writes to us learns that nobody reads it.
    let mut client = stage.home();
    let reply = client.transfer(
        "p@far.test",
        &[&format!("postmaster@{HOME}")],
        "Subject: hello\r\n\r\nanybody there?\r\n",
    );
    assert_eq!(reply.unwrap().code, 554);
}

/// A domain that publishes its own return path gets its bounces there.
#[test]
fn a_domain_of_its_own_takes_its_bounces() {
    let world = world();
    let (host, program) = (world.host(3), world.start());
    let customer = program.customer("owner@src.test", &[]);
    let added = customer
        .ask(
            "POST",
            "/api/customer/domains",
            Some(&json!({ "domain": "src.test" })),
        )
        .json();
    publish(&world, &customer);
    world
        .dns
        .add("bounce.src.test", Data::Cname("postrider.test".into()));
    let id = added["domain"]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{added}"));
    let verified = customer.ask("POST", &format!("/api/customer/domains/{id}/verify"), None);
    assert_eq!(verified.status, 200, "{}", verified.text());
    let email = send(&customer, &json!("b@dest.test"));
    let mail = host.mail(1).remove(0);
    assert_eq!(domain(&mail.reverse_path), "bounce.src.test");
    timeline(&customer, &email, "delivered");
    let text = dsn("b@dest.test", "failed", "550 5.1.1 gone", "Subject: s\r\n\r\n");
    Client::hello(SocketAddr::new(world.address(1), SMTP_PORT)).submit("", &[&mail.reverse_path], &text);
    timeline(&customer, &email, "bounced");
}

#[test]
fn the_same_news_counts_once_and_the_worst_stands() {
    let stage = stage();
    let customer = &stage.customer;
    let (email, mail) = stage.sent("b@dest.test");
    let bounce = dsn("b@dest.test", "failed", "550 5.1.1 gone", &mail.text);
    // Receivers write the return path down.
    let original = format!("Return-Path: <{}>\r\n{}", mail.reverse_path, mail.text);
    let complaint = arf("abuse", Some(&original));
    for _ in 0..2 {
        stage.report("", &mail.reverse_path, &bounce);
    }
    assert_eq!(events(customer, &email).last().unwrap()["status"], "bounced");
    for _ in 0..2 {
        let mut swaks = Command::new(tools::debian("swaks", "swaks"));
        let home = stage.world.address(1).to_string();
        swaks.args([
            "--server",
            &home,
            "--port",
            &SMTP_PORT.to_string(),
            "--from",
            "fbl@provider.test",
        ]);
        swaks.args([
            "--to",
            &format!("fbl@{HOME}"),
            "--helo",
            "client.test",
            "--data",
            "-",
        ]);
        tools::run(&mut swaks, &complaint.replace('\r', ""));
    }
    stage.report("", &mail.reverse_path, &bounce);
    let events = events(customer, &email);
    assert_eq!(
        types(&events),
        ["queued", "sent", "delivered", "bounced", "complained"]
    );
    assert_eq!(events[4]["event_data"]["feedback_type"], "abuse", "{}", events[4]);
    customer.becomes(&email["id"], "complained");
    for name in ["delivered", "bounced", "complaints"] {
        assert_eq!(count(customer, name), 1, "{name}");
    }
    let kinds: Vec<Value> = suppressions(customer)
        .iter()
        .map(|one| one["type"].clone())
        .collect();
    assert!(
        kinds.len() == 2 && kinds.contains(&json!("bounce")) && kinds.contains(&json!("complaint")),
        "{kinds:?}"
    );

    // A complaint first, a bounce after it: that is told, and changes no state.
    let (other, mail) = stage.sent("c@dest.test");
    stage.report(
        "fbl@provider.test",
        &format!("fbl@{HOME}"),
        &arf("fraud", Some(&mail.text)),
    );
    stage.report(
        "",
        &mail.reverse_path,
        &dsn("c@dest.test", "failed", "550 5.1.1 gone", &mail.text),
    );
    let events = self::events(customer, &other);
    assert_eq!(
        types(&events),
        ["queued", "sent", "delivered", "complained", "bounced"]
    );
    assert_eq!(events[4]["status"], "complained");
    customer.becomes(&other["id"], "complained");
}

#[test]
fn what_means_nothing_changes_nothing() {
    let stage = stage();
    let (email, mail) = stage.sent("b@dest.test");
    let failed = |original: &str| dsn("b@dest.test", "failed", "550 5.1.1 gone", original);
    let auto = "Auto-Submitted: auto-replied\r\nSubject: I am away\r\n\r\nback on 550 5.1.1 Monday\r\n";
    let delayed = dsn("b@dest.test", "delayed", "451 4.4.1 later", &mail.text);
    let nested = format!(
        "From: p@far.test\r\nContent-Type: message/rfc822\r\n\r\n{}",
        failed(&mail.text)
    );
    let forwarded = format!(
        "From: p@far.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n\r\nlook\r\n\
         --C\r\nContent-Type: message/rfc822\r\n\r\n{}\r\n--C--\r\n",
        failed(&mail.text)
    );
    for (what, text) in [
        ("an automatic answer", auto.to_owned()),
        ("a delay", delayed),
        ("a bounce within a message", nested),
        ("a bounce that was forwarded", forwarded),
        ("a bounce of a bounce", failed(&failed(&mail.text))),
        (
            "a bounce of mail from nobody",
            failed("Return-Path: <>\r\nSubject: notice\r\n\r\n"),
        ),
        ("a complaint that is none", arf("not-spam", Some(&mail.text))),
        (
            "a person's answer",
            "From: p@far.test\r\nSubject: hi\r\n\r\nthanks\r\n".to_owned(),
        ),
    ] {
        stage.report("", &mail.reverse_path, &text);
        let events = events(&stage.customer, &email);
        assert_eq!(types(&events), ["queued", "sent", "delivered"], "{what}");
    }
    let desk = format!("fbl@{HOME}");
    for text in [
        arf("abuse", None),
        arf(
            "abuse",
            Some("Subject: of somebody else\r\nMessage-ID: <0197b6a0-0000-7000-8000-000000000001@x>\r\n\r\n"),
        ),
    ] {
        stage.report("fbl@provider.test", &desk, &text);
    }
    assert_eq!(
        types(&events(&stage.customer, &email)),
        ["queued", "sent", "delivered"]
    );
    assert!(suppressions(&stage.customer).is_empty());
}

#[test]
fn whoever_writes_to_list_unsubscribe_gets_no_more() {
    let stage = stage();
    let customer = &stage.customer;
    let news = json!({
        "subject": "News", "from": "news@src.test", "html": "<p>Hello {{name}}</p>",
        "recipients": [{ "email": "b@dest.test", "vars": { "name": "B" } }],
    });
    let reply = customer.ask("POST", "/api/bulk-send", Some(&news)).json();
    assert_eq!(reply["queued"], 1, "{reply}");
    let mail = stage.host.mail(1).remove(0);
    let text = mail.text.replace("\r\n ", " ");
    let at = text
        .find("<mailto:u.")
        .unwrap_or_else(|| panic!("no address in {text}"));
    let address = text[at + "<mailto:".len()..].split(['?', '>']).next().unwrap();
    assert_eq!(domain(address), HOME);
    let email = eventually("its delivery", || {
        let page = customer.ask("GET", "/api/v1/events?type=delivered", None).json();
        Some(json!({ "id": page["events"].get(0)?["email_id"] }))
    });
    // Mail from nobody is not written by anybody.
    stage.report("", address, "Subject: away\r\n\r\nI am away\r\n");
    assert!(suppressions(customer).is_empty());
    for _ in 0..2 {
        stage.report(
            "b@dest.test",
            address,
            "From: b@dest.test\r\nSubject: unsubscribe\r\n\r\n\r\n",
        );
    }
    let events = timeline(customer, &email, "unsubscribed");
    assert_eq!(types(&events), ["queued", "sent", "delivered", "unsubscribed"]);
    assert_eq!(events[3]["event_data"]["source"], "mailto", "{}", events[3]);
    let listed = suppressions(customer);
    assert!(
        listed.len() == 1 && listed[0]["type"] == "unsubscribe",
        "{listed:?}"
    );
}

#[test]
fn hooks_tell_the_same() {
    let mut world = world();
    let secret = world.path("hook.secret");
    std::fs::write(&secret, "0123456789abcdef\n").unwrap();
    world
        .settings
        .set("reports.hook_secret_file", secret.to_str().unwrap());
    let (_host, program) = (world.host(3), world.start());
    let customer = program.customer("owner@src.test", &["src.test"]);
    let tell = |path: &str, secret: &str, body: &Value| {
        let header = format!("Content-Type: application/json\r\nAuthorization: Bearer {secret}\r\n");
        customer.raw("POST", path, &header, body.to_string().as_bytes())
    };
    let right = "0123456789abcdef";
    let email = send(&customer, &json!("b@dest.test"));
    timeline(&customer, &email, "delivered");
    let bounce = json!({ "emailId": email["id"], "bounceType": "hard", "reason": "left the company" });
    assert_eq!(tell("/webhooks/bounce", "wrong", &bounce).status, 401);
    assert_eq!(types(&events(&customer, &email)), ["queued", "sent", "delivered"]);
    let reply = tell("/webhooks/bounce", right, &json!({ "bounceType": "hard" }));
    assert_eq!(
        (reply.status, &reply.json()["error"]),
        (400, &json!("emailId is required"))
    );
    let unknown = json!({ "emailId": "0197b6a0-0000-7000-8000-000000000001", "bounceType": "hard" });
    let reply = tell("/webhooks/bounce", right, &unknown);
    assert_eq!((reply.status, reply.json()), (200, json!({ "success": true })));
    let complaint =
        json!({ "emailId": email["id"], "feedbackType": "virus", "recipientEmail": "b@dest.test" });
    for (path, body) in [("/webhooks/bounce", &bounce), ("/webhooks/complaint", &complaint)] {
        for _ in 0..2 {
            let reply = tell(path, right, body);
            assert_eq!((reply.status, reply.json()), (200, json!({ "success": true })));
        }
    }
    let events = events(&customer, &email);
    assert_eq!(
        types(&events),
        ["queued", "sent", "delivered", "bounced", "complained"]
    );
    assert_eq!(events[3]["event_data"]["hard"], true);
    assert_eq!(suppressions(&customer).len(), 2);
}

/// Nobody is told that a report was taken before it is kept.
#[test]
fn a_report_that_cannot_be_kept_is_put_off() {
    let mut stage = stage();
    let (email, mail) = stage.sent("b@dest.test");
    let text = dsn("b@dest.test", "failed", "550 5.1.1 gone", &mail.text);
    stage.program.stop();
    stage.world.settings.set("store.floor_bytes", "64TiB");
    let program = stage.world.start_unready();
    let mut client = Client::hello(SocketAddr::new(stage.world.address(1), SMTP_PORT));
    let reply = client.transfer("", &[&mail.reverse_path], &text);
    assert_eq!(reply.unwrap().code, 452);
    program.stop();
    stage.world.settings.set("store.floor_bytes", 0);
    stage.program = stage.world.start();
    assert_eq!(
        types(&events(&stage.customer, &email)),
        ["queued", "sent", "delivered"]
    );
    stage.report("", &mail.reverse_path, &text);
    timeline(&stage.customer, &email, "bounced");
}
