//! Requests as the reference shows them.

use serde_json::{Value, json};

pub(super) fn send() -> Value {
    json!({
        "to": "Ada <ada@example.org>",
        "subject": "Your order",
        "html": "<p>It is on its way.</p>",
        "from": "Shop <hello@news.example.org>",
        "tag": "order",
        "metadata": { "order": "17" }
    })
}

pub(super) fn batch() -> Value {
    json!({ "emails": [
        { "to": "ada@example.org", "subject": "Hello", "text": "Hello Ada" },
        { "to": "bob@example.org", "subject": "Hello", "text": "Hello Bob" }
    ] })
}

pub(super) fn bulk() -> Value {
    json!({
        "subject": "News for {{name}}",
        "html": "<p>Hello {{name}}</p>",
        "recipients": [
            { "email": "ada@example.org", "vars": { "name": "Ada" } },
            { "email": "bob@example.org", "vars": { "name": "Bob" } }
        ]
    })
}

pub(super) fn unsubscribe() -> Value {
    json!({ "email": "ada@example.org", "reason": "asked by telephone" })
}

pub(super) fn suppression() -> Value {
    json!({ "email": "bob@example.org", "type": "manual", "reason": "left the company" })
}

pub(super) fn webhook() -> Value {
    json!({
        "url": "https://hooks.example.org/postrider",
        "name": "Shop",
        "events": ["email.delivered", "email.bounced"]
    })
}

pub(super) fn replay() -> Value {
    json!({ "since": "2026-11-24", "until": "2026-11-25T12:00:00Z" })
}

pub(super) fn content_score() -> Value {
    json!({
        "subject": "Your order is on its way",
        "html": "<p>Ada, your order left us <b>today</b>.</p>",
        "from": "Shop <hello@news.example.org>"
    })
}
