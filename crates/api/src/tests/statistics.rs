//! What a customer reads of its statistics.

use ledger::{EventKind, HitActor};

use super::events::{Customer, delivered, hit};
use super::*;

async fn customer() -> (Customer, String) {
    let customer = Customer::new().await;
    let mut kinds = delivered();
    let click = |hit| EventKind::Clicked {
        hit,
        link: 1,
        url: "https://shop.example/".to_owned(),
    };
    kinds.push(EventKind::Opened {
        hit: hit(HitActor::Machine, true, true),
    });
    kinds.push(EventKind::Opened {
        hit: hit(HitActor::Human, true, false),
    });
    kinds.push(click(hit(HitActor::Human, true, true)));
    let id = customer.record(1, Some("order"), kinds).await;
    customer.record(2, None, delivered()).await;
    let mut kinds = delivered();
    kinds.pop();
    kinds.push(EventKind::Bounced {
        reply: "550 5.1.1 nobody".to_owned(),
        class: "bad_mailbox".to_owned(),
        hard: true,
        report: false,
    });
    customer.record(3, None, kinds).await;
    (customer, id.to_string())
}

#[tokio::test]
async fn counts_and_rates_are_told() {
    let (customer, _) = customer().await;
    let (status, reply) = customer.get("/api/stats/outbound").await;
    let expected = json!({
        "sent": 3, "delivered": 2, "bounced": 1, "hard_bounced": 1, "soft_bounced": 0, "deferred": 0, "failed": 0,
        "suppressed": 0, "opens": 2, "unique_opens": 1, "clicks": 1, "unique_clicks": 1, "unsubscribes": 0,
        "complaints": 0, "delivery_rate": 66.67, "open_rate": 50.0, "click_rate": 50.0, "bounce_rate": 33.33,
        "complaint_rate": 0.0,
    });
    assert_eq!((status, reply), (200, expected));
    let nobody = "018e4280-6800-7000-8000-000000000001";
    let table = [
        ("tag=order".to_owned(), "/sent", json!(1)),
        ("tag=other".to_owned(), "/delivery_rate", json!(0.0)),
        (format!("domain_id={nobody}"), "/sent", json!(0)),
        ("stream_type=transactional".to_owned(), "/sent", json!(3)),
        ("stream_type=broadcast".to_owned(), "/sent", json!(0)),
        ("filter=human_only".to_owned(), "/opens", json!(1)),
        ("filter=scanner_only".to_owned(), "/clicks", json!(0)),
        (
            "fromdate=2024-03-15&todate=2024-03-15".to_owned(),
            "/sent",
            json!(3),
        ),
        ("todate=2024-03-14".to_owned(), "/sent", json!(0)),
    ];
    for (query, pointer, expected) in table {
        let (_, reply) = customer.get(&format!("/api/v1/stats/outbound?{query}")).await;
        assert_eq!(reply.pointer(pointer), Some(&expected), "{query}: {reply}");
    }
}

#[tokio::test]
async fn series_are_told_by_metric() {
    let (customer, email) = customer().await;
    let clicks = format!("clicks?email_id={email}");
    let table = [
        ("sends", "/totals/count", json!(3)),
        ("deliveries", "/days/29/count", json!(2)),
        ("deliveries", "/days/29/date", json!("2024-03-15")),
        (
            "deliveries?interval=hour&fromdate=2024-03-15T14:00:00Z",
            "/days/0/date",
            json!("2024-03-15T14:00:00Z"),
        ),
        (
            "deliveries?interval=week&fromdate=2024-03-15",
            "/days/0/date",
            json!("2024-03-11"),
        ),
        (
            "deliveries?interval=month&fromdate=2024-03-15",
            "/days/0/date",
            json!("2024-03-01"),
        ),
        ("bounces", "/totals/by_class", json!({ "bad_mailbox": 1 })),
        ("bounces", "/totals/hard", json!(1)),
        ("opens", "/totals/machine", json!(1)),
        ("opens", "/totals/unique", json!(1)),
        ("opens?filter=human_only", "/totals/count", json!(1)),
        (
            clicks.as_str(),
            "/links",
            json!([{ "link": 1, "clicks": 1, "human": 1, "other": 0 }]),
        ),
        ("complaints", "/totals", json!({ "count": 0 })),
        ("unsubscribes", "/totals", json!({ "count": 0 })),
        (
            "clicks?email_id=018e4280-6800-7000-8000-000000000001",
            "/code",
            json!("not_found"),
        ),
        ("replies", "/code", json!("not_found")),
        (
            "sends?interval=hour&fromdate=2020-01-01",
            "/errors/0/field",
            json!("interval"),
        ),
        (
            "sends?interval=year&filter=robots&fromdate=x",
            "/errors/2/field",
            json!("filter"),
        ),
        ("sends?fromdate=2024-03-16", "/errors/0/field", json!("fromdate")),
    ];
    for (path, pointer, expected) in table {
        let (_, reply) = customer.get(&format!("/api/stats/outbound/{path}")).await;
        assert_eq!(reply.pointer(pointer), Some(&expected), "{path}: {reply}");
    }
    let (status, reply) = customer.get("/api/stats/outbound/sends?tags=a").await;
    assert_eq!(status, 400);
    assert!(reply["message"].as_str().unwrap().contains("`tags`"), "{reply}");
}
