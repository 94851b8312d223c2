//! The states of a session, and what each does with a reply, a loss and a farewell.

use std::time::Duration;

use super::ClientConfig;
use super::mail::Mail;
use super::opening::{Greeting, Handshake, Hello, StartTls};
use super::outcome::{SessionFailure, Stage, Why};
use super::output::{Output, Outputs};
use super::reply_reader::{Reply, ReplyError, ReplyReader};
use crate::limits::{
    BLOCK_TIMEOUT, DATA_TIMEOUT, END_OF_DATA_TIMEOUT, GREETING_TIMEOUT, HELLO_TIMEOUT, MAIL_TIMEOUT,
    QUIT_TIMEOUT, RCPT_TIMEOUT,
};

/// Where a session is.
#[derive(Debug)]
pub(super) enum State {
    Greeting(Greeting),
    Hello(Hello),
    StartTls(StartTls),
    Handshake(Handshake),
    Mail(Mail),
    Quitting,
    Closed,
}

/// How a connection came to be of no more use.
#[derive(Clone, Copy, Debug)]
pub(super) enum Loss {
    Disconnected,
    TimedOut,
    Garbled(ReplyError),
    PlaintextAfterStartTls,
}

impl State {
    pub(super) fn take_reply(self, reply: Reply, config: &ClientConfig, outputs: &mut Outputs) -> Self {
        match self {
            Self::Greeting(state) => state.take_reply(reply, config, outputs),
            Self::Hello(state) => state.take_reply(reply, config, outputs),
            Self::StartTls(state) => state.take_reply(reply, config, outputs),
            Self::Mail(state) => state.take_reply(reply, outputs),
            Self::Quitting => close(outputs),
            // Neither reads replies.
            Self::Handshake(_) | Self::Closed => self,
        }
    }

    pub(super) fn lost(self, loss: Loss, reader: &mut ReplyReader, outputs: &mut Outputs) -> Self {
        match self {
            Self::Greeting(_) => fail_lost(Stage::Connect, loss, outputs),
            Self::Hello(_) => fail_lost(Stage::Hello, loss, outputs),
            Self::StartTls(_) | Self::Handshake(_) => fail_lost(Stage::StartTls, loss, outputs),
            Self::Mail(state) => state.lost(loss, reader, outputs),
            Self::Quitting => close(outputs),
            Self::Closed => Self::Closed,
        }
    }

    pub(super) fn quit(self, outputs: &mut Outputs) -> Self {
        match self {
            Self::Mail(state) => state.end(outputs),
            Self::Quitting | Self::Closed => self,
            _ => close(outputs),
        }
    }

    pub(super) fn patience(&self) -> Duration {
        match self {
            Self::Greeting(_) => GREETING_TIMEOUT,
            Self::Hello(_) | Self::StartTls(_) | Self::Handshake(_) => HELLO_TIMEOUT,
            Self::Mail(state) => state.patience(),
            Self::Quitting | Self::Closed => QUIT_TIMEOUT,
        }
    }
}

impl Loss {
    pub(super) fn why(self, stage: Stage) -> Why {
        match self {
            Self::Disconnected => Why::LostConnection { after: stage },
            Self::TimedOut => Why::Timeout { stage },
            Self::Garbled(fault) => Why::Garbled { stage, fault },
            Self::PlaintextAfterStartTls => Why::PlaintextAfterStartTls,
        }
    }
}

/// How long the reply to `stage` may take (RFC 5321 §4.5.3.2).
pub(super) fn stage_timeout(stage: Stage) -> Duration {
    match stage {
        Stage::Connect => GREETING_TIMEOUT,
        Stage::Hello | Stage::StartTls => HELLO_TIMEOUT,
        Stage::Rset | Stage::Mail => MAIL_TIMEOUT,
        Stage::Rcpt => RCPT_TIMEOUT,
        Stage::Data => DATA_TIMEOUT,
        Stage::Message => BLOCK_TIMEOUT,
        Stage::EndOfData => END_OF_DATA_TIMEOUT,
    }
}

/// The session ends before it was ready, and the peer hears QUIT: even one that greets with 554 waits for it
/// (RFC 5321 §3.1).
pub(super) fn fail(stage: Stage, why: Why, outputs: &mut Outputs) -> State {
    let hangs_up = matches!(&why, Why::Reply(reply) if reply.code() == 421);
    outputs.push(Output::Failed(SessionFailure { stage, why }));
    if hangs_up { close(outputs) } else { quit(outputs) }
}

/// Says QUIT.
pub(super) fn quit(outputs: &mut Outputs) -> State {
    outputs.send(|out| out.extend_from_slice(b"QUIT\r\n"));
    State::Quitting
}

/// Ends without another word.
pub(super) fn close(outputs: &mut Outputs) -> State {
    outputs.push(Output::Close);
    State::Closed
}

fn fail_lost(stage: Stage, loss: Loss, outputs: &mut Outputs) -> State {
    outputs.push(Output::Failed(SessionFailure {
        stage,
        why: loss.why(stage),
    }));
    close(outputs)
}
