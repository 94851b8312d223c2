//! What dialogs cannot show: which outputs come together, what is left unread, and what is shown to nobody.

use super::*;
use crate::limits::PIECE_BYTES;

struct Disk;

impl OnDisk for Disk {}

const HELLO: &[u8] = b"EHLO client.example\r\n";
const ENVELOPE: &[u8] = b"MAIL FROM:<a@b.org>\r\nRCPT TO:<c@d.org>\r\nDATA\r\n";

fn session() -> Session {
    let config = ServerConfig {
        hostname: Domain::parse("mx.example").unwrap(),
        size_max: 1_000_000,
        recipients_max: 100,
        starttls: true,
        auth: AuthOffer::Always,
        auth_required: false,
        patience: Duration::from_secs(300),
    };
    let mut session = Session::new(
        Arc::new(config),
        Peer {
            address: [192, 0, 2, 1].into(),
            tls: false,
        },
    );
    assert!(matches!(session.poll_output(), Some(Output::Reply(_))));
    session
}

// Feeds all of the input, saying yes to every question; returns what was put out, questions aside.
fn feed(session: &mut Session, input: &[u8]) -> Vec<Output> {
    let mut outputs = Vec::new();
    let mut rest = input;
    loop {
        rest = &rest[session.handle_input(rest)..];
        while let Some(output) = session.poll_output() {
            match output {
                Output::Ask(Question::Message(_)) => {
                    session.handle_answer(Answer::Accepted(Receipt::new(&Disk, "1")));
                }
                Output::Ask(Question::Authenticate { .. }) => {
                    session.handle_answer(Answer::Authenticated(true))
                }
                Output::Ask(_) => session.handle_answer(Answer::Allow),
                output => outputs.push(output),
            }
        }
        if rest.is_empty() || !session.wants_input() {
            return outputs;
        }
    }
}

fn replies(outputs: &[Output]) -> Vec<usize> {
    let lines = |octets: &Vec<u8>| octets.iter().filter(|&&octet| octet == b'\n').count();
    outputs
        .iter()
        .map(|output| {
            if let Output::Reply(octets) = output {
                lines(octets)
            } else {
                0
            }
        })
        .collect()
}

#[test]
fn rfc2920_3_2_a_group_of_commands_gets_a_group_of_replies() {
    let mut session = session();
    feed(&mut session, HELLO);
    assert_eq!(replies(&feed(&mut session, ENVELOPE)), [3]);
    let body_and_next = [b"x\r\n.\r\n", ENVELOPE].concat();
    assert_eq!(replies(&feed(&mut session, &body_and_next)), [4]);
    assert_eq!(replies(&feed(&mut session, b".\r\nNOOP\r\nNO")), [2]);
    assert_eq!(replies(&feed(&mut session, b"OP\r\n")), [1]);
}

#[test]
fn replies_wait_for_an_answer_and_not_for_input_that_is_not_there() {
    let mut session = session();
    feed(&mut session, HELLO);
    let commands = b"NOOP\r\nMAIL FROM:<a@b.org>\r\n";
    assert_eq!(session.handle_input(commands), commands.len());
    assert!(matches!(
        session.poll_output(),
        Some(Output::Ask(Question::Sender { .. }))
    ));
    assert!(session.poll_output().is_none());
    assert!(!session.wants_input());
    assert_eq!(session.handle_input(b"NOOP\r\n"), 0);
    session.handle_answer(Answer::Allow);
    assert!(
        session.poll_output().is_none(),
        "the caller still holds a command"
    );
    assert_eq!(session.handle_input(b"NOOP\r\n"), 6);
    assert!(
        matches!(session.poll_output(), Some(Output::Reply(replies)) if replies.ends_with(b"250 2.0.0 Ok\r\n"))
    );
}

#[test]
fn nothing_is_read_behind_starttls_quit_and_a_timeout() {
    let mut session = session();
    feed(&mut session, HELLO);
    assert_eq!(replies(&feed(&mut session, b"STARTTLS\r\n")), [1, 0]);
    assert_eq!(session.handle_input(b"MAIL FROM:<a@b.org>\r\n"), 0);
    session.tls_started();
    feed(&mut session, HELLO);
    assert!(matches!(
        feed(&mut session, b"QUIT\r\nNOOP\r\n")[..],
        [Output::Reply(_), Output::Close]
    ));
    assert_eq!(session.handle_input(b"NOOP\r\n"), 0);
    session.handle_timeout();
    session.handle_shutdown();
    assert!(session.poll_output().is_none());
}

#[test]
fn a_refusal_with_421_ends_the_session() {
    let mut session = session();
    feed(&mut session, HELLO);
    session.handle_input(b"MAIL FROM:<a@b.org>\r\n");
    session.poll_output();
    session.handle_answer(Answer::Refuse(Refusal::ShuttingDown));
    assert!(matches!(session.poll_output(), Some(Output::Reply(reply)) if reply.starts_with(b"421 ")));
    assert!(matches!(session.poll_output(), Some(Output::Close)));
}

#[test]
fn pieces_have_one_size() {
    let line = [[b'a'; 78].as_slice(), b"\r\n"].concat();
    for (lines, pieces) in [(PIECE_BYTES / 80, 0), (PIECE_BYTES / 80 + 1, 1), (5000, 4)] {
        let mut session = session();
        feed(&mut session, HELLO);
        feed(&mut session, ENVELOPE);
        let body = line.repeat(lines);
        session.handle_input(&body);
        let mut given = 0;
        while let Some(output) = session.poll_output() {
            assert!(matches!(output, Output::BodyPiece(piece) if piece.len() == PIECE_BYTES));
            given += 1;
        }
        assert_eq!(given, pieces);
        session.handle_input(b".\r\n");
        let Some(Output::Ask(Question::Message(received))) = session.poll_output() else {
            panic!("no message");
        };
        assert_eq!(received.size, body.len() as u64);
        assert_eq!(received.tail.len() + given * PIECE_BYTES, body.len());
    }
}

#[test]
fn passwords_are_not_shown() {
    let mut session = session();
    feed(&mut session, HELLO);
    session.handle_input(b"AUTH PLAIN AHVzZXIAc2VjcmV0\r\n");
    let question = session.poll_output();
    assert!(
        !format!("{question:?} {session:?}").contains("secret"),
        "{question:?}"
    );
    let Some(Output::Ask(Question::Authenticate { username, password })) = question else {
        panic!("no question");
    };
    assert_eq!((username.as_str(), password.expose()), ("user", "secret"));
}
