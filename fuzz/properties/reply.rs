//! What a client hears: whatever a server says, nothing panics, how its octets are cut changes nothing, replies are
//! safe to print, and every transaction ends exactly once.

use std::collections::BTreeSet;

use smtp::address::{ForwardPath, ReversePath};
use smtp::client::{
    Client, ClientConfig, Output, Reply, ReplyError, ReplyReader, TlsUse, Token, Transaction,
};
use smtp::limits::{OPEN_TRANSACTIONS_MAX, REPLY_TEXT_MAX};

/// The first octet says where the second reader's octets are cut and whether the client encrypts; the others are the
/// server's.
///
/// # Panics
/// If the property does not hold for `octets`.
pub fn holds(octets: &[u8]) {
    let Some((&choice, said)) = octets.split_first() else {
        return;
    };
    let whole = read(said, said.len());
    for step in [1, 2 + usize::from(choice >> 2)] {
        assert_eq!(whole, read(said, step));
        play(choice, said, step);
    }
    play(choice, said, said.len());
    whole.iter().flatten().for_each(is_fit_to_print);
}

fn read(said: &[u8], step: usize) -> Vec<Result<Reply, ReplyError>> {
    let mut reader = ReplyReader::new();
    let mut replies = Vec::new();
    for mut segment in said.chunks(step.max(1)) {
        while !segment.is_empty() {
            match reader.read(&mut segment) {
                Ok(reply) => replies.extend(reply.map(Ok)),
                Err(error) => {
                    replies.push(Err(error));
                    return replies;
                }
            }
        }
    }
    replies
}

fn is_fit_to_print(reply: &Reply) {
    let text = reply.to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    assert!(text.len() <= "250 2.999.999 ".len() + REPLY_TEXT_MAX);
    match (reply.code(), reply.status().class) {
        (200..400, 2) | (400..500, 4) | (500..600, 5) => {}
        mismatch => panic!("{mismatch:?}"),
    }
    // Read again, it is the same reply on one line.
    let line = format!("{text}\r\n");
    let again = ReplyReader::new().read(&mut line.as_bytes()).unwrap().unwrap();
    assert_eq!((again.code(), again.to_string()), (reply.code(), text));
}

// What the octets mean may depend on when they come: a reply to the final dot that is there before the dot is none.
fn play(choice: u8, said: &[u8], step: usize) {
    let tls = match choice % 3 {
        0 => TlsUse::Never,
        1 => TlsUse::Opportunistic,
        _ => TlsUse::Required,
    };
    let mut client = Client::new(ClientConfig {
        ehlo_name: "client.example".into(),
        tls,
    });
    let mut caller = Caller::default();
    for segment in said.chunks(step.max(1)) {
        client.handle_input(segment);
        caller.follow(&mut client);
    }
    client.handle_disconnect();
    caller.follow(&mut client);
    assert!(caller.closed);
    assert_eq!(caller.begun, caller.ended.len() as u64);
}

#[derive(Default)]
struct Caller {
    begun: u64,
    ended: BTreeSet<u64>,
    closed: bool,
}

impl Caller {
    fn follow(&mut self, client: &mut Client) {
        loop {
            let Some(output) = client.poll_output() else {
                if !client.wants_transaction() {
                    return;
                }
                self.begin(client);
                continue;
            };
            assert!(!self.closed, "output behind Close: {output:?}");
            match output {
                Output::Send(octets) => assert!(octets.ends_with(b"\r\n")),
                Output::StartTls => client.tls_started(),
                Output::SendBody(_) => client.body_sent(),
                Output::Outcome { token, recipients } => {
                    assert_eq!(recipients.len(), recipients_of(token.0));
                    assert!(self.ended.insert(token.0));
                }
                Output::NotTried(token) => assert!(self.ended.insert(token.0)),
                Output::Ready | Output::Failed(_) => {}
                Output::Close => self.closed = true,
            }
        }
    }

    fn begin(&mut self, client: &mut Client) {
        let path = ForwardPath::parse("<joe@example.com>").unwrap();
        client.begin(
            Transaction {
                reverse_path: ReversePath::Null,
                recipients: vec![path; recipients_of(self.begun)],
                // Every third has no octets and is sent whatever the peer's limit: else refusals would never end.
                size: 1000 * (self.begun % 3),
                eight_bit: self.begun.is_multiple_of(2),
                smtputf8: self.begun % 8 == 7,
            },
            Token(self.begun),
        );
        self.begun += 1;
        assert!(self.begun - self.ended.len() as u64 <= OPEN_TRANSACTIONS_MAX as u64);
    }
}

fn recipients_of(token: u64) -> usize {
    1 + token as usize % 3
}
