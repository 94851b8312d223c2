//! The health score of a customer, over the customers' router.

use ledger::{
    AccountId, Actor, ApiKey, Credential, Disposition, Email, EmailContext, EmailId, EventKind, Mode,
    NewAccount, NewEvent, RecipientStatus, Stream, Tally,
};
use store::Batch;

use super::*;
use crate::Platform;

async fn ask(router: &Router, method: &str, path: &str, key: &str) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("x-api-key", key)
        .body(Body::empty())
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let octets = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&octets).unwrap_or_default())
}

/// A platform with an account, and the account's key.
async fn customer() -> (Arc<platform::Still>, AccountId, String) {
    let platform = platform::Still::new();
    let live_key = ApiKey::new(Mode::Live, [1; 32]);
    let key = live_key.expose().to_owned();
    let new = NewAccount {
        id: AccountId::new(platform.now_unix_ms(), [1; 10]),
        name: "Ada".into(),
        email: "ada@b.example".into(),
        live_key,
        test_key: ApiKey::new(Mode::Test, [2; 32]),
    };
    let credential = Credential {
        password_hash: "$argon2id$".into(),
        created_unix_ms: platform.now_unix_ms(),
        expires_unix_ms: None,
    };
    let request = ledger::Request {
        actor: Actor::Operator,
        now_unix_ms: platform.now_unix_ms(),
        entropy: [1; 10],
    };
    let account = platform
        .ledger()
        .create_account(new, &credential, &request)
        .await
        .unwrap();
    (platform, account.id, key)
}

/// Counts `sent` e-mails as sent and all but `bounced` as delivered.
async fn count(platform: &platform::Still, account: AccountId, (sent, bounced): (usize, usize)) {
    let now = platform.now_unix_ms();
    let email = Email {
        id: EmailId::new(now, [7; 10]),
        account,
        disposition: Disposition::Queued,
        sandbox: false,
        stream: Stream::Shared,
        track_opens: None,
        track_clicks: None,
        to: vec!["x@y.example".into()],
        created_unix_ms: now,
        message_id: "m@b.example".into(),
        template: None,
        from: "ada@b.example".into(),
        subject: "s".into(),
        tag: None,
        metadata: None,
    };
    let context = EmailContext::of(&email, None);
    let (mut batch, mut tally) = (Batch::new(), Tally::new());
    let mut record = |kind| {
        let event = NewEvent {
            at_unix_ms: now,
            recipient: "x@y.example".into(),
            before: RecipientStatus::Queued,
            kind,
        };
        platform.ledger().record(&context, event, &mut tally, &mut batch);
    };
    for number in 0..sent {
        record(EventKind::Sent {
            mx: None,
            attempts: 1,
        });
        record(match number < bounced {
            true => EventKind::Bounced {
                reply: "550 no such user".into(),
                class: "invalid_recipient".into(),
                hard: true,
                report: false,
            },
            false => EventKind::Delivered {
                reply: "250 ok".into(),
                mx: None,
                attempts: 1,
            },
        });
    }
    tally.put(&mut batch);
    platform.store.commit(batch).await.unwrap();
}

#[tokio::test]
async fn who_sent_nothing_has_no_score() {
    let (platform, _, key) = customer().await;
    let router = super::platform::customers(platform);
    for (method, path) in [
        ("GET", "/api/customer/health-score"),
        ("GET", "/api/v1/customer/health-score"),
        ("POST", "/api/customer/health-score/refresh"),
    ] {
        let (status, reply) = ask(&router, method, path, &key).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path}: {reply}");
        assert_eq!(reply["error"], "not_found");
        assert_eq!(reply["message"], "No data available yet. Send some emails first.");
        let (status, _) = ask(&router, method, path, "ml_live_nobody").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}

#[tokio::test]
async fn a_score_is_told_with_what_it_is_made_of() {
    let (platform, account, key) = customer().await;
    // (19 + 1) / (800 + 200) = 2 % costs 20 points of 0.25 / 0.85.
    count(&platform, account, (800, 19)).await;
    let store = Arc::clone(&platform);
    let router = super::platform::customers(platform);
    for base in ["/api", "/api/v1"] {
        let path = format!("{base}/customer/health-score");
        let (status, reply) = ask(&router, "GET", &path, &key).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        let score = json!({
            "overall_score": 94, "delivery_rate": 97.63, "open_rate": 0.0, "click_rate": 0.0, "bounce_rate": 2.38,
            "complaint_rate": 0.0, "reputation_grade": "A", "last_calculated": "2024-03-15T14:30:00Z",
        });
        assert_eq!(reply["health_score"], score);
        assert_eq!(reply["insights"]["status"], "excellent");
        assert_eq!(
            reply["insights"]["recommendations"].as_array().unwrap().len(),
            1,
            "{reply}"
        );
        assert_eq!(
            reply["benchmarks"]["bounce_rate"],
            json!({ "good": "< 2%", "average": "2-5%", "poor": "> 5%" })
        );
        let part = json!({ "name": "hard_bounces", "value": 2.38, "weight": 0.2941, "points_lost": 5.88 });
        assert!(reply["components"].as_array().unwrap().contains(&part), "{reply}");
    }
    let now = store.now_unix_ms();
    assert_eq!(
        store.ledger().latest_health_snapshot(account, now).unwrap(),
        None,
        "reading keeps nothing"
    );
    for base in ["/api", "/api/v1"] {
        let path = format!("{base}/customer/health-score/refresh");
        let (status, reply) = ask(&router, "POST", &path, &key).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        assert_eq!(reply["health_score"]["overall_score"], 94);
        assert_eq!(reply["message"], "Health score refreshed successfully");
        assert_eq!(reply["insights"]["recommendations"], Value::Null);
    }
    let kept = store
        .ledger()
        .latest_health_snapshot(account, now)
        .unwrap()
        .unwrap();
    assert_eq!((kept.overall_score, kept.sent, kept.bounced), (94, 800, 19));
}

/// Neither crate may import the other, and a customer sees both: a letter means one thing.
#[test]
fn the_grades_of_health_and_of_content_are_the_same() {
    for score in 0..=100 {
        let (health, content) = (ledger::health::Grade::of(score), content::score::Grade::of(score));
        assert_eq!(health.as_str(), content.as_str(), "{score}");
    }
}
