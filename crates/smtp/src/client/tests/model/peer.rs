//! A server whose every reply is drawn from a list of moods. It knows what it promised, and asserts that it is spoken
//! to as RFC 5321 has it.

use std::collections::{BTreeMap, BTreeSet};

/// How a peer is disposed.
#[derive(Clone, Debug)]
pub(super) struct Temper {
    pub(super) pipelining: bool,
    /// One for each reply; when they have run out, everything is granted.
    pub(super) moods: Vec<u8>,
}

pub(super) struct Peer {
    temper: Temper,
    heard: Vec<u8>,
    replies: Vec<u8>,
    place: Place,
    envelope: Option<Envelope>,
    // False behind a RSET that was refused.
    was_reset: bool,
    // (transaction, recipient) -> refused for good at RCPT, or with the whole transaction.
    refused: BTreeSet<(u64, usize)>,
    refused_whole: BTreeSet<u64>,
    took: BTreeMap<u64, BTreeSet<usize>>,
    answered: usize,
    is_garbled: bool,
}

#[derive(PartialEq)]
enum Place {
    Greeting,
    Commands,
    Message(Vec<String>),
    // Says nothing more.
    Silent,
    Gone,
}

#[derive(Default)]
struct Envelope {
    transaction: u64,
    recipients: BTreeSet<usize>,
}

/// What a reply grants.
enum Mood {
    Grant,
    GrantAtLength,
    Later,
    Never,
    Farewell,
    HangUp,
    FallSilent,
    Rubbish,
}

impl Peer {
    pub(super) fn new(temper: Temper) -> Self {
        Self {
            temper,
            heard: Vec::new(),
            replies: Vec::new(),
            place: Place::Greeting,
            envelope: None,
            was_reset: true,
            refused: BTreeSet::new(),
            refused_whole: BTreeSet::new(),
            took: BTreeMap::new(),
            answered: 0,
            is_garbled: false,
        }
    }

    /// Takes what the client sends.
    pub(super) fn hear(&mut self, octets: &[u8]) {
        self.heard.extend_from_slice(octets);
    }

    /// Answers what was heard, and hands out at most `limit` octets of what there is to say.
    pub(super) fn speak(&mut self, limit: usize) -> Vec<u8> {
        if self.place == Place::Greeting {
            self.place = Place::Commands;
            self.answer("220", |_| {}, |_| {});
        }
        while let Some(end) = self.heard.windows(2).position(|window| window == b"\r\n") {
            let line: Vec<u8> = self.heard.drain(..end + 2).collect();
            self.take_line(String::from_utf8_lossy(&line[..end]).into_owned());
        }
        let count = limit.min(self.replies.len());
        self.replies.drain(..count).collect()
    }

    pub(super) fn has_hung_up(&self) -> bool {
        self.place == Place::Gone
    }

    pub(super) fn is_garbled(&self) -> bool {
        self.is_garbled
    }

    pub(super) fn has_message(&self, transaction: u64) -> bool {
        self.took.contains_key(&transaction)
    }

    /// Whether it took the message for this recipient, and whether it refused it for good.
    pub(super) fn tells(&self, transaction: u64, recipient: usize) -> (bool, bool) {
        let took = self
            .took
            .get(&transaction)
            .is_some_and(|recipients| recipients.contains(&recipient));
        let refused =
            self.refused.contains(&(transaction, recipient)) || self.refused_whole.contains(&transaction);
        (took, refused)
    }

    fn take_line(&mut self, line: String) {
        match &mut self.place {
            Place::Greeting | Place::Silent | Place::Gone => {}
            Place::Message(lines) if line != "." => lines.push(line),
            Place::Message(lines) => {
                let lines = std::mem::take(lines);
                self.place = Place::Commands;
                self.take_message(&lines);
            }
            Place::Commands => self.take_command(&line),
        }
    }

    fn take_command(&mut self, line: &str) {
        let verb = line.get(..4).expect("a verb").to_owned();
        match verb.as_str() {
            "EHLO" if self.temper.pipelining => {
                self.answer("250-mx\r\n250-PIPELINING\r\n250", |_| {}, |_| {})
            }
            "EHLO" | "HELO" => self.answer("250", |_| {}, |_| {}),
            "RSET" => {
                self.was_reset = false;
                self.answer(
                    "250",
                    |peer| {
                        peer.envelope = None;
                        peer.was_reset = true;
                    },
                    |_| {},
                );
            }
            "MAIL" => self.take_mail(line),
            "RCPT" => self.take_rcpt(line),
            "DATA" => self.take_data(),
            "QUIT" => {
                self.replies.extend_from_slice(b"221 bye\r\n");
                self.place = Place::Gone;
            }
            _ => panic!("what is {line:?}?"),
        }
    }

    fn take_mail(&mut self, line: &str) {
        if self.envelope.is_some() {
            // Only behind a RSET that was refused, which the client cannot know when it pipelines.
            assert!(!self.was_reset, "nested MAIL: {line}");
            return self.say("503 nested MAIL");
        }
        let transaction = number(line, '<', '@');
        self.answer(
            "250",
            |peer| {
                peer.envelope = Some(Envelope {
                    transaction,
                    ..Envelope::default()
                })
            },
            |peer| {
                peer.refused_whole.insert(transaction);
            },
        );
    }

    fn take_rcpt(&mut self, line: &str) {
        let (transaction, recipient) = (number(line, '<', '-'), number(line, '-', '@') as usize);
        let Some(envelope) = &self.envelope else {
            return self.say("503 MAIL first");
        };
        if envelope.transaction != transaction {
            assert!(!self.was_reset, "a recipient of another transaction");
            return self.say("503 another transaction");
        }
        self.answer(
            "250",
            |peer| {
                peer.envelope.get_or_insert_default().recipients.insert(recipient);
            },
            |peer| {
                peer.refused.insert((transaction, recipient));
            },
        );
    }

    fn take_data(&mut self) {
        let Some(envelope) = &self.envelope else {
            return self.say("503 MAIL first");
        };
        let transaction = envelope.transaction;
        // Some servers answer 354 although there is nobody to deliver to; the mood decides.
        self.answer(
            "354",
            |peer| peer.place = Place::Message(Vec::new()),
            |peer| {
                peer.refused_whole.insert(transaction);
            },
        );
    }

    fn take_message(&mut self, lines: &[String]) {
        let envelope = self.envelope.take().expect("a message has an envelope");
        let Envelope {
            transaction,
            recipients,
        } = envelope;
        if recipients.is_empty() {
            assert!(lines.is_empty(), "a body for nobody");
        } else {
            assert_eq!(lines, [format!("body of {transaction}")]);
        }
        self.answer(
            "250",
            |peer| {
                peer.took.insert(transaction, recipients);
            },
            |peer| {
                peer.refused_whole.insert(transaction);
            },
        );
    }

    fn answer(&mut self, code: &str, grant: impl FnOnce(&mut Self), refuse: impl FnOnce(&mut Self)) {
        match self.mood() {
            Mood::Grant => {
                grant(self);
                self.say(&format!("{code} 2.0.0 ok"));
            }
            Mood::GrantAtLength => {
                grant(self);
                let last = code.rsplit("\r\n").next().unwrap_or(code);
                let before = code.strip_suffix(last).unwrap_or_default();
                self.say(&format!("{before}{last}-well\r\n{last} ok"));
            }
            Mood::Later => self.say("450 4.0.0 later"),
            Mood::Never => {
                refuse(self);
                self.say("550 5.0.0 never");
            }
            Mood::Farewell => {
                self.say("421 4.3.2 farewell");
                self.place = Place::Gone;
            }
            Mood::HangUp => self.place = Place::Gone,
            Mood::FallSilent => self.place = Place::Silent,
            Mood::Rubbish => {
                self.is_garbled = true;
                self.say("rubbish");
            }
        }
    }

    fn say(&mut self, line: &str) {
        self.replies.extend_from_slice(line.as_bytes());
        self.replies.extend_from_slice(b"\r\n");
    }

    fn mood(&mut self) -> Mood {
        self.answered += 1;
        match self.temper.moods.get(self.answered - 1).copied().unwrap_or(0) {
            0..=3 => Mood::Grant,
            4 | 5 => Mood::GrantAtLength,
            6 => Mood::Later,
            7 => Mood::Never,
            8 => Mood::Farewell,
            9 => Mood::HangUp,
            10 => Mood::FallSilent,
            _ => Mood::Rubbish,
        }
    }
}

fn number(line: &str, from: char, to: char) -> u64 {
    let (_, rest) = line.split_once(from).expect("where it begins");
    rest.split_once(to)
        .expect("where it ends")
        .0
        .parse()
        .expect("a number")
}
