//! What is asked for over REST is what a receiver reads: parsed by Python's `email` package, signatures checked by dkimpy.

use std::process::Command;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use crate::clients::foreign;
use crate::world::customer::Customer;
use crate::world::{Host, Program, World, tools};

/// The server with a customer whose domain's keys are published, and a receiver.
fn stage() -> (World, Host, Program, Customer) {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    publish(&world, &customer);
    (world, host, program, customer)
}

/// Puts the keys of the customer's first domain into DNS.
pub(super) fn publish(world: &World, customer: &Customer) {
    let domains = customer.ask("GET", "/api/customer/domains", None).json();
    world.publish(&domains["domains"][0]);
}

/// The message as Python reads it, once both signatures hold.
pub(super) fn read(world: &World, octets: &[u8]) -> Value {
    let mut verify = Command::new(tools::python());
    let dns = world.dns.address();
    verify
        .arg(foreign("verify.py"))
        .args([dns.ip().to_string(), dns.port().to_string()]);
    let verdict = tools::run_with(&mut verify, octets);
    let algorithms = String::from_utf8(verdict.stdout).expect("text");
    let mut algorithms: Vec<&str> = algorithms.lines().collect();
    algorithms.sort_unstable();
    assert_eq!(algorithms, ["ed25519-sha256", "rsa-sha256"]);
    let mut read = Command::new(tools::python());
    let read = tools::run_with(read.arg(foreign("mime.py")), octets);
    serde_json::from_slice(&read.stdout).expect("JSON")
}

#[test]
fn what_is_asked_for_is_what_is_read() {
    let (world, host, program, customer) = stage();
    let png = BASE64_STANDARD.encode(b"\x89PNG\r\n\x1a\nnot really");
    let file: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let large = "<p>line with \u{e4}\u{f6}\u{fc}</p>\n".repeat(4000);
    let table = [
        (
            "text",
            json!({ "text": "Hello\n.\n..dots\nw\u{f6}rld" }),
            json!({ "parts": [["text/plain", "Hello\n.\n..dots\nw\u{f6}rld\n"]] }),
        ),
        (
            "html",
            json!({ "html": "<p>Hello <b>you</b></p>" }),
            json!({ "types": ["text/plain", "text/html"], "html": "<p>Hello <b>you</b></p>\n" }),
        ),
        (
            "both",
            json!({ "html": "<p>h</p>", "text": "t" }),
            json!({ "parts": [["text/plain", "t\n"], ["text/html", "<p>h</p>\n"]] }),
        ),
        (
            "large",
            json!({ "html": large, "text": "t" }),
            json!({ "html": large }),
        ),
        (
            "names",
            json!({
                "to": "J\u{f6}rg \u{201e}der\u{201c} Gro\u{df}e <joerg@dest.test>",
                "cc": ["\"Zo\u{eb}, Inc\" <zoe@dest.test>"],
                "bcc": ["hidden@dest.test"],
                "reply_to": "R\u{e9}ponses <reply@src.test>",
                "subject": "\u{1f389} Gr\u{fc}\u{df}e \u{2014} und ein sehr langer Betreff, der in mehrere Zeilen gefaltet werden muss",
                "text": "x",
                "headers": { "X-Order": "17", "X-Note": "\u{fc}ber" },
            }),
            json!({
                "subject": "\u{1f389} Gr\u{fc}\u{df}e \u{2014} und ein sehr langer Betreff, der in mehrere Zeilen gefaltet werden muss",
                "to": [["J\u{f6}rg \u{201e}der\u{201c} Gro\u{df}e", "joerg@dest.test"]],
                "cc": [["Zo\u{eb}, Inc", "zoe@dest.test"]],
                "reply_to": [["R\u{e9}ponses", "reply@src.test"]],
                "x_order": "17",
            }),
        ),
        (
            "files",
            json!({
                "html": "<img src=\"cid:logo\">", "text": "t",
                "attachments": [
                    { "filename": "\u{dc}bersicht 2026.bin", "content": BASE64_STANDARD.encode(&file) },
                    { "filename": "logo.png", "content": png, "content_id": "logo" },
                ],
            }),
            json!({
                "files": [["logo.png", "image/png", 18, "<logo>"], ["\u{dc}bersicht 2026.bin", "application/octet-stream", 70_000, null]],
            }),
        ),
    ];
    for (number, (name, request, expected)) in table.into_iter().enumerate() {
        let mut email = json!({ "to": "b@dest.test", "from": "Shop <hello@src.test>", "subject": name });
        email
            .as_object_mut()
            .unwrap()
            .extend(request.as_object().unwrap().clone());
        let reply = customer.send(&email);
        let recipients = if name == "names" { 3 } else { 1 };
        let mail = host.mail(number + 1).remove(number);
        assert_eq!(mail.reverse_path, "hello@src.test");
        assert_eq!(mail.recipients.len(), recipients, "{name}: one transaction");
        assert!(
            !mail.text.contains("hidden@dest.test"),
            "{name}: a blind copy is not in the message"
        );
        let read = read(&world, mail.text.as_bytes());
        assert_eq!(read["from"], json!([["Shop", "hello@src.test"]]), "{name}");
        assert_eq!(
            read["message_id"],
            json!(format!("<{}>", reply["message_id"].as_str().unwrap())),
            "{name}"
        );
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&read[field], value, "{name}: {field} of {}", mail.text);
        }
        customer.becomes(&reply["id"], "delivered");
    }
    program.drained();
}

/// RFC 6531: an address outside ASCII goes to a host that can, as it is.
#[test]
fn an_address_outside_ascii_travels_as_it_is() {
    let (_world, host, program, customer) = stage();
    let reply = customer.send(&json!({
        "to": "j\u{f6}rg@dest.test", "from": "hello@src.test", "subject": "EAI", "text": "x",
    }));
    let mail = host.mail(1).remove(0);
    assert_eq!(mail.recipients, ["j\u{f6}rg@dest.test"]);
    customer.becomes(&reply["id"], "delivered");
    program.drained();
}

/// 20 MiB of attachments arrive whole, and memory does not hold them all: the body goes through the store.
#[test]
fn twenty_mebibytes_arrive() {
    let (world, host, program, customer) = stage();
    let file: Vec<u8> = (0..20 * 1024 * 1024_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let reply = customer.send(&json!({
        "to": "b@dest.test", "from": "hello@src.test", "subject": "large", "text": "t",
        "attachments": [{ "filename": "large.bin", "content": BASE64_STANDARD.encode(&file) }],
    }));
    let mail = host.mail(1).remove(0);
    let read = read(&world, mail.text.as_bytes());
    assert_eq!(
        read["files"],
        json!([["large.bin", "application/octet-stream", file.len(), null]])
    );
    customer.becomes(&reply["id"], "delivered");
    program.drained();
}

/// A refusal of the receiver is told where it is asked for, with its words, and nobody gets a notice.
#[test]
fn what_became_of_it_is_told() {
    let (_world, host, program, customer) = stage();
    host.recipient("nobody@dest.test", &["550 5.1.1 no such user"]);
    let reply = customer.send(&json!({
        "to": "nobody@dest.test", "cc": ["b@dest.test"], "from": "hello@src.test", "subject": "s", "text": "t",
        "tag": "welcome", "metadata": { "order": "17", "vip": true },
    }));
    let email = customer.becomes(&reply["id"], "partial");
    assert_eq!(email["tag"], "welcome");
    assert_eq!(email["metadata"], json!({ "order": "17", "vip": true }));
    let recipients = email["recipients"].as_array().unwrap();
    assert_eq!(recipients[0]["status"], "bounced");
    assert!(
        recipients[0]["last_reply"]
            .as_str()
            .unwrap()
            .contains("no such user"),
        "{email}"
    );
    assert_eq!(recipients[1]["status"], "delivered");
    program.drained();
    assert_eq!(host.mail(1).len(), 1, "no failure notice");
}

/// A scheduled e-mail waits, can be taken back, and cannot any more once it is.
#[test]
fn a_scheduled_email_waits_and_can_be_taken_back() {
    let (_world, host, program, customer) = stage();
    let in_two_seconds = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let in_an_hour = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3600);
    let email = |at: jiff::Timestamp| json!({ "to": "b@dest.test", "from": "hello@src.test", "subject": "s", "text": "t", "send_at": at.to_string() });
    let (soon, late) = (
        customer.send(&email(in_two_seconds)),
        customer.send(&email(in_an_hour)),
    );
    assert_eq!(
        (&soon["status"], &late["status"]),
        (&json!("scheduled"), &json!("scheduled"))
    );
    let path = format!("/api/emails/{}", late["id"].as_str().unwrap());
    let seen = customer.ask("GET", &path, None).json();
    assert_eq!(seen["status"], "scheduled");
    assert!(seen["recipients"][0]["next_attempt_at"].is_string(), "{seen}");
    // An operator who retries everything does not send it early.
    program.json(&["queue", "retry", "--all"]);
    assert_eq!(customer.ask("DELETE", &path, None).status, 200);
    assert_eq!(customer.ask("DELETE", &path, None).status, 409);
    customer.becomes(&late["id"], "canceled");
    customer.becomes(&soon["id"], "delivered");
    assert!(
        jiff::Timestamp::now() >= in_two_seconds,
        "it left before its time"
    );
    program.drained();
    assert_eq!(host.mail(1).len(), 1);
}
