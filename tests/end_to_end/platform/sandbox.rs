//! The sandbox: a test key, and the simulator's domain, go the whole way and no packet leaves.

use hickory_proto::rr::RecordType;
use serde_json::{Value, json};

use crate::world::World;

#[test]
fn the_sandbox_goes_the_whole_way_and_nothing_leaves() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    let customer = program.customer("owner@src.test", &["src.test"]);
    let send = |key: &str, to: &str| {
        let email = json!({ "to": to, "from": "hello@src.test", "subject": "s", "html": "<p>x</p>" });
        let header = format!("X-API-Key: {key}\r\nContent-Type: application/json\r\n");
        let reply = customer.raw("POST", "/api/send", &header, email.to_string().as_bytes());
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    };
    for (to, status) in [
        ("delivered", "delivered"),
        ("bounced", "bounced"),
        ("bounced+order-17", "bounced"),
        ("soft-bounced", "bounced"),
        ("mailbox-full", "bounced"),
        ("complained", "delivered"),
        ("suppressed", "suppressed"),
        ("deferred", "delivered"),
    ] {
        let to = format!("{to}@sim.postrider.invalid");
        for key in [&customer.api_key, &customer.test_key] {
            let reply = send(key, &to);
            let email = customer.becomes(&reply["id"], status);
            if to.starts_with("deferred") {
                assert_eq!(email["recipients"][0]["attempts"], 2, "{email}");
            }
        }
    }
    let reply = send(&customer.test_key, "b@dest.test");
    customer.becomes(&reply["id"], "delivered");
    let slow = send(&customer.test_key, "slow@sim.postrider.invalid");
    let path = format!("/api/emails/{}", slow["id"].as_str().unwrap());
    assert_eq!(customer.ask("GET", &path, None).json()["status"], "queued");
    customer.becomes(&slow["id"], "delivered");

    let profile: Value = customer.ask("GET", "/api/customer/profile", None).json();
    assert_eq!(
        profile["customer"]["emails_sent_this_month"], 0,
        "the sandbox costs nothing"
    );
    assert_eq!(host.connections(), 0, "nothing left");
    assert_eq!(
        world.dns.questions("dest.test", RecordType::MX),
        0,
        "not even a question"
    );
}
