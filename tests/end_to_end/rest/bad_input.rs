//! Requests that do not hold: each is told what is wrong with it, all of it at once, and nothing of it is done.

use serde_json::{Value, json};

use super::{bulk, conventions, email, faults, owner, post, with};
use crate::world::World;

#[test]
fn what_is_no_json_is_told_its_place() {
    let world = World::new();
    let (program, customer) = owner(&world);
    let deep = format!("{{\"to\":{}", "[".repeat(100_000));
    let nested = format!("{{\"metadata\":{}1{}}}", "{\"a\":".repeat(1000), "}".repeat(1000));
    let cases: [(&[u8], &str); 12] = [
        (b"", "line 1 column 0"),
        (b"{", "line 1 column 1"),
        (b"{\"to\":\n \"a\",}", "line 2 column 6"),
        (b"{\"to\": \"a\"} x", "line 1 column 13"),
        (b"{\"to\": 'a'}", "line 1 column 8"),
        (b"{\"to\": \"\xff\xfe\"}", "line 1 column 9"),
        (b"{\"to\": \"\\ud800\"}", "line 1 column"),
        (b"{\"to\": \"a\nb\"}", "line 2 column 0"),
        (b"{\"to\": 1e999}", "line 1 column"),
        (b"\xef\xbb\xbf{}", "line 1 column 1"),
        (deep.as_bytes(), "line 1 column 133"),
        (nested.as_bytes(), "line 1 column"),
    ];
    for (body, place) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let reply = post(&customer, "/api/send", body);
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (400, Some("invalid_json")),
            "{shown}"
        );
        let message = reply.json()["message"].to_string();
        assert!(message.contains(place), "{shown}: {message}");
        conventions::hold(&reply);
    }
    assert_eq!(program.queued(), 0);
}

#[test]
fn all_faults_of_a_request_come_at_once() {
    let world = World::new();
    let (program, customer) = owner(&world);
    let wrong = json!({
        "to": "nobody", "subject": 7, "track_open": true, "cc": ["ada@x.test", "also nobody"],
        "headers": { "Bcc": "eve@x.test" }, "stream_type": "bulk", "send_at": "tomorrow",
        "metadata": { "a": [] }, "tag": "", "attachments": [{ "filename": "a.txt", "content": "*" }],
    });
    let of_wrong = [
        ("/attachments/0/content", "not_base64"),
        ("/cc/1", "not_an_address"),
        ("/headers/Bcc", "header_refused"),
        ("/html", "required"),
        ("/metadata/a", "nested"),
        ("/send_at", "not_a_time"),
        ("/stream_type", "wrong_type"),
        ("/subject", "wrong_type"),
        ("/tag", "bad_form"),
        ("/tag", "too_short"),
        ("/to", "not_an_address"),
        ("/track_open", "unknown_field"),
    ];
    let cases: [(Value, &[(&str, &str)]); 6] = [
        (wrong, &of_wrong),
        (
            json!({}),
            &[
                ("/html", "required"),
                ("/subject", "required"),
                ("/to", "required"),
            ],
        ),
        (json!([]), &[("", "wrong_type")]),
        (Value::Null, &[("", "wrong_type")]),
        // One part that does not fit would have been enough.
        (
            json!({ "to": "a", "subject": "b", "text": 1 }),
            &[("/text", "wrong_type"), ("/to", "not_an_address")],
        ),
        (
            with(
                email(),
                json!({ "from": "a@owner.test", "domain": "other.test", "cc": 1 }),
            ),
            &[("/cc", "wrong_type"), ("/from", "domain_mismatch")],
        ),
    ];
    for (request, expected) in cases {
        let reply = post(&customer, "/api/send", request.to_string().as_bytes());
        assert_eq!(reply.status, 400, "{request}");
        let told = reply.json();
        let mut found = faults(&told);
        found.sort_unstable();
        assert_eq!(found, expected, "{told}");
        // In a batch it is told the same, and stops no other; but what is no object is no e-mail, and that no batch.
        let reply = customer.ask(
            "POST",
            "/api/batch",
            Some(&json!({ "emails": [request, email()] })),
        );
        if !request.is_object() {
            assert_eq!(faults(&reply.json()), [("/emails/0", "wrong_type")]);
            continue;
        }
        let results = &reply.json()["results"];
        let mut in_batch = faults(&results[0]);
        in_batch.sort_unstable();
        assert_eq!(in_batch, expected, "{results}");
        assert_eq!(results[1]["status"], "queued");
    }
    program.drained();
}

#[test]
fn control_characters_come_no_further() {
    let world = World::new();
    let (program, customer) = owner(&world);
    for control in ["\r\n", "\n", "\r", "\0", "\u{1b}"] {
        let poison = format!("a{control}Bcc: eve@x.test");
        for (changes, field) in [
            (json!({ "to": format!("Ada{control} <ada@x.test>") }), "/to"),
            (json!({ "to": format!("ada@x.test{control}") }), "/to"),
            (json!({ "from": format!("{poison} <a@owner.test>") }), "/from"),
            (
                json!({ "reply_to": format!("\"{poison}\" <a@owner.test>") }),
                "/reply_to",
            ),
            (json!({ "headers": { "X-A": poison } }), "/headers/X-A"),
            (json!({ "headers": { poison.as_str(): "a" } }), "/headers/"),
            (json!({ "tag": poison }), "/tag"),
            (
                json!({ "attachments": [{ "filename": poison, "content": "" }] }),
                "/attachments/0",
            ),
            (
                json!({ "attachments": [{ "filename": "a", "content": "", "content_type": poison }] }),
                "/attachments/0",
            ),
            (
                json!({ "attachments": [{ "filename": "a", "content": "", "content_id": poison }] }),
                "/attachments/0",
            ),
        ] {
            let reply = customer.ask("POST", "/api/send", Some(&with(email(), changes.clone())));
            let told = reply.json();
            assert_eq!(reply.status, 400, "{changes}: {told}");
            let found = faults(&told);
            assert!(
                matches!(found[..], [(at, _)] if at.starts_with(field)),
                "{changes}: {found:?}"
            );
        }
    }
    assert_eq!(
        customer
            .ask(
                "PATCH",
                "/api/customer/profile",
                Some(&json!({ "name": "a\r\nb" }))
            )
            .status,
        400
    );
    assert_eq!(program.queued(), 0);
}

#[test]
fn a_subject_stays_one_line() {
    let world = World::new();
    let host = world.host(9);
    world.mx("dest.test", &[(10, 9)]);
    let (program, customer) = owner(&world);
    let subject = "Hello\r\nBcc: eve@x.test\r\n\r\n{{word}}";
    let vars = json!({ "word": "a\r\nX-Evil: yes" });
    customer.send(&with(
        email(),
        json!({ "to": "ada@dest.test", "subject": subject, "vars": vars }),
    ));
    let request = json!({ "subject": subject, "recipients": [{ "email": "bob@dest.test", "vars": vars }] });
    let reply = customer.ask("POST", "/api/bulk-send", Some(&with(bulk(), request)));
    assert_eq!(reply.json()["queued"], 1, "{}", reply.text());
    program.drained();
    for message in host.mail(2) {
        let (head, _) = message.text.split_once("\r\n\r\n").expect("a header");
        assert!(
            head.contains("Subject: Hello Bcc: eve@x.test a X-Evil: yes"),
            "{head}"
        );
        assert!(!head.contains("\nBcc:") && !head.contains("\nX-Evil"), "{head}");
    }
}

/// Nobody is sent a message that says `{{unsubscribe_url}}`.
#[test]
fn the_url_to_unsubscribe_is_not_wanted_in_vain() {
    let mut world = World::new();
    let wanting = |more: Value| with(with(email(), json!({ "text": "{{ unsubscribe_url }}" })), more);
    let copies = json!({ "html": "<a href=\"{{unsubscribe_url}}\">leave</a>" });
    let (program, customer) = owner(&world);
    for (path, request, field) in [
        ("/api/send", wanting(json!({})), "/text"),
        ("/api/bulk-send", with(bulk(), copies.clone()), "/html"),
    ] {
        let reply = customer.ask("POST", path, Some(&request));
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert_eq!(faults(&reply.json()), [(field, "no_unsubscribe_url")]);
        assert!(reply.text().contains("api.tracking_url"), "{}", reply.text());
    }
    assert_eq!(program.queued(), 0);
    let own = json!({
        "recipients": [{
            "email": "ada@sim.postrider.invalid", "vars": { "unsubscribe_url": "https://own.example/" },
        }],
    });
    let reply = customer.ask(
        "POST",
        "/api/bulk-send",
        Some(&with(with(bulk(), copies.clone()), own)),
    );
    assert_eq!(reply.status, 200, "a URL of the sender's own: {}", reply.text());
    drop(program);

    world.settings.set("api.tracking_url", "https://track.test");
    let program = world.start();
    let several = customer.ask(
        "POST",
        "/api/send",
        Some(&wanting(json!({ "cc": ["ada@x.test"] }))),
    );
    assert!(
        several.text().contains("send each of them one"),
        "{}",
        several.text()
    );
    customer.send(&wanting(json!({})));
    let sent = customer.ask("POST", "/api/bulk-send", Some(&with(bulk(), copies)));
    assert_eq!(sent.status, 200, "{}", sent.text());
    drop(program);
}
