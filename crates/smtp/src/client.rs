//! The client session: transactions in, outcomes out, over a connection that somebody else holds.
//!
//! **Order of calls.** Make a [`Client`] when the connection is up. Then, whenever something happens, tell it
//! ([`handle_input`](Client::handle_input), [`handle_timeout`](Client::handle_timeout),
//! [`handle_disconnect`](Client::handle_disconnect), [`tls_started`](Client::tls_started),
//! [`body_sent`](Client::body_sent)), and afterwards do what [`poll_output`](Client::poll_output) says until it says
//! nothing. While [`wants_transaction`](Client::wants_transaction), one may be [begun](Client::begin). With PIPELINING
//! that is the case as soon as the body of the one before was sent: a caller that begins the next one before it writes
//! sends the end of one message and the envelope of the next together. It should also read while it writes: a peer may
//! refuse a large message in the middle of it.
//!
//! **Promise.** Every transaction begun ends in exactly one [`Output::Outcome`] or [`Output::NotTried`], with a result
//! for each recipient in its order. [`Output::Close`] comes once, and last.
//!
//! **Failures.** Whatever the peer or the network does is an outcome: 4yz and anything that is not understood is
//! deferred, 5yz is refused. A reply always counts for what it answers, at all stages:
//!
//! | reply to | 4yz / 5yz counts for | else |
//! |---|---|---|
//! | RSET | the session, which ends; the transaction was not tried | |
//! | MAIL | all recipients | |
//! | RCPT | that recipient | 552 after accepted ones may mean too many: deferred |
//! | DATA | all recipients accepted so far | 354 with none accepted is answered with a lone dot |
//! | final dot | all recipients accepted | 2yz: delivered |
//! | anything, 421 | all recipients not yet refused | the session ends |
//!
//! A connection lost or silent counts like a 421 in its place. Behind the final dot the peer may have the message; the
//! result says so ([`Stage::EndOfData`]).

use std::time::Duration;

mod capabilities;
mod enhanced_code;
mod mail;
mod open;
mod opening;
mod outcome;
mod output;
mod reply_reader;
mod session;
mod transaction;

pub use enhanced_code::EnhancedCode;
pub use outcome::{RecipientResult, SessionFailure, Stage, Why};
pub use output::Output;
pub use reply_reader::{Reply, ReplyClass, ReplyError, ReplyReader};
pub use transaction::{Token, Transaction};

use opening::Greeting;
use output::Outputs;
use session::{Loss, State};

/// Whether a session encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsUse {
    /// Not even if the peer offers it.
    Never,
    /// If the peer offers it; else in the clear (RFC 7435).
    Opportunistic,
    /// Or no mail is sent.
    Required,
}

/// What a session is told when it begins.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The argument of EHLO: a domain or an address literal (RFC 5321 §4.1.1.1).
    pub ehlo_name: String,
    /// Whether to encrypt.
    pub tls: TlsUse,
}

/// One session with one peer.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    reader: ReplyReader,
    state: State,
    outputs: Outputs,
}

impl Client {
    /// A session over a connection that is just up: the peer speaks first.
    pub fn new(config: ClientConfig) -> Self {
        Self {
            config,
            reader: ReplyReader::new(),
            state: State::Greeting(Greeting),
            outputs: Outputs::default(),
        }
    }

    /// Takes what the peer said. All of it is taken.
    pub fn handle_input(&mut self, mut input: &[u8]) {
        while !input.is_empty() {
            match &mut self.state {
                State::Closed => return,
                // RFC 3207 §6, as CVE-2011-0411 seen from the other side.
                State::Handshake(_) => return self.lose(Loss::PlaintextAfterStartTls),
                State::Mail(mail) if mail.holds_input() => {
                    let held = mail.hold_input(input);
                    return held.unwrap_or_else(|fault| self.lose(Loss::Garbled(fault)));
                }
                _ => {}
            }
            match self.reader.read(&mut input) {
                Ok(Some(reply)) => {
                    self.step(|state, config, outputs| state.take_reply(reply, config, outputs))
                }
                Ok(None) => return,
                Err(fault) => return self.lose(Loss::Garbled(fault)),
            }
        }
    }

    /// TLS is up, as [`Output::StartTls`] asked for.
    pub fn tls_started(&mut self) {
        self.step(|state, config, outputs| match state {
            State::Handshake(handshake) => handshake.done(config, outputs),
            state => state,
        });
    }

    /// The peer was silent for [`patience`](Self::patience), or took nothing of what is being written for that long.
    /// An idle session says QUIT.
    pub fn handle_timeout(&mut self) {
        if self.is_idle() {
            return self.quit();
        }
        self.lose(Loss::TimedOut);
    }

    /// The connection ended or failed; a failed TLS handshake is a connection that failed.
    pub fn handle_disconnect(&mut self) {
        self.lose(Loss::Disconnected);
    }

    /// No further transaction: QUIT when those that are open have ended, then close. Before the session is ready it is
    /// closed at once.
    pub fn quit(&mut self) {
        self.step(|state, _, outputs| state.quit(outputs));
    }

    /// Whether a transaction may be begun now.
    pub fn wants_transaction(&self) -> bool {
        matches!(&self.state, State::Mail(mail) if mail.wants_transaction())
    }

    /// Begins a transaction. One that is not [wanted](Self::wants_transaction) comes back as
    /// [`Output::NotTried`]; one that the peer is known not to take has its outcome at once.
    ///
    /// # Panics
    /// Without recipients.
    pub fn begin(&mut self, transaction: Transaction, token: Token) {
        assert!(
            !transaction.recipients.is_empty(),
            "a transaction has at least one recipient"
        );
        match &mut self.state {
            State::Mail(mail) if mail.wants_transaction() => {
                mail.begin(transaction, token, &mut self.outputs)
            }
            _ => self.outputs.push(Output::NotTried(token)),
        }
    }

    /// The message was written to its final dot, as [`Output::SendBody`] asked for, or will be before anything else
    /// is.
    pub fn body_sent(&mut self) {
        let State::Mail(mail) = &mut self.state else {
            return;
        };
        let early = mail.body_sent();
        self.handle_input(&early);
    }

    /// How long the peer may stay silent now. The time runs from the last octet that was written or read.
    pub fn patience(&self) -> Duration {
        self.state.patience()
    }

    /// Whether the session is ready and no transaction is open.
    pub fn is_idle(&self) -> bool {
        matches!(&self.state, State::Mail(mail) if mail.is_idle())
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.take()
    }

    fn lose(&mut self, loss: Loss) {
        let state = std::mem::replace(&mut self.state, State::Closed);
        self.state = state.lost(loss, &mut self.reader, &mut self.outputs);
    }

    fn step(&mut self, transition: impl FnOnce(State, &ClientConfig, &mut Outputs) -> State) {
        let state = std::mem::replace(&mut self.state, State::Closed);
        self.state = transition(state, &self.config, &mut self.outputs);
    }
}

#[cfg(test)]
mod tests;
