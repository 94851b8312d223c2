//! Webhooks over the customers' router.

use std::sync::atomic::Ordering;

use ledger::Ledger;
use ledger::webhook::{AttemptId, Attempted, Fate, Response as Answered, Secret, sign};
use store::Batch;

use super::platform::Still;
use super::suppressions::Client;
use super::*;
use crate::Platform;

const URL: &str = "https://hooks.example/in";

async fn stage() -> (Arc<Still>, Client) {
    let platform = Still::new();
    let client = Client::of(Arc::clone(&platform), &["a@b.example"])
        .await
        .remove(0);
    (platform, client)
}

/// Adds a webhook; its path and its secret.
async fn add(client: &Client, body: Value) -> (String, String) {
    let (status, made) = client.ask("POST", "webhooks", body).await;
    assert_eq!(status, 201, "{made}");
    let text = |name: &str| made["webhook"][name].as_str().unwrap().to_owned();
    (format!("webhooks/{}", text("id")), text("secret"))
}

/// Sends everything that is due, as the sender does, to endpoints that answer with `status`; the bodies.
async fn deliver(ledger: &Ledger, status: u16, now: u64) -> Vec<Value> {
    let mut bodies = Vec::new();
    let mut tidy = Batch::new();
    for entry in ledger.due_webhooks(0, None, now, 100).unwrap().entries {
        let Some(delivery) = ledger.take_webhook(&entry, now, &mut tidy).unwrap() else {
            continue;
        };
        bodies.push(serde_json::from_slice(delivery.payload.body()).unwrap());
        let attempted = Attempted {
            started_unix_ms: now,
            duration_ms: 7,
            result: Ok(Answered {
                status,
                retry_after_ms: None,
                excerpt: "what it said".into(),
            }),
        };
        let mut entropy = [0; 14];
        entropy[..10].copy_from_slice(&delivery.message.to_bytes()[6..]);
        let settled = ledger
            .settle_webhook(&delivery, &attempted, entropy, now)
            .await
            .unwrap();
        assert_eq!(settled.fate == Fate::Delivered, status < 300);
    }
    ledger.tidy_webhooks(tidy).await.unwrap();
    bodies
}

#[tokio::test]
async fn a_webhook_is_added_changed_and_removed() {
    let (_, client) = stage().await;
    let (path, secret) = add(
        &client,
        json!({ "url": URL, "events": ["email.bounced", "email.sent"] }),
    )
    .await;
    assert!(Secret::parse(&secret).is_ok(), "{secret}");
    let (status, read) = client.ask("GET", &path, json!({})).await;
    let webhook = &read["webhook"];
    assert_eq!((status, webhook["secret"].is_null()), (200, true), "{read}");
    assert_eq!(webhook["name"], "hooks.example");
    assert_eq!(webhook["events"], json!(["email.bounced", "email.sent"]));
    assert_eq!(
        (&webhook["is_active"], &webhook["ordered"]),
        (&json!(true), &json!(false))
    );
    let change = json!({ "name": "Shop", "events": [], "is_active": false, "ordered": true });
    let (status, changed) = client.ask("PATCH", &path, change).await;
    let webhook = &changed["webhook"];
    assert_eq!((status, &webhook["url"]), (200, &json!(URL)), "{changed}");
    assert_eq!(
        (&webhook["name"], &webhook["events"]),
        (&json!("Shop"), &json!([]))
    );
    assert_eq!(
        (&webhook["is_active"], &webhook["ordered"]),
        (&json!(false), &json!(true))
    );
    let (_, listed) = client.ask("GET", "webhooks?limit=1", json!({})).await;
    assert_eq!(listed["webhooks"], json!([webhook]));
    assert_eq!(
        listed["pagination"],
        json!({ "page": 1, "limit": 1, "total": 1, "pages": 1 })
    );
    assert_eq!(client.ask("DELETE", &path, json!({})).await.0, 200);
    for method in ["GET", "PATCH", "DELETE"] {
        assert_eq!(client.ask(method, &path, json!({})).await.0, 404, "{method}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_webhook_is_told() {
    let (_, client) = stage().await;
    for (body, field, code) in [
        (json!({}), "/url", "required"),
        (json!({ "url": "hooks.example" }), "/url", "not_a_url"),
        (json!({ "url": "http://hooks.example/" }), "/url", "not_https"),
        (json!({ "url": "https://u:p@hooks.example/" }), "/url", "has_user"),
        (
            json!({ "url": "https://hooks.example:25/" }),
            "/url",
            "forbidden_port",
        ),
        (json!({ "url": "https://10.1.2.3/" }), "/url", "forbidden_host"),
        (json!({ "url": "https://0x7f.1/" }), "/url", "forbidden_host"),
        (json!({ "url": "https://localhost/" }), "/url", "forbidden_host"),
        (
            json!({ "url": format!("https://h.example/{}", "x".repeat(2048)) }),
            "/url",
            "too_long",
        ),
        (
            json!({ "url": URL, "events": ["email.lost"] }),
            "/events/0",
            "not_an_option",
        ),
        (
            json!({ "url": URL, "domain_ids": [ID] }),
            "/domain_ids/0",
            "unknown_domain",
        ),
        (
            json!({ "url": URL, "name": "a\u{7}b" }),
            "/name",
            "control_character",
        ),
        (json!({ "url": URL, "active": true }), "/active", "unknown_field"),
    ] {
        let (status, told) = client.ask("POST", "webhooks", body.clone()).await;
        let fault = &told["errors"][0];
        assert_eq!(status, 400, "{body}: {told}");
        assert_eq!(
            (fault["field"].as_str(), fault["code"].as_str()),
            (Some(field), Some(code)),
            "{body}"
        );
    }
    let several = json!({ "url": "ftp://x", "name": " ", "domain_ids": ["x"] });
    let (_, told) = client.ask("POST", "webhooks", several).await;
    assert_eq!(told["errors"].as_array().map(Vec::len), Some(3), "{told}");
    for _ in 0..20 {
        add(&client, json!({ "url": URL })).await;
    }
    let (status, told) = client.ask("POST", "webhooks", json!({ "url": URL })).await;
    assert_eq!((status, &told["code"]), (403, &json!("webhook_limit_reached")));
}

#[tokio::test]
async fn a_new_secret_signs_beside_the_old_one() {
    let (_, client) = stage().await;
    let (path, old) = add(&client, json!({ "url": null })).await;
    let (status, rotated) = client
        .ask("POST", &format!("{path}/rotate-secret"), json!({}))
        .await;
    assert_eq!(status, 200, "{rotated}");
    assert_eq!(rotated["old_secret_expires_at"], "2024-03-16T14:30:00Z");
    client.ask("POST", &format!("{path}/test"), json!({})).await;
    let (_, fetched) = client.ask("POST", &format!("{path}/fetch"), json!({})).await;
    let message = &fetched["messages"][0];
    let text = |name: &str| message[name].as_str().unwrap();
    let unix_s = text("timestamp").parse().unwrap();
    let by = |secret: &str| {
        let secret = Secret::parse(secret).unwrap();
        sign(&secret, text("id"), unix_s, text("body").as_bytes())
    };
    let both = format!("{} {}", by(rotated["secret"].as_str().unwrap()), by(&old));
    assert_eq!(text("signature"), both);
}

#[tokio::test]
async fn samples_are_sent_recorded_and_sent_again() {
    let (platform, client) = stage().await;
    let (path, _) = add(&client, json!({ "url": URL, "events": ["email.sent"] })).await;
    let ledger = platform.ledger();
    let now = platform.now_unix_ms();
    for kind in ["email.clicked", "email.failed"] {
        let (status, sent) = client
            .ask("POST", &format!("{path}/test"), json!({ "event": kind }))
            .await;
        assert_eq!(status, 202, "{sent}");
        let [body] = &deliver(ledger, 200, now).await[..] else {
            panic!("one message of {kind}")
        };
        assert_eq!(
            (&body["type"], &body["data"]["test"]),
            (&json!(kind), &json!(true)),
            "{body}"
        );
        assert_eq!(body["data"]["recipient"], "ada@example.org");
    }
    assert_eq!(platform.kicks.load(Ordering::Relaxed), 2);
    let attempts = format!("{path}/attempts");
    let (status, listed) = client.ask("GET", &format!("{attempts}?limit=1"), json!({})).await;
    assert_eq!(
        (status, &listed["pagination"]["total"]),
        (200, &json!(2)),
        "{listed}"
    );
    let attempt = &listed["attempts"][0];
    assert_eq!(
        (&attempt["status"], &attempt["response"]),
        (&json!(200), &json!("what it said"))
    );
    let cursor = listed["next_cursor"].as_str().unwrap();
    let (_, rest) = client
        .ask("GET", &format!("{attempts}?cursor={cursor}"), json!({}))
        .await;
    assert_eq!(rest["attempts"].as_array().map(Vec::len), Some(1), "{rest}");
    assert!(rest["next_cursor"].is_null());

    let replay = format!("{attempts}/{}/replay", attempt["id"].as_str().unwrap());
    let (status, again) = client.ask("POST", &replay, json!({})).await;
    assert_eq!((status, &again["message_id"]), (202, &attempt["message_id"]));
    assert_eq!(deliver(ledger, 500, now).await.len(), 1);
    let one = json!({ "message_id": attempt["message_id"] });
    let (status, again) = client.ask("POST", &format!("{path}/replay"), one).await;
    assert_eq!((status, &again["messages"]), (202, &json!(1)), "{again}");
    assert_eq!(deliver(ledger, 200, now).await.len(), 1);
    for (scope, count) in [("failed", 0), ("all", 2)] {
        let stretch = json!({ "since": "2024-03-15", "scope": scope });
        let (status, again) = client.ask("POST", &format!("{path}/replay"), stretch).await;
        assert_eq!((status, &again["messages"]), (202, &json!(count)), "{again}");
        assert!(again["next_cursor"].is_null());
        assert_eq!(deliver(ledger, 200, now).await.len(), count);
    }
    let before = json!({ "since": "2024-03-01", "until": "2024-03-14", "scope": "all" });
    let (_, again) = client.ask("POST", &format!("{path}/replay"), before).await;
    assert_eq!(again["messages"], 0, "{again}");
}

#[tokio::test]
async fn what_cannot_be_sent_again_is_told() {
    let (_, client) = stage().await;
    let (path, _) = add(&client, json!({ "url": URL })).await;
    let (fetched, _) = add(&client, json!({ "url": null })).await;
    let attempt = AttemptId::new(1, [1; 10]);
    let message = format!("msg_{ID}");
    for (path, body, status, code) in [
        (
            format!("{path}/attempts/{attempt}/replay"),
            json!({}),
            404,
            "not_found",
        ),
        (format!("{path}/attempts/x/replay"), json!({}), 404, "not_found"),
        (
            format!("{path}/replay"),
            json!({ "message_id": message }),
            404,
            "not_found",
        ),
        (format!("{path}/replay"), json!({}), 400, "validation_failed"),
        (
            format!("{path}/replay"),
            json!({ "since": "then" }),
            400,
            "validation_failed",
        ),
        (
            format!("{path}/replay"),
            json!({ "since": "2024-03-01", "message_id": message }),
            400,
            "validation_failed",
        ),
        (
            format!("{path}/replay"),
            json!({ "since": "2024-03-01", "cursor": "x" }),
            400,
            "validation_failed",
        ),
        (
            format!("{path}/test"),
            json!({ "event": "email.lost" }),
            400,
            "validation_failed",
        ),
        (format!("{path}/fetch"), json!({}), 409, "webhook_is_sent"),
        (
            format!("{fetched}/replay"),
            json!({ "since": "2024-03-01" }),
            409,
            "webhook_not_sent",
        ),
        (
            format!("{fetched}/fetch"),
            json!({ "settled": ["x"] }),
            400,
            "validation_failed",
        ),
        (
            format!("{fetched}/fetch"),
            json!({ "wait_s": 26 }),
            400,
            "validation_failed",
        ),
        (format!("webhooks/{ID}/fetch"), json!({}), 404, "not_found"),
    ] {
        let (told, reply) = client.ask("POST", &path, body.clone()).await;
        assert_eq!(
            (told, reply["code"].as_str()),
            (status, Some(code)),
            "{path} {body}: {reply}"
        );
    }
    client.ask("PATCH", &path, json!({ "is_active": false })).await;
    for (operation, body) in [("test", json!({})), ("replay", json!({ "since": "2024-03-01" }))] {
        let (status, told) = client.ask("POST", &format!("{path}/{operation}"), body).await;
        assert_eq!(
            (status, &told["code"]),
            (409, &json!("webhook_not_sent")),
            "{operation}"
        );
    }
    let (status, told) = client
        .ask("PATCH", &fetched, json!({ "url": URL, "ordered": true }))
        .await;
    assert_eq!(
        (status, told["errors"].as_array().map(Vec::len)),
        (400, Some(2)),
        "{told}"
    );
}

#[tokio::test]
async fn messages_are_fetched_until_they_are_settled() {
    let (platform, client) = stage().await;
    let (path, _) = add(&client, json!({ "url": null, "name": "listen" })).await;
    let fetch = |body: Value| {
        let (client, path) = (&client, format!("{path}/fetch"));
        async move {
            let (status, fetched) = client.ask("POST", &path, body).await;
            assert_eq!(status, 200, "{fetched}");
            fetched["messages"].as_array().unwrap().clone()
        }
    };
    assert!(fetch(json!({ "wait_s": 2 })).await.is_empty());
    assert_eq!(platform.moments.load(Ordering::Relaxed), 8, "two seconds");
    for _ in 0..2 {
        client.ask("POST", &format!("{path}/test"), json!({})).await;
    }
    let both = fetch(json!({})).await;
    assert_eq!(both.len(), 2);
    assert_eq!(fetch(json!({ "wait_s": 2 })).await, both, "they were not settled");
    let rest = fetch(json!({ "settled": [both[0]["id"]] })).await;
    assert_eq!(rest, both[1..]);
    assert!(
        fetch(json!({ "settled": [both[0]["id"], both[1]["id"]] }))
            .await
            .is_empty()
    );
    assert!(
        deliver(platform.ledger(), 200, u64::MAX).await.is_empty(),
        "nothing is sent"
    );
}

#[tokio::test]
async fn the_url_of_the_profile_is_a_webhook() {
    let (_, client) = stage().await;
    let set = |url: &'static str| client.ask("PATCH", "profile", json!({ "webhook_url": url }));
    let (status, told) = set("http://hooks.example/").await;
    assert_eq!(
        (status, &told["errors"][0]["field"]),
        (400, &json!("/webhook_url"))
    );
    let (status, made) = set(URL).await;
    assert_eq!(
        (status, &made["customer"]["webhook_url"]),
        (200, &json!(URL)),
        "{made}"
    );
    assert!(
        made["customer"]["webhook_secret"]
            .as_str()
            .unwrap()
            .starts_with("whsec_")
    );
    let (_, listed) = client.ask("GET", "webhooks", json!({})).await;
    let webhook = &listed["webhooks"][0];
    assert_eq!((&webhook["url"], &webhook["events"]), (&json!(URL), &json!([])));
    let path = format!("webhooks/{}", webhook["id"].as_str().unwrap());
    client.ask("PATCH", &path, json!({ "is_active": false })).await;
    let (_, changed) = set("https://other.example/").await;
    assert!(changed["customer"]["webhook_secret"].is_null(), "{changed}");
    let (_, listed) = client.ask("GET", "webhooks", json!({})).await;
    assert_eq!(listed["pagination"]["total"], 1);
    let webhook = &listed["webhooks"][0];
    assert_eq!(
        (&webhook["url"], &webhook["is_active"]),
        (&json!("https://other.example/"), &json!(true))
    );
    for _ in 0..2 {
        let (_, cleared) = set("").await;
        assert!(cleared["customer"]["webhook_url"].is_null(), "{cleared}");
    }
    let (_, listed) = client.ask("GET", "webhooks", json!({})).await;
    assert_eq!(listed["pagination"]["total"], 0);
}

#[tokio::test]
async fn webhooks_of_others_do_not_exist() {
    let platform = Still::new();
    let [owner, stranger] = &Client::of(platform, &["a@b.example", "c@d.example"]).await[..] else {
        panic!("two accounts")
    };
    let (path, _) = add(owner, json!({ "url": null })).await;
    let replay = json!({ "since": "2024-03-01" });
    for (method, rest, body) in [
        ("GET", "", json!({})),
        ("PATCH", "", json!({})),
        ("DELETE", "", json!({})),
        ("GET", "/attempts", json!({})),
        ("POST", "/rotate-secret", json!({})),
        ("POST", "/replay", replay),
        ("POST", "/test", json!({})),
        ("POST", "/fetch", json!({})),
    ] {
        let (status, _) = stranger.ask(method, &format!("{path}{rest}"), body).await;
        assert_eq!(status, 404, "{method} {rest}");
    }
}
