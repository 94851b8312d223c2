//! Client and server, each other's peer: what one sends the other understands, and many messages pass unharmed over
//! one connection.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use smtp::address::{Domain, ForwardPath, ReversePath};
use smtp::client::{self, Client, ClientConfig, RecipientResult, TlsUse, Token, Transaction};
use smtp::data::Stuffer;
use smtp::reply::Refusal;
use smtp::server::{self, Answer, AuthOffer, OnDisk, Peer, Question, Receipt, ServerConfig, Session};

const MESSAGES: u64 = 50;
const SIZE_MAX: u64 = 400_000;

/// What is between the two.
#[derive(Clone, Copy, Debug)]
struct Wire {
    /// Octets that arrive at once.
    step: usize,
    /// Some boxes in the middle strike out the extensions they do not know.
    strikes_pipelining: bool,
}

#[derive(Debug, PartialEq)]
struct Letter {
    reverse_path: ReversePath,
    recipients: Vec<ForwardPath>,
    body: Vec<u8>,
}

struct Disk;

impl OnDisk for Disk {}

/// The client's half, and its caller.
struct Sender {
    client: Client,
    waiting: VecDeque<(Token, Letter)>,
    sending: BTreeMap<u64, Vec<u8>>,
    outcomes: BTreeMap<u64, Vec<RecipientResult>>,
    encrypted: bool,
    closed: bool,
    writes: usize,
}

/// The server's half, and its caller.
struct Receiver {
    session: Session,
    pieces: Vec<u8>,
    letters: Vec<Letter>,
    replies: Vec<u8>,
    encrypted: bool,
    closed: bool,
}

#[test]
fn many_messages_pass_over_one_connection() {
    for step in [1, 3, 1400, usize::MAX] {
        for strikes_pipelining in [false, true] {
            for (tls, offered) in [
                (TlsUse::Never, true),
                (TlsUse::Opportunistic, false),
                (TlsUse::Opportunistic, true),
                (TlsUse::Required, true),
            ] {
                let wire = Wire {
                    step,
                    strikes_pipelining,
                };
                let (sender, receiver) = converse(tls, offered, wire);
                let encrypts = offered && tls != TlsUse::Never;
                assert_eq!(
                    (sender.encrypted, receiver.encrypted),
                    (encrypts, encrypts),
                    "{wire:?} {tls:?}"
                );
                check(&sender, &receiver);
                if !strikes_pipelining {
                    // EHLO, the first envelope, QUIT, STARTTLS and EHLO again; all else goes out with a body.
                    assert!(
                        sender.writes <= MESSAGES as usize + 5,
                        "{} writes, {wire:?}",
                        sender.writes
                    );
                }
            }
        }
    }
}

#[test]
fn tls_that_is_required_and_not_offered_sends_nothing() {
    let wire = Wire {
        step: usize::MAX,
        strikes_pipelining: false,
    };
    let (sender, receiver) = converse(TlsUse::Required, false, wire);
    assert!(sender.outcomes.is_empty());
    assert!(receiver.letters.is_empty());
}

fn converse(tls: TlsUse, starttls: bool, wire: Wire) -> (Sender, Receiver) {
    let mut sender = Sender::new(tls);
    let mut receiver = Receiver::new(starttls);
    while !(sender.closed && receiver.closed) {
        let said = receiver.write();
        wire.carry(&wire.strike(said), |octets| sender.client.handle_input(octets));
        let said = sender.write();
        wire.carry(&said, |octets| receiver.read(octets));
        if sender.client.is_idle() && sender.waiting.is_empty() {
            sender.client.quit();
        }
    }
    (sender, receiver)
}

fn check(sender: &Sender, receiver: &Receiver) {
    assert_eq!(sender.outcomes.len(), MESSAGES as usize);
    let mut taken = receiver.letters.iter();
    for number in 0..MESSAGES {
        let mut sent = letter(number);
        let results = &sender.outcomes[&number];
        assert_eq!(results.len(), sent.recipients.len());
        for (recipient, result) in sent.recipients.iter().zip(results) {
            match (expected(&sent, recipient), result) {
                (None, RecipientResult::Delivered(reply)) => assert_eq!(reply.code(), 250),
                (Some(status), RecipientResult::Refused(why)) => {
                    assert_eq!(why.status().to_string(), status, "{why}");
                }
                (expected, result) => panic!("{number} {recipient}: {expected:?}, {result:?}"),
            }
        }
        sent.recipients = sent
            .recipients
            .iter()
            .filter(|recipient| expected(&letter(number), recipient).is_none())
            .cloned()
            .collect();
        if !sent.recipients.is_empty() {
            assert_eq!(taken.next(), Some(&sent), "message {number}");
        }
    }
    assert_eq!(taken.next(), None);
}

/// The status with which a recipient of a letter is refused.
fn expected(letter: &Letter, recipient: &ForwardPath) -> Option<&'static str> {
    if letter.body.len() as u64 > SIZE_MAX {
        Some("5.3.4")
    } else if letter.reverse_path.as_str().starts_with("no") {
        Some("5.7.1")
    } else if recipient.as_str().starts_with("no") {
        Some("5.1.1")
    } else {
        None
    }
}

/// Letters of all kinds, the same for the same number.
fn letter(number: u64) -> Letter {
    let path = |local_part: &str| format!("<{local_part}{number}@example.com>");
    let sender = if number % 11 == 7 { "no" } else { "sender" };
    let reverse_path = if number % 5 == 4 {
        "<>".into()
    } else {
        path(sender)
    };
    let recipients: &[&str] = match number % 7 {
        0 => &["joe", "no", "ann"],
        1 => &["no"],
        2 => &["no", "nobody"],
        3 => &["j\u{f6}rg"],
        _ => &["joe"],
    };
    let body = match number % 6 {
        0 => "Subject: dots\r\n\r\n.\r\n..\r\n.dot\r\n".repeat(3),
        1 => format!(
            "Subject: large\r\n\r\n{}",
            "A line of a large message.\r\n".repeat(8000)
        ),
        2 => "Subject: gr\u{fc}n\r\n\r\n\u{1f4a9}\r\n".into(),
        3 if number > 40 => format!("Subject: too large\r\n\r\n{}", "0123456789\r\n".repeat(40_000)),
        _ => "Subject: small\r\n\r\nHello\r\n".into(),
    };
    Letter {
        reverse_path: ReversePath::parse(&reverse_path).unwrap(),
        recipients: recipients
            .iter()
            .map(|name| ForwardPath::parse(&path(name)).unwrap())
            .collect(),
        body: body.into_bytes(),
    }
}

impl Wire {
    fn carry(self, octets: &[u8], mut arrive: impl FnMut(&[u8])) {
        octets
            .chunks(self.step.min(octets.len()).max(1))
            .for_each(&mut arrive);
    }

    fn strike(self, octets: Vec<u8>) -> Vec<u8> {
        if !self.strikes_pipelining {
            return octets;
        }
        String::from_utf8(octets)
            .unwrap()
            .replace("PIPELINING", "XXXXXXXXXX")
            .into_bytes()
    }
}

impl Sender {
    fn new(tls: TlsUse) -> Self {
        Self {
            client: Client::new(ClientConfig {
                ehlo_name: "client.example".into(),
                tls,
            }),
            waiting: (0..MESSAGES)
                .map(|number| (Token(number), letter(number)))
                .collect(),
            sending: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            encrypted: false,
            closed: false,
            writes: 0,
        }
    }

    /// Everything that can be written before the server must be heard.
    fn write(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        loop {
            while let Some(output) = self.client.poll_output() {
                self.follow(output, &mut out);
            }
            if !self.begin() {
                break;
            }
        }
        self.writes += usize::from(!out.is_empty());
        out
    }

    fn begin(&mut self) -> bool {
        if !self.client.wants_transaction() {
            return false;
        }
        let Some((token, letter)) = self.waiting.pop_front() else {
            return false;
        };
        let transaction = Transaction {
            reverse_path: letter.reverse_path,
            recipients: letter.recipients,
            size: letter.body.len() as u64,
            eight_bit: !letter.body.is_ascii(),
            smtputf8: false,
        };
        self.sending.insert(token.0, letter.body);
        self.client.begin(transaction, token);
        true
    }

    fn follow(&mut self, output: client::Output, out: &mut Vec<u8>) {
        match output {
            client::Output::Send(octets) => out.extend(octets),
            client::Output::StartTls => {
                assert!(out.is_empty());
                self.encrypted = true;
                self.client.tls_started();
            }
            client::Output::SendBody(token) => {
                let mut stuffer = Stuffer::new();
                self.sending[&token.0]
                    .chunks(1000)
                    .for_each(|piece| stuffer.encode(piece, out));
                stuffer.finish(out);
                self.client.body_sent();
            }
            client::Output::Outcome { token, recipients } => {
                assert!(self.outcomes.insert(token.0, recipients).is_none());
            }
            client::Output::NotTried(token) => panic!("{token:?} was not tried"),
            client::Output::Ready | client::Output::Failed(_) => {}
            client::Output::Close => self.closed = true,
        }
    }
}

impl Receiver {
    fn new(starttls: bool) -> Self {
        let config = ServerConfig {
            hostname: Domain::parse("mx.example").unwrap(),
            size_max: SIZE_MAX,
            recipients_max: 100,
            starttls,
            auth: AuthOffer::Never,
            auth_required: false,
            patience: Duration::from_secs(300),
        };
        let peer = Peer {
            address: [192, 0, 2, 1].into(),
            tls: false,
        };
        Self {
            session: Session::new(Arc::new(config), peer),
            pieces: Vec::new(),
            letters: Vec::new(),
            replies: Vec::new(),
            encrypted: false,
            closed: false,
        }
    }

    fn read(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() && !self.closed {
            let used = self.session.handle_input(octets);
            octets = &octets[used..];
            self.follow_outputs();
        }
    }

    fn write(&mut self) -> Vec<u8> {
        self.follow_outputs(); // the greeting
        std::mem::take(&mut self.replies)
    }

    fn follow_outputs(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                server::Output::Reply(octets) => self.replies.extend(octets),
                server::Output::Ask(question) => {
                    let answer = self.answer(question);
                    self.session.handle_answer(answer);
                }
                server::Output::BodyPiece(piece) => self.pieces.extend(piece),
                server::Output::BodyDiscarded => self.pieces.clear(),
                server::Output::StartTls => {
                    self.encrypted = true;
                    self.session.tls_started();
                }
                server::Output::Close => self.closed = true,
            }
        }
    }

    fn answer(&mut self, question: Question) -> Answer {
        match question {
            Question::Sender { reverse_path, .. } if reverse_path.as_str().starts_with("no") => {
                Answer::Refuse(Refusal::SenderDenied)
            }
            Question::Recipient(path) if path.as_str().starts_with("no") => {
                Answer::Refuse(Refusal::MailboxUnknown)
            }
            Question::Sender { .. } | Question::Recipient(_) => Answer::Allow,
            Question::Authenticate { .. } => panic!("the client does not authenticate"),
            Question::Message(received) => {
                let mut body = std::mem::take(&mut self.pieces);
                body.extend(&received.tail);
                self.letters.push(Letter {
                    reverse_path: received.envelope.reverse_path,
                    recipients: received.envelope.recipients,
                    body,
                });
                Answer::Accepted(Receipt::new(&Disk, "1"))
            }
        }
    }
}
