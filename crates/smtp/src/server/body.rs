//! DATA (RFC 5321 §4.1.1.4) and BDAT (RFC 3030 §2): a message arrives, in pieces.

use bytes::Bytes;

use super::context::Context;
use super::exchange::{Output, Protocol, Question, Received};
use super::transaction::Transaction;
use super::{Asked, Introduced, State};
use crate::command::BodyType;
use crate::data::{BodyCheck, DataReader};
use crate::limits::{DISCARD_MAX, PIECE_BYTES, PIECE_BYTES_FIRST};
use crate::reply::{Line, START_INPUT};

/// Room left over at the end of a message that is not worth giving back; a message waits for long.
const SLACK_MAX: usize = 4096;

/// A message is arriving with DATA.
#[derive(Debug)]
pub(super) struct Data {
    transaction: Transaction,
    reader: DataReader,
    collector: Collector,
}

/// A message is arriving with BDAT, and the next chunk is awaited.
#[derive(Debug)]
pub(super) struct Chunks {
    transaction: Transaction,
    collector: Collector,
}

/// The octets of a chunk.
#[derive(Debug)]
pub(super) struct Chunk {
    chunks: Chunks,
    left: u64,
    last: bool,
}

/// The octets of a chunk that is refused: they are read all the same, for behind them is the next command
/// (RFC 3030 §2).
#[derive(Debug)]
pub(super) struct Swallow {
    left: u64,
    problem: Line,
    then: Box<State>,
}

/// The octets of a message as they will be stored.
#[derive(Debug)]
struct Collector {
    piece: Vec<u8>,
    // Octets of the piece that were counted and looked at.
    checked: usize,
    // Pieces were given to the caller.
    given: bool,
    size: u64,
    size_max: u64,
    check: BodyCheck,
}

impl State {
    pub(super) fn data(self, context: &mut Context, followed: bool) -> Self {
        if followed {
            context.close(Line::Unsynchronized);
            return self;
        }
        let transaction = match self {
            Self::Transaction(transaction) => transaction,
            state => return state.out_of_order(context, Line::MailFirst),
        };
        if let Some(problem) = transaction.why_no_message() {
            context.refuse(problem);
            return Self::Transaction(transaction);
        }
        context.out.say(START_INPUT);
        let collector = Collector::new(context, transaction.size);
        Self::Data(Data {
            transaction,
            reader: DataReader::new(),
            collector,
        })
    }

    pub(super) fn bdat(self, context: &mut Context, size: u64, last: bool) -> Self {
        match self {
            Self::Chunks(chunks) => chunks.chunk(context, size, last),
            Self::Transaction(transaction) => match transaction.why_no_message() {
                Some(problem) => Self::Transaction(transaction).swallow(context, size, problem),
                None => {
                    let collector = Collector::new(context, transaction.size);
                    Chunks {
                        transaction,
                        collector,
                    }
                    .chunk(context, size, last)
                }
            },
            Self::Start => self.swallow(context, size, Line::HelloFirst),
            state => state.swallow(context, size, Line::MailFirst),
        }
    }

    fn swallow(self, context: &mut Context, size: u64, problem: Line) -> Self {
        if size > DISCARD_MAX {
            context.close(problem);
            return self;
        }
        let then = Box::new(self);
        Swallow {
            left: size,
            problem,
            then,
        }
        .go_on(context)
    }
}

impl Data {
    /// Takes octets of the message; says how many.
    pub(super) fn feed(mut self, context: &mut Context, input: &[u8]) -> (State, usize) {
        let input = self.collector.what_fits(input);
        let progress = self.reader.decode(input, &mut self.collector.piece);
        self.collector.settle(context);
        let state = if progress.done {
            self.collector.end(context, self.transaction)
        } else {
            State::Data(self)
        };
        (state, progress.consumed)
    }
}

impl Chunks {
    fn chunk(self, context: &mut Context, size: u64, last: bool) -> State {
        if self.collector.size.saturating_add(size) > context.config.size_max {
            let client = self.abandon(context);
            return State::Idle(client).swallow(context, size, Line::MessageTooBig);
        }
        Chunk {
            chunks: self,
            left: size,
            last,
        }
        .go_on(context)
    }

    /// Gives up the message.
    pub(super) fn abandon(mut self, context: &mut Context) -> Introduced {
        self.collector.discard(context);
        self.transaction.client
    }
}

impl Chunk {
    /// Takes octets of the chunk; says how many.
    pub(super) fn feed(mut self, context: &mut Context, input: &[u8]) -> (State, usize) {
        let collector = &mut self.chunks.collector;
        let input = collector.what_fits(at_most(input, self.left));
        collector.piece.extend_from_slice(input);
        self.left -= input.len() as u64;
        collector.settle(context);
        (self.go_on(context), input.len())
    }

    fn go_on(self, context: &mut Context) -> State {
        match (self.left, self.last) {
            (0, true) => self.chunks.collector.end(context, self.chunks.transaction),
            (0, false) => {
                context.out.say(Line::ChunkOk.line());
                State::Chunks(self.chunks)
            }
            _ => State::Chunk(self),
        }
    }
}

impl Swallow {
    /// Takes octets of the chunk; says how many.
    pub(super) fn feed(mut self, context: &mut Context, input: &[u8]) -> (State, usize) {
        let used = at_most(input, self.left).len();
        self.left -= used as u64;
        (self.go_on(context), used)
    }

    fn go_on(self, context: &mut Context) -> State {
        if self.left > 0 {
            return State::Swallow(self);
        }
        context.refuse(self.problem);
        *self.then
    }
}

impl Collector {
    fn new(context: &Context, declared: Option<u64>) -> Self {
        let size_max = context.config.size_max;
        let expected = declared
            .and_then(|size| usize::try_from(size).ok())
            .unwrap_or(PIECE_BYTES_FIRST);
        let piece = Vec::with_capacity(expected.min(PIECE_BYTES) + 1);
        Self {
            piece,
            checked: 0,
            given: false,
            size: 0,
            size_max,
            check: BodyCheck::default(),
        }
    }

    // As much of the input as fills the piece. It has room: a full one is given away at once.
    fn what_fits<'a>(&self, input: &'a [u8]) -> &'a [u8] {
        at_most(input, (PIECE_BYTES - self.piece.len()) as u64)
    }

    // Looks at what was added to the piece, and gives the piece away when it is full.
    fn settle(&mut self, context: &mut Context) {
        let fresh = self.piece.get(self.checked..).unwrap_or_default();
        self.size = self.size.saturating_add(fresh.len() as u64);
        self.check.push(fresh);
        if self.size > self.size_max {
            self.discard(context);
            if self.size - self.size_max > DISCARD_MAX {
                context.close(Line::MessageTooBig);
            }
        } else if self.piece.len() >= PIECE_BYTES {
            self.give_piece(context);
        }
        self.checked = self.piece.len();
    }

    fn give_piece(&mut self, context: &mut Context) {
        let mut next = Vec::with_capacity(PIECE_BYTES + 1);
        next.extend_from_slice(self.piece.get(PIECE_BYTES..).unwrap_or_default());
        let mut piece = std::mem::replace(&mut self.piece, next);
        piece.truncate(PIECE_BYTES);
        context.out.give(Output::BodyPiece(Bytes::from(piece)));
        self.given = true;
    }

    fn discard(&mut self, context: &mut Context) {
        self.piece.clear();
        if std::mem::take(&mut self.given) {
            context.out.give(Output::BodyDiscarded);
        }
    }

    fn end(mut self, context: &mut Context, transaction: Transaction) -> State {
        let Transaction {
            client, mut envelope, ..
        } = transaction;
        if self.size > self.size_max {
            context.out.say(Line::MessageTooBig.line());
            return State::Idle(client);
        }
        if let Some(fault) = self.check.fault() {
            self.discard(context);
            context.refuse(Line::of_fault(fault));
            return State::Idle(client);
        }
        envelope.body = if self.check.eight_bit() {
            BodyType::EightBitMime
        } else {
            BodyType::SevenBit
        };
        let protocol = Protocol::of(&client, context.tls, envelope.smtputf8);
        if self.piece.capacity() - self.piece.len() > SLACK_MAX {
            self.piece.shrink_to_fit();
        }
        let (tail, size) = (Bytes::from(self.piece), self.size);
        let received = Received {
            envelope,
            tail,
            size,
            hello: client.name.clone(),
            protocol,
        };
        context.out.give(Output::Ask(Question::Message(received)));
        State::Asking(Asked::Message(client))
    }
}

fn at_most(input: &[u8], max: u64) -> &[u8] {
    let end = usize::try_from(max).map_or(input.len(), |max| max.min(input.len()));
    input.get(..end).unwrap_or_default()
}
