//! What is taken, what is refused, and what the port is told.

use std::sync::{Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

const ID: &str = "0197b6a0-0000-7000-8000-000000000001";

/// Believes whoever knows the word, and notes what is told.
#[derive(Default)]
struct Notes {
    word: Option<&'static str>,
    bounces: Mutex<Vec<HookedBounce>>,
    complaints: Mutex<Vec<HookedComplaint>>,
    fails: bool,
}

impl Notes {
    fn written(&self) -> Result<(), String> {
        if self.fails { Err("full".into()) } else { Ok(()) }
    }
}

impl Hooks for Notes {
    fn lets_in(&self, _: IpAddr, secret: Option<&str>) -> bool {
        self.word.is_none() || self.word == secret
    }

    fn bounced(&self, bounce: HookedBounce) -> Answer<'_, Result<(), String>> {
        self.bounces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(bounce);
        Box::pin(async { self.written() })
    }

    fn complained(&self, complaint: HookedComplaint) -> Answer<'_, Result<(), String>> {
        self.complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(complaint);
        Box::pin(async { self.written() })
    }
}

async fn ask(notes: &Arc<Notes>, path: &str, authorization: &str, body: &str) -> (u16, Value) {
    let request = Request::post(path)
        .header(header::AUTHORIZATION, authorization)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let router = routes(Arc::clone(notes) as _).layer(middleware::from_fn(edge::identify));
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn what_is_told_reaches_the_port() {
    let notes = Arc::new(Notes::default());
    let body = json!({
        "emailId": ID, "bounceType": "hard", "reason": "no such user", "recipientEmail": " a@dest.test ",
        "timestamp": "2026-11-25T12:00:00Z", "customData": { "x": [1] }, "sender": "elsewhere",
    });
    let (status, reply) = ask(&notes, "/webhooks/bounce", "", &body.to_string()).await;
    assert_eq!((status, reply), (200, json!({ "success": true })));
    let bounce = HookedBounce {
        email: ID.parse().unwrap(),
        recipient: Some("a@dest.test".into()),
        hard: true,
        reason: Some("no such user".into()),
    };
    assert_eq!(*notes.bounces.lock().unwrap(), [bounce]);
    for (told, kind) in [
        (json!({}), "abuse"),
        (json!({ "feedbackType": "fraud" }), "fraud"),
        (json!({ "feedbackType": "x" }), "other"),
    ] {
        let mut body = told;
        body["emailId"] = json!(ID);
        let (status, _) = ask(&notes, "/webhooks/complaint", "", &body.to_string()).await;
        assert_eq!(status, 200);
        assert_eq!(
            notes.complaints.lock().unwrap().pop().unwrap().feedback_type,
            kind
        );
    }
}

#[tokio::test]
async fn what_cannot_be_one_is_refused() {
    let notes = Arc::new(Notes::default());
    for path in ["/webhooks/bounce", "/webhooks/complaint"] {
        for body in [
            "{}",
            r#"{"emailId": ""}"#,
            r#"{"emailId": 7}"#,
            r#"{"emailId": null}"#,
        ] {
            let (status, reply) = ask(&notes, path, "", body).await;
            assert_eq!(
                (status, &reply["error"]),
                (400, &json!("emailId is required")),
                "{body}"
            );
        }
        for (body, code) in [
            ("", "invalid_json"),
            ("emailId=1", "invalid_json"),
            ("[]", "validation_failed"),
            (r#"{"emailId": "17", "recipientEmail": 7}"#, "validation_failed"),
        ] {
            let (status, reply) = ask(&notes, path, "", body).await;
            assert_eq!((status, &reply["code"]), (400, &json!(code)), "{body}");
            assert_eq!(reply["error"], code, "{body}");
        }
        // An id that can be nobody's is unknown, like any other.
        let (status, _) = ask(&notes, path, "", r#"{"emailId": "17"}"#).await;
        assert_eq!(status, 200);
        let huge = format!("{{\"emailId\": \"{}\"}}", "x".repeat(BODY_BYTES_MAX));
        assert_eq!(ask(&notes, path, "", &huge).await.0, 413);
    }
    let wrong = format!(r#"{{"emailId": "{ID}", "bounceType": "soggy"}}"#);
    assert_eq!(ask(&notes, "/webhooks/bounce", "", &wrong).await.0, 400);
    assert!(notes.bounces.lock().unwrap().is_empty() && notes.complaints.lock().unwrap().is_empty());
}

#[tokio::test]
async fn whoever_is_not_believed_and_what_is_not_written_hear_of_it() {
    let body = format!(r#"{{"emailId": "{ID}"}}"#);
    let notes = Arc::new(Notes {
        word: Some("sesame"),
        ..Notes::default()
    });
    for (authorization, expected) in [
        ("", 401),
        ("Bearer wrong", 401),
        ("Basic sesame", 401),
        ("bearer sesame", 200),
    ] {
        let (status, _) = ask(&notes, "/webhooks/bounce", authorization, &body).await;
        assert_eq!(status, expected, "{authorization}");
    }
    assert_eq!(notes.bounces.lock().unwrap().len(), 1);
    let notes = Arc::new(Notes {
        fails: true,
        ..Notes::default()
    });
    assert_eq!(ask(&notes, "/webhooks/complaint", "", &body).await.0, 503);
}
