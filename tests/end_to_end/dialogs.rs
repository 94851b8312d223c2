//! The dialogs of the `smtp` crate, replayed through the running program and a real socket.
//!
//! The pure session has been shown to say these lines; here the program around it must not change one of them. Left
//! out are dialogs about what no configuration can make a real server do in a test: refuse by a policy that does not
//! exist yet, or run out of patience or of time.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::world::{Host, SMTP_PORT, SUBMISSION_PORT, World, eventually};
use dialog::{Dialog, Pattern, Step};

#[path = "../../crates/smtp/tests/dialog/mod.rs"]
mod dialog;

/// The port of a listener whose connections begin with TLS.
const IMPLICIT_TLS_PORT: u16 = 2465;
/// What the dialogs' server is called.
const HOSTNAME: &str = "mx.example";
/// A dialog tells its size limit in its EHLO reply, and a real server has one limit for all of them.
const RECIPIENTS_DEFAULT: usize = 100;

#[test]
fn dialogs_go_the_same_way_through_a_real_socket() {
    let mut dialogs = dialogs();
    dialogs.retain(|dialog| !needs_another_server(dialog));
    assert!(
        dialogs.len() >= 55,
        "only {} dialogs can be replayed",
        dialogs.len()
    );
    for recipients_max in recipients_limits(&dialogs) {
        let world = world(recipients_max);
        let host = world.host(2);
        let program = world.start();
        for dialog in dialogs
            .iter()
            .filter(|dialog| dialog.setting.recipients_max == recipients_max)
        {
            Replay::new(&world, dialog).run();
            for (_, step) in &dialog.steps {
                if let Step::Message { body, .. } = step {
                    assert_arrives(&host, &dialog.name, body);
                }
            }
        }
        program.drained();
    }
    println!("{} dialogs replayed", dialogs.len());
}

fn dialogs() -> Vec<Dialog> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/smtp/tests/dialogs");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the dialogs of the smtp crate")
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            Dialog::parse(name, &std::fs::read_to_string(path).expect("a dialog"))
        })
        .collect()
}

fn needs_another_server(dialog: &Dialog) -> bool {
    let setting = &dialog.setting;
    let about_time = |(_, step): &(usize, Step)| matches!(step, Step::Timeout | Step::Shutdown);
    // User names and passwords are made by the server, and not those of the dialog.
    !setting.credentials.is_empty()
        || setting.auth_unavailable
        || !setting.refused_senders.is_empty()
        || !setting.refused_recipients.is_empty()
        || setting.refused_message.is_some()
        || (setting.submission && !setting.auth_required)
        || dialog.steps.iter().any(about_time)
        || is_about_size(dialog)
        || is_without_tls(dialog)
}

/// Whether a size limit smaller than any a server can be told decides how the dialog goes.
fn is_about_size(dialog: &Dialog) -> bool {
    dialog.steps.iter().any(|(_, step)| match step {
        Step::Reply(pattern) => text(pattern).starts_with("552"),
        _ => false,
    })
}

/// Whether it asks a listener for STARTTLS that has none: every real listener has a certificate.
fn is_without_tls(dialog: &Dialog) -> bool {
    let asks = |line: &[u8]| line.eq_ignore_ascii_case(b"STARTTLS\r");
    !dialog.setting.submission && dialog.client_octets().split(|octet| *octet == b'\n').any(asks)
}

fn recipients_limits(dialogs: &[Dialog]) -> BTreeSet<usize> {
    dialogs
        .iter()
        .map(|dialog| dialog.setting.recipients_max)
        .chain([RECIPIENTS_DEFAULT])
        .collect()
}

fn world(recipients_max: usize) -> World {
    let mut world = World::new();
    let (own, next_hop) = (world.settings.own, world.address(2));
    world.settings.set("server.hostname", HOSTNAME);
    world.settings.set(
        "sessions.recipients_max",
        i64::try_from(recipients_max).expect("a small number"),
    );
    world
        .settings
        .push("route", &format!("domain = '*'\nto = '[{next_hop}]:{SMTP_PORT}'"));
    for (name, port, implicit) in [
        ("submission", SUBMISSION_PORT, false),
        ("submissions", IMPLICIT_TLS_PORT, true),
    ] {
        world.settings.push(
            "listener",
            &format!(
                "name = '{name}'\nkind = 'submission'\naddress = '{own}:{port}'\nimplicit_tls = {implicit}"
            ),
        );
    }
    world
}

/// The message that a dialog hands over reaches its receiver with the very same lines.
fn assert_arrives(host: &Host, name: &str, body: &[u8]) {
    let body = String::from_utf8_lossy(body).into_owned();
    eventually(&format!("the message of {name}"), || {
        host.inspect(|mail| {
            mail.iter()
                .any(|mail| mail.text.trim_end().ends_with(body.trim_end()))
        })
        .then_some(())
    });
}

struct Replay<'a> {
    dialog: &'a Dialog,
    /// None only while TLS begins.
    wire: Option<BufReader<Wire>>,
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl<'a> Replay<'a> {
    fn new(world: &World, dialog: &'a Dialog) -> Self {
        let setting = &dialog.setting;
        let port = match (setting.submission, setting.implicit_tls) {
            (_, true) => IMPLICIT_TLS_PORT,
            (true, false) => SUBMISSION_PORT,
            (false, false) => world.relay().port(),
        };
        let stream = TcpStream::connect((world.address(1), port)).expect("the listener is there");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a timeout");
        stream.set_nodelay(true).expect("a socket option");
        let wire = Wire::Plain(stream);
        let wire = if setting.implicit_tls {
            wire.encrypt()
        } else {
            wire
        };
        Self {
            dialog,
            wire: Some(BufReader::new(wire)),
        }
    }

    fn run(mut self) {
        let mut steps = self.dialog.steps.iter();
        while let Some((line, step)) = steps.next() {
            let place = format!("{}:{line}", self.dialog.name);
            match step {
                // Once the server has closed, what the dialog still sends may fail to go out: nobody reads it.
                Step::Send(octets) => drop(self.wire().get_mut().write_all(octets)),
                Step::Reply(first) if text(first).starts_with("250-") => {
                    let mut expected = vec![first];
                    // A multiline reply ends with the line that has a space behind its code.
                    while !text(expected[expected.len() - 1]).starts_with("250 ") {
                        let Some((_, Step::Reply(next))) = steps.next() else {
                            panic!("{place}: it has no end")
                        };
                        expected.push(next);
                    }
                    self.expect_offer(&expected, &place);
                }
                Step::Reply(pattern) => self.expect_line(pattern, &place),
                Step::Tls => {
                    let wire = self.wire.take().expect("a connection").into_inner();
                    self.wire = Some(BufReader::new(wire.encrypt()));
                }
                Step::Close => assert!(
                    self.read_line().is_none(),
                    "{place}: the connection is still open"
                ),
                Step::Message { .. } | Step::Discarded => {}
                Step::Timeout | Step::Shutdown => unreachable!("{place}: these dialogs are not replayed"),
            }
        }
    }

    fn expect_line(&mut self, pattern: &Pattern, place: &str) {
        let said = self
            .read_line()
            .unwrap_or_else(|| panic!("{place}: closed, instead of {pattern:?}"));
        let matches = match pattern {
            // Ids are the program's own.
            Pattern::Line(line) if line.contains("queued as ") => {
                let end = line.find("queued as ").unwrap_or_default();
                said.starts_with(&line[..end])
            }
            Pattern::Line(line) => line.replace("[192.0.2.1]", "[127.0.0.1]") == said,
            Pattern::Beginning(_) => pattern.matches(&said),
        };
        assert!(matches, "{place}: expected {pattern:?}, the server said {said:?}");
    }

    /// The reply to EHLO, all of it: the same extensions, but for the size limit and for STARTTLS, which a real relay
    /// listener offers too. A dialog that is not about them leaves them open.
    fn expect_offer(&mut self, expected: &[&Pattern], place: &str) {
        let mut said = Vec::new();
        while said.last().is_none_or(|line: &String| line.starts_with("250-")) {
            said.push(
                self.read_line()
                    .unwrap_or_else(|| panic!("{place}: closed in the middle of {said:?}")),
            );
        }
        if expected.iter().all(|pattern| matches!(pattern, Pattern::Line(_))) {
            let expected = extensions(expected.iter().map(|pattern| text(pattern)));
            assert_eq!(extensions(said.iter().map(String::as_str)), expected, "{place}");
        }
    }

    fn read_line(&mut self) -> Option<String> {
        let mut line = String::new();
        // A reset is as good an end as any: the server does not read what comes behind its goodbye.
        let read = self.wire().read_line(&mut line).unwrap_or(0);
        (read > 0).then(|| line.trim_end_matches("\r\n").to_owned())
    }

    fn wire(&mut self) -> &mut BufReader<Wire> {
        self.wire.as_mut().expect("a connection")
    }
}

fn text(pattern: &Pattern) -> &str {
    match pattern {
        Pattern::Line(text) | Pattern::Beginning(text) => text,
    }
}

fn extensions<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    lines
        .skip(1)
        .filter_map(|line| line.get(4..))
        .map(|keyword| {
            if keyword.starts_with("SIZE ") {
                "SIZE"
            } else {
                keyword
            }
        })
        .filter(|keyword| *keyword != "STARTTLS")
        .map(str::to_owned)
        .collect()
}

impl Wire {
    fn encrypt(self) -> Self {
        let Self::Plain(stream) = self else {
            panic!("TLS inside TLS")
        };
        let config = certs::client_config(&certs::ClientTrust::Any);
        let name = ServerName::try_from(HOSTNAME).expect("a name");
        let session = ClientConnection::new(Arc::clone(&config), name).expect("a TLS session");
        Self::Tls(Box::new(StreamOwned::new(session, stream)))
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(octets),
            Self::Tls(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
