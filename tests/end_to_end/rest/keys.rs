//! Keys end when they are said to end, and nobody guesses one.

use super::conventions;
use crate::world::customer::Reply;
use crate::world::{Connection, World, eventually};

const PROFILE: &str = "/api/customer/profile";

fn header(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}

#[test]
fn a_rotated_key_ends_at_once_on_a_kept_alive_connection_too() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer("owner@rest.test", &[]);
    let mut connection = Connection::open(program.api());
    let mut ask = |method: &str, path: &str, key: &str| connection.ask(method, path, &header(key), b"");
    assert_eq!(ask("GET", PROFILE, &customer.api_key).status, 200);
    let reply = ask("POST", "/api/customer/rotate-key", &customer.api_key);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let fresh = reply.json()["api_key"].as_str().unwrap().to_owned();
    assert!(fresh.starts_with("ml_live_") && fresh.len() == 8 + 64, "{fresh}");
    let refused = ask("GET", PROFILE, &customer.api_key);
    assert_eq!(refused.status, 401);
    conventions::hold(&refused);
    let profile = ask("GET", PROFILE, &fresh).json();
    let shown = profile["customer"]["api_key"].as_str().unwrap();
    assert!(
        shown.starts_with(&fresh[..12]) && shown.ends_with(&fresh[68..]) && shown.len() < 24,
        "{shown}"
    );
    // The key of the sandbox is another one, and replaces itself only.
    let reply = ask("POST", "/api/customer/rotate-key", &customer.test_key);
    assert!(reply.json()["api_key"].as_str().unwrap().starts_with("ml_test_"));
    assert_eq!(ask("GET", PROFILE, &customer.test_key).status, 401);
    assert_eq!(ask("GET", PROFILE, &fresh).status, 200);
}

#[test]
fn a_key_expires() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer("owner@rest.test", &[]);
    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(6);
    let soon = soon.duration_since(std::time::UNIX_EPOCH).unwrap();
    let at = ledger::iso8601(u64::try_from(soon.as_millis()).unwrap());
    let rotated = program.json(&["customer", "rotate-key", &customer.email, "--expires-at", &at]);
    let brief = customer.with_key(rotated["api_key"].as_str().unwrap());
    assert_eq!(
        customer.ask("GET", PROFILE, None).status,
        401,
        "the key before it"
    );
    assert_eq!(brief.ask("GET", PROFILE, None).status, 200);
    let expired: Reply = eventually("the key to expire", || {
        let reply = brief.ask("GET", PROFILE, None);
        (reply.status != 200).then_some(reply)
    });
    assert_eq!(expired.status, 401);
}

#[test]
fn guesses_are_counted_by_themselves() {
    let mut world = World::new();
    world.settings.set("api.failed_auth_limit", 3);
    let program = world.start();
    let customer = program.customer("owner@rest.test", &[]);
    let guess = customer.with_key(&format!("ml_live_{}", "1".repeat(64)));
    let statuses: Vec<u16> = (0..5).map(|_| guess.ask("GET", PROFILE, None).status).collect();
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    let refused = customer.ask("GET", PROFILE, None);
    assert_eq!(refused.status, 429, "a right guess is not told from a wrong one");
    conventions::hold(&refused);
}
