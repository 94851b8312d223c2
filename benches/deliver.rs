//! What delivering a message costs besides the network, beside the least that it could:
//!
//! ```text
//! cargo bench --profile release --bench deliver
//! ```
//!
//! A client session hands one message after the other to a host that says yes to everything, over a connection that is
//! kept; what it sends is gathered in one buffer, as the program does before it writes. The limit is to copy the octets
//! of the message once.

#![allow(clippy::unwrap_used, reason = "a bench that cannot begin may end")]

mod samples;
mod stopwatch;

use std::hint::black_box;
use std::time::Duration;

use smtp::address::{ForwardPath, ReversePath};
use smtp::client::{Client, ClientConfig, Output, TlsUse, Token, Transaction};
use smtp::data::Stuffer;

fn main() {
    if !stopwatch::is_asked_for() {
        return;
    }
    stopwatch::head("message");
    for (size, octets) in samples::SIZES {
        let message = samples::message(octets);
        let limit = stopwatch::copied(&message);
        let pipelined = delivered(
            &message,
            "250-mx.example\r\n250-PIPELINING\r\n250 SIZE 26214400\r\n",
        );
        stopwatch::row(
            &format!("session and stuffing, {size}"),
            pipelined,
            limit,
            "memcpy",
        );
        let lock_step = delivered(&message, "250-mx.example\r\n250 SIZE 26214400\r\n");
        stopwatch::row(
            &format!("the same without PIPELINING, {size}"),
            lock_step,
            limit,
            "memcpy",
        );
        stopwatch::row(
            &format!("stuffing alone, {size}"),
            stuffed(&message),
            limit,
            "memcpy",
        );
    }
}

fn delivered(message: &[u8], ehlo_reply: &'static str) -> Duration {
    let mut connection = Connection::new(message, ehlo_reply);
    stopwatch::fastest(2000, || connection.deliver_one())
}

/// A client, its caller, and its host: what the client writes is answered at once, and read when it waits.
struct Connection<'a> {
    client: Client,
    message: &'a [u8],
    transaction: Transaction,
    begun: u64,
    ehlo_reply: &'static str,
    written: Vec<u8>,
    replies: Vec<u8>,
}

impl<'a> Connection<'a> {
    fn new(message: &'a [u8], ehlo_reply: &'static str) -> Self {
        let tls = TlsUse::Never;
        let transaction = Transaction {
            reverse_path: ReversePath::parse("<news@example.com>").unwrap(),
            recipients: vec![ForwardPath::parse("<someone@example.org>").unwrap()],
            size: message.len() as u64,
            eight_bit: false,
            smtputf8: false,
        };
        Self {
            client: Client::new(ClientConfig {
                ehlo_name: "relay.example".into(),
                tls,
            }),
            message,
            transaction,
            begun: 0,
            ehlo_reply,
            written: Vec::new(),
            replies: b"220 mx.example ESMTP\r\n".to_vec(),
        }
    }

    /// Goes on until a message is delivered. The next one is begun by then, where the host takes it so early.
    fn deliver_one(&mut self) {
        loop {
            match self.client.poll_output() {
                Some(Output::Send(octets)) => self.write(&octets),
                Some(Output::SendBody(_)) => self.write_message(),
                Some(Output::Outcome { recipients, .. }) => {
                    black_box(recipients);
                    return;
                }
                Some(Output::Ready) => {}
                Some(other) => unreachable!("nothing here leads to {other:?}"),
                None if self.client.wants_transaction() => {
                    self.begun += 1;
                    self.client.begin(self.transaction.clone(), Token(self.begun));
                }
                None => self.exchange(),
            }
        }
    }

    fn write(&mut self, octets: &[u8]) {
        self.written.extend_from_slice(octets);
        for line in octets.split_inclusive(|octet| *octet == b'\n') {
            self.replies.extend_from_slice(match line {
                [b'E', ..] => self.ehlo_reply.as_bytes(),
                [b'M', ..] => b"250 2.1.0 Ok\r\n",
                [b'R', ..] => b"250 2.1.5 Ok\r\n",
                _ => b"354 End data with <CR><LF>.<CR><LF>\r\n",
            });
        }
    }

    fn write_message(&mut self) {
        let mut stuffer = Stuffer::new();
        stuffer.encode(self.message, &mut self.written);
        stuffer.finish(&mut self.written);
        self.client.body_sent();
        self.replies
            .extend_from_slice(b"250 2.0.0 Ok: queued as 018bcfe568007000\r\n");
    }

    fn exchange(&mut self) {
        black_box(&self.written);
        self.written.clear();
        let mut replies = std::mem::take(&mut self.replies);
        self.client.handle_input(&replies);
        replies.clear();
        self.replies = replies;
    }
}

fn stuffed(message: &[u8]) -> Duration {
    let mut out = Vec::new();
    stopwatch::fastest(2000, || {
        out.clear();
        let mut stuffer = Stuffer::new();
        stuffer.encode(black_box(message), &mut out);
        stuffer.finish(&mut out);
        black_box(&out);
    })
}
