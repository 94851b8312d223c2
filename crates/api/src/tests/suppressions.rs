//! Who wants no mail, over the customers' router.

use super::*;

pub(super) struct Client {
    router: Router,
    key: String,
}

impl Client {
    /// Accounts of one server.
    async fn several(emails: &[&str]) -> Vec<Self> {
        Self::of(platform::Still::new(), emails).await
    }

    /// Accounts of this server.
    pub(super) async fn of(platform: Arc<platform::Still>, emails: &[&str]) -> Vec<Self> {
        let operator = Arc::new(Script::default()) as Arc<dyn Operator>;
        let admin = router(operator, platform.clone(), OperatorToken::new(TOKEN).unwrap());
        let customers = super::platform::customers(platform);
        let mut clients = Vec::new();
        for email in emails {
            let request = Request::post("/admin/customers")
                .header("authorization", format!("Bearer {TOKEN}"))
                .header("content-type", "application/json")
                .body(Body::from(json!({ "email": email }).to_string()))
                .unwrap();
            let response = admin.clone().oneshot(request).await.unwrap();
            let octets = response.into_body().collect().await.unwrap().to_bytes();
            let made: Value = serde_json::from_slice(&octets).unwrap();
            clients.push(Self {
                router: customers.clone(),
                key: made["api_key"].as_str().unwrap().to_owned(),
            });
        }
        clients
    }

    async fn one() -> Self {
        Self::several(&["a@b.example"]).await.remove(0)
    }

    async fn raw(&self, method: &str, path: &str, media_type: &str, body: &str) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/customer/{path}"))
            .header("x-api-key", &self.key)
            .header("content-type", media_type)
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let octets = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(octets.to_vec()).unwrap())
    }

    pub(super) async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let (status, text) = self
            .raw(method, path, "application/json", &body.to_string())
            .await;
        (status.as_u16(), serde_json::from_str(&text).unwrap_or_default())
    }

    async fn import(&self, list: &str, file: &str) -> (u16, Value) {
        let (status, text) = self
            .raw("POST", &format!("{list}/import"), "text/csv; charset=utf-8", file)
            .await;
        (status.as_u16(), serde_json::from_str(&text).unwrap_or_default())
    }

    async fn export(&self, list: &str) -> String {
        let (status, text) = self.raw("GET", &format!("{list}/export"), "", "").await;
        assert_eq!(status, StatusCode::OK, "{text}");
        text
    }
}

#[tokio::test]
async fn an_address_unsubscribes_and_subscribes_again() {
    let client = Client::one().await;
    let table = [
        (
            "POST",
            "unsubscribes",
            json!({ "email": "nobody" }),
            400,
            "/error",
            "Invalid email address",
        ),
        (
            "POST",
            "unsubscribes",
            json!({ "email": "nobody", "domain_id": "x" }),
            400,
            "/errors/1/field",
            "/domain_id",
        ),
        (
            "POST",
            "unsubscribes",
            json!({ "email": "c@d.example", "domain_id": ID }),
            400,
            "/error",
            "validation_failed",
        ),
        (
            "POST",
            "unsubscribes",
            json!({ "email": "c@d.example", "why": "" }),
            400,
            "/errors/0/code",
            "unknown_field",
        ),
        (
            "GET",
            "unsubscribes/c@d.example",
            json!({}),
            404,
            "/error",
            "Not found",
        ),
        (
            "PATCH",
            "unsubscribes/c@d.example",
            json!({}),
            404,
            "/error",
            "Not found",
        ),
        (
            "DELETE",
            "unsubscribes/c@d.example",
            json!({}),
            404,
            "/error",
            "Not found",
        ),
        (
            "POST",
            "unsubscribes",
            json!({ "email": "C@d.example", "reason": "asked" }),
            201,
            "/message",
            "Email unsubscribed successfully",
        ),
        (
            "POST",
            "unsubscribes",
            json!({ "email": "c@D.example" }),
            409,
            "/error",
            "Already unsubscribed",
        ),
        (
            "GET",
            "unsubscribes/c%40d.example",
            json!({}),
            200,
            "/unsubscribe/reason",
            "asked",
        ),
        (
            "GET",
            "unsubscribes",
            json!({}),
            200,
            "/unsubscribes/0/source",
            "api",
        ),
        (
            "GET",
            "suppressions/c@d.example",
            json!({}),
            200,
            "/suppressions/0/type",
            "unsubscribe",
        ),
        (
            "PATCH",
            "unsubscribes/c@d.example",
            json!({ "reason": "by telephone" }),
            200,
            "/unsubscribe/reason",
            "by telephone",
        ),
        (
            "PATCH",
            "unsubscribes/export",
            json!({}),
            405,
            "/code",
            "method_not_allowed",
        ),
        (
            "DELETE",
            "unsubscribes/c@d.example",
            json!({}),
            200,
            "/message",
            "Email re-subscribed successfully",
        ),
        (
            "GET",
            "unsubscribes/c@d.example",
            json!({}),
            404,
            "/code",
            "not_found",
        ),
    ];
    for (method, path, body, status, pointer, value) in table {
        let (got, reply) = client.ask(method, path, body).await;
        assert_eq!(got, status, "{method} {path}: {reply}");
        assert_eq!(
            reply.pointer(pointer),
            Some(&json!(value)),
            "{method} {path}: {reply}"
        );
    }
}

#[tokio::test]
async fn suppressions_by_type_and_scope() {
    let client = Client::one().await;
    for (body, status) in [
        (
            json!({ "email": "c@d.example", "type": "bounce", "evidence": "550 no such user" }),
            201,
        ),
        (json!({ "email": "c@d.example", "type": "bounce" }), 409),
        (json!({ "email": "c@d.example" }), 201),
        (
            json!({ "email": "e@d.example", "expires_at": "2030-01-01T00:00:00Z" }),
            201,
        ),
        (
            json!({ "email": "e", "type": "x", "domain_id": ID, "expires_at": "x" }),
            400,
        ),
    ] {
        let (got, reply) = client.ask("POST", "suppressions", body).await;
        assert_eq!(got, status, "{reply}");
        if status == 400 {
            assert_eq!(reply["errors"].as_array().map(Vec::len), Some(4), "{reply}");
        }
    }
    for (query, total) in [
        ("", 3),
        ("?type=bounce", 1),
        ("?scope=account", 3),
        ("?scope=domain", 0),
        ("?email=E@D", 1),
        ("?type=manual&email=c", 1),
    ] {
        let (status, reply) = client
            .ask("GET", &format!("suppressions{query}"), json!({}))
            .await;
        assert_eq!(status, 200, "{query}: {reply}");
        assert_eq!(reply["pagination"]["total"], total, "{query}: {reply}");
    }
    let one = "suppressions/c@d.example";
    for (method, path, status, pointer, value) in [
        (
            "DELETE",
            format!("{one}?scope=domain"),
            404,
            "/code",
            json!("not_found"),
        ),
        (
            "DELETE",
            format!("{one}?type=spam&scope=all"),
            400,
            "/errors/1/field",
            json!("scope"),
        ),
        (
            "DELETE",
            format!("{one}?kind=bounce"),
            400,
            "/code",
            json!("bad_query"),
        ),
        ("DELETE", format!("{one}?type=bounce"), 200, "/removed", json!(1)),
        (
            "GET",
            one.to_owned(),
            200,
            "/suppressions/0/type",
            json!("manual"),
        ),
        ("DELETE", one.to_owned(), 200, "/removed", json!(1)),
        ("DELETE", one.to_owned(), 404, "/code", json!("not_found")),
        // The list as a whole is never emptied by one request, nor are those whose addresses are alike.
        (
            "DELETE",
            "suppressions".to_owned(),
            400,
            "/code",
            json!("bad_query"),
        ),
        (
            "DELETE",
            "suppressions?email=e@d".to_owned(),
            404,
            "/code",
            json!("not_found"),
        ),
        (
            "DELETE",
            "suppressions?email=e@d.example&type=spam".to_owned(),
            400,
            "/errors/0/field",
            json!("type"),
        ),
        (
            "DELETE",
            "suppressions?email=E%40d.example&type=manual".to_owned(),
            200,
            "/removed",
            json!(1),
        ),
    ] {
        let (got, reply) = client.ask(method, &path, json!({})).await;
        assert_eq!(got, status, "{method} {path}: {reply}");
        assert_eq!(reply.pointer(pointer), Some(&value), "{method} {path}: {reply}");
    }
}

#[tokio::test]
async fn queries_that_do_not_hold_are_told_at_once() {
    let client = Client::one().await;
    let wrong = "unsubscribes?domain_id=x&source=x&from=x&to=x&page=0&limit=501&cursor=*";
    let (status, reply) = client.ask("GET", wrong, json!({})).await;
    assert_eq!(status, 400);
    let fields: Vec<&str> = reply["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["field"].as_str().unwrap())
        .collect();
    let all = [
        "domain_id",
        "source",
        "from",
        "to",
        "limit",
        "page",
        "cursor",
        "cursor",
    ];
    assert_eq!(fields, all, "{reply}");
    for path in [
        "unsubscribes?pages=1",
        "unsubscribes?page=1&page=2",
        "unsubscribes?page=1000000",
        "unsubscribes/export?page=1",
        "unsubscribes/c@d.example?page=1",
        "suppressions?source=api",
        "suppressions/export?type=bounce",
    ] {
        assert_eq!(client.ask("GET", path, json!({})).await.0, 400, "{path}");
    }
}

#[tokio::test]
async fn pages_and_cursors_lead_through_a_list() {
    let client = Client::one().await;
    for name in ["a", "b", "c"] {
        let body = json!({ "email": format!("{name}@d.example") });
        assert_eq!(client.ask("POST", "unsubscribes", body).await.0, 201);
    }
    let (mut path, mut seen) = ("unsubscribes?limit=2".to_owned(), Vec::new());
    loop {
        let (status, reply) = client.ask("GET", &path, json!({})).await;
        assert_eq!(
            (status, &reply["pagination"]["total"]),
            (200, &json!(3)),
            "{reply}"
        );
        for one in reply["unsubscribes"].as_array().unwrap() {
            seen.push(one["email"].as_str().unwrap().to_owned());
        }
        match reply["next_cursor"].as_str() {
            Some(cursor) => path = format!("unsubscribes?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, ["c@d.example", "b@d.example", "a@d.example"]);
    for (query, total) in [
        ("from=2024-03-15&to=2024-03-15", 3),
        ("from=2024-03-15T14:30:00Z&to=2024-03-15T14:30:00Z", 3),
        ("from=2024-03-16", 0),
        ("to=2024-03-14", 0),
        ("source=link", 0),
        ("source=api&email=B@", 1),
    ] {
        let (_, reply) = client
            .ask("GET", &format!("unsubscribes?{query}"), json!({}))
            .await;
        assert_eq!(reply["pagination"]["total"], total, "{query}: {reply}");
    }
}

#[tokio::test]
async fn lists_of_others_are_imported() {
    let client = Client::one().await;
    for (list, file, imported, skipped, faults) in [
        (
            "unsubscribes",
            "\u{feff}Email,Reason,Created\r\na@d.example,asked,1700000000\r\n",
            1,
            0,
            json!([]),
        ),
        ("unsubscribes", "a@d.example\nb@d.example\n", 1, 1, json!([])),
        (
            "unsubscribes",
            "recipient,date\nnobody,\nc@d.example,2023-01-01 10:00:00\ne@d.example,2999-01-01\nf@d.example,x\n",
            1,
            3,
            json!([[2, "not_an_address"], [4, "in_the_future"], [5, "not_a_time"]]),
        ),
        (
            "suppressions",
            "status,address,type,domain_id\n5.1.1,a@d.example,bounce,\n,b@d.example,spam,\n,c@d.example,,x\n",
            1,
            2,
            json!([[3, "not_an_option"], [4, "unknown_domain"]]),
        ),
    ] {
        let (status, reply) = client.import(list, file).await;
        assert_eq!(status, 200, "{reply}");
        assert_eq!(
            (&reply["imported"], &reply["skipped"]),
            (&json!(imported), &json!(skipped)),
            "{file}: {reply}"
        );
        let told: Vec<Value> = reply["faults"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| json!([fault["line"], fault["code"]]))
            .collect();
        assert_eq!(json!(told), faults, "{reply}");
    }
    let (_, reply) = client.ask("GET", "unsubscribes/a@d.example", json!({})).await;
    assert_eq!(
        reply["unsubscribe"]["created_at"], "2023-11-14T22:13:20Z",
        "{reply}"
    );
    assert_eq!(reply["unsubscribe"]["source"], "manual");
    for file in ["", "name,city\na,b\n", "nobody\na@d.example\n"] {
        let (status, reply) = client.import("unsubscribes", file).await;
        assert_eq!(
            (status, &reply["errors"][0]["code"]),
            (400, &json!("no_address_column")),
            "{file}"
        );
    }
    let long = "a@d.example\n".repeat(crate::limits::CSV_ROWS_MAX - 1);
    let wide = format!("{long}z@d.example\n");
    for (file, status) in [(format!("{wide}y@d.example\n"), 413), (wide, 413)] {
        // The body's own bound comes first here.
        assert_eq!(client.import("unsubscribes", &file).await.0, status);
    }
    let rows = "a@b.cc\n".repeat(crate::limits::CSV_ROWS_MAX + 1);
    let (status, reply) = client.import("unsubscribes", &rows).await;
    assert_eq!((status, &reply["errors"][0]["code"]), (400, &json!("too_many")));
    let (status, _) = client
        .raw("POST", "unsubscribes/import", "application/json", "{}")
        .await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn what_one_exports_another_imports() {
    let clients = Client::several(&["a@b.example", "c@b.example"]).await;
    let [one, other] = clients.as_slice() else {
        panic!("two accounts");
    };
    let reasons = ["=1+1", "'=x", "+a, \"b\"\nc", "@x", "-1", "\tx", "plain"];
    for (number, reason) in reasons.into_iter().enumerate() {
        let email = format!("r{number}@d.example");
        let body = json!({ "email": email, "type": "complaint", "reason": reason });
        assert_eq!(one.ask("POST", "suppressions", body).await.0, 201);
    }
    one.ask("POST", "suppressions", json!({ "email": "=a@d.example" }))
        .await;
    let many: String = (0..1_200)
        .map(|number| format!("m{number}@d.example\n"))
        .collect();
    assert_eq!(one.import("suppressions", &many).await.1["imported"], 1_200);
    let file = one.export("suppressions").await;
    assert!(file.starts_with("email,type,scope,domain_id,reason,evidence,created_at,expires_at\r\n"));
    assert!(file.contains("\r\n'=a@d.example,manual,account,"), "{file}");
    assert_eq!(one.export("unsubscribes").await.lines().count(), 1);
    assert_eq!(other.export("suppressions").await.lines().count(), 1);
    let (_, reply) = other.import("suppressions", &file).await;
    assert_eq!(
        (&reply["skipped"], &reply["faults"]),
        (&json!(0), &json!([])),
        "{reply}"
    );
    assert_eq!(other.export("suppressions").await, file);
}
