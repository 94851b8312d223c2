//! Clients of the world hand over mail as applications do: with STARTTLS and a password.

use std::process::Command;

use crate::world::customer::Customer;
use crate::world::host::Mail;
use crate::world::program::Program;
use crate::world::{World, tools};

const USERNAME: &str = "app@src.test";

#[test]
fn swaks_hands_over_with_starttls_and_a_password() {
    let world = world();
    let (host, (program, customer)) = (world.host(2), start(&world));
    for (number, mechanism) in ["PLAIN", "LOGIN"].into_iter().enumerate() {
        tools::run(&mut swaks(&world, mechanism, &customer), "");
        let mail = host.mail(number + 1).remove(number);
        assert_eq!(
            (mail.reverse_path.as_str(), &mail.recipients[..]),
            ("a@src.test", &["b@dest.test".to_owned()][..])
        );
        assert!(mail.text.contains("Subject: from swaks"));
        assert_authenticated(&mail);
    }
    program.drained();
}

#[test]
fn smtplib_hands_over_with_starttls_and_a_password() {
    let world = world();
    let (host, (program, customer)) = (world.host(2), start(&world));
    tools::run(&mut smtplib(&world, &customer.smtp_password), "");
    let mail = &host.mail(1)[0];
    assert!(mail.text.contains("filename=\"all.bin\""));
    assert_authenticated(mail);
    program.drained();
}

#[test]
fn smtplib_is_refused_with_a_wrong_password() {
    let world = world();
    let (_program, _) = start(&world);
    let output = smtplib(&world, "wrong").output().expect("Python starts");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr).trim(),
        "authentication refused: 535"
    );
}

#[test]
fn nodemailer_hands_over_with_starttls_and_a_password() {
    let world = world();
    let (host, (program, customer)) = (world.host(2), start(&world));
    let mut node = tools::node();
    node.env("NODE_PATH", "node_modules").arg(foreign("send.js"));
    tools::run(node.args(arguments(&world, &customer.smtp_password)), "");
    for (mail, subject) in host
        .mail(3)
        .iter()
        .zip(["Nodemailer 1", "Nodemailer 2", "Nodemailer 3"])
    {
        assert!(
            mail.text.contains(&format!("Subject: {subject}\r\n")),
            "{}",
            mail.text
        );
        assert_authenticated(mail);
    }
    program.drained();
}

/// A relay listener takes mail from a trusted network as it comes.
#[test]
fn swaks_relays_from_a_trusted_network_without_a_password() {
    let world = world();
    let (host, _program) = (world.host(2), world.start());
    let mut swaks = Command::new(tools::debian("swaks", "swaks"));
    swaks.args([
        "--server",
        &world.relay().to_string(),
        "--from",
        "a@src.test",
        "--to",
        "b@dest.test",
    ]);
    tools::run(&mut swaks, "");
    host.mail(1);
}

fn world() -> World {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    world.settings.submission();
    world
}

/// The server, with an account that may send from src.test.
fn start(world: &World) -> (Program, Customer) {
    let program = world.start();
    let customer = program.customer(USERNAME, &["src.test"]);
    (program, customer)
}

fn swaks(world: &World, mechanism: &str, customer: &Customer) -> Command {
    let mut command = Command::new(tools::debian("swaks", "swaks"));
    command.args([
        "--server",
        &world.submission().to_string(),
        "--tls",
        "--auth",
        mechanism,
    ]);
    command.args([
        "--auth-user",
        USERNAME,
        "--auth-password",
        &customer.smtp_password,
    ]);
    command.args([
        "--from",
        "a@src.test",
        "--to",
        "b@dest.test",
        "--header",
        "Subject: from swaks",
    ]);
    command
}

fn smtplib(world: &World, password: &str) -> Command {
    let mut command = Command::new(tools::python());
    command.arg(foreign("send.py")).args(arguments(world, password));
    command
}

fn arguments(world: &World, password: &str) -> [String; 6] {
    let address = world.submission();
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    [
        host,
        port,
        USERNAME.into(),
        password.into(),
        "a@src.test".into(),
        "b@dest.test".into(),
    ]
}

/// RFC 3848: the trace field says that the mail came encrypted and authenticated.
fn assert_authenticated(mail: &Mail) {
    assert!(mail.text.contains("with ESMTPSA"), "{}", mail.text);
}

/// A script of another language beside this file.
pub fn foreign(name: &str) -> String {
    format!("{}/tests/end_to_end/foreign/{name}", env!("CARGO_MANIFEST_DIR"))
}
