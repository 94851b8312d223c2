//! What holds for every reply of the customers' HTTP, and the spellings that a request may use.

use super::{UNKNOWN, document};
use crate::world::customer::{Customer, Reply};
use crate::world::{Connection, World, tools};

/// What every reply under `/api` has.
///
/// # Panics
/// It lacks something.
pub fn hold(reply: &Reply) {
    hold_without_key(reply);
    let header = |name: &str| header(reply, name);
    let numbers = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map(|name| {
        let number: u64 = header(name).parse().expect("a number");
        number
    });
    assert!(header("ratelimit-policy").contains(&format!("q={}", numbers[0])));
    assert!(header("ratelimit").contains(&format!("r={}", numbers[1])));
}

/// What every reply has, also where nobody's requests are counted.
///
/// # Panics
/// It lacks something.
pub fn hold_without_key(reply: &Reply) {
    let header = |name: &str| header(reply, name);
    let id = header("x-request-id");
    assert_eq!(id.len(), 36, "{id}");
    if reply.status < 400 {
        return;
    }
    assert!(header("content-type").ends_with("json"), "{}", reply.head);
    let body = reply.json();
    for part in ["error", "message", "code"] {
        assert!(
            body[part].as_str().is_some_and(|text| !text.is_empty()),
            "{part}: {body}"
        );
    }
    assert_eq!(body["request_id"], id);
    let named = match reply.status {
        401 => Some("www-authenticate"),
        405 => Some("allow"),
        429 | 503 => Some("retry-after"),
        _ => None,
    };
    named.map(header);
}

/// What the replies at this path have.
pub fn of_path(path: &str) -> fn(&Reply) {
    if path.starts_with("/api") {
        hold
    } else if path.starts_with("/track") {
        hold_for_readers
    } else {
        hold_without_key
    }
}

/// What a reply has that a reader of mail sees.
fn hold_for_readers(reply: &Reply) {
    assert_eq!(header(reply, "x-request-id").len(), 36);
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    let header = reply.header(name);
    header.unwrap_or_else(|| panic!("{name} is missing:\n{}", reply.head))
}

#[test]
fn paths_and_methods_that_are_none() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer("owner@rest.test", &[]);
    let operations = document::operations(&document::served(program.api()));
    for operation in &operations {
        let path = operation
            .path
            .replace("{id}", UNKNOWN)
            .replace("{token}", UNKNOWN)
            .replace("{email}", UNKNOWN);
        let taken: Vec<&str> = operations
            .iter()
            .filter(|other| other.path == operation.path)
            .map(|other| other.method.as_str())
            .collect();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"] {
            if taken.contains(&method) || method == "HEAD" {
                continue;
            }
            let reply = customer.ask(method, &path, None);
            assert_eq!(reply.status, 405, "{method} {path}");
            of_path(&path)(&reply);
            let mut allowed: Vec<&str> = reply.header("allow").expect("Allow").split(',').collect();
            allowed.retain(|method| *method != "HEAD");
            allowed.sort_unstable();
            let mut taken = taken.clone();
            taken.sort_unstable();
            assert_eq!(allowed, taken, "{path}");
        }
    }
    for path in [
        "/api",
        "/api/",
        "/api/sendd",
        "/api/v1",
        "/api/v2/send",
        "/api/emails/",
        "/api/emails/1/2",
    ] {
        let reply = customer.ask("GET", path, None);
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (404, Some("unknown_path")),
            "{path}"
        );
        hold(&reply);
    }
}

#[test]
fn both_spellings_of_a_key_under_both_bases() {
    let mut world = World::new();
    world.settings.set("api.failed_auth_limit", 1_000_000);
    let program = world.start();
    let customer = program.customer("owner@rest.test", &[]);
    let other = program.customer("other@rest.test", &[]);
    let (own, foreign) = (&customer.api_key, &other.api_key);
    let unknown = format!("ml_live_{}", "0".repeat(64));
    for (header, status) in [
        (format!("Authorization: Bearer {own}\r\n"), 200),
        (format!("authorization: bEARER {own}\r\n"), 200),
        (format!("X-API-Key: {own}\r\n"), 200),
        (
            format!("X-API-Key: {own}\r\nAuthorization: Bearer {own}\r\n"),
            200,
        ),
        (
            format!("X-API-Key: {own}\r\nAuthorization: Bearer {foreign}\r\n"),
            401,
        ),
        (format!("X-API-Key: {own}\r\nX-API-Key: {own}\r\n"), 401),
        (format!("X-API-Key: {own}\r\nAuthorization: Basic {own}\r\n"), 401),
        (format!("Authorization: {own}\r\n"), 401),
        (format!("X-API-Key: {}\r\n", own.to_uppercase()), 401),
        (format!("X-API-Key: {own}0\r\n"), 401),
        (format!("X-API-Key: {unknown}\r\n"), 401),
        ("X-API-Key: \r\n".to_owned(), 401),
        ("X-API-Key: \u{fc}\r\n".to_owned(), 401),
        (String::new(), 401),
    ] {
        for base in ["/api", "/api/v1"] {
            let reply = customer.raw("GET", &format!("{base}/customer/profile"), &header, b"");
            assert_eq!(reply.status, status, "{base} {header}");
            hold(&reply);
            if status == 200 {
                assert_eq!(reply.json()["customer"]["id"], customer.id.as_str());
            }
        }
    }
}

#[test]
fn a_failure_in_the_words_of_rfc_9457() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer("owner@rest.test", &[]);
    let header = format!(
        "X-API-Key: {}\r\nAccept: application/problem+json\r\n",
        customer.api_key
    );
    let reply = customer.raw("GET", "/api/customer/domains?page=0", &header, b"");
    hold(&reply);
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    let body = reply.json();
    assert_eq!(
        (&body["status"], &body["title"], &body["type"]),
        (&400.into(), &"Bad Request".into(), &"about:blank".into())
    );
    assert_eq!(body["detail"], body["message"]);
    assert_eq!(body["errors"][0]["code"], "too_small");
}

#[test]
fn replies_are_compressed_for_those_who_ask() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer("owner@rest.test", &[]);
    let mut connection = Connection::open(program.api());
    let plain = connection.ask("GET", "/openapi.json", "", b"");
    assert_eq!(plain.header("content-encoding"), None);
    for (name, magic) in [
        ("gzip", &[0x1f, 0x8b][..]),
        ("zstd", &[0x28, 0xb5, 0x2f, 0xfd][..]),
    ] {
        let reply = connection.ask(
            "GET",
            "/openapi.json",
            &format!("Accept-Encoding: {name}\r\n"),
            b"",
        );
        assert_eq!(reply.header("content-encoding"), Some(name));
        assert!(
            reply
                .header("vary")
                .is_some_and(|vary| vary.eq_ignore_ascii_case("accept-encoding"))
        );
        assert!(
            reply.body.starts_with(magic) && reply.body.len() < plain.body.len() / 2,
            "{name}"
        );
        if name == "gzip" {
            let file = world.path("document.gz");
            std::fs::write(&file, &reply.body).unwrap();
            let unpacked = tools::run(std::process::Command::new("gzip").arg("-dc").arg(&file), "");
            assert_eq!(unpacked.stdout, plain.body);
        }
    }
    hold(&connection.ask("GET", "/api/customer/profile", &key(&customer), b""));
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer("owner@rest.test", &["owner.test"]);
    let mut connection = Connection::open(program.api());
    let json = format!("{}Content-Type: application/json\r\n", key(&customer));
    let good = br#"{"to":"ada@sim.postrider.invalid","subject":"Hello","text":"Hello"}"#;
    let mut ids = std::collections::BTreeSet::new();
    for (body, status) in [
        (&good[..], 200),
        (b"{", 400),
        (good, 200),
        (b"[]", 400),
        (good, 200),
    ] {
        let reply = connection.ask("POST", "/api/send", &json, body);
        assert_eq!(reply.status, status, "{}", reply.text());
        hold(&reply);
        ids.insert(reply.header("x-request-id").map(str::to_owned));
    }
    assert_eq!(ids.len(), 5, "each request has an id of its own");
    // Two requests at once are answered in their order (RFC 9112 §9.3.2).
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: rest.test\r\n{}\r\n", key(&customer));
    connection.send(format!("{}{}", ask("/api/customer/profile"), ask("/api/nothing")).as_bytes());
    assert_eq!(connection.reply().map(|reply| reply.status), Some(200));
    assert_eq!(connection.reply().map(|reply| reply.status), Some(404));
}

#[test]
fn an_account_has_its_requests_and_no_more() {
    let world = World::new();
    let program = world.start();
    let customer = program.customer_with("owner@rest.test", &[], &["--rate-limit", "3"]);
    let remaining: Vec<_> = (0..5)
        .map(|_| {
            let reply = customer.ask("GET", "/api/customer/profile", None);
            hold(&reply);
            (
                reply.status,
                reply.header("x-ratelimit-remaining").map(str::to_owned),
            )
        })
        .collect();
    let standing = |status, left: &str| (status, Some(left.to_owned()));
    let expected = [
        standing(200, "2"),
        standing(200, "1"),
        standing(200, "0"),
        standing(429, "0"),
        standing(429, "0"),
    ];
    assert_eq!(remaining, expected);
}

fn key(customer: &Customer) -> String {
    format!("X-API-Key: {}\r\n", customer.api_key)
}
