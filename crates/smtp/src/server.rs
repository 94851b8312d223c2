//! The server's side of a session: octets and answers in, replies and questions out.
//!
//! **Order of calls.** After [`Session::new`], and after every call of another verb, the caller takes
//! [`poll_output`](Session::poll_output) until it is `None`. Octets go to [`handle_input`](Session::handle_input)
//! while [`wants_input`](Session::wants_input); it says how many it took, and the rest is offered again later. An
//! [`Output::Ask`] is followed by exactly one [`handle_answer`](Session::handle_answer), an [`Output::StartTls`] by
//! [`tls_started`](Session::tls_started). After [`Output::Close`] nothing more comes.
//!
//! **Invariants.**
//! - At most one question is open, and nothing is read while it is. Hence nothing a client sends behind a message is
//!   looked at before that message is on disk or refused.
//! - What is written is a function of what is read and of the answers, however the octets were cut. The two exceptions
//!   guard against octets that were sent before they could honestly be: see below.
//! - A group of pipelined commands gets one group of replies (RFC 2920 §3.2): replies are handed out when more input
//!   is needed, not before.
//! - A body leaves in pieces of exactly [`PIECE_BYTES`](crate::limits::PIECE_BYTES) and a tail, so a session holds
//!   at most one piece, one line and one group of replies.
//!
//! **Synchronization.** RFC 2920 §3.1 lets nothing follow EHLO, DATA, STARTTLS, AUTH or QUIT before their reply.
//! - Behind DATA and STARTTLS it matters: octets that came with the command itself end the session (503 5.5.0). They
//!   are a message blasted at whoever may answer (with DATA refused it would be read as commands), or plaintext that
//!   wants to be taken for the encrypted session (CVE-2011-0411). Only what arrived together can be seen to have come
//!   too early; what arrives later is a message, or the TLS handshake's to judge.
//! - Behind QUIT nothing is read. Behind EHLO and AUTH reading on is harmless, and done.
//!
//! **Limits.** Besides those of [`ServerConfig`], see [`limits`](crate::limits): after
//! [`ERRORS_MAX`](crate::limits::ERRORS_MAX) errors without a message accepted the session ends with 421 4.7.0.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use memchr::memchr;

use crate::address::Domain;
use crate::command::Command;
use crate::reply::{Line, Refusal};

mod auth;
mod body;
mod context;
mod exchange;
mod line;
mod state;
mod transaction;

use context::Context;
pub use exchange::{Answer, Envelope, OnDisk, Output, Password, Protocol, Question, Receipt, Received};
use line::{PartialLine, RawLine};
use state::{Asked, Dialect, Introduced, State};

/// What the operator decided about a listener.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The server's name in its greeting and in `<postmaster>`.
    pub hostname: Domain,
    /// Octets of the largest message taken; announced with SIZE (RFC 1870).
    pub size_max: u64,
    /// Recipients of one transaction; at least 100 (RFC 5321 §4.5.3.1.8).
    pub recipients_max: usize,
    /// Whether STARTTLS is offered on a plain connection.
    pub starttls: bool,
    /// When AUTH is offered.
    pub auth: AuthOffer,
    /// Whether mail is taken only after AUTH (RFC 6409 §4.3).
    pub auth_required: bool,
    /// How long the client may stay silent; RFC 5321 §4.5.3.2.7 asks for
    /// [`COMMAND_PATIENCE`](crate::limits::COMMAND_PATIENCE) at least.
    pub patience: Duration,
}

/// When AUTH is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthOffer {
    /// Never.
    Never,
    /// When the connection is encrypted, by STARTTLS or from its beginning.
    AfterTls,
    /// Always: the caller knows that the connection cannot be listened to, or does not care.
    Always,
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The client's address.
    pub address: IpAddr,
    /// Whether TLS began with the connection (RFC 8314 §3.3).
    pub tls: bool,
}

/// One session of one client. See the module's documentation for the order of calls.
#[derive(Debug)]
pub struct Session {
    context: Context,
    partial: PartialLine,
    state: State,
}

impl Session {
    /// A session whose first output is the greeting.
    pub fn new(config: Arc<ServerConfig>, peer: Peer) -> Self {
        let mut context = Context::new(config, peer);
        context.greet();
        Self {
            context,
            partial: PartialLine::default(),
            state: State::Start,
        }
    }

    /// Whether octets of the client are of use now. If not, an answer, TLS or the end is awaited.
    pub fn wants_input(&self) -> bool {
        !matches!(self.state, State::Asking(_) | State::StartingTls | State::Closed)
    }

    /// How long the client may stay silent before [`handle_timeout`](Self::handle_timeout) is called.
    pub fn patience(&self) -> Duration {
        self.context.config.patience
    }

    /// Takes octets of the client and says how many. It takes fewer than it is given when a question is open, TLS is
    /// to begin or the session is closed: the rest is for later in the first case and for nobody in the others.
    pub fn handle_input(&mut self, input: &[u8]) -> usize {
        let mut rest = input;
        while !rest.is_empty() && self.wants_input() {
            let used = self.step(rest);
            rest = rest.get(used..).unwrap_or_default();
            self.after_step();
        }
        self.context.out.note_unread(!rest.is_empty());
        input.len() - rest.len()
    }

    /// Takes the answer to the open question.
    ///
    /// # Panics
    /// If no question is open, or the answer is not one to it: `Accepted` for a recipient, say. Both are bugs of the
    /// caller.
    pub fn handle_answer(&mut self, answer: Answer) {
        let State::Asking(asked) = std::mem::replace(&mut self.state, State::Closed) else {
            unreachable!("an answer, and no question is open");
        };
        self.state = asked.answered(&mut self.context, answer);
        self.after_step();
    }

    /// Ends the session because [`patience`](Self::patience) has run out. While a question is open the client is not
    /// to blame, and nothing happens.
    pub fn handle_timeout(&mut self) {
        if self.wants_input() {
            self.context.close(Line::Timeout);
            self.state = State::Closed;
        }
    }

    /// Ends the session at the next place where a command could stand: now, if the client is not in the middle of a
    /// message (RFC 5321 §3.8).
    pub fn handle_shutdown(&mut self) {
        self.context.shutting_down = true;
        self.after_step();
    }

    /// Goes on inside TLS. Everything learnt before is forgotten (RFC 3207 §4.2).
    ///
    /// # Panics
    /// If STARTTLS was not asked for: a bug of the caller.
    pub fn tls_started(&mut self) {
        assert!(
            matches!(self.state, State::StartingTls),
            "TLS has begun, and nobody asked for it"
        );
        self.context.tls = true;
        self.partial.clear();
        self.state = State::Start;
    }

    /// What the caller is to do next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.context.out.poll(matches!(self.state, State::Asking(_)))
    }

    // One step forward on input that is not empty; says how much of it was used.
    fn step(&mut self, input: &[u8]) -> usize {
        let context = &mut self.context;
        let (state, used) = match std::mem::replace(&mut self.state, State::Closed) {
            State::Data(data) => data.feed(context, input),
            State::Chunk(chunk) => chunk.feed(context, input),
            State::Swallow(swallow) => swallow.feed(context, input),
            state => {
                self.state = state;
                return self.read_line(input);
            }
        };
        self.state = state;
        used
    }

    fn read_line(&mut self, input: &[u8]) -> usize {
        let Some(end) = memchr(b'\n', input) else {
            self.partial.push(input);
            return input.len();
        };
        let (line, behind) = input.split_at(end + 1);
        if self.partial.is_empty() {
            self.handle_line(RawLine::of(line), !behind.is_empty());
        } else {
            // The buffer is lent out for the call and put back, so that a session allocates it once.
            let mut partial = std::mem::take(&mut self.partial);
            partial.push(line);
            self.handle_line(partial.line(), !behind.is_empty());
            partial.clear();
            self.partial = partial;
        }
        line.len()
    }

    // `followed`: octets behind the line came together with it.
    fn handle_line(&mut self, line: RawLine<'_>, followed: bool) {
        let context = &mut self.context;
        self.state = match std::mem::replace(&mut self.state, State::Closed) {
            State::Auth(exchange) => exchange.respond(context, line),
            state => match line
                .text()
                .and_then(|text| Command::parse(text).map_err(Line::of_error))
            {
                Ok(command) => state.handle_command(context, command, followed),
                Err(error) => state.handle_error(context, error),
            },
        };
    }

    fn after_step(&mut self) {
        if self.context.shutting_down && self.state.is_between_commands() {
            self.context.close_with(Refusal::ShuttingDown.line());
        }
        if self.context.out.is_closing() {
            self.state = State::Closed;
        }
    }
}

#[cfg(test)]
mod tests;
