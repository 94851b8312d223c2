//! Requests over the router, with an operator that has a script.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use ledger::LedgerError;
use queue::{
    DeliveryId, DeliveryPage, DeliveryView, DomainSummary, QueueError, QueueId, Recipient, RecipientState,
    Selector, Timestamp,
};
use serde_json::{Value, json};
use smtp::address::{Domain, ForwardPath, ReversePath};
use tower::ServiceExt;

mod customers;
mod events;
mod health;
mod platform;
mod statistics;
mod suppressions;
mod tokens;
mod webhooks;

use crate::{Answer, Operator, OperatorToken, Readiness, ReloadError, router};

const TOKEN: &str = "a-token-for-these-tests";
const ID: &str = "018e4280-6800-7000-8000-000000000001";
const STRANGER: &str = "018e4280-6800-7000-8000-000000000002";

/// 2024-03-15T14:30:00Z
const RECEIVED: Timestamp = Timestamp::from_unix_ms(1_710_513_000_000);

/// Has one delivery, of message [`ID`] to example.org, and remembers what it was asked.
#[derive(Default)]
struct Script {
    full: bool,
    asked: Mutex<Vec<String>>,
}

impl Script {
    fn note(&self, asked: String) {
        self.asked.lock().unwrap().push(asked);
    }

    fn change(&self, verb: &str, selector: &Selector) -> u64 {
        self.note(format!("{verb} {selector:?}"));
        u64::from(holds(selector))
    }
}

fn holds(selector: &Selector) -> bool {
    match selector {
        Selector::Message(id) => *id == message(ID),
        Selector::Domain(domain) => domain.as_str() == "example.org",
        Selector::All => true,
    }
}

impl Operator for Script {
    fn readiness(&self) -> Readiness {
        match self.full {
            true => Readiness::NotReady {
                why: "the disk is full".to_owned(),
            },
            false => Readiness::Ready,
        }
    }

    fn metrics(&self) -> String {
        "postrider_sessions 3\n".to_owned()
    }

    fn summary(&self) -> Result<Vec<DomainSummary>, QueueError> {
        let summary = DomainSummary {
            domain: domain("example.org"),
            deliveries: 2,
            recipients: 5,
            oldest: RECEIVED,
            next_attempt: RECEIVED,
        };
        Ok(vec![
            summary.clone(),
            DomainSummary {
                domain: domain("example.net"),
                ..summary
            },
        ])
    }

    fn list(
        &self,
        selector: &Selector,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<DeliveryPage, QueueError> {
        self.note(format!("list {selector:?} {limit}"));
        let mut page = DeliveryPage::default();
        if holds(selector) && after.is_none() {
            page.next = Some(delivery().id);
            page.deliveries.push(delivery());
        }
        Ok(page)
    }

    fn retry(
        &self,
        selector: Selector,
    ) -> Pin<Box<dyn Future<Output = Result<u64, QueueError>> + Send + '_>> {
        Box::pin(async move { Ok(self.change("retry", &selector)) })
    }

    fn cancel(
        &self,
        selector: Selector,
    ) -> Pin<Box<dyn Future<Output = Result<u64, QueueError>> + Send + '_>> {
        Box::pin(async move { Ok(self.change("cancel", &selector)) })
    }

    fn reload(&self) -> Result<Vec<String>, ReloadError> {
        match self.full {
            true => Err(ReloadError("postrider.toml:3: no".to_owned())),
            false => Ok(vec!["certificates".to_owned()]),
        }
    }

    fn token_secrets(&self) -> Answer<'_, Result<Vec<u8>, LedgerError>> {
        Box::pin(async { Ok(vec![0, 1]) })
    }

    fn rotate_tokens(&self) -> Answer<'_, Result<Vec<u8>, LedgerError>> {
        Box::pin(async { Ok(vec![0, 1, 2]) })
    }

    fn revoke_tokens(&self, id: u8) -> Answer<'_, Result<Vec<u8>, LedgerError>> {
        Box::pin(async move {
            match id {
                0 => Ok(vec![1]),
                1 => Err(LedgerError::Limit("rotate first".to_owned())),
                _ => Err(LedgerError::NotFound),
            }
        })
    }
}

fn domain(name: &str) -> Domain {
    Domain::parse(name).unwrap()
}

fn message(id: &str) -> QueueId {
    id.parse().unwrap()
}

fn delivery() -> DeliveryView {
    let recipient = |path, state, last_reply: Option<&str>| Recipient {
        forward_path: ForwardPath::parse(path).unwrap(),
        state,
        last_reply: last_reply.map(Into::into),
    };
    DeliveryView {
        id: DeliveryId {
            message: message(ID),
            part: 3,
        },
        received: RECEIVED,
        expires: Timestamp::from_unix_ms(RECEIVED.unix_ms() + 86_400_999),
        reverse_path: ReversePath::Null,
        size: 1234,
        domain: domain("example.org"),
        attempts: 1,
        next_attempt: RECEIVED,
        recipients: vec![
            recipient(
                "<a@example.org>",
                RecipientState::Waiting,
                Some("451 4.7.1 later"),
            ),
            recipient("<b@example.org>", RecipientState::Delivered, None),
        ],
        active: false,
    }
}

fn service(script: &Arc<Script>) -> Router {
    router(
        Arc::clone(script) as Arc<dyn Operator>,
        platform::Still::new(),
        OperatorToken::new(TOKEN).unwrap(),
    )
}

/// One request with the token; a body is sent as JSON.
async fn ask(script: &Arc<Script>, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {TOKEN}"));
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    let response = send(script, request.body(Body::from(body.to_owned())).unwrap()).await;
    let status = response.status();
    (status, json_of(response).await)
}

async fn send(script: &Arc<Script>, request: Request<Body>) -> Response<Body> {
    service(script).oneshot(request).await.unwrap()
}

async fn text_of(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn json_of(response: Response<Body>) -> Value {
    let text = text_of(response).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[tokio::test]
async fn each_request_gets_its_reply() {
    let long = format!("/admin/queue?after={}", "a".repeat(100));
    let cases: [(&str, &str, &str, u16, &str); 26] = [
        ("GET", "/health/live", "", 200, r#""status":"live""#),
        ("GET", "/health/ready", "", 200, r#""status":"ready""#),
        (
            "GET",
            "/admin/queue",
            "",
            200,
            r#""next":"018e4280-6800-7000-8000-000000000001/3""#,
        ),
        (
            "GET",
            "/admin/queue?domain=EXAMPLE.org&limit=7",
            "",
            200,
            r#""domain":"example.org""#,
        ),
        (
            "GET",
            "/admin/queue?domain=example.com",
            "",
            200,
            r#""deliveries":[]"#,
        ),
        (
            "GET",
            "/admin/queue?after=018e4280-6800-7000-8000-000000000001/3",
            "",
            200,
            r#""deliveries":[]"#,
        ),
        ("GET", "/admin/queue?limit=0", "", 400, "limit is from 1 to 500"),
        ("GET", "/admin/queue?limit=x", "", 400, r#""code":"bad_request""#),
        ("GET", "/admin/queue?domian=example.org", "", 400, "domian"),
        ("GET", "/admin/queue?domain=exa%20mple", "", 400, "is no domain"),
        ("GET", &long, "", 400, "`next` of an earlier page"),
        ("GET", "/admin/queue/summary", "", 200, r#""recipients":10"#),
        (
            "GET",
            "/admin/queue/018e4280-6800-7000-8000-000000000001",
            "",
            200,
            r#""part":3"#,
        ),
        (
            "GET",
            "/admin/queue/018e4280-6800-7000-8000-000000000002",
            "",
            404,
            r#""code":"not_found""#,
        ),
        ("GET", "/admin/queue/nonsense", "", 400, "not a queue id"),
        (
            "POST",
            "/admin/queue/retry",
            r#"{"all":true}"#,
            200,
            r#""changed":1"#,
        ),
        (
            "POST",
            "/admin/queue/retry",
            r#"{"all":false}"#,
            400,
            "all is true or absent",
        ),
        (
            "POST",
            "/admin/queue/retry",
            r#"{"domain":"example.com"}"#,
            200,
            r#""changed":0"#,
        ),
        (
            "POST",
            "/admin/queue/cancel",
            r#"{"id":"018e4280-6800-7000-8000-000000000001"}"#,
            200,
            r#""changed":1"#,
        ),
        (
            "POST",
            "/admin/queue/cancel",
            r#"{"id":"018e4280-6800-7000-8000-000000000002"}"#,
            404,
            STRANGER,
        ),
        (
            "POST",
            "/admin/queue/cancel",
            r#"{"id":"x","domain":"example.org"}"#,
            400,
            "bad_request",
        ),
        ("POST", "/admin/queue/cancel", "{", 400, "bad_request"),
        ("POST", "/admin/queue/cancel", "", 415, "not_json"),
        ("POST", "/admin/reload", "", 200, r#""reloaded":["certificates"]"#),
        ("GET", "/admin/nothing", "", 404, "unknown_path"),
        ("GET", "/nothing", "", 404, "unknown_path"),
    ];
    for (method, path, body, status, part) in cases {
        let (got, reply) = ask(&Arc::default(), method, path, body).await;
        assert_eq!(got.as_u16(), status, "{method} {path} {body}: {reply}");
        assert!(
            reply.to_string().contains(part),
            "{method} {path} {body}: {part} is not in {reply}"
        );
    }
}

#[tokio::test]
async fn a_delivery_is_told_in_full() {
    let (_, reply) = ask(&Arc::default(), "GET", "/admin/queue", "").await;
    let expected = json!([{
        "id": ID,
        "part": 3,
        "domain": "example.org",
        "reverse_path": "",
        "size": 1234,
        "attempts": 1,
        "received_at": "2024-03-15T14:30:00Z",
        "next_attempt_at": "2024-03-15T14:30:00Z",
        "expires_at": "2024-03-16T14:30:00Z",
        "active": false,
        "recipients": [
            {"address": "a@example.org", "state": "waiting", "last_reply": "451 4.7.1 later"},
            {"address": "b@example.org", "state": "delivered"},
        ],
    }]);
    assert_eq!(reply["deliveries"], expected);
}

#[tokio::test]
async fn requests_reach_the_operator_as_they_were_meant() {
    let script = Arc::new(Script::default());
    ask(&script, "GET", "/admin/queue?domain=example.org&limit=7", "").await;
    ask(&script, "GET", "/admin/queue", "").await;
    ask(
        &script,
        "POST",
        "/admin/queue/retry",
        r#"{"domain":"example.org"}"#,
    )
    .await;
    ask(&script, "POST", "/admin/queue/cancel", r#"{"all":true}"#).await;
    let asked = script.asked.lock().unwrap().clone();
    let domain = Selector::Domain(domain("example.org"));
    let expected = [
        format!("list {domain:?} 7"),
        "list All 50".to_owned(),
        format!("retry {domain:?}"),
        "cancel All".to_owned(),
    ];
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn admin_needs_the_token_and_the_watchers_do_not() {
    let cases = [
        ("/admin/queue", None, 401),
        ("/admin/queue", Some("Bearer wrong-wrong-wrong-wro"), 401),
        ("/admin/queue", Some("Bearer a-token-for-these-test"), 401),
        ("/admin/queue", Some("Bearer"), 401),
        ("/admin/queue", Some("Basic a-token-for-these-tests"), 401),
        ("/admin/queue", Some("bearer a-token-for-these-tests"), 200),
        ("/admin/nothing", None, 401),
        ("/health/live", None, 200),
        ("/health/ready", None, 200),
        ("/metrics", None, 200),
    ];
    for (path, authorization, status) in cases {
        let mut request = Request::get(path);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let response = send(&Arc::default(), request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status().as_u16(), status, "{path} {authorization:?}");
        assert_eq!(
            response.headers().contains_key("www-authenticate"),
            status == 401,
            "{path} {authorization:?}"
        );
    }
}

#[tokio::test]
async fn every_failure_has_the_same_shape_and_the_id_of_its_request() {
    let long = format!("\"{}\"", "a".repeat(20_000));
    let cases = [
        ("GET", "/nothing", "", 404, "unknown_path"),
        ("GET", "/admin/nothing", "", 404, "unknown_path"),
        ("DELETE", "/admin/queue", "", 405, "method_not_allowed"),
        ("POST", "/metrics", "", 405, "method_not_allowed"),
        ("POST", "/admin/queue/retry", "[]", 400, "bad_request"),
        ("POST", "/admin/queue/retry", &long, 413, "too_large"),
    ];
    for (method, path, body, status, code) in cases {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = send(&Arc::default(), request).await;
        assert_eq!(response.status().as_u16(), status, "{method} {path}");
        assert_eq!(
            response.headers().contains_key("allow"),
            status == 405,
            "{method} {path}"
        );
        assert_eq!(
            response.headers()["content-type"],
            "application/json",
            "{method} {path}"
        );
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let failure = json_of(response).await;
        assert_eq!(
            (&failure["code"], &failure["error"]),
            (&json!(code), &json!(code)),
            "{method} {path}"
        );
        assert_eq!(failure["request_id"], json!(id), "{method} {path}");
        assert!(
            failure["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty()),
            "{method} {path}"
        );
        assert_eq!(id.len(), 36, "{id}");
    }
}

#[tokio::test]
async fn success_has_a_request_id_too() {
    let response = send(
        &Arc::default(),
        Request::get("/metrics").body(Body::empty()).unwrap(),
    )
    .await;
    assert!(response.headers().contains_key("x-request-id"));
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert_eq!(text_of(response).await, "postrider_sessions 3\n");
}

#[tokio::test]
async fn a_server_that_cannot_take_mail_says_why() {
    let script = Arc::new(Script {
        full: true,
        ..Script::default()
    });
    let (status, health) = ask(&script, "GET", "/health/ready", "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        health,
        json!({"status": "not_ready", "reason": "the disk is full"})
    );
    let (status, failure) = ask(&script, "POST", "/admin/reload", "").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        (&failure["code"], &failure["message"]),
        (&json!("reload_failed"), &json!("postrider.toml:3: no"))
    );
}
