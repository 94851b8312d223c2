//! What accepting a message costs, beside the least that it could:
//!
//! ```text
//! cargo bench --profile release --bench accept
//! ```
//!
//! A session serves one transaction after the other, fed in reads of the size that the program makes; the limit is to
//! copy the octets of the message once. What is submitted to RocksDB is synced; the limit is to append the same octets
//! to a file and to sync that as often as the store did: once for all messages that waited together.

#![allow(clippy::unwrap_used, reason = "a bench that cannot begin may end")]

mod samples;
mod stopwatch;

use std::collections::BTreeMap;
use std::fs::File;
use std::future::Future;
use std::hint::black_box;
use std::io::Write;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use queue::Accepted;
use smtp::address::Domain;
use smtp::data::Stuffer;
use smtp::server::{Answer, AuthOffer, Output, Peer, Question, Receipt, ServerConfig, Session};
use store::{Batch, open_memory};

/// Octets that the program reads at once.
const READ_BYTES: usize = 32 * 1024;

/// Octets submitted in one case: below what the engine holds in memory, so that no flush comes in between.
const CASE_BYTES: usize = 20 * 1024 * 1024;

/// Octets stored of a message besides its body: records, index, keys.
const RECORD_BYTES: usize = 700;

fn main() {
    if !stopwatch::is_asked_for() {
        return;
    }
    stopwatch::head("message");
    let messages = samples::SIZES.map(|(size, octets)| (size, samples::message(octets)));
    for (size, message) in &messages {
        session(size, message);
    }
    submit_to_memory(&messages[0].1);
    for (size, message) in &messages {
        submit_to_disk(&format!("{size}, alone"), message, 1);
        submit_to_disk(&format!("{size}, 20 sessions"), message, 20);
    }
}

fn session(size: &str, message: &[u8]) {
    let commands = b"MAIL FROM:<news@example.com>\r\nRCPT TO:<someone@example.org>\r\nDATA\r\n";
    let mut wire = Vec::new();
    let mut stuffer = Stuffer::new();
    stuffer.encode(message, &mut wire);
    stuffer.finish(&mut wire);
    let mut server = Server::new();
    server.hear(b"EHLO client.example\r\n");
    let took = stopwatch::fastest(2000, || {
        server.hear(commands);
        wire.chunks(READ_BYTES).for_each(|read| server.hear(read));
    });
    stopwatch::row(
        &format!("session, {size}"),
        took,
        stopwatch::copied(message),
        "memcpy",
    );
}

/// A session and a caller that allows everything.
struct Server {
    session: Session,
    proof: Accepted,
}

impl Server {
    fn new() -> Self {
        let config = ServerConfig {
            hostname: Domain::parse("mx.example").unwrap(),
            size_max: 25 * 1024 * 1024,
            recipients_max: 1000,
            starttls: true,
            auth: AuthOffer::Never,
            auth_required: false,
            patience: Duration::from_secs(300),
        };
        let address = [192, 0, 2, 1].into();
        let session = Session::new(Arc::new(config), Peer { address, tls: false });
        // A 250 needs the proof of a commit. One in memory is one, and serves for all messages that go nowhere.
        let submission = samples::submission(0, Vec::new());
        let queue = samples::queue(&open_memory());
        let proof = at_once(queue.submit(vec![submission], Batch::new()))
            .unwrap()
            .accepted;
        Self { session, proof }
    }

    fn hear(&mut self, mut octets: &[u8]) {
        loop {
            while let Some(output) = self.session.poll_output() {
                self.handle(output);
            }
            if octets.is_empty() {
                return;
            }
            let used = self.session.handle_input(octets);
            octets = &octets[used..];
        }
    }

    fn handle(&mut self, output: Output) {
        let answer = match black_box(output) {
            Output::Ask(Question::Message(_)) => {
                Answer::Accepted(Receipt::new(&self.proof, "018bcfe5-6800-7000-8000-000000000000"))
            }
            Output::Ask(_) => Answer::Allow,
            Output::Reply(_) | Output::BodyPiece(_) => return,
            other => unreachable!("nothing here leads to {other:?}"),
        };
        self.session.handle_answer(answer);
    }
}

/// Nothing is copied: the size of the message does not matter.
fn submit_to_memory(message: &[u8]) {
    let queue = samples::queue(&open_memory());
    let body = samples::pieces(message);
    let mut number = 0;
    let took = stopwatch::fastest(1000, || {
        number += 1;
        let submission = samples::submission(number, body.clone());
        let submitted = at_once(queue.submit(vec![submission], Batch::new())).unwrap();
        submitted
            .ready
            .into_iter()
            .for_each(|delivery| queue.unclaim(delivery));
    });
    let mut map = BTreeMap::new();
    let mut key = [0; 32];
    let insertion = stopwatch::fastest(1000, || {
        number += 1;
        key[24..].copy_from_slice(&number.to_be_bytes());
        map.insert(key.to_vec(), vec![b'x'; 100]);
    });
    stopwatch::row(
        "submit to memory",
        took,
        4 * insertion,
        "four BTreeMap insertions",
    );
}

fn submit_to_disk(what: &str, message: &[u8], sessions: u64) {
    let folder = samples::Folder::new();
    let store = folder.store();
    let queue = samples::queue(&store);
    let runtime = samples::runtime();
    let body = samples::pieces(message);
    let messages = (CASE_BYTES / message.len()) as u64 / sessions * sessions;
    let (took, ()) = stopwatch::once(|| samples::hand_over(&runtime, &queue, sessions, messages, &body));
    let groups = store.stats().groups;
    store.close().unwrap();
    let bare = synced(&folder, message.len() + RECORD_BYTES, messages, groups);
    let one = |all: Duration| all.div_f64(messages as f64);
    stopwatch::row(
        &format!("submit to RocksDB, {what}"),
        one(took),
        one(bare),
        &format!(
            "append and fdatasync, {:.1} messages at once",
            messages as f64 / groups as f64
        ),
    );
}

/// How long it takes to write the octets of so many messages to a file, in so many groups, each of them synced.
fn synced(folder: &samples::Folder, octets: usize, messages: u64, groups: u64) -> Duration {
    let mut file = File::create(folder.file()).unwrap();
    let group = vec![b'x'; octets * messages as usize / groups as usize];
    let (took, ()) = stopwatch::once(|| {
        for _ in 0..groups {
            file.write_all(&group).unwrap();
            file.sync_data().unwrap();
        }
    });
    took
}

/// The outcome of a future that need not wait.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => unreachable!("a commit in memory is done when it is asked for"),
    }
}
