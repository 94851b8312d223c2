//! Receivers of the world take Postrider's mail, encrypted, and find its signatures good.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::clients::foreign;
use crate::world::{Client, SMTP_PORT, World, eventually, tools};

const TEXT: &str = "From: a@src.test\r\nTo: b@dest.test\r\nSubject: for the world\r\nMessage-ID: <1@src.test>\r\n\
    Date: Mon, 23 Nov 2026 12:00:00 +0000\r\n\r\n.hello\r\n\r\nw\u{f6}rld\r\n";

/// The text of `TEXT` as it must be sent: its first body line begins with a dot.
fn stuffed() -> String {
    TEXT.replace("\r\n.", "\r\n..")
}

#[test]
fn aiosmtpd_takes_mail_over_tls() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let (certificate, key) = certificate(&world);
    let folder = world.path("received");
    std::fs::create_dir(&folder).expect("a folder");
    let _receiver = aiosmtpd(&world, &certificate, &key, &folder);
    let program = world.start();
    world
        .client()
        .hello_and_submit("a@src.test", &["b@dest.test", "c@dest.test"], &stuffed());
    let kept = eventually("the message in aiosmtpd", || {
        std::fs::read_to_string(folder.join("1.eml")).ok()
    });
    assert!(
        kept.starts_with("a@src.test b@dest.test c@dest.test\ntls\n"),
        "{kept}"
    );
    assert!(kept.ends_with(TEXT), "{kept}");
    program.drained();
}

#[test]
fn postfix_takes_mail_over_tls() {
    let world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    let (certificate, key) = certificate(&world);
    let postfix = Postfix::start(&world, &certificate, &key);
    let program = world.start();
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    for _ in 0..20 {
        client.submit("a@src.test", &["b@dest.test"], &stuffed());
    }
    let mail = eventually("20 messages in Postfix's mailbox", || {
        let mail = postfix.mail();
        (mail.len() == 20).then_some(mail)
    });
    for text in mail {
        assert!(text.contains("(using TLSv1.3 with cipher"), "{text}");
        // Postfix's mailbox has the lines of its system.
        assert!(text.ends_with(&TEXT.replace("\r\n", "\n")), "{text}");
    }
    program.drained();
}

/// RFC 6376, RFC 8463: both signatures hold for dkimpy, an implementation that shares no code with ours.
#[test]
fn dkimpy_verifies_both_signatures() {
    let mut world = World::new();
    world.mx("dest.test", &[(10, 2)]);
    world.sign("src.test");
    let (host, program) = (world.host(2), world.start());
    let long: String = (0..5000)
        .map(|number| format!("line {number}   \t with  blanks \r\n"))
        .collect();
    let mut client = world.client();
    client.expect("EHLO client.test", 250);
    for (number, body) in ["hello\r\n", "", "trailing lines\r\n\r\n\r\n", &long]
        .into_iter()
        .enumerate()
    {
        let text = format!(
            "From: \"A, of src\" <a@src.test>\r\nTo: b@dest.test\r\nSubject: a folded\r\n\tsubject\r\n\
             Message-ID: <{number}@src.test>\r\n\r\n{body}"
        );
        client.submit("bounces@src.test", &["b@dest.test"], &text);
        let mail = host.mail(number + 1).remove(number);
        assert!(mail.text.ends_with(&text));
        let mut verify = Command::new(tools::python());
        let dns = world.dns.address();
        verify
            .arg(foreign("verify.py"))
            .args([dns.ip().to_string(), dns.port().to_string()]);
        let verdict = tools::run(&mut verify, &mail.text);
        let mut algorithms: Vec<&str> = std::str::from_utf8(&verdict.stdout)
            .expect("text")
            .lines()
            .collect();
        algorithms.sort_unstable();
        assert_eq!(algorithms, ["ed25519-sha256", "rsa-sha256"], "{}", mail.text);
    }
    program.drained();
}

fn aiosmtpd(world: &World, certificate: &Path, key: &Path, folder: &Path) -> tools::Background {
    let mut command = Command::new(tools::python());
    command
        .arg(foreign("receive.py"))
        .args([world.address(2).to_string(), SMTP_PORT.to_string()])
        .args([certificate, key, folder])
        .stdout(Stdio::piped());
    let mut receiver = tools::Background::start(&mut command);
    let mut line = String::new();
    BufReader::new(receiver.0.stdout.take().expect("piped"))
        .read_line(&mut line)
        .expect("a line");
    assert_eq!(line.trim(), "ready", "aiosmtpd did not start");
    receiver
}

/// A self-signed certificate for receivers, as PEM files.
fn certificate(world: &World) -> (PathBuf, PathBuf) {
    let (certificate, key) = (world.path("host.crt"), world.path("host.key"));
    let mut command = Command::new(tools::debian("openssl", "openssl"));
    command
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=host.test", "-out"])
        .arg(&certificate)
        .arg("-keyout")
        .arg(&key);
    tools::run(&mut command, "");
    (certificate, key)
}

/// A Postfix of the world's own, host 2, that puts all mail for dest.test into one mailbox.
pub struct Postfix {
    configuration: PathBuf,
    mailbox: PathBuf,
}

impl Postfix {
    fn start(world: &World, certificate: &Path, key: &Path) -> Self {
        Self::start_with(world, certificate, key, &[])
    }

    /// One that takes mail for relay.test and passes it on to host 3; what it bounces goes home to host 1.
    pub fn passing_on(world: &World) -> Self {
        let (certificate, key) = certificate(world);
        let at = |number| format!("{}:{SMTP_PORT}", world.address(number));
        Self::start_with(world, &certificate, &key, &[at(3), at(1)])
    }

    fn start_with(world: &World, certificate: &Path, key: &Path, more: &[String]) -> Self {
        tools::debian("postfix", "postfix");
        assert!(
            rustix::process::getuid().is_root(),
            "Postfix can only be started by root: run this test as root"
        );
        let mut script = Command::new("bash");
        script
            .arg(foreign("postfix.sh"))
            .arg(world.path("postfix"))
            .args([world.address(2).to_string(), SMTP_PORT.to_string()])
            .args([certificate, key])
            .args(more);
        tools::run(&mut script, "");
        let configuration = world.path("postfix/etc");
        Self {
            configuration,
            mailbox: world.path("postfix/mail/inbox/new"),
        }
    }

    fn mail(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(&self.mailbox) else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok())
            .collect()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let stopped = Command::new(tools::debian("postfix", "postfix"))
            .arg("-c")
            .arg(&self.configuration)
            .arg("stop")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !stopped.is_ok_and(|status| status.success()) {
            eprintln!("Postfix at {} may still run", self.configuration.display());
        }
    }
}

/// An OpenSMTPD as host 2 that takes mail for relay.test and passes it on to host 3; what it bounces goes home to host 1.
pub struct OpenSmtpd(#[expect(dead_code, reason = "it ends when this is dropped")] tools::Background);

impl OpenSmtpd {
    pub fn passing_on(world: &World) -> Self {
        let at = |number| format!("{}:{SMTP_PORT}", world.address(number));
        let mut script = Command::new("bash");
        script
            .arg(foreign("opensmtpd.sh"))
            .arg(world.path("opensmtpd"))
            .args([world.address(2).to_string(), SMTP_PORT.to_string(), at(3), at(1)]);
        let running = Self(tools::Background::start(script.stderr(Stdio::null())));
        eventually("OpenSMTPD to greet", || {
            Client::try_connect((world.address(2), SMTP_PORT).into())
        });
        running
    }
}

/// An Exim of the world's own, host 2, that takes mail for relay.test and passes it on to host 3; what it bounces goes home
/// to host 1.
pub struct Exim {
    pid: PathBuf,
}

impl Exim {
    pub fn passing_on(world: &World) -> Self {
        let at = |number| format!("{}:{SMTP_PORT}", world.address(number));
        let mut script = Command::new("bash");
        script.arg(foreign("exim.sh")).arg(world.path("exim")).args([
            world.address(2).to_string(),
            SMTP_PORT.to_string(),
            at(3),
            at(1),
        ]);
        tools::run(&mut script, "");
        let pid = world.path("exim/exim.pid");
        eventually("Exim to say who it is", || {
            std::fs::read_to_string(&pid)
                .ok()
                .filter(|pid| !pid.trim().is_empty())
        });
        Self { pid }
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(&self.pid).unwrap_or_default();
        let ended = Command::new("kill").arg(pid.trim()).status();
        if !ended.is_ok_and(|status| status.success()) {
            eprintln!("Exim {pid} may still run");
        }
    }
}
