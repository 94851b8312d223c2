//! More than a request may have: told as such, and nothing of it is done.

use serde_json::{Value, json};

use super::{bulk, email, faults, owner, post, with};
use crate::world::World;
use crate::world::customer::Customer;

#[test]
fn many_faults_are_told_up_to_a_bound() {
    let world = World::new();
    let (_program, customer) = owner(&world);
    let unknown: serde_json::Map<String, Value> = (0..5000).map(|at| (format!("x{at}"), json!(1))).collect();
    let bad: Vec<String> = (0..49).map(|at| format!("nobody {at}")).collect();
    for (path, request) in [
        ("/api/send", with(email(), Value::Object(unknown))),
        ("/api/send", with(email(), json!({ "cc": bad, "bcc": bad }))),
        (
            "/api/bulk-send",
            with(
                bulk(),
                json!({ "headers": (0..5000).map(|at| (format!("Bad {at}"), json!("x"))).collect::<serde_json::Map<_, _>>() }),
            ),
        ),
    ] {
        let reply = customer.ask("POST", path, Some(&request));
        assert_eq!((reply.status, faults(&reply.json()).len()), (400, 50), "{path}");
    }
}

#[test]
fn lists_have_their_bounds() {
    let world = World::new();
    let (program, customer) = owner(&world);
    let many = |count: usize, entry: &Value| Value::Array(vec![entry.clone(); count]);
    let recipient = json!({ "email": "ada@sim.postrider.invalid" });
    let address = json!("ada@sim.postrider.invalid");
    let file = json!({ "filename": "a", "content": "" });
    for (path, request, field, code) in [
        ("/api/batch", json!({ "emails": [] }), "/emails", "too_few"),
        (
            "/api/batch",
            json!({ "emails": many(501, &email()) }),
            "/emails",
            "too_many",
        ),
        (
            "/api/bulk-send",
            with(bulk(), json!({ "recipients": [] })),
            "/recipients",
            "too_few",
        ),
        (
            "/api/bulk-send",
            with(bulk(), json!({ "recipients": many(10_001, &recipient) })),
            "/recipients",
            "too_many",
        ),
        (
            "/api/send",
            with(email(), json!({ "cc": many(51, &address) })),
            "/cc",
            "too_many",
        ),
        (
            "/api/send",
            with(
                email(),
                json!({ "cc": many(25, &address), "bcc": many(25, &address) }),
            ),
            "/cc",
            "too_many_recipients",
        ),
        (
            "/api/send",
            with(email(), json!({ "attachments": many(101, &file) })),
            "/attachments",
            "too_many",
        ),
    ] {
        let reply = customer.ask("POST", path, Some(&request));
        assert_eq!(reply.status, 400, "{path} {field}");
        assert_eq!(faults(&reply.json()), [(field, code)], "{path}");
    }
    assert_eq!(program.queued(), 0);
    let reply = customer.ask(
        "POST",
        "/api/batch",
        Some(&json!({ "emails": many(500, &email()) })),
    );
    assert_eq!(reply.json()["queued"], 500);
}

#[test]
fn attachments_have_their_bounds() {
    let world = World::new();
    let (program, customer) = owner(&world);
    let file = |content: &str| json!({ "filename": "a.bin", "content": content });
    let send = |files: Vec<Value>| {
        customer.ask(
            "POST",
            "/api/send",
            Some(&with(email(), json!({ "attachments": files }))),
        )
    };
    for content in [
        "*",
        "YQ",
        "YQ===",
        "YQ=",
        "Y Q=",
        "YQ==\n",
        "data:text/plain;base64,YQ==",
    ] {
        let reply = send(vec![file(content)]);
        assert_eq!(
            (reply.status, faults(&reply.json())),
            (400, vec![("/attachments/0/content", "not_base64")]),
            "{content:?}"
        );
    }
    // 21 MiB once decoded: of one file, and of several.
    let (third, whole) = (
        "AAAA".repeat(7 * 1024 * 1024 / 3),
        "AAAA".repeat(8 * 1024 * 1024 + 1),
    );
    let reply = send(vec![file(&third), file(&third), file(&third), file("AAAA")]);
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(faults(&reply.json())[0].1, "attachments_too_large");
    assert_eq!(
        post(&customer, "/api/send", whole.as_bytes()).status,
        413,
        "beyond 32 MiB nothing is read"
    );
    assert_eq!(program.queued(), 0);
}

#[test]
fn replies_are_counted_by_their_status() {
    let world = World::new();
    let (program, customer) = owner(&world);
    let counted =
        |status: &str| program.metric(&format!("postrider_http_requests_total{{status=\"{status}\"}}"));
    let profile = |customer: &Customer| customer.ask("GET", "/api/customer/profile", None).status;
    assert_eq!((counted("200"), counted("401")), (0.0, 0.0));
    assert_eq!(profile(&customer), 200);
    assert_eq!(profile(&customer), 200);
    assert_eq!(profile(&customer.with_key("ml_live_nobody")), 401);
    assert_eq!((counted("200"), counted("401")), (2.0, 1.0));
    assert_eq!(program.metric("postrider_http_request_seconds_count"), 3.0);
}
