//! What must not be taken, and what is said instead: on the wire, in the configuration, on disk.

use crate::world::program::cli;
use crate::world::{Client, Program, World, tools};

/// One client's octets, and the codes of all replies that follow them, the greeting and EHLO left out.
struct Case {
    name: &'static str,
    sent: Vec<u8>,
    codes: &'static [u16],
}

fn case(name: &'static str, sent: impl AsRef<[u8]>, codes: &'static [u16]) -> Case {
    Case {
        name,
        sent: sent.as_ref().to_vec(),
        codes,
    }
}

const ENVELOPE: &str = "MAIL FROM:<a@src.test>\r\nRCPT TO:<b@dest.test>\r\nDATA\r\n";

/// Each ends with a QUIT that must still be understood, unless the server closes: whatever was wrong, the session is
/// in step, and the message that was wrong has not been taken.
#[test]
fn bad_input_is_refused_and_nothing_of_it_delivered() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let host = world.host(2);
    let program = world.start();
    let long = "x".repeat(2000);
    for Case { name, sent, codes } in [
        // RFC 5321 §4.5.3.1.4
        case("an over-long command", format!("NOOP {long}\r\n"), &[500]),
        // RFC 5321 §4.5.3.1.1
        case(
            "an over-long local part",
            format!("MAIL FROM:<{}@src.test>\r\n", "x".repeat(65)),
            &[501],
        ),
        // RFC 5321 §2.4
        case("a NUL in a command", b"MAIL FROM:<a\0@src.test>\r\n", &[500]),
        case(
            "eight bits in a command",
            b"MAIL FROM:<\xe4@src.test>\r\n",
            &[500],
        ),
        // RFC 5321 §4.1.4
        case("RCPT before MAIL", "RCPT TO:<b@dest.test>\r\n", &[503]),
        case("DATA before MAIL", "DATA\r\n", &[503]),
        case(
            "MAIL twice",
            "MAIL FROM:<a@src.test>\r\nMAIL FROM:<a@src.test>\r\n",
            &[250, 503],
        ),
        case(
            "DATA without recipients",
            "MAIL FROM:<a@src.test>\r\nDATA\r\n",
            &[250, 503],
        ),
        case("an unknown command", "TELEPORT\r\n", &[500]),
        case(
            "an unknown parameter",
            "MAIL FROM:<a@src.test> TELEPORT=1\r\n",
            &[555],
        ),
        // RFC 1870 §6.1
        case(
            "a message announced as too large",
            "MAIL FROM:<a@src.test> SIZE=99999999999\r\n",
            &[552],
        ),
        // RFC 5321 §2.3.8, §4.1.1.4: only CRLF ends a line, only CRLF.CRLF a message.
        case(
            "a bare LF in a message",
            format!("{ENVELOPE}Subject: bad\r\n\r\none\ntwo\r\n.\r\n"),
            &[250, 250, 354, 554],
        ),
        case(
            "a bare CR in a message",
            format!("{ENVELOPE}Subject: bad\r\n\r\none\rtwo\r\n.\r\n"),
            &[250, 250, 354, 554],
        ),
        case("LF.LF smuggles nothing", smuggled("\n.\n"), &[250, 250, 354, 554]),
        case(
            "LF.CRLF smuggles nothing",
            smuggled("\n.\r\n"),
            &[250, 250, 354, 554],
        ),
        case(
            "CRLF.LF smuggles nothing",
            smuggled("\r\n.\n"),
            &[250, 250, 354, 554],
        ),
        case("CR.CR smuggles nothing", smuggled("\r.\r"), &[250, 250, 354, 554]),
        case(
            "CR.CRLF smuggles nothing",
            smuggled("\r.\r\n"),
            &[250, 250, 354, 554],
        ),
        case(
            "CRLF.CR smuggles nothing",
            smuggled("\r\n.\r"),
            &[250, 250, 354, 554],
        ),
        case(
            "CRLF NUL . CRLF smuggles nothing",
            smuggled("\r\n\0.\r\n"),
            &[250, 250, 354, 554],
        ),
        // RFC 5321 §4.5.3.1.6
        case(
            "an over-long line",
            format!("{ENVELOPE}Subject: bad\r\n\r\n{long}\r\n.\r\n"),
            &[250, 250, 354, 554],
        ),
        // A relay listener takes no passwords (RFC 4954 §4).
        case("AUTH where none is offered", "AUTH PLAIN AGEAYg==\r\n", &[502]),
    ] {
        let mut client = Client::hello(world.relay());
        let mut replies = Vec::new();
        for group in groups(&sent) {
            client.send(group);
            // A message has one reply; what comes before it has one for each line.
            let lines = group.iter().filter(|octet| **octet == b'\n').count();
            let expected = if replies.is_empty() {
                lines.min(codes.len())
            } else {
                1
            };
            for _ in 0..expected {
                replies.push(
                    client
                        .reply()
                        .unwrap_or_else(|| panic!("{name}: closed after {replies:?}")),
                );
            }
        }
        let heard: Vec<u16> = replies.iter().map(|reply| reply.code).collect();
        assert_eq!(heard, codes, "{name}: {replies:?}");
        assert_eq!(client.command("QUIT").code, 221, "{name}");
    }
    program.drained();
    assert_eq!(host.count(), 0, "{:#?}", host.mail(0));
}

/// What is sent together: the commands up to DATA, and the message behind its 354 (RFC 2920 §3.1).
fn groups(sent: &[u8]) -> Vec<&[u8]> {
    match sent.strip_prefix(ENVELOPE.as_bytes()) {
        Some(message) => vec![&sent[..ENVELOPE.len()], message],
        None => vec![sent],
    }
}

/// A message in which a second one hides behind what some servers take for the end of the first. The true end follows.
fn smuggled(end: &str) -> Vec<u8> {
    format!("{ENVELOPE}Subject: outer\r\n\r\nhello{end}{ENVELOPE}Subject: inner\r\n\r\nhello\r\n.\r\n")
        .into_bytes()
}

/// RFC 5321 §4.5.3.1.10: recipients beyond the limit are put off, those before it served.
#[test]
fn too_many_recipients_are_put_off() {
    let mut world = World::new();
    world.settings.set("sessions.recipients_max", 3);
    world.mx("dest.test", &[(10, 2)]);
    let (host, _program) = (world.host(2), world.start());
    let mut client = Client::hello(world.relay());
    client.expect("MAIL FROM:<a@src.test>", 250);
    for (number, code) in [(1, 250), (2, 250), (3, 250), (4, 452)] {
        client.expect(&format!("RCPT TO:<user{number}@dest.test>"), code);
    }
    client.expect("DATA", 354);
    client.expect("Subject: three\r\n\r\nhello\r\n.", 250);
    assert_eq!(host.mail(1)[0].recipients.len(), 3);
}

/// RFC 1870 §6.3: a message that turns out too large is refused at its end, and only it.
#[test]
fn a_message_that_grows_too_large_is_refused() {
    let mut world = World::new();
    world.settings.set("sessions.message_size_max", "64KiB");
    world.mx("dest.test", &[(10, 2)]);
    let (host, _program) = (world.host(2), world.start());
    let mut client = Client::hello(world.relay());
    let large = format!("Subject: large\r\n\r\n{}", "a line of text\r\n".repeat(10_000));
    let reply = client
        .transfer("a@src.test", &["b@dest.test"], &large)
        .expect("a reply");
    assert_eq!(reply.code, 552, "{reply:?}");
    client.submit("a@src.test", &["b@dest.test"], "Subject: small\r\n\r\nhello\r\n");
    assert!(host.mail(1)[0].text.contains("Subject: small"));
}

/// A client that only errs is shown the door.
#[test]
fn a_client_that_only_errs_is_closed() {
    let world = World::new();
    let _program = world.start();
    let mut client = Client::hello(world.relay());
    client.send("NONSENSE\r\n".repeat(100).as_bytes());
    let mut last = 0;
    while let Some(reply) = client.reply() {
        last = reply.code;
    }
    assert_eq!(last, 421);
}

/// Sessions beyond the limit are told so (RFC 5321 §3.8), and the next one may come when one has gone.
#[test]
fn sessions_beyond_the_limit_are_turned_away() {
    let mut world = World::new();
    world.settings.set("sessions.max", 2);
    let _program = world.start();
    let (first, _second) = (world.client(), world.client());
    assert_eq!(world.client().greeting.code, 421);
    drop(first);
    crate::world::eventually("room for another session", || {
        (world.client().greeting.code == 220).then_some(())
    });
}

/// A relay listener serves nobody outside its trusted networks.
#[test]
fn strangers_are_turned_away_from_a_relay_listener() {
    let mut world = World::new();
    world.settings.set_listener("trusted", vec!["192.0.2.0/24"]);
    let _program = world.start();
    assert_eq!(world.client().greeting.code, 554);
}

/// A submission listener wants TLS and a password before mail, and takes no password in clear text.
#[test]
fn submission_wants_tls_and_a_password() {
    let mut world = World::new();
    world.settings.submission();
    let _program = world.start();
    let mut client = Client::connect(world.submission());
    let offer = client.expect("EHLO client.test", 250);
    assert!(
        offer.text.contains("STARTTLS") && !offer.text.contains("AUTH"),
        "{offer:?}"
    );
    client.expect("AUTH PLAIN AGFwcABzZWNyZXQ=", 538);
    client.expect("MAIL FROM:<a@src.test>", 530);
}

/// CVE-2011-0411: what is sent in clear text behind STARTTLS must not be taken for what is said under TLS.
#[test]
fn commands_behind_starttls_are_refused() {
    let mut world = World::new();
    world.settings.submission();
    let _program = world.start();
    let mut client = Client::hello(world.submission());
    client.send(b"STARTTLS\r\nMAIL FROM:<a@src.test>\r\n");
    let reply = client.reply().expect("a refusal");
    assert!(reply.code >= 500, "{reply:?}");
    assert!(client.closed());
}

/// Faults of the configuration are found before anything is bound or opened, and each is named with its remedy.
#[test]
fn faults_of_the_configuration_are_named() {
    for (key, value, expected) in [
        (
            "delivery.conections_per_route",
            toml::Value::Integer(1),
            "conections_per_route",
        ),
        ("server.hostname", "not a host name".into(), "hostname"),
        ("retry.first", "soon".into(), "first"),
        ("delivery.smtp_port", toml::Value::Integer(70_000), "smtp_port"),
        ("store.engine", "paper".into(), "engine"),
    ] {
        let mut world = World::new();
        world.settings.set(key, value).write();
        let check = cli(world.settings.path(), &["config", "check"]);
        let said =
            String::from_utf8_lossy(&check.stderr).into_owned() + &String::from_utf8_lossy(&check.stdout);
        assert!(
            !check.status.success() && said.contains(expected),
            "{key}: {said}"
        );
        assert!(refuses_to_start(&world).contains(expected), "{key}");
        assert!(
            !world.settings.data_dir().exists(),
            "{key}: nothing may have been touched"
        );
    }
}

#[test]
fn a_missing_key_file_is_named() {
    let mut world = World::new();
    world.settings.push(
        "dkim",
        "domain = 'src.test'\nselector = 's1'\nprivate_key = 'nowhere.pem'",
    );
    assert!(refuses_to_start(&world).contains("nowhere.pem"));
}

#[test]
fn a_broken_certificate_is_named() {
    let mut world = World::new();
    for name in ["broken.crt", "broken.key"] {
        std::fs::write(world.path(name), "this is no PEM\n").expect("a file");
    }
    tools::run(
        std::process::Command::new("chmod")
            .arg("600")
            .arg(world.path("broken.key")),
        "",
    );
    world.settings.push(
        "certificate",
        "certificate = 'broken.crt'\nprivate_key = 'broken.key'",
    );
    assert!(refuses_to_start(&world).contains("broken.crt"));
}

/// Starts a server that must end with an error; what it said.
fn refuses_to_start(world: &World) -> String {
    world.settings.write();
    let mut program = Program::spawn(&world.settings, Program::command(&world.settings));
    assert!(!program.wait().success());
    program.log()
}
