//! Two customers of one server: what is one's does not exist for the other, and nothing they do reaches it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cast::add_webhook;
use super::{UNKNOWN, document, tomorrow};
use crate::world::customer::Customer;
use crate::world::{Program, World};

/// An id of each kind, made for `owner`, by how the paths begin that lead to it.
fn belongings(program: &Program, owner: &Customer) -> BTreeMap<&'static str, String> {
    let later = json!({
        "to": "ada@sim.postrider.invalid", "subject": "Hello", "text": "Hello", "send_at": tomorrow(),
    });
    let domain = program.json(&["domain", "list", &owner.email]);
    let domain = domain["domains"][0]["id"].as_str().expect("a domain").to_owned();
    let listed = |list: &str, address: &str| {
        let path = format!("/api/customer/{list}");
        let added = owner.ask("POST", &path, Some(&json!({ "email": address })));
        assert_eq!(added.status, 201, "{}", added.text());
        address.to_owned()
    };
    BTreeMap::from([
        (
            "/api/emails/",
            owner.send(&later)["id"].as_str().expect("an id").to_owned(),
        ),
        ("/api/customer/domains/", domain),
        ("/api/customer/webhooks/", add_webhook(owner, &Value::Null)),
        (
            "/api/customer/unsubscribes/",
            listed("unsubscribes", "ada@rest.test"),
        ),
        (
            "/api/customer/suppressions/",
            listed("suppressions", "bob@rest.test"),
        ),
    ])
}

/// All that `owner` can see.
fn view(owner: &Customer, belongings: &BTreeMap<&str, String>) -> Vec<Value> {
    let lists = [
        "/api/customer/profile",
        "/api/smtp-credentials",
        "/api/customer/domains",
        "/api/customer/unsubscribes",
        "/api/customer/suppressions",
        "/api/customer/webhooks",
    ];
    let own = belongings.iter().map(|(start, id)| format!("{start}{id}"));
    lists
        .into_iter()
        .map(str::to_owned)
        .chain(own)
        .map(|path| owner.ask("GET", &path, None).json())
        .collect()
}

#[test]
fn what_is_anothers_does_not_exist() {
    let world = World::new();
    let program = world.start();
    let owner = program.customer("owner@rest.test", &["owner.test"]);
    let stranger = program.customer("stranger@rest.test", &["stranger.test"]);
    let belongings = belongings(&program, &owner);
    let before = view(&owner, &belongings);
    let mut walked = 0;
    for operation in document::operations(&document::served(program.api())) {
        let Some((start, _)) = operation.path.split_once('{') else {
            continue;
        };
        // A word of the API's own is nobody's id, and what a reader was sent is the reader's.
        if operation.path.contains("{metric}") || operation.is_public {
            continue;
        }
        let id = belongings
            .get(start)
            .unwrap_or_else(|| panic!("what {} is about has no id here yet", operation.path));
        let path = |id: &str| {
            let whole = operation.path.split('/');
            let parts: Vec<&str> = whole
                .map(|part| if part.starts_with('{') { id } else { part })
                .collect();
            parts.join("/")
        };
        let body = operation
            .has_body
            .then(|| operation.example.clone().unwrap_or_else(|| json!({})));
        let ask = |id: &str| {
            let reply = stranger.ask(&operation.method, &path(id), body.as_ref());
            let mut told = reply.json();
            told["request_id"] = Value::Null;
            (reply.status, told)
        };
        let foreign = ask(id);
        assert_eq!(
            foreign.0, 404,
            "{} {}: {}",
            operation.method, operation.path, foreign.1
        );
        // In capital letters it is the same id; what is no id at all is none of anybody.
        for other in [
            UNKNOWN,
            &id.to_uppercase(),
            "1",
            "%00",
            "%FF",
            "%2e%2e%2fprofile",
            "a%2Fb",
            "*",
        ] {
            assert_eq!(
                ask(other),
                foreign,
                "{} {} with {other}",
                operation.method,
                operation.path
            );
        }
        assert_eq!(
            view(&owner, &belongings),
            before,
            "after {} {}",
            operation.method,
            operation.path
        );
        walked += 1;
    }
    // What is named in the query and not in the path.
    let reply = stranger.ask("DELETE", "/api/customer/suppressions?email=bob@rest.test", None);
    assert_eq!(reply.status, 404, "{}", reply.text());
    assert_eq!(view(&owner, &belongings), before);
    assert!(walked >= 12, "operations with an id in their path: {walked}");
    for (start, id) in &belongings {
        assert_eq!(
            owner.ask("DELETE", &format!("{start}{id}"), None).status,
            200,
            "its owner may"
        );
    }
}

#[test]
fn what_is_anothers_cannot_be_sent_from_or_spoken_for() {
    let world = World::new();
    let program = world.start();
    let owner = program.customer("owner@rest.test", &["owner.test"]);
    let stranger = program.customer("stranger@rest.test", &["stranger.test"]);
    let email = json!({ "to": "ada@sim.postrider.invalid", "subject": "Hello", "text": "Hello" });
    let bulk = json!({
        "subject": "Hello", "text": "Hello", "recipients": [{ "email": "ada@sim.postrider.invalid" }]
    });
    for (field, value) in [("domain", "owner.test"), ("from", "Owner <hello@owner.test>")] {
        for (path, mut body) in [("/api/send", email.clone()), ("/api/bulk-send", bulk.clone())] {
            body[field] = json!(value);
            let reply = stranger.ask("POST", path, Some(&body));
            assert_eq!(
                (reply.status, reply.json()["error"].as_str()),
                (403, Some("domain_not_verified"))
            );
            let nobodys = json!(value.replace("owner", "nobody"));
            body[field] = nobodys;
            let unknown = stranger.ask("POST", path, Some(&body));
            let same = |text: String| text.replace("nobody", "owner");
            assert_eq!(
                same(unknown.json()["message"].to_string()),
                reply.json()["message"].to_string()
            );
        }
    }
    for (path, mut body) in [
        ("/api/batch", json!({ "emails": [email] })),
        ("/api/bulk-send", bulk),
    ] {
        for (id, status) in [(&owner.id, 400), (&stranger.id, 200)] {
            body["customer_id"] = json!(id);
            let reply = stranger.ask("POST", path, Some(&body));
            assert_eq!(reply.status, status, "{}", reply.text());
        }
    }
}
