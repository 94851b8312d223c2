//! A domain on its way from added to verified, with a name service that helps, lies and stalls.

use postrider::demo::dns::Data;
use serde_json::{Value, json};

use crate::world::World;
use crate::world::customer::Customer;

fn add(customer: &Customer, domain: &str) -> Value {
    let reply = customer.ask(
        "POST",
        "/api/customer/domains",
        Some(&json!({ "domain": domain })),
    );
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["domain"].clone()
}

fn verify(customer: &Customer, domain: &Value) -> Value {
    let path = format!("/api/customer/domains/{}/verify", domain["id"].as_str().unwrap());
    let reply = customer.ask("POST", &path, None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["domain"].clone()
}

fn record<'a>(domain: &'a Value, purpose: &str) -> &'a Value {
    let records = domain["dns_records"].as_array().unwrap();
    records
        .iter()
        .find(|record| record["purpose"] == purpose)
        .unwrap()
}

#[test]
fn a_domain_is_verified_by_its_records_and_may_then_be_in_from() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    let customer = program.customer("owner@src.test", &[]);
    let email = json!({ "to": "b@dest.test", "from": "hello@shop.test", "subject": "s", "text": "t" });
    let refused = customer.ask("POST", "/api/send", Some(&email));
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &json!("domain_not_verified"))
    );

    let domain = add(&customer, "Shop.Test.");
    assert_eq!(
        (&domain["domain"], &domain["status"]),
        (&json!("shop.test"), &json!("pending"))
    );
    assert_eq!(
        domain["dkim"]["algorithm"],
        json!(["rsa-sha256", "ed25519-sha256"])
    );
    let seen = verify(&customer, &domain);
    assert_eq!(seen["status"], "pending");
    assert_eq!(record(&seen, "ownership")["status"], "pending");
    assert!(!record(&seen, "ownership")["reason"].as_str().unwrap().is_empty());
    assert_eq!(customer.ask("POST", "/api/send", Some(&email)).status, 403);

    world.publish(&domain);
    let seen = verify(&customer, &domain);
    assert_eq!(seen["status"], "verified", "{seen}");
    assert!(seen["verified_at"].is_string() && seen["last_checked_at"].is_string());
    let sent = customer.send(&email);
    customer.becomes(&sent["id"], "delivered");
    assert!(host.mail(1)[0].text.contains("d=shop.test"));

    // New keys are published beside the old ones, which sign until DNS shows the new.
    let path = format!(
        "/api/customer/domains/{}/rotate-dkim",
        domain["id"].as_str().unwrap()
    );
    let rotated = customer.ask("POST", &path, None).json()["domain"].clone();
    assert_eq!(
        customer.ask("POST", &path, None).status,
        409,
        "one rotation at a time"
    );
    assert_eq!(rotated["dkim"]["selectors"].as_array().unwrap().len(), 4);
    let old = rotated["dkim"]["selector"].as_str().unwrap().to_owned();
    let waiting = verify(&customer, &domain);
    assert_eq!(
        (&waiting["status"], &waiting["dkim"]["selector"]),
        (&json!("verified"), &json!(old))
    );
    world.publish(&rotated);
    let switched = verify(&customer, &domain);
    assert_ne!(switched["dkim"]["selector"], json!(old), "{switched}");
    let sent = customer.send(&email);
    customer.becomes(&sent["id"], "delivered");
    assert!(
        host.mail(2)[1]
            .text
            .contains(&format!("s={}", switched["dkim"]["selector"].as_str().unwrap()))
    );

    // Without the domain nothing can be sent from it.
    let path = format!("/api/customer/domains/{}", domain["id"].as_str().unwrap());
    assert_eq!(customer.ask("DELETE", &path, None).status, 200);
    assert_eq!(customer.ask("DELETE", &path, None).status, 404);
    assert_eq!(customer.ask("POST", "/api/send", Some(&email)).status, 403);
}

#[test]
fn each_record_says_what_is_wrong_with_it() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer("owner@src.test", &[]);
    let domain = add(&customer, "shop.test");
    let ownership = record(&domain, "ownership");
    let name = ownership["name"].as_str().unwrap();
    world
        .dns
        .add(name, Data::Txt("postrider-verification=somebody-elses".into()));
    world.dns.add("shop.test", Data::Txt("v=spf1 -all".into()));
    world.dns.add("shop.test", Data::Txt("v=spf1 mx -all".into()));
    let seen = verify(&customer, &domain);
    let wrong = record(&seen, "ownership");
    assert_eq!(wrong["status"], "invalid", "{wrong}");
    assert_eq!(wrong["found"], json!(["postrider-verification=somebody-elses"]));
    assert_eq!(
        record(&seen, "spf")["status"],
        "invalid",
        "two SPF records: {}",
        record(&seen, "spf")
    );
    assert_eq!(record(&seen, "dkim")["status"], "pending");
    assert_eq!(seen["status"], "pending");
    // Known before anybody is asked.
    for name in [
        "com",
        "co.uk",
        "localhost",
        "192.0.2.1",
        "a b",
        "*.shop.test",
        "",
        "x",
    ] {
        let reply = customer.ask("POST", "/api/customer/domains", Some(&json!({ "domain": name })));
        assert_eq!(
            (reply.status, &reply.json()["errors"][0]["field"]),
            (400, &json!("/domain")),
            "{name}"
        );
    }
    let again = customer.ask(
        "POST",
        "/api/customer/domains",
        Some(&json!({ "domain": "SHOP.test" })),
    );
    assert_eq!(again.status, 409);
}

/// A name service that does not answer costs a bounded time and proves nothing.
#[test]
fn a_name_service_that_stalls_proves_nothing() {
    let mut world = World::new();
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    world
        .settings
        .set("dns.servers", vec![silent.local_addr().unwrap().to_string()]);
    world.settings.set("dns.timeout", "1s");
    let program = world.start();
    let customer = program.customer("owner@src.test", &["known.test"]);
    let domains = customer.ask("GET", "/api/customer/domains", None).json();
    let seen = verify(&customer, &domains["domains"][0]);
    assert_eq!(seen["status"], "verified", "what was known stays known");
    assert_eq!(record(&seen, "ownership")["status"], "pending");
    let pending = verify(&customer, &add(&customer, "shop.test"));
    assert_eq!(pending["status"], "pending");
}
