//! `Idempotency-Key`: the same request is done once and answered with the same octets, another is refused, and a request
//! that failed leaves its key free.

use serde_json::{Value, json};

use super::conventions;
use crate::world::World;
use crate::world::customer::{Customer, Reply};

fn keyed(customer: &Customer, key: &str, path: &str, body: &Value) -> Reply {
    let header = format!(
        "X-API-Key: {}\r\nContent-Type: application/json\r\nIdempotency-Key: {key}\r\n",
        customer.api_key
    );
    customer.raw("POST", path, &header, body.to_string().as_bytes())
}

fn requests() -> [(&'static str, Value); 3] {
    let email = json!({ "to": "ada@sim.postrider.invalid", "subject": "Hello", "text": "Hello" });
    let bulk = json!({
        "subject": "Hello", "text": "Hello", "recipients": [{ "email": "ada@sim.postrider.invalid" }]
    });
    [
        ("/api/send", email.clone()),
        ("/api/batch", json!({ "emails": [email] })),
        ("/api/bulk-send", bulk),
    ]
}

#[test]
fn a_repeated_request_is_answered_with_the_same_octets() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer("owner@rest.test", &["owner.test"]);
    let other = program.customer("other@rest.test", &["other.test"]);
    for (path, body) in requests() {
        let first = keyed(&customer, "order-17", path, &body);
        assert_eq!(
            (first.status, first.header("idempotency-replayed")),
            (200, None),
            "{}",
            first.text()
        );
        let again = keyed(&customer, "order-17", path, &body);
        assert_eq!(
            (again.status, again.header("idempotency-replayed")),
            (200, Some("true")),
            "{path}"
        );
        assert_eq!(again.body, first.body, "{path}");
        conventions::hold(&again);
        // Under /api/v1 it is the same operation; white space is not another request.
        let header = format!(
            "X-API-Key: {}\r\nContent-Type: application/json\r\nIdempotency-Key: \"order-17\"\r\n",
            customer.api_key
        );
        let spaced = serde_json::to_string_pretty(&body).unwrap();
        let again = customer.raw(
            "POST",
            &path.replace("/api", "/api/v1"),
            &header,
            spaced.as_bytes(),
        );
        assert_eq!(again.body, first.body, "{path}");
        // Of another account, or of the sandbox, it is another key.
        for stranger in [&other, &customer.with_key(&customer.test_key)] {
            let reply = keyed(stranger, "order-17", path, &body);
            assert_eq!((reply.status, reply.header("idempotency-replayed")), (200, None));
            assert_ne!(reply.body, first.body);
        }
    }
    assert_eq!(
        customer.ask("GET", "/api/customer/profile", None).json()["customer"]["current_domains"],
        1
    );
}

#[test]
fn a_used_key_is_of_one_request() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer("owner@rest.test", &["owner.test"]);
    for (path, mut body) in requests() {
        assert_eq!(keyed(&customer, "k", path, &body).status, 200);
        match path {
            "/api/batch" => body["customer_id"] = json!(customer.id),
            _ => body["subject"] = json!("Another"),
        }
        let reply = keyed(&customer, "k", path, &body);
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (422, Some("idempotency_key_reused"))
        );
        conventions::hold(&reply);
    }
}

#[test]
fn a_key_that_is_none() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer("owner@rest.test", &["owner.test"]);
    let [(path, body), ..] = requests();
    let long = "k".repeat(256);
    for key in [
        "",
        "\"\"",
        "two words",
        "caf\u{e9}",
        "tab\there",
        &long,
        "a\r\nIdempotency-Key: b",
    ] {
        let reply = keyed(&customer, key, path, &body);
        let expected = (400, Some("bad_idempotency_key"));
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            expected,
            "{key:?}"
        );
    }
    assert_eq!(keyed(&customer, &long[1..], path, &body).status, 200);
}

#[test]
fn a_request_that_failed_leaves_its_key_free() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer("owner@rest.test", &[]);
    let bad = json!({ "to": "nobody", "subject": "Hello", "text": "Hello", "domain": "owner.test" });
    let mut good = bad.clone();
    good["to"] = json!("ada@sim.postrider.invalid");
    assert_eq!(keyed(&customer, "k", "/api/send", &bad).status, 400);
    assert_eq!(
        keyed(&customer, "k", "/api/send", &good).status,
        403,
        "no such domain yet"
    );
    program.json(&["domain", "add", &customer.email, "owner.test", "--trusted"]);
    let reply = keyed(&customer, "k", "/api/send", &good);
    assert_eq!(
        (reply.status, reply.header("idempotency-replayed")),
        (200, None),
        "{}",
        reply.text()
    );
}
