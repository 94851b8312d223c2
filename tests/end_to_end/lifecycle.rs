//! Starting, reloading, draining, dying and coming back.

use rustix::process::Signal;

use crate::world::{Action, Client, Moment, Program, World, eventually};

const TEXT: &str = "Subject: lifecycle\r\n\r\nhello\r\n";

/// SIGTERM: a transaction under way ends with its 250, new ones are refused, and the exit is a success.
#[test]
fn a_shutdown_lets_a_transaction_finish() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let mut program = world.start();
    let (mut busy, mut idle) = (world.client(), world.client());
    for (line, code) in [
        ("EHLO client.test", 250),
        ("MAIL FROM:<a@src.test>", 250),
        ("RCPT TO:<b@dest.test>", 250),
        ("DATA", 354),
    ] {
        busy.expect(line, code);
    }
    idle.expect("EHLO client.test", 250);
    program.signal(Signal::TERM);
    assert_eq!(idle.reply().map(|reply| reply.code), Some(421), "RFC 5321 §3.8");
    busy.expect("Subject: at the door\r\n\r\nhello\r\n.", 250);
    assert!(program.wait().success());

    let host = world.host(2);
    let program = world.start();
    assert!(host.mail(1)[0].text.contains("at the door"));
    program.drained();
}

/// A shutdown does not wait for a receiver that keeps silent, and its mail is still there after it.
#[test]
fn a_shutdown_does_not_wait_for_a_stalling_receiver() {
    let mut world = World::new();
    world.settings.set("server.drain", "1s");
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    host.always(Moment::EndOfData, Action::Stall);
    let program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    host.mail(1);
    assert!(program.stop().success());
    host.relent(Moment::EndOfData);
    let program = world.start();
    host.mail(2);
    program.drained();
}

/// After kill -9 the queue is as it was: the message, its attempts, its time.
#[test]
fn a_killed_server_remembers_attempts() {
    let mut world = World::new();
    world.settings.set("retry.first", "1h");
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    host.always(Moment::Rcpt, Action::Reply("450 4.2.0 later".into()));
    let program = world.start();
    let id = world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    let before = eventually("a first attempt", || {
        let list = program.json(&["queue", "list"]);
        (list["deliveries"][0]["attempts"].as_u64() == Some(1)).then(|| list["deliveries"][0].clone())
    });
    program.kill();
    let program = world.start();
    let after = program.json(&["queue", "list"])["deliveries"][0].clone();
    for field in ["id", "attempts", "next_attempt_at", "received_at", "expires_at"] {
        assert_eq!(before[field], after[field], "{field}");
    }
    host.relent(Moment::Rcpt);
    let retried = program.cli(&["queue", "retry", &id]);
    assert!(
        retried.status.success(),
        "{}",
        String::from_utf8_lossy(&retried.stderr)
    );
    host.mail(1);
    program.drained();
}

/// SIGHUP: the configuration file is read again; one that does not hold changes nothing and is complained about.
#[test]
fn a_reload_takes_a_good_configuration_and_refuses_a_bad_one() {
    let mut world = World::new();
    let next_hop = world.address(2);
    let host = world.host(2);
    let program = world.start();

    world.settings.set("delivery.no_such_key", 1).write();
    program.signal(Signal::HUP);
    eventually("a complaint", || {
        program.log().contains("no_such_key").then_some(())
    });
    world.client().expect("EHLO client.test", 250);

    world.settings.remove("delivery.no_such_key");
    let route = format!(
        "domain = 'dest.test'\nto = '[{next_hop}]:{}'",
        crate::world::SMTP_PORT
    );
    world.settings.push("route", &route).write();
    program.signal(Signal::HUP);
    eventually("the new route", || {
        program.log().contains("\"reloaded\"").then_some(())
    });
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test"], TEXT);
    host.mail(1);
}

/// A port in use: the message names it.
#[test]
fn a_port_in_use_is_named() {
    let world = World::new();
    let _taken = std::net::TcpListener::bind(world.relay()).expect("a free port");
    let log = refuses_to_start(&world);
    assert!(log.contains(&world.relay().to_string()), "{log}");
}

/// A store in use by another server: the message names its folder, and the other one goes on.
#[test]
fn a_store_in_use_is_named() {
    let world = World::new();
    let _program = world.start();
    let mut second = world.second_settings();
    second.set("server.data_dir", world.settings.data_dir().display().to_string());
    second.write();
    let mut program = Program::spawn(&second, Program::command(&second));
    assert!(!program.wait().success());
    let log = program.log();
    assert!(log.contains("in use") && log.contains("data"), "{log}");
    Client::connect(world.relay()).expect("NOOP", 250);
}

/// A store that a newer version has written: named with both versions, and left as it is.
#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let world = World::new();
    assert!(world.start().stop().success());
    let format = world.settings.data_dir().join("spool/FORMAT");
    let newer = "postrider store 999\n";
    std::fs::write(&format, newer).expect("the store states its format");
    let log = refuses_to_start(&world);
    assert!(log.contains("999") && log.contains("spool"), "{log}");
    assert_eq!(
        std::fs::read_to_string(&format).expect("the file is there"),
        newer
    );
}

/// Starts a server that must end with an error; what it said.
fn refuses_to_start(world: &World) -> String {
    world.settings.write();
    let mut program = Program::spawn(&world.settings, Program::command(&world.settings));
    assert!(!program.wait().success());
    program.log()
}
