//! One open transaction: which of its commands were sent, which were answered, and what is decided about whom.
//!
//! Replies come in the order of the commands (RFC 2920 §3.2), so a position in RSET, MAIL, RCPT…, DATA is all the
//! record of expected replies there is. Lock step is pipelining with a window of one command.

use super::capabilities::Capabilities;
use super::outcome::{RecipientResult, Stage, Why};
use super::reply_reader::{Reply, ReplyClass};
use super::transaction::{Token, Transaction};
use crate::limits::PIPELINED_COMMANDS_MAX;

/// A transaction of which the outcome is not known yet.
#[derive(Debug)]
pub(super) struct Open {
    token: Token,
    transaction: Transaction,
    turn: Turn,
    progress: Progress,
    envelope: Envelope,
    // None: not refused so far. What becomes of these is decided for all of them together.
    results: Vec<Option<RecipientResult>>,
    undecided: usize,
}

/// Where a transaction stands among those of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    Later,
}

/// What a transaction finds at the peer, and leaves there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    Empty,
    /// MAIL was accepted and no message ended it: the next MAIL would be a nested one.
    Begun,
}

/// What a reply means for the session.
pub(super) enum Step {
    /// Go on with commands, if any can be sent now.
    Continue,
    /// The peer waits for the message.
    SendBody,
    /// The peer waits for a message that nobody is to get: a lone dot ends it.
    SendLoneDot,
    /// Every recipient is decided and no reply is awaited.
    Finished,
    /// Nothing the peer says can be relied on any more.
    Lost(Why),
}

#[derive(Clone, Copy, Debug)]
enum Progress {
    // Positions in the sequence of commands: the first not sent, the first not answered.
    Commands { sent: usize, answered: usize },
    Message,
    EndOfData,
    LoneDot,
}

#[derive(Clone, Copy, Debug)]
enum Command {
    Rset,
    Mail,
    Rcpt(usize),
    Data,
}

impl Open {
    /// A transaction of which nothing was sent.
    pub(super) fn new(transaction: Transaction, token: Token, turn: Turn, found: Envelope) -> Self {
        let start = match found {
            Envelope::Begun => RSET,
            Envelope::Empty => MAIL,
        };
        let recipients = transaction.recipients.len();
        Self {
            token,
            transaction,
            turn,
            progress: Progress::Commands {
                sent: start,
                answered: start,
            },
            envelope: Envelope::Empty,
            results: vec![None; recipients],
            undecided: recipients,
        }
    }

    /// Appends the commands that can be sent before further replies.
    pub(super) fn write_commands(&mut self, offered: &Capabilities, out: &mut Vec<u8>) {
        let window = if offered.pipelining {
            PIPELINED_COMMANDS_MAX
        } else {
            1
        };
        while let Progress::Commands { sent, answered } = self.progress
            && sent - answered < window
            && let Some(command) = self.unsent()
        {
            match command {
                Command::Rset => out.extend_from_slice(b"RSET\r\n"),
                Command::Mail => self.transaction.write_mail(offered, out),
                Command::Rcpt(index) => self.transaction.write_rcpt(index, out),
                Command::Data => out.extend_from_slice(b"DATA\r\n"),
            }
            self.progress = Progress::Commands {
                sent: sent + 1,
                answered,
            };
        }
    }

    /// Takes the next reply of the peer.
    pub(super) fn take_reply(&mut self, reply: Reply) -> Step {
        match self.progress {
            Progress::Commands { sent, answered } => {
                let Some(command) = self.command(answered) else {
                    return self.unexpected(reply);
                };
                self.progress = Progress::Commands {
                    sent,
                    answered: answered + 1,
                };
                self.command_answered(command, reply)
            }
            Progress::Message => self.unexpected(reply),
            Progress::EndOfData => self.end_of_data_answered(reply),
            Progress::LoneDot => Step::Finished,
        }
    }

    /// Decides what is undecided in the same way.
    pub(super) fn decide_rest(&mut self, result: &RecipientResult) {
        for open in self.results.iter_mut().filter(|open| open.is_none()) {
            *open = Some(result.clone());
        }
        self.undecided = 0;
    }

    /// The message was written, final dot included.
    pub(super) fn body_sent(&mut self) {
        self.progress = Progress::EndOfData;
    }

    /// Whether the message is being written now.
    pub(super) fn is_in_message(&self) -> bool {
        matches!(self.progress, Progress::Message)
    }

    /// Whether nothing is left to be sent but what follows this transaction.
    pub(super) fn is_at_end_of_data(&self) -> bool {
        matches!(self.progress, Progress::EndOfData)
    }

    /// Whether nothing is known of it, and another connection can be asked as if this one had never been.
    pub(super) fn can_be_moved(&self) -> bool {
        let unanswered = matches!(self.progress, Progress::Commands { answered, .. } if answered <= MAIL);
        unanswered && self.turn == Turn::Later
    }

    /// What is awaited now: the earliest that was not answered.
    pub(super) fn stage(&self) -> Stage {
        match self.progress {
            Progress::Commands { answered, .. } => self.command(answered).map_or(Stage::Data, Command::stage),
            Progress::Message => Stage::Message,
            Progress::EndOfData | Progress::LoneDot => Stage::EndOfData,
        }
    }

    /// What it leaves at the peer once it is finished.
    pub(super) fn envelope(&self) -> Envelope {
        self.envelope
    }

    pub(super) fn token(&self) -> Token {
        self.token
    }

    /// The results, in the order of the recipients.
    pub(super) fn into_results(self) -> Vec<RecipientResult> {
        assert_eq!(
            self.undecided, 0,
            "a finished transaction has decided about every recipient"
        );
        self.results.into_iter().flatten().collect()
    }

    fn command_answered(&mut self, command: Command, reply: Reply) -> Step {
        use ReplyClass::{Completion, Intermediate, PermanentFailure, TransientFailure};
        match (command, reply.class()) {
            (Command::Rset | Command::Rcpt(_), Completion) => {}
            (Command::Mail, Completion) => self.envelope = Envelope::Begun,
            (Command::Data, Intermediate) if reply.code() == 354 => return self.message_wanted(),
            // What would follow is answered out of sequence, with a 503 that is nobody's fault.
            (Command::Rset, TransientFailure | PermanentFailure) => return Step::Lost(Why::Reply(reply)),
            (Command::Mail | Command::Data, TransientFailure | PermanentFailure) => {
                self.decide_rest(&refused(reply));
            }
            (Command::Rcpt(index), TransientFailure | PermanentFailure) => {
                self.recipient_refused(index, reply)
            }
            (_, Completion | Intermediate) => {
                let stage = command.stage();
                return Step::Lost(Why::Unexpected { stage, reply });
            }
        }
        let Progress::Commands { sent, answered } = self.progress else {
            return Step::Continue;
        };
        if sent == answered && self.unsent().is_none() {
            Step::Finished
        } else {
            Step::Continue
        }
    }

    fn message_wanted(&mut self) -> Step {
        self.envelope = Envelope::Empty;
        if self.undecided == 0 {
            self.progress = Progress::LoneDot;
            return Step::SendLoneDot;
        }
        self.progress = Progress::Message;
        Step::SendBody
    }

    fn recipient_refused(&mut self, index: usize, reply: Reply) {
        let is_surplus = self.is_surplus(index, &reply);
        let Some(open @ None) = self.results.get_mut(index) else {
            return;
        };
        *open = Some(match is_surplus {
            true => RecipientResult::Deferred(Why::TooManyRecipients(reply)),
            false => refused(reply),
        });
        self.undecided -= 1;
    }

    // RFC 5321 §4.5.3.1.10 wants 552 taken for 452, "too many recipients". Servers also say it of full mailboxes, for
    // good. So it is believed to be about the number only if others came before, which makes the next attempt smaller,
    // and if no enhanced code contradicts.
    fn is_surplus(&self, index: usize, reply: &Reply) -> bool {
        let not_before = self.results.len() - index;
        let says_number = reply
            .enhanced()
            .is_none_or(|code| (code.subject, code.detail) == (5, 3));
        reply.code() == 552 && says_number && self.undecided > not_before
    }

    fn end_of_data_answered(&mut self, reply: Reply) -> Step {
        match reply.class() {
            ReplyClass::Completion => self.decide_rest(&RecipientResult::Delivered(reply)),
            ReplyClass::TransientFailure | ReplyClass::PermanentFailure => self.decide_rest(&refused(reply)),
            ReplyClass::Intermediate => return self.unexpected(reply),
        }
        Step::Finished
    }

    fn unexpected(&self, reply: Reply) -> Step {
        Step::Lost(Why::Unexpected {
            stage: self.stage(),
            reply,
        })
    }

    // Once everybody is refused, what was not sent need not be.
    fn unsent(&self) -> Option<Command> {
        match self.progress {
            Progress::Commands { sent, .. } if self.undecided > 0 => self.command(sent),
            _ => None,
        }
    }

    fn command(&self, position: usize) -> Option<Command> {
        let recipients = self.results.len();
        match position {
            RSET => Some(Command::Rset),
            MAIL => Some(Command::Mail),
            _ if position - FIRST_RCPT < recipients => Some(Command::Rcpt(position - FIRST_RCPT)),
            _ if position - FIRST_RCPT == recipients => Some(Command::Data),
            _ => None,
        }
    }
}

impl Command {
    fn stage(self) -> Stage {
        match self {
            Self::Rset => Stage::Rset,
            Self::Mail => Stage::Mail,
            Self::Rcpt(_) => Stage::Rcpt,
            Self::Data => Stage::Data,
        }
    }
}

/// What a 4yz or 5yz reply means for a recipient (RFC 5321 §4.2.1).
pub(super) fn refused(reply: Reply) -> RecipientResult {
    match reply.class() {
        ReplyClass::PermanentFailure => RecipientResult::Refused(Why::Reply(reply)),
        _ => RecipientResult::Deferred(Why::Reply(reply)),
    }
}

const RSET: usize = 0;
const MAIL: usize = 1;
const FIRST_RCPT: usize = 2;
