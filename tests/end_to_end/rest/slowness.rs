//! Clients that take their time: they are cut off, and nobody else waits for them.

use super::conventions;
use crate::world::{Connection, World, eventually};

#[test]
fn a_head_that_does_not_end_is_cut_off() {
    let mut world = World::new();
    world.settings.set("api.header_timeout", "1s");
    let program = world.start();
    let customer = program.customer("owner@rest.test", &[]);
    for head in [
        &b""[..],
        b"GET",
        b"GET /api/customer/profile HTTP/1.1\r\nHost: rest.test\r\nX-Slow: ",
    ] {
        let mut connection = Connection::open(program.api());
        connection.send(head);
        // Whoever trickles is no better than whoever is silent.
        let cut = eventually("the connection to be cut", || {
            connection.send(b"a");
            let others = customer.ask("GET", "/api/customer/profile", None);
            assert_eq!(others.status, 200, "others are served meanwhile");
            connection.is_cut().then_some(true)
        });
        assert!(cut);
    }
}

#[test]
fn a_body_that_does_not_end_is_answered_408() {
    let mut world = World::new();
    world.settings.set("api.body_timeout", "1s");
    let program = world.start();
    let customer = program.customer("owner@rest.test", &["owner.test"]);
    let head = format!(
        "POST /api/send HTTP/1.1\r\nHost: rest.test\r\nX-API-Key: {}\r\nContent-Type: application/json\r\n",
        customer.api_key
    );
    for (framing, trickle) in [
        ("Content-Length: 1000000\r\n\r\n", " "),
        ("Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"),
    ] {
        let mut connection = Connection::open(program.api());
        connection.send(format!("{head}{framing}").as_bytes());
        let reply = eventually("an answer", || {
            connection.send(trickle.as_bytes());
            connection.has_reply().then(|| connection.reply())
        });
        let reply = reply.expect("an answer before the connection ends");
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (408, Some("request_timeout"))
        );
        conventions::hold(&reply);
    }
}
