//! The session once it is ready: transactions, at most two of them open.
//!
//! **Invariants.**
//! - All replies to the first open transaction come before those to the second (RFC 2920 §3.2): a reply is always for
//!   the first.
//! - The second may be begun only when the first awaits nothing but the reply to its final dot; whatever that reply
//!   is, the peer's envelope is empty behind it.
//! - A body is written only behind a 354 that was answered to this transaction's DATA.

use std::collections::VecDeque;
use std::time::Duration;

use super::capabilities::Capabilities;
use super::open::{Envelope, Open, Step, Turn, refused};
use super::outcome::{RecipientResult, Stage, Why};
use super::output::{Output, Outputs};
use super::reply_reader::{Reply, ReplyClass, ReplyError, ReplyReader};
use super::session::{Loss, State, close, quit, stage_timeout};
use super::transaction::{Token, Transaction};
use crate::limits::{COMMAND_PATIENCE, EARLY_INPUT_MAX, OPEN_TRANSACTIONS_MAX};

/// The session is ready.
#[derive(Debug)]
pub(super) struct Mail {
    offered: Capabilities,
    open: VecDeque<Open>,
    next_turn: Turn,
    // What the last transaction left at the peer.
    envelope: Envelope,
    // What the peer said while a message was still being written to it.
    early: Vec<u8>,
    ending: Ending,
}

/// Whether further transactions are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Never,
    WhenIdle,
}

impl Mail {
    pub(super) fn new(offered: Capabilities) -> Self {
        Self {
            offered,
            open: VecDeque::with_capacity(OPEN_TRANSACTIONS_MAX),
            next_turn: Turn::First,
            envelope: Envelope::Empty,
            early: Vec::new(),
            ending: Ending::Never,
        }
    }

    pub(super) fn wants_transaction(&self) -> bool {
        let has_room = match self.open.len() {
            0 => true,
            1 => self.offered.pipelining && self.open.front().is_some_and(Open::is_at_end_of_data),
            _ => false,
        };
        has_room && self.ending == Ending::Never
    }

    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn begin(&mut self, transaction: Transaction, token: Token, outputs: &mut Outputs) {
        if let Some(why) = transaction.obstacle(&self.offered) {
            let recipients = vec![RecipientResult::Refused(why); transaction.recipients.len()];
            outputs.push(Output::Outcome { token, recipients });
            return;
        }
        let envelope = std::mem::replace(&mut self.envelope, Envelope::Empty);
        let mut open = Open::new(transaction, token, self.next_turn, envelope);
        self.next_turn = Turn::Later;
        outputs.send(|out| open.write_commands(&self.offered, out));
        self.open.push_back(open);
    }

    /// Takes the next reply.
    pub(super) fn take_reply(mut self, reply: Reply, outputs: &mut Outputs) -> State {
        let Some(open) = self.open.front_mut() else {
            // Nothing was asked: the peer takes its leave (421), or is out of step. Nothing is lost by leaving too.
            return close(outputs);
        };
        // RFC 5321 §3.8: whatever it answers, 421 ends the session.
        let step = if reply.code() == 421 {
            Step::Lost(Why::Reply(reply))
        } else {
            open.take_reply(reply)
        };
        match step {
            Step::Continue => outputs.send(|out| open.write_commands(&self.offered, out)),
            Step::SendBody => outputs.push(Output::SendBody(open.token())),
            Step::SendLoneDot => outputs.send(|out| out.extend_from_slice(b".\r\n")),
            Step::Finished => return self.finish_first(outputs),
            Step::Lost(why) => return self.lose(why, outputs),
        }
        State::Mail(self)
    }

    /// Whether what the peer says must wait: it answers something that was not written to its end.
    pub(super) fn holds_input(&self) -> bool {
        self.open.front().is_some_and(Open::is_in_message)
    }

    /// Keeps what the peer says early.
    ///
    /// # Errors
    /// When it says more than any reply needs.
    pub(super) fn hold_input(&mut self, input: &[u8]) -> Result<(), ReplyError> {
        if self.early.len() + input.len() > EARLY_INPUT_MAX {
            return Err(ReplyError::TooManyLines);
        }
        self.early.extend_from_slice(input);
        Ok(())
    }

    /// The message was written; gives back what was said meanwhile. A peer that answered before the end may go on to
    /// take the rest of the message for commands: it gets no further transaction.
    pub(super) fn body_sent(&mut self) -> Vec<u8> {
        if let Some(open) = self.open.front_mut().filter(|open| open.is_in_message()) {
            open.body_sent();
        }
        if !self.early.is_empty() {
            self.ending = Ending::WhenIdle;
        }
        std::mem::take(&mut self.early)
    }

    /// Takes no further transaction, and leaves when there is none open.
    pub(super) fn end(mut self, outputs: &mut Outputs) -> State {
        self.ending = Ending::WhenIdle;
        self.leave_if_idle(outputs)
    }

    /// The connection is of no more use.
    pub(super) fn lost(mut self, loss: Loss, reader: &mut ReplyReader, outputs: &mut Outputs) -> State {
        self.heed_early_refusal(reader);
        let why = loss.why(self.stage());
        self.lose(why, outputs)
    }

    /// How long the peer may take for what is awaited. A peer need not keep an idle connection for longer than
    /// [`COMMAND_PATIENCE`] (RFC 5321 §4.5.3.2.7), so longer idleness is not worth keeping one either.
    pub(super) fn patience(&self) -> Duration {
        self.open
            .front()
            .map_or(COMMAND_PATIENCE, |open| stage_timeout(open.stage()))
    }

    fn finish_first(mut self, outputs: &mut Outputs) -> State {
        if let Some(open) = self.open.pop_front() {
            self.envelope = open.envelope();
            assert!(
                self.open.is_empty() || self.envelope == Envelope::Empty,
                "a transaction was begun behind one that left its envelope"
            );
            outputs.push(Output::Outcome {
                token: open.token(),
                recipients: open.into_results(),
            });
        }
        self.leave_if_idle(outputs)
    }

    fn leave_if_idle(self, outputs: &mut Outputs) -> State {
        if self.ending == Ending::WhenIdle && self.open.is_empty() {
            quit(outputs)
        } else {
            State::Mail(self)
        }
    }

    fn lose(self, why: Why, outputs: &mut Outputs) -> State {
        let result = RecipientResult::Deferred(why);
        for mut open in self.open {
            let token = open.token();
            if open.can_be_moved() {
                outputs.push(Output::NotTried(token));
            } else {
                open.decide_rest(&result);
                outputs.push(Output::Outcome {
                    token,
                    recipients: open.into_results(),
                });
            }
        }
        close(outputs)
    }

    // A peer that says no in the middle of a message and hangs up has said why.
    fn heed_early_refusal(&mut self, reader: &mut ReplyReader) {
        let Some(open) = self.open.front_mut().filter(|open| open.is_in_message()) else {
            return;
        };
        let Ok(Some(reply)) = reader.read(&mut self.early.as_slice()) else {
            return;
        };
        if matches!(
            reply.class(),
            ReplyClass::TransientFailure | ReplyClass::PermanentFailure
        ) {
            open.decide_rest(&refused(reply));
        }
    }

    fn stage(&self) -> Stage {
        self.open.front().map_or(Stage::EndOfData, Open::stage)
    }
}
