//! Receivers that break off, say goodbye, keep silent or die: nothing is lost, and nobody else waits for them.

use crate::world::{Action, Moment, World, eventually};

const TEXT: &str = "Subject: faults\r\n\r\nhello\r\n";

const MOMENTS: [Moment; 7] = [
    Moment::Connect,
    Moment::Ehlo,
    Moment::Mail,
    Moment::Rcpt,
    Moment::Data,
    Moment::Body,
    Moment::EndOfData,
];

#[test]
fn a_broken_connection_only_delays() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    for (number, moment) in MOMENTS.into_iter().enumerate() {
        host.once(moment, Action::Disconnect);
        let text = format!("Subject: {moment:?}\r\n\r\nhello\r\n");
        client.submit("a@src.test", &["b@dest.test"], &text);
        // The receiver that dies after the final dot has the message, and cannot say so: it comes twice. That is the
        // one case in which the protocol leaves no other choice (RFC 5321 §4.5.4.1, RFC 1047).
        let copies = if moment == Moment::EndOfData { 2 } else { 1 };
        let mail = host.mail(number + copies);
        let arrived = mail
            .iter()
            .filter(|mail| mail.text.contains(&format!("Subject: {moment:?}")))
            .count();
        assert_eq!(arrived, copies, "{moment:?}");
        program.drained();
    }
    assert_eq!(host.count(), MOMENTS.len() + 1);
}

/// RFC 5321 §3.8: 421 may come at any moment, and ends the connection.
#[test]
fn a_goodbye_at_any_moment_only_delays() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    let moments = MOMENTS.into_iter().filter(|moment| *moment != Moment::Body);
    for (number, moment) in moments.enumerate() {
        host.once(moment, Action::ReplyAndDisconnect("421 4.3.2 going down".into()));
        client.submit("a@src.test", &["b@dest.test"], TEXT);
        host.mail(number + 1);
        program.drained();
        assert_eq!(host.count(), number + 1, "{moment:?}");
    }
}

/// One receiver says nothing at all: mail to others passes it by, and its own goes as soon as it comes back.
#[test]
fn a_stalling_receiver_holds_up_nobody_else() {
    for moment in [Moment::Connect, Moment::Ehlo, Moment::Mail, Moment::EndOfData] {
        let mut world = World::new();
        world
            .settings
            .set("delivery.connections_per_route", 1)
            .set("server.drain", "1s");
        world.mx("stuck.test", &[(10, 2)]).mx("dest.test", &[(10, 3)]);
        let (stuck, host) = (world.host(2), world.host(3));
        stuck.always(moment, Action::Stall);
        let program = world.start();
        let mut client = world.client();
        client.expect("EHLO client.test", 250);
        for _ in 0..3 {
            client.submit("a@src.test", &["b@stuck.test"], TEXT);
        }
        eventually("the stalled connection", || {
            (stuck.connections() > 0).then_some(())
        });
        for count in 1..=3 {
            client.submit("a@src.test", &["b@dest.test"], TEXT);
            host.mail(count);
        }
        eventually("the others to be settled", || {
            (program.queued() == 3).then_some(())
        });
        stuck.relent(moment).hang_up();
        eventually("the stuck mail", || (stuck.count() >= 3).then_some(()));
        program.drained();
    }
}

/// A receiver that is down is tried again until it is up.
#[test]
fn a_receiver_that_comes_back_gets_its_mail() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    eventually("a failed attempt", || {
        let list = program.json(&["queue", "list"]);
        (list["deliveries"][0]["attempts"].as_u64() > Some(0)).then_some(())
    });
    world.host(2).mail(1);
    program.drained();
}

/// A client that goes away in the middle of its message has handed over nothing.
#[test]
fn a_client_that_breaks_off_has_handed_over_nothing() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    for end in [
        "MAIL FROM:<a@src.test>",
        "RCPT TO:<b@dest.test>",
        "DATA",
        "Subject: half\r\n\r\na message",
    ] {
        let mut client = world.client();
        client.expect("EHLO client.test", 250);
        for line in ["MAIL FROM:<a@src.test>", "RCPT TO:<b@dest.test>", "DATA"] {
            client.command(line);
            if line == end {
                break;
            }
        }
        if end.contains('\n') {
            client.send(end.as_bytes());
        }
    }
    world
        .client()
        .hello_and_submit("a@src.test", &["whole@dest.test"], TEXT);
    assert_eq!(host.mail(1)[0].recipients, ["whole@dest.test"]);
    program.drained();
    assert_eq!(host.count(), 1);
}
