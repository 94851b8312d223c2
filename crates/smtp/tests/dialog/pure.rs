//! Replaying a dialog through a session without a network.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use smtp::address::{Domain, ForwardPath};
use smtp::command::BodyType;
use smtp::server::{
    Answer, AuthOffer, OnDisk, Output, Peer, Question, Receipt, Received, ServerConfig, Session,
};

use super::{Dialog, Setting, Step};

/// How the client's octets arrive.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// Each group at once.
    Whole,
    /// One cut, in front of this octet of all that the client sends.
    At(usize),
    /// One octet at a time.
    Everywhere,
}

/// Replays a dialog.
///
/// # Panics
/// If it goes differently, naming the line and the cut.
pub fn replay(dialog: &Dialog, cut: Cut) {
    let mut server = Server::new(&dialog.setting);
    let mut sent = 0;
    for (line, step) in &dialog.steps {
        let place = format!("{}:{line} ({cut:?})", dialog.name);
        match step {
            Step::Send(octets) => {
                for segment in cut.segments(octets, sent) {
                    server.receive(segment);
                }
                sent += octets.len();
            }
            Step::Reply(pattern) => {
                let said = server.next_line();
                let matches = said.as_deref().is_some_and(|said| pattern.matches(said));
                assert!(matches, "{place}: expected {pattern:?}, the server said {said:?}");
            }
            Step::Message { envelope, body } => {
                let Some(Event::Message(message)) = server.events.pop_front() else {
                    panic!("{place}: no message came");
                };
                assert_eq!((envelope, body), (&message.envelope, &message.body), "{place}");
            }
            Step::Discarded => assert!(
                matches!(server.events.pop_front(), Some(Event::Discarded)),
                "{place}"
            ),
            Step::Tls => assert!(server.begin_tls(), "{place}: TLS was not asked for"),
            Step::Timeout => server.verb(Session::handle_timeout),
            Step::Shutdown => server.verb(Session::handle_shutdown),
            Step::Close => assert!(server.closed, "{place}: the connection is still open"),
        }
    }
    let place = format!("{} ({cut:?})", dialog.name);
    assert_eq!(
        String::from_utf8_lossy(&server.said),
        "",
        "{place}: more was said than expected"
    );
    assert!(
        server.events.is_empty(),
        "{place}: more happened than expected: {:?}",
        server.events
    );
    let ends_with_close = matches!(dialog.steps.last(), Some((_, Step::Close)));
    assert_eq!(
        server.closed, ends_with_close,
        "{place}: whether the connection is closed"
    );
}

impl Cut {
    // `octets` begins with octet number `start` of all that the client sends.
    fn segments(self, octets: &[u8], start: usize) -> Vec<&[u8]> {
        match self {
            Self::At(at) if at > start && at < start + octets.len() => {
                let (before, behind) = octets.split_at(at - start);
                vec![before, behind]
            }
            Self::Whole | Self::At(_) => vec![octets],
            Self::Everywhere => octets.chunks(1).collect(),
        }
    }
}

struct Server<'a> {
    setting: &'a Setting,
    session: Session,
    said: Vec<u8>,
    events: VecDeque<Event>,
    pieces: Vec<u8>,
    accepted: usize,
    wants_tls: bool,
    closed: bool,
}

#[derive(Debug)]
enum Event {
    Message(Message),
    Discarded,
}

#[derive(Debug)]
struct Message {
    envelope: String,
    body: Vec<u8>,
}

/// The disk of these tests.
struct Disk;

impl OnDisk for Disk {}

impl<'a> Server<'a> {
    fn new(setting: &'a Setting) -> Self {
        let config = ServerConfig {
            hostname: Domain::parse("mx.example").unwrap(),
            size_max: setting.size_max,
            recipients_max: setting.recipients_max,
            starttls: setting.submission,
            auth: if setting.submission {
                AuthOffer::AfterTls
            } else {
                AuthOffer::Never
            },
            auth_required: setting.auth_required,
            patience: Duration::from_secs(300),
        };
        let peer = Peer {
            address: [192, 0, 2, 1].into(),
            tls: setting.implicit_tls,
        };
        let session = Session::new(Arc::new(config), peer);
        let mut server = Self {
            setting,
            session,
            said: Vec::new(),
            events: VecDeque::new(),
            pieces: Vec::new(),
            accepted: 0,
            wants_tls: false,
            closed: false,
        };
        server.drain();
        server
    }

    // What the session leaves because it begins TLS or closes is thrown away, as any caller has to.
    fn receive(&mut self, segment: &[u8]) {
        let mut rest = segment;
        while !rest.is_empty() && self.session.wants_input() {
            let used = self.session.handle_input(rest);
            rest = &rest[used..];
            self.drain();
        }
    }

    fn verb(&mut self, verb: fn(&mut Session)) {
        verb(&mut self.session);
        self.drain();
    }

    fn begin_tls(&mut self) -> bool {
        if self.wants_tls {
            self.session.tls_started();
        }
        std::mem::take(&mut self.wants_tls)
    }

    fn next_line(&mut self) -> Option<String> {
        let end = self.said.windows(2).position(|pair| pair == b"\r\n")?;
        let line = self.said.drain(..end + 2).collect::<Vec<_>>();
        Some(String::from_utf8(line[..end].to_vec()).expect("replies are ASCII"))
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            assert!(!self.closed, "output behind Close: {output:?}");
            match output {
                Output::Reply(octets) => self.said.extend(octets),
                Output::Ask(question) => {
                    assert!(
                        !self.session.wants_input(),
                        "a question is open and input is wanted"
                    );
                    let answer = self.answer(question);
                    self.session.handle_answer(answer);
                }
                Output::BodyPiece(piece) => {
                    assert_eq!(piece.len(), smtp::limits::PIECE_BYTES);
                    self.pieces.extend(piece);
                }
                Output::BodyDiscarded => {
                    self.pieces.clear();
                    self.events.push_back(Event::Discarded);
                }
                Output::StartTls => self.wants_tls = true,
                Output::Close => self.closed = true,
            }
        }
    }

    fn answer(&mut self, question: Question) -> Answer {
        let setting = self.setting;
        match question {
            Question::Authenticate { .. } if setting.auth_unavailable => {
                Answer::Refuse(smtp::reply::Refusal::AuthenticationUnavailable)
            }
            Question::Authenticate { username, password } => Answer::Authenticated(
                setting
                    .credentials
                    .contains(&(username, password.expose().to_owned())),
            ),
            Question::Sender { reverse_path, .. } => {
                allow_unless(&setting.refused_senders, reverse_path.as_str())
            }
            Question::Recipient(path) => allow_unless(&setting.refused_recipients, path.as_str()),
            Question::Message(received) => self.keep(received),
        }
    }

    fn keep(&mut self, received: Received) -> Answer {
        let mut body = std::mem::take(&mut self.pieces);
        body.extend(&received.tail);
        assert_eq!(body.len() as u64, received.size);
        if let Some(refusal) = self.setting.refused_message {
            return Answer::Refuse(refusal);
        }
        self.accepted += 1;
        self.events.push_back(Event::Message(Message {
            envelope: describe(&received),
            body,
        }));
        Answer::Accepted(Receipt::new(&Disk, &self.accepted.to_string()))
    }
}

fn allow_unless(refused: &[(String, smtp::reply::Refusal)], address: &str) -> Answer {
    match refused.iter().find(|(refused, _)| refused == address) {
        Some((_, refusal)) => Answer::Refuse(*refusal),
        None => Answer::Allow,
    }
}

/// A message's envelope as dialogs write it.
pub fn describe(received: &Received) -> String {
    let envelope = &received.envelope;
    let body = match envelope.body {
        BodyType::SevenBit => "7bit",
        BodyType::EightBitMime => "8bit",
    };
    let recipients: Vec<_> = envelope.recipients.iter().map(ForwardPath::to_string).collect();
    format!(
        "{} {body} {} {}",
        received.protocol,
        envelope.reverse_path,
        recipients.join(" ")
    )
}
