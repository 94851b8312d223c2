//! What a client wants done, in order.

use std::collections::VecDeque;

use super::outcome::{RecipientResult, SessionFailure};
use super::transaction::Token;

/// What the caller is to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write these octets. They may be held back and written together with what follows, as long as the peer is not
    /// waited for.
    Send(Vec<u8>),
    /// Begin TLS; then [`tls_started`](super::Client::tls_started). Should the handshake fail, the connection is lost.
    StartTls,
    /// Greeting, EHLO and TLS are done: transactions may begin.
    Ready,
    /// Write the dot-stuffed message of this transaction and its final dot; then
    /// [`body_sent`](super::Client::body_sent).
    SendBody(Token),
    /// The transaction is over, and this became of its recipients, in their order.
    Outcome {
        /// Which transaction.
        token: Token,
        /// One result for each of [`Transaction::recipients`](super::Transaction::recipients).
        recipients: Vec<RecipientResult>,
    },
    /// The transaction is over without having been tried: the connection had served others and ended first. Try it
    /// again at once on another one. Never said of the first transaction of a connection, so a peer that hangs up on
    /// everything cannot keep a caller busy.
    NotTried(Token),
    /// The session ends before it was ready. `Close` follows.
    Failed(SessionFailure),
    /// Close the connection. Nothing follows.
    Close,
}

/// Outputs that were not yet taken.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    queue: VecDeque<Output>,
}

impl Outputs {
    pub(super) fn push(&mut self, output: Output) {
        self.queue.push_back(output);
    }

    pub(super) fn take(&mut self) -> Option<Output> {
        self.queue.pop_front()
    }

    /// Sends what `write` appends, in one write with what is to be sent just before it.
    pub(super) fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(Output::Send(octets)) = self.queue.back_mut() {
            write(octets);
            return;
        }
        let mut octets = Vec::with_capacity(GROUP_BYTES);
        write(&mut octets);
        if !octets.is_empty() {
            self.queue.push_back(Output::Send(octets));
        }
    }
}

// What MAIL, a few RCPT and DATA usually come to.
const GROUP_BYTES: usize = 256;
