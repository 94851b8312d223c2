//! What we sign, mail-auth verifies: an implementation that shares no code with ours.
//!
//! Its verifier is asked offline: the records are in its cache, so it is done the first time it is polled.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use content::dkim::{BodyHash, DnsRecord, PrivateKey, SelectedKey, Signer, generate};
use content::header::block_length;
use mail_auth::common::cache::NoCache;
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::hickory_resolver::config::{ResolverConfig, ResolverOpts};
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt};
use proptest::prelude::*;

/// The time of the signatures: before any clock that verifies them.
const NOW_UNIX_S: u64 = 1_700_000_000;

/// The records a verifier would find.
struct Dns(HashMap<Box<str>, Txt>);

impl Dns {
    fn publish(records: &[&DnsRecord]) -> Self {
        let entry = |record: &&DnsRecord| {
            let joined: String = record.strings().collect();
            let key = DomainKey::parse(joined.as_bytes()).unwrap();
            (
                format!("{}.", record.name).into_boxed_str(),
                Txt::DomainKey(key.into()),
            )
        };
        Self(records.iter().map(entry).collect())
    }
}

impl ResolverCache<Box<str>, Txt> for Dns {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.get(name).cloned()
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: Instant) {}
}

/// A domain with both keys, and a verifier that finds their records.
struct World {
    signer: Signer,
    verifier: MessageAuthenticator,
    dns: Dns,
}

impl World {
    fn new() -> Self {
        let made = generate("example.com", "r1", "e1").unwrap();
        let keys = [&made.rsa, &made.ed25519];
        let selected = keys
            .map(|key| SelectedKey::new(&key.selector, PrivateKey::from_pem(&key.private_key_pem).unwrap()));
        Self {
            signer: Signer::new("example.com", selected.into()).unwrap(),
            verifier: MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default()).unwrap(),
            dns: Dns::publish(&keys.map(|key| &key.record)),
        }
    }

    /// The message with its signatures before it.
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let (header, body) = message.split_at(block_length(message).unwrap_or(message.len()));
        let mut hash = BodyHash::new();
        for piece in body.chunks(1000) {
            hash.push(piece);
        }
        let mut signed = self.signer.sign(header, &hash.finish(), NOW_UNIX_S);
        signed.extend_from_slice(message);
        signed
    }

    fn verify(&self, signed: &[u8]) -> Vec<DkimResult> {
        let message = AuthenticatedMessage::parse(signed).unwrap();
        let parameters: Parameters<
            '_,
            _,
            NoCache<_, Txt>,
            NoCache<_, _>,
            NoCache<_, _>,
            NoCache<_, _>,
            NoCache<_, _>,
        > = Parameters::new(&message);
        let verification = pin!(self.verifier.verify_dkim(parameters.with_txt_cache(&self.dns)));
        match verification.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outputs) => outputs.iter().map(|output| output.result().clone()).collect(),
            Poll::Pending => panic!("the verifier asked the network"),
        }
    }
}

#[test]
fn signatures_verify_whatever_the_message_looks_like() {
    let world = World::new();
    let long_header = format!(
        "From: a@example.com\r\nReferences:{}\r\n\r\nx\r\n",
        " <id@example.com>\r\n".repeat(400)
    );
    let long_word = format!(
        "From: a@example.com\r\nSubject: {}\r\n\r\nx\r\n",
        "x".repeat(20_000)
    );
    let long_body = format!(
        "From: a@example.com\r\n\r\n{}",
        "A line  of text \t.\r\n\r\n".repeat(2000)
    );
    let many_fields = format!(
        "From: a@example.com\r\n{}\r\nx\r\n",
        "To: b@example.org\r\n".repeat(40)
    );
    let corpus: &[(&str, &[u8])] = &[
        ("plain", b"From: a@example.com\r\nTo: b@example.org\r\nSubject: x\r\n\r\nHi.\r\n"),
        ("empty body", b"From: a@example.com\r\n\r\n"),
        ("no empty line", b"From: a@example.com\r\nSubject: x\r\n"),
        ("body without CRLF at its end", b"From: a@example.com\r\n\r\nHi."),
        ("empty lines at the end", b"From: a@example.com\r\n\r\nHi.\r\n\r\n\r\n"),
        ("empty lines only", b"From: a@example.com\r\n\r\n\r\n\r\n"),
        ("empty lines first", b"From: a@example.com\r\n\r\n\r\n\r\nHi.\r\n"),
        ("runs of white space", b"From: a@example.com\r\n\r\n\tHi  \t there \r\n   \r\n\t.\t\r\n"),
        ("white space in the header", b"From: \t a@example.com \t\r\nSubject:\t x \t y  \r\nDate:x\r\n\r\nx\r\n"),
        ("folded fields", b"From: Joe\r\n\t<a@example.com>\r\nSubject: one\r\n  two\r\n\tthree\r\n\r\nx\r\n"),
        ("empty fields", b"From: a@example.com\r\nSubject:\r\nCc: \r\nReply-To:\r\n \r\n\r\nx\r\n"),
        ("duplicate fields", b"To: 1\r\nFrom: a@example.com\r\nTo: 2\r\nFrom: b@example.com\r\nTo: 3\r\n\r\nx\r\n"),
        ("any case", b"FROM: a@example.com\r\nsUbJeCt: X\r\nmessage-id: <x@y>\r\n\r\nx\r\n"),
        ("8-bit", "From: Jos\u{e9} <a@example.com>\r\nSubject: gr\u{fc}n \u{1f34f}\r\n\r\n\u{fc}ber\r\n".as_bytes()),
        ("not UTF-8", b"From: a@example.com\r\nSubject: \xff\xfe\r\n\r\n\x80\x81 \xff\r\n"),
        ("trace before", b"Received: by x\r\n\tfor y; z\r\nReturn-Path: <>\r\nFrom: a@example.com\r\n\r\nx\r\n"),
        ("MIME", b"From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: text/plain;\r\n charset=utf-8\r\n\
            Content-Transfer-Encoding: 8bit\r\nList-Unsubscribe: <https://x.example/>\r\n\
            List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nIn-Reply-To: <a@b>\r\nReferences: <a@b>\r\n\r\nx\r\n"),
        ("another signature", b"DKIM-Signature: v=1; nonsense\r\nFrom: a@example.com\r\n\r\nx\r\n"),
        ("long header", long_header.as_bytes()),
        ("long word", long_word.as_bytes()),
        ("long body", long_body.as_bytes()),
        ("more instances than are signed", many_fields.as_bytes()),
        ("no author", b"Subject: x\r\n\r\nx\r\n"),
    ];
    for (name, message) in corpus {
        let results = world.verify(&world.sign(message));
        let passed = results
            .iter()
            .filter(|result| **result == DkimResult::Pass)
            .count();
        assert_eq!(passed, 2, "{name}: {results:?}");
    }
}

#[test]
fn a_changed_message_does_not_verify() {
    let world = World::new();
    let signed = world.sign(b"From: a@example.com\r\nSubject: x\r\nDate: today\r\n\r\nHi.\r\n");
    let signed = String::from_utf8(signed).unwrap();
    let changes: &[(&str, String)] = &[
        ("body", signed.replace("Hi.", "Ho.")),
        ("more body", format!("{signed}PS\r\n")),
        ("author", signed.replace("From: a@", "From: b@")),
        ("second author", format!("From: b@example.com\r\n{signed}")),
        ("second subject", format!("Subject: y\r\n{signed}")),
        ("second date", format!("Date: tomorrow\r\n{signed}")),
        ("answer elsewhere", format!("Reply-To: b@example.com\r\n{signed}")),
        ("no subject", signed.replace("Subject: x\r\n", "")),
        (
            "time of signature",
            signed.replace("t=1700000000", "t=1700000001"),
        ),
    ];
    assert_eq!(
        world.verify(signed.as_bytes()),
        [DkimResult::Pass, DkimResult::Pass]
    );
    for (name, changed) in changes {
        assert_ne!(*changed, signed, "{name}");
        assert!(
            !world.verify(changed.as_bytes()).contains(&DkimResult::Pass),
            "{name}"
        );
    }
}

#[test]
fn a_change_that_relaxed_form_forgives_verifies() {
    let world = World::new();
    let signed = world.sign(b"From: Joe <a@example.com>\r\nSubject: one two\r\n\r\nHi there.\r\n");
    let refolded = String::from_utf8(signed)
        .unwrap()
        .replace("Subject: one two", "SUBJECT:  one\r\n\ttwo")
        .replace("Hi there.\r\n", "Hi \t there. \r\n\r\n\r\n");
    let with_trace = format!("Received: from x by y;\r\n\tnow\r\nDate: added by a relay\r\n{refolded}");
    assert_eq!(
        world.verify(with_trace.as_bytes()),
        [DkimResult::Pass, DkimResult::Pass]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_field_values_and_bodies_verify(
        subject in "[a-z \t]{0,60}(\r\n[ \t][a-z ]{1,60}[a-z]){0,4}",
        to in prop::collection::vec("[a-z@. \t]{0,40}", 0..5),
        body in "(x([a-z. \t]{0,90}\r\n){0,12}[a-z]{1,3}(\r\n){0,3})?",
    ) {
        let world = World::new_with_fixed_keys();
        let to: String = to.iter().map(|value| format!("To:{value}\r\n")).collect();
        let message = format!("From: a@example.com\r\n{to}Subject: {subject}\r\n\r\n{body}");
        prop_assert_eq!(world.verify(&world.sign(message.as_bytes())), [DkimResult::Pass, DkimResult::Pass]);
    }
}

impl World {
    /// Generating RSA keys takes too long to be done for every case.
    fn new_with_fixed_keys() -> Self {
        let keys = [
            ("r1", include_str!("keys/rsa-2048.pem")),
            ("e1", include_str!("keys/ed25519-rfc8463.pem")),
        ];
        let load = |(_, pem): (&str, &str)| PrivateKey::from_pem(pem).unwrap();
        let records = keys.map(|key| load(key).dns_record("example.com", key.0).unwrap());
        let selected = keys.map(|key| SelectedKey::new(key.0, load(key)));
        Self {
            signer: Signer::new("example.com", selected.into()).unwrap(),
            verifier: MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default()).unwrap(),
            dns: Dns::publish(&records.each_ref()),
        }
    }
}
