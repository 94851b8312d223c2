//! What a customer reads of its events.

use ledger::{
    AccountId, Disposition, Email, EmailContext, EmailId, EventKind, Hit, HitActor, NewEvent,
    RecipientStatus, Signal, Signals, Stream, Tally,
};
use store::Batch;

use super::*;
use crate::Platform;

/// 15 March 2024, 14:30 in UTC.
pub(super) const NOW: u64 = 1_710_513_000_000;

/// An account with its key.
pub(super) struct Customer {
    platform: Arc<platform::Still>,
    operator: Router,
    router: Router,
    pub(super) id: AccountId,
    key: String,
}

impl Customer {
    pub(super) async fn new() -> Self {
        let platform = platform::Still::new();
        let token = OperatorToken::new(TOKEN).unwrap();
        let operator = router(Arc::new(Script::default()), Arc::clone(&platform) as _, token);
        let router = super::platform::customers(Arc::clone(&platform) as _);
        let (id, key) = Self::add(&operator, "a@b.example").await;
        Self {
            platform,
            operator,
            router,
            id,
            key,
        }
    }

    async fn add(operator: &Router, email: &str) -> (AccountId, String) {
        let body = json!({ "email": email });
        let made = asked(operator, TOKEN, "POST", "/admin/customers", &body).await.1;
        let id = made["customer"]["id"].as_str().unwrap().parse().unwrap();
        (id, made["api_key"].as_str().unwrap().to_owned())
    }

    /// Another account at the same server.
    async fn other(&self) -> Self {
        let (id, key) = Self::add(&self.operator, "c@d.example").await;
        let (platform, operator, router) = (
            Arc::clone(&self.platform),
            self.operator.clone(),
            self.router.clone(),
        );
        Self {
            platform,
            operator,
            router,
            id,
            key,
        }
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        let (status, reply) = asked(&self.router, &self.key, "GET", path, &json!({})).await;
        (status.as_u16(), reply)
    }

    async fn set(&self, change: Value) {
        let path = format!("/admin/customers/{}", self.id);
        let (status, reply) = asked(&self.operator, TOKEN, "PATCH", &path, &change).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
    }

    /// Accepts an e-mail and records what happens to it, a second apart.
    pub(super) async fn record(&self, number: u8, tag: Option<&str>, kinds: Vec<EventKind>) -> EmailId {
        let ledger = self.platform.ledger();
        let account = ledger.account(self.id).unwrap().unwrap();
        let mut email = Email {
            id: EmailId::new(NOW, [number; 10]),
            account: self.id,
            disposition: Disposition::Queued,
            sandbox: false,
            stream: Stream::Transactional,
            track_opens: None,
            track_clicks: None,
            to: vec![format!("ada{number}@example.org")],
            created_unix_ms: NOW,
            message_id: format!("{number}@mail.test.example"),
            template: None,
            from: format!("Shop <from{number}@shop.example>"),
            subject: "Hello".to_owned(),
            tag: tag.map(str::to_owned),
            metadata: Some(r#"{"order":"17"}"#.to_owned()),
        };
        let (mut batch, mut tally) = (Batch::new(), Tally::new());
        let admission = ledger.admit(&account, &mut email, 0, NOW, &mut batch).unwrap();
        let context = EmailContext::of(&email, None);
        for (at, kind) in (0..).zip(kinds) {
            let new = NewEvent {
                at_unix_ms: NOW + at * 1000,
                recipient: email.to[0].clone(),
                before: RecipientStatus::Queued,
                kind,
            };
            ledger.record(&context, new, &mut tally, &mut batch);
        }
        tally.put(&mut batch);
        self.platform.store.commit(batch).await.unwrap();
        admission.committed();
        email.id
    }
}

async fn asked(router: &Router, key: &str, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    (response.status(), json_of(response).await)
}

pub(super) fn hit(actor: HitActor, first: bool, first_of_all: bool) -> Hit {
    Hit {
        actor,
        signals: Signals::default().with(Signal::Method),
        first,
        first_of_all,
        ip: Some([192, 0, 2, 1].into()),
        user_agent: Some("Reader/1".to_owned()),
    }
}

pub(super) fn delivered() -> Vec<EventKind> {
    let mx = || Some("mx.example.org".to_owned());
    let reply = "250 2.0.0 taken".to_owned();
    vec![
        EventKind::Queued { hold: None },
        EventKind::Sent {
            mx: mx(),
            attempts: 1,
        },
        EventKind::Delivered {
            reply,
            mx: mx(),
            attempts: 1,
        },
    ]
}

#[tokio::test]
async fn each_filter_finds_its_events() {
    let customer = Customer::new().await;
    let mut kinds = delivered();
    let url = "https://shop.example/".to_owned();
    kinds.push(EventKind::Clicked {
        hit: hit(HitActor::Human, true, true),
        link: 2,
        url,
    });
    let first = customer.record(1, Some("order"), kinds).await;
    customer.record(2, None, delivered()).await;
    let table = [
        (String::new(), 7),
        (format!("email_id={first}"), 4),
        ("type=clicked".into(), 1),
        ("type=clicked,sent".into(), 3),
        ("recipient=ADA2".into(), 3),
        ("recipient=ada1@example.org".into(), 4),
        ("from=from2".into(), 3),
        ("tag=order".into(), 4),
        ("from_timestamp=2024-03-15T14:30:03Z".into(), 1),
        ("to_timestamp=2024-03-15T14:30:00Z".into(), 2),
        ("from_timestamp=2024-03-15&to_timestamp=2024-03-15".into(), 7),
        ("to_timestamp=2024-03-14".into(), 0),
    ];
    for (query, count) in table {
        for base in ["/api/events", "/api/v1/events"] {
            let (status, reply) = customer.get(&format!("{base}?{query}")).await;
            assert_eq!(status, 200, "{query}: {reply}");
            assert_eq!(
                reply["events"].as_array().unwrap().len(),
                count,
                "{query}: {reply}"
            );
            assert_eq!(reply["pagination"]["total"], json!(count), "{query}: {reply}");
        }
    }
    let (_, clicked) = customer.get("/api/events?type=clicked").await;
    let event = &clicked["events"][0];
    let expected = json!({
        "actor": "human", "signals": ["method"], "first": true, "ip": "192.0.2.1", "user_agent": "Reader/1",
        "link": 2, "url": "https://shop.example/",
    });
    assert_eq!(event["event_data"], expected);
    assert_eq!(event["customer_id"], json!(customer.id.to_string()));
    assert_eq!(
        (&event["tag"], &event["metadata"]),
        (&json!("order"), &json!({ "order": "17" }))
    );
}

#[tokio::test]
async fn pages_and_cursors_reach_the_end() {
    let customer = Customer::new().await;
    for number in 0..3 {
        customer.record(number, None, delivered()).await;
    }
    let all = customer.get("/api/events").await.1["events"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(all.len(), 9);
    let (mut by_page, mut by_cursor) = (Vec::new(), Vec::new());
    for page in 1..=3 {
        let reply = customer.get(&format!("/api/events?limit=4&page={page}")).await.1;
        assert_eq!(reply["pagination"]["pages"], json!(3), "{reply}");
        by_page.extend(reply["events"].as_array().unwrap().clone());
    }
    let mut path = "/api/events?limit=4".to_owned();
    loop {
        let reply = customer.get(&path).await.1;
        by_cursor.extend(reply["events"].as_array().unwrap().clone());
        match reply["pagination"]["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/events?limit=4&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!((by_page, by_cursor), (all.clone(), all));
}

#[tokio::test]
async fn an_email_tells_its_events_to_its_own_account_alone() {
    let customer = Customer::new().await;
    let id = customer.record(1, Some("order"), delivered()).await;
    let path = format!("/api/v1/emails/{id}/events");
    let (status, reply) = customer.get(&path).await;
    assert_eq!(
        (status, &reply["email_id"]),
        (200, &json!(id.to_string())),
        "{reply}"
    );
    let types: Vec<_> = reply["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["event_type"])
        .collect();
    assert_eq!(types, ["queued", "sent", "delivered"]);
    assert_eq!(
        reply["events"][2]["event_data"]["reply"],
        json!("250 2.0.0 taken")
    );
    let other = customer.other().await;
    for path in [path.as_str(), "/api/emails/nonsense/events"] {
        let (status, reply) = other.get(path).await;
        assert_eq!((status, &reply["code"]), (404, &json!("not_found")));
        assert_eq!(reply["error"], json!("Email not found or access denied"));
    }
    let (status, reply) = other.get(&format!("/api/events?email_id={id}")).await;
    assert_eq!((status, &reply["events"]), (200, &json!([])));
    for (change, code) in [
        (json!({ "event_api": false }), "event_api_disabled"),
        (json!({ "event_tracking": false }), "event_tracking_disabled"),
    ] {
        customer.set(change).await;
        for path in [path.as_str(), "/api/events"] {
            let (status, reply) = customer.get(path).await;
            assert_eq!((status, &reply["error"]), (403, &json!(code)));
        }
    }
}

#[tokio::test]
async fn faults_are_told_together() {
    let customer = Customer::new().await;
    let (status, reply) = customer
        .get("/api/events?page=0&type=lost&email_id=x&to_timestamp=now&cursor=1")
        .await;
    assert_eq!(status, 400);
    let fields: Vec<_> = reply["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| &fault["field"])
        .collect();
    assert_eq!(
        fields,
        ["type", "cursor", "page", "cursor", "email_id", "to_timestamp"]
    );
    let (status, reply) = customer.get("/api/events?typ=sent").await;
    assert_eq!(status, 400);
    assert!(reply["message"].as_str().unwrap().contains("`typ`"), "{reply}");
}
