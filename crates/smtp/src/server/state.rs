//! Where a session stands, and what each command means there.

use std::sync::Arc;

use super::auth::Exchange;
use super::body::{Chunk, Chunks, Data, Swallow};
use super::context::Context;
use super::exchange::Answer;
use super::transaction::Transaction;
use crate::address::ForwardPath;
use crate::command::Command;
use crate::reply::{Line, Refusal};

/// Where a session stands. Each state holds what was learnt on the way to it, and nothing else.
#[derive(Debug)]
pub(super) enum State {
    /// No EHLO yet, or none since TLS began.
    Start,
    /// Between transactions.
    Idle(Introduced),
    /// In an AUTH exchange: the next line is a response.
    Auth(Exchange),
    /// MAIL was accepted.
    Transaction(Transaction),
    /// Some chunks were received, and none of them was the last.
    Chunks(Chunks),
    /// Within the octets of a chunk.
    Chunk(Chunk),
    /// Within the octets of a chunk that is refused.
    Swallow(Swallow),
    /// Within a message sent with DATA.
    Data(Data),
    /// A question is open.
    Asking(Asked),
    /// The reply to STARTTLS is given; the handshake is the caller's.
    StartingTls,
    /// Nothing more is read.
    Closed,
}

/// What EHLO or HELO and AUTH told.
#[derive(Debug)]
pub(super) struct Introduced {
    pub(super) name: Arc<str>,
    pub(super) dialect: Dialect,
    pub(super) authenticated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Helo,
    Ehlo,
}

/// The question that is open, and where the session goes on from.
#[derive(Debug)]
pub(super) enum Asked {
    Authenticate(Introduced),
    Sender(Transaction),
    Recipient(Transaction, ForwardPath),
    Message(Introduced),
}

impl State {
    pub(super) fn is_between_commands(&self) -> bool {
        matches!(
            self,
            Self::Start | Self::Idle(_) | Self::Auth(_) | Self::Transaction(_) | Self::Chunks(_)
        )
    }

    pub(super) fn handle_command(self, context: &mut Context, command: Command<'_>, followed: bool) -> Self {
        match command {
            Command::Ehlo(name) => self.hello(context, name, Dialect::Ehlo),
            Command::Helo(name) => self.hello(context, name, Dialect::Helo),
            Command::Mail {
                reverse_path,
                parameters,
            } => match self {
                Self::Idle(client) => client.mail(context, reverse_path, parameters),
                state => state.out_of_order(context, Line::NestedMail),
            },
            Command::Rcpt(addressee) => match self {
                Self::Transaction(transaction) => transaction.rcpt(context, addressee),
                state => state.out_of_order(context, Line::MailFirst),
            },
            Command::Data => self.data(context, followed),
            Command::Bdat { size, last } => self.bdat(context, size, last),
            Command::Rset => self.reset(context),
            Command::Noop => self.idle_command(context, Line::Ok),
            Command::Vrfy => self.idle_command(context, Line::CannotVerify),
            Command::Help => self.idle_command(context, Line::Help),
            Command::Quit => {
                context.close(Line::Bye);
                Self::Closed
            }
            Command::StartTls => self.start_tls(context, followed),
            Command::Auth { mechanism, initial } => self.auth(context, mechanism, initial),
        }
    }

    pub(super) fn handle_error(self, context: &mut Context, error: Line) -> Self {
        match error {
            // The place of the next command is not known; or nothing that follows is for this server.
            Line::SyntaxBdat | Line::Foreign => context.close(error),
            _ => context.refuse(error),
        }
        self
    }

    // A command that some other state would have taken.
    pub(super) fn out_of_order(self, context: &mut Context, otherwise: Line) -> Self {
        context.refuse(match self {
            Self::Start => Line::HelloFirst,
            Self::Chunks(_) => Line::NotBetweenChunks,
            _ => otherwise,
        });
        self
    }

    fn idle_command(self, context: &mut Context, reply: Line) -> Self {
        context.say_idle(reply);
        self
    }

    // RFC 5321 §4.1.4: a repeated EHLO begins anew, like RSET; it does not undo AUTH.
    fn hello(self, context: &mut Context, name: &str, dialect: Dialect) -> Self {
        let before = self.into_introduced(context);
        if before.is_some() {
            context.count_idle();
        }
        let authenticated = before.is_some_and(|before| before.authenticated);
        context.say_hello(dialect, authenticated);
        Self::Idle(Introduced {
            name: name.into(),
            dialect,
            authenticated,
        })
    }

    fn reset(self, context: &mut Context) -> Self {
        context.say_idle(Line::Ok);
        self.into_introduced(context).map_or(Self::Start, Self::Idle)
    }

    // Gives up the transaction, if there is one.
    fn into_introduced(self, context: &mut Context) -> Option<Introduced> {
        match self {
            Self::Idle(client) => Some(client),
            Self::Transaction(transaction) => Some(transaction.client),
            Self::Chunks(chunks) => Some(chunks.abandon(context)),
            _ => None,
        }
    }

    fn start_tls(self, context: &mut Context, followed: bool) -> Self {
        if followed {
            context.close(Line::Unsynchronized);
            return self;
        }
        let problem = match &self {
            _ if context.tls => Line::AlreadyTls,
            _ if !context.config.starttls => Line::NotImplemented,
            Self::Idle(client) if client.dialect == Dialect::Ehlo => {
                context.out.say(Line::TlsReady.line());
                context.out.start_tls();
                return Self::StartingTls;
            }
            Self::Idle(_) | Self::Start => Line::HelloFirst,
            _ => Line::NotInTransaction,
        };
        context.refuse(problem);
        self
    }
}

impl Asked {
    /// Goes on from the question.
    pub(super) fn answered(self, context: &mut Context, answer: Answer) -> State {
        match (self, answer) {
            (asked, Answer::Refuse(refusal)) => asked.refused(context, refusal),
            (Self::Authenticate(client), Answer::Authenticated(right)) => {
                client.authenticated(context, right)
            }
            (Self::Sender(transaction), Answer::Allow) => transaction.begun(context),
            (Self::Recipient(transaction, path), Answer::Allow) => transaction.with_recipient(context, path),
            (Self::Message(client), Answer::Accepted(receipt)) => {
                context.message_accepted(receipt);
                State::Idle(client)
            }
            (asked, answer) => unreachable!("{answer:?} is no answer to {asked:?}"),
        }
    }

    fn refused(self, context: &mut Context, refusal: Refusal) -> State {
        context.out.say(refusal.line());
        if refusal.code() == 421 {
            context.out.close();
        }
        match self {
            Self::Authenticate(client) => {
                context.count_error();
                State::Idle(client)
            }
            Self::Sender(transaction) => {
                context.count_error();
                State::Idle(transaction.client)
            }
            Self::Recipient(transaction, _) => State::Transaction(transaction.without_recipient(context)),
            Self::Message(client) => State::Idle(client),
        }
    }
}
