//! What all states share: the listener's settings, the channel, the counts, and the way out.

use std::collections::VecDeque;
use std::sync::Arc;

use super::exchange::{Output, Receipt};
use super::{AuthOffer, Dialect, Peer, ServerConfig};
use crate::limits::{ERRORS_MAX, IDLE_COMMANDS_MAX};
use crate::reply::{self, Line};

#[derive(Debug)]
pub(super) struct Context {
    pub(super) config: Arc<ServerConfig>,
    peer: Peer,
    /// Whether the channel is encrypted now.
    pub(super) tls: bool,
    pub(super) shutting_down: bool,
    pub(super) out: Outbox,
    // Since the last message that was accepted.
    errors: u32,
    idle_commands: u32,
}

impl Context {
    pub(super) fn new(config: Arc<ServerConfig>, peer: Peer) -> Self {
        let out = Outbox::default();
        Self {
            config,
            peer,
            tls: peer.tls,
            shutting_down: false,
            out,
            errors: 0,
            idle_commands: 0,
        }
    }

    pub(super) fn greet(&mut self) {
        self.out.say(&reply::greeting(&self.config.hostname));
    }

    pub(super) fn say_hello(&mut self, dialect: Dialect, authenticated: bool) {
        let reply = match dialect {
            Dialect::Helo => reply::helo(&self.config.hostname),
            Dialect::Ehlo => {
                let starttls = self.config.starttls && !self.tls;
                let auth = !authenticated && self.offers_auth();
                reply::ehlo(&self.config, self.peer.address, starttls, auth)
            }
        };
        self.out.say(&reply);
    }

    pub(super) fn offers_auth(&self) -> bool {
        match self.config.auth {
            AuthOffer::Never => false,
            AuthOffer::AfterTls => self.tls,
            AuthOffer::Always => true,
        }
    }

    /// Says a reply that is the client's fault.
    pub(super) fn refuse(&mut self, line: Line) {
        self.out.say(line.line());
        self.count_error();
    }

    pub(super) fn count_error(&mut self) {
        self.errors += 1;
        if self.errors == ERRORS_MAX {
            self.close(Line::TooManyErrors);
        }
    }

    /// Says the reply to a command that does no work.
    pub(super) fn say_idle(&mut self, line: Line) {
        self.out.say(line.line());
        self.count_idle();
    }

    pub(super) fn count_idle(&mut self) {
        self.idle_commands += 1;
        if self.idle_commands > IDLE_COMMANDS_MAX {
            self.count_error();
        }
    }

    pub(super) fn message_accepted(&mut self, receipt: Receipt) {
        self.errors = 0;
        self.idle_commands = 0;
        self.out.say(receipt.line());
    }

    pub(super) fn close(&mut self, line: Line) {
        self.close_with(line.line());
    }

    pub(super) fn close_with(&mut self, line: &str) {
        self.out.say(line);
        self.out.close();
    }
}

/// Octets of the replies to MAIL, RCPT and DATA, with room for a few more recipients: one allocation for a group.
const REPLY_GROUP_USUAL: usize = 160;

/// What waits to be taken by `poll_output`, in the order in which it may be taken: body pieces and the question,
/// which concern the caller only; then the group of replies; then what changes the connection.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    events: VecDeque<Output>,
    replies: Vec<u8>,
    ending: Ending,
    // The caller holds input that was not taken yet. It will offer it again, and the replies can wait for those that
    // it brings.
    unread: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ending {
    #[default]
    Open,
    StartTls,
    Close,
    CloseTold,
}

impl Outbox {
    /// Adds a reply to the group. Behind the one that closes the session there is none.
    pub(super) fn say(&mut self, reply: &str) {
        if self.is_closing() {
            return;
        }
        if self.replies.capacity() == 0 {
            self.replies.reserve(REPLY_GROUP_USUAL);
        }
        self.replies.extend_from_slice(reply.as_bytes());
    }

    pub(super) fn give(&mut self, event: Output) {
        self.events.push_back(event);
    }

    pub(super) fn start_tls(&mut self) {
        self.ending = Ending::StartTls;
    }

    pub(super) fn close(&mut self) {
        if !self.is_closing() {
            self.ending = Ending::Close;
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        matches!(self.ending, Ending::Close | Ending::CloseTold)
    }

    pub(super) fn note_unread(&mut self, unread: bool) {
        self.unread = unread;
    }

    pub(super) fn poll(&mut self, asking: bool) -> Option<Output> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let held = self.ending == Ending::Open && (asking || self.unread);
        if !held && !self.replies.is_empty() {
            return Some(Output::Reply(std::mem::take(&mut self.replies)));
        }
        let (ending, output) = match self.ending {
            Ending::StartTls => (Ending::Open, Some(Output::StartTls)),
            Ending::Close => (Ending::CloseTold, Some(Output::Close)),
            ending => (ending, None),
        };
        self.ending = ending;
        output
    }
}
