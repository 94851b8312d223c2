//! What an operator does with customers.

use super::*;

async fn asked(router: &Router, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let octets = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&octets).unwrap_or_default())
}

#[tokio::test]
async fn an_operator_manages_customers() {
    let platform = platform::Still::new();
    let operator = Arc::new(Script::default()) as Arc<dyn Operator>;
    let router = router(operator, platform, OperatorToken::new(TOKEN).unwrap());
    let ask = |method, path: String, body: Value| {
        let router = &router;
        async move { asked(router, method, &path, &body).await }
    };
    let customers = || "/admin/customers".to_owned();
    let (status, made) = ask(
        "POST",
        customers(),
        json!({ "email": "a@b.example", "monthly_email_limit": 5 }),
    )
    .await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert!(made["api_key"].as_str().unwrap().starts_with("ml_live_"));
    assert!(made["test_api_key"].as_str().unwrap().starts_with("ml_test_"));
    let id = made["customer"]["id"].as_str().unwrap();

    let table = [
        (
            "POST",
            customers(),
            json!({ "email": "A@b.example" }),
            409,
            "/code",
            json!("already_exists"),
        ),
        (
            "POST",
            customers(),
            json!({ "email": "nobody" }),
            400,
            "/errors/0/field",
            json!("/email"),
        ),
        (
            "POST",
            customers(),
            json!({ "email": "c@b.example", "limit": 1 }),
            400,
            "/errors/0/field",
            json!("/limit"),
        ),
        (
            "GET",
            format!("/admin/customers/{id}"),
            json!({}),
            200,
            "/monthly_email_limit",
            json!(5),
        ),
        (
            "GET",
            "/admin/customers/a%40b.example".into(),
            json!({}),
            200,
            "/id",
            json!(id),
        ),
        (
            "GET",
            "/admin/customers/nobody".into(),
            json!({}),
            404,
            "/code",
            json!("not_found"),
        ),
        (
            "PATCH",
            format!("/admin/customers/{id}"),
            json!({ "monthly_email_limit": null }),
            200,
            "/monthly_email_limit",
            json!(null),
        ),
        (
            "PATCH",
            format!("/admin/customers/{id}"),
            json!({ "status": "suspended" }),
            200,
            "/status",
            json!("suspended"),
        ),
        (
            "PATCH",
            format!("/admin/customers/{id}"),
            json!({ "status": "gone" }),
            400,
            "/code",
            json!("bad_request"),
        ),
        (
            "GET",
            "/admin/customers?limit=0".into(),
            json!({}),
            400,
            "/code",
            json!("bad_request"),
        ),
        (
            "GET",
            customers(),
            json!({}),
            200,
            "/customers/0/email",
            json!("a@b.example"),
        ),
        (
            "POST",
            format!("/admin/customers/{id}/domains"),
            json!({ "domain": "shop.example", "trusted": true }),
            201,
            "/status",
            json!("verified"),
        ),
        (
            "GET",
            format!("/admin/customers/{id}/domains"),
            json!({}),
            200,
            "/domains/0/domain",
            json!("shop.example"),
        ),
        (
            "POST",
            format!("/admin/customers/{id}/domains/other.example/trust"),
            json!({}),
            404,
            "/code",
            json!("not_found"),
        ),
        (
            "DELETE",
            format!("/admin/customers/{id}/domains/shop.example"),
            json!({}),
            200,
            "/message",
            json!("Domain removed"),
        ),
        (
            "GET",
            "/admin/audit".into(),
            json!({}),
            200,
            "/entries/0/action",
            json!("account.created"),
        ),
    ];
    for (method, path, body, status, pointer, expected) in table {
        let (found, reply) = ask(method, path.clone(), body.clone()).await;
        assert_eq!(found.as_u16(), status, "{method} {path} {body}: {reply}");
        assert_eq!(
            reply.pointer(pointer),
            Some(&expected),
            "{method} {path} {body}: {reply}"
        );
    }
    let (_, audit) = ask("GET", "/admin/audit".into(), json!({})).await;
    assert!(
        !audit.to_string().contains("ml_live_0"),
        "no key in the audit log: {audit}"
    );
    let rotated = ask(
        "POST",
        format!("/admin/customers/{id}/rotate-key"),
        json!({ "test": true }),
    )
    .await;
    assert!(
        rotated.1["api_key"].as_str().unwrap().starts_with("ml_test_"),
        "{rotated:?}"
    );
}
