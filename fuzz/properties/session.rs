//! The server's session: whatever a client sends, nothing panics, and how its octets are cut changes nothing.
//!
//! One exception, by design: octets that arrive together with DATA or STARTTLS end the session, the same octets
//! arriving later do not. Up to there both sessions say the same.

use std::sync::Arc;
use std::time::Duration;

use smtp::address::Domain;
use smtp::limits::PIECE_BYTES;
use smtp::reply::Refusal;
use smtp::server::{Answer, AuthOffer, OnDisk, Output, Peer, Question, Receipt, ServerConfig, Session};

/// The first octet says where the second session's octets are cut and what the listener offers; the others are the
/// client's.
///
/// # Panics
/// If the property does not hold for `octets`.
pub fn holds(octets: &[u8]) {
    let Some((&choice, sent)) = octets.split_first() else {
        return;
    };
    let whole = play(choice, sent, sent.len().max(1));
    for step in [1, 2 + usize::from(choice >> 2)] {
        same(&whole, &play(choice, sent, step));
    }
}

fn same(one: &Transcript, other: &Transcript) {
    let (shorter, longer) = if one.said.len() <= other.said.len() {
        (one, other)
    } else {
        (other, one)
    };
    match shorter.said.strip_suffix(UNSYNCHRONIZED) {
        Some(said) => {
            assert!(longer.said.starts_with(said));
            assert!(longer.messages.starts_with(&shorter.messages));
        }
        None if longer.said.ends_with(UNSYNCHRONIZED) => {
            let said = &longer.said[..longer.said.len() - UNSYNCHRONIZED.len()];
            assert!(shorter.said.starts_with(said));
            assert!(shorter.messages.starts_with(&longer.messages));
        }
        None => assert_eq!(one, other),
    }
}

const UNSYNCHRONIZED: &str = "503 5.5.0 Commands pipelined where the protocol forbids it\r\n";

#[derive(Debug, Default, PartialEq, Eq)]
struct Transcript {
    said: String,
    messages: Vec<(String, Vec<u8>)>,
    closed: bool,
}

struct Disk;

impl OnDisk for Disk {}

fn play(choice: u8, sent: &[u8], step: usize) -> Transcript {
    let config = ServerConfig {
        hostname: Domain::parse("mx.example").unwrap(),
        size_max: 200_000,
        recipients_max: 3,
        starttls: true,
        auth: if choice & 1 == 0 {
            AuthOffer::Always
        } else {
            AuthOffer::AfterTls
        },
        auth_required: choice & 2 != 0,
        patience: Duration::from_secs(300),
    };
    let mut session = Session::new(
        Arc::new(config),
        Peer {
            address: [192, 0, 2, 1].into(),
            tls: false,
        },
    );
    let mut transcript = Transcript::default();
    let mut pieces = Vec::new();
    drain(&mut session, &mut transcript, &mut pieces);
    for segment in sent.chunks(step) {
        let mut rest = segment;
        while !rest.is_empty() && session.wants_input() {
            let used = session.handle_input(rest);
            rest = &rest[used..];
            drain(&mut session, &mut transcript, &mut pieces);
        }
    }
    check_lines(&transcript.said);
    transcript
}

fn drain(session: &mut Session, transcript: &mut Transcript, pieces: &mut Vec<u8>) {
    while let Some(output) = session.poll_output() {
        assert!(!transcript.closed, "output behind Close: {output:?}");
        match output {
            Output::Reply(reply) => transcript.said.push_str(std::str::from_utf8(&reply).unwrap()),
            Output::Ask(question) => session.handle_answer(answer(question, transcript, pieces)),
            Output::BodyPiece(piece) => {
                assert_eq!(piece.len(), PIECE_BYTES);
                pieces.extend(piece);
            }
            Output::BodyDiscarded => pieces.clear(),
            Output::StartTls => session.tls_started(),
            Output::Close => transcript.closed = true,
        }
    }
}

fn answer(question: Question, transcript: &mut Transcript, pieces: &mut Vec<u8>) -> Answer {
    match question {
        Question::Authenticate { username, .. } => Answer::Authenticated(username.len() % 2 == 0),
        Question::Sender { reverse_path, .. } if reverse_path.as_str().starts_with("no") => {
            Answer::Refuse(Refusal::SenderDenied)
        }
        Question::Recipient(path) if path.as_str().starts_with("no") => {
            Answer::Refuse(Refusal::MailboxUnknown)
        }
        Question::Sender { .. } | Question::Recipient(_) => Answer::Allow,
        Question::Message(received) => {
            let mut body = std::mem::take(pieces);
            body.extend(&received.tail);
            assert_eq!(body.len() as u64, received.size);
            assert!(received.size <= 200_000 && (1..=3).contains(&received.envelope.recipients.len()));
            assert_only_crlf_ends_lines(&body);
            transcript
                .messages
                .push((format!("{:?} {}", received.envelope, received.protocol), body));
            Answer::Accepted(Receipt::new(&Disk, "1"))
        }
    }
}

fn assert_only_crlf_ends_lines(body: &[u8]) {
    let octet = |at: usize| body.get(at).copied();
    for (at, &found) in body.iter().enumerate() {
        match found {
            b'\n' => assert_eq!(
                at.checked_sub(1).and_then(octet),
                Some(b'\r'),
                "a bare LF was accepted"
            ),
            b'\r' => assert_eq!(octet(at + 1), Some(b'\n'), "a bare CR was accepted"),
            0 => panic!("a NUL was accepted"),
            _ => {}
        }
    }
}

fn check_lines(said: &str) {
    for line in said.split_inclusive("\r\n") {
        let text = line.strip_suffix("\r\n").expect("a whole line");
        assert!(
            line.len() <= 512 && text.bytes().all(|octet| matches!(octet, b' '..=b'~')),
            "{line:?}"
        );
        let code = text.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
        assert!((200..600).contains(&code), "{line:?}");
    }
}
