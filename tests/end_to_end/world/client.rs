//! A client that says exactly what a test tells it to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A plain-text SMTP connection.
pub struct Client {
    stream: BufReader<TcpStream>,
    /// The greeting.
    pub greeting: Reply,
}

/// What the server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// All lines behind their code, joined by line feeds.
    pub text: String,
}

/// Patience of a client: far above what a reply can take, so that a hang fails one test and not the whole run.
const PATIENCE: Duration = Duration::from_secs(90);

impl Client {
    /// Connects and reads the greeting.
    pub fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).unwrap_or_else(|| panic!("{address} does not greet"))
    }

    /// Connects and reads the greeting, if there is anybody to give one.
    pub fn try_connect(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.set_nodelay(true).ok()?;
        let mut stream = BufReader::new(stream);
        let greeting = read_reply(&mut stream)?;
        Some(Self { stream, greeting })
    }

    /// Connects and says EHLO.
    pub fn hello(address: SocketAddr) -> Self {
        let mut client = Self::connect(address);
        client.expect("EHLO client.test", 250);
        client
    }

    /// Sends octets as they are.
    pub fn send(&mut self, octets: &[u8]) {
        self.stream
            .get_mut()
            .write_all(octets)
            .expect("the connection holds");
    }

    /// The next reply; none when the server closed or broke the connection.
    pub fn reply(&mut self) -> Option<Reply> {
        read_reply(&mut self.stream)
    }

    /// Sends one line and reads its reply.
    pub fn command(&mut self, line: &str) -> Reply {
        self.send(format!("{line}\r\n").as_bytes());
        self.reply()
            .unwrap_or_else(|| panic!("the connection was closed after {line:?}"))
    }

    /// Sends octets and reads a reply; none when the connection broke.
    pub fn send_and_read(&mut self, octets: &str) -> Option<Reply> {
        self.stream.get_mut().write_all(octets.as_bytes()).ok()?;
        self.reply()
    }

    /// Sends one line, whose reply must have this code.
    pub fn expect(&mut self, line: &str, code: u16) -> Reply {
        let reply = self.command(line);
        assert_eq!(reply.code, code, "{line:?}: {reply:?}");
        reply
    }

    /// Hands over one message, headers and body in `text` with lines ended by CRLF and no line that begins with a dot,
    /// and returns the reply to its end, whatever that is; none when the connection broke.
    pub fn transfer(&mut self, reverse_path: &str, recipients: &[&str], text: &str) -> Option<Reply> {
        let mut commands = format!("MAIL FROM:<{reverse_path}>\r\n");
        for recipient in recipients {
            commands += &format!("RCPT TO:<{recipient}>\r\n");
        }
        commands += "DATA\r\n";
        self.stream.get_mut().write_all(commands.as_bytes()).ok()?;
        for _ in 0..=recipients.len() {
            let reply = self.reply()?;
            assert_eq!(reply.code, 250, "{reply:?}");
        }
        let reply = self.reply()?;
        assert_eq!(reply.code, 354, "{reply:?}");
        self.stream
            .get_mut()
            .write_all(format!("{text}.\r\n").as_bytes())
            .ok()?;
        self.reply()
    }

    /// Hands over one message that must be accepted; its id in the queue, from the reply.
    pub fn submit(&mut self, reverse_path: &str, recipients: &[&str], text: &str) -> String {
        let reply = self
            .transfer(reverse_path, recipients, text)
            .expect("a reply to the message");
        assert_eq!(reply.code, 250, "{reply:?}");
        queue_id(&reply)
    }

    /// Says EHLO and hands over one message that must be accepted; its id in the queue.
    pub fn hello_and_submit(&mut self, reverse_path: &str, recipients: &[&str], text: &str) -> String {
        self.expect("EHLO client.test", 250);
        self.submit(reverse_path, recipients, text)
    }

    /// Whether the server has closed the connection in order: nothing more comes.
    pub fn closed(&mut self) -> bool {
        let mut rest = Vec::new();
        matches!(self.stream.read_to_end(&mut rest), Ok(0))
    }
}

/// The queue id that a 250 after DATA names.
pub fn queue_id(reply: &Reply) -> String {
    reply
        .text
        .split(|c: char| !c.is_ascii_hexdigit() && c != '-')
        .find(|word| word.len() == 36)
        .unwrap_or_else(|| panic!("no queue id in {reply:?}"))
        .to_owned()
}

fn read_reply(stream: &mut impl BufRead) -> Option<Reply> {
    let mut lines: Vec<String> = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line
            .strip_suffix("\r\n")
            .unwrap_or_else(|| panic!("a reply line without CRLF: {line:?}"));
        let code = line
            .get(..3)
            .and_then(|code| code.parse().ok())
            .unwrap_or_else(|| panic!("no reply: {line:?}"));
        lines.push(line.get(4..).unwrap_or_default().to_owned());
        if line.as_bytes().get(3) != Some(&b'-') {
            return Some(Reply {
                code,
                text: lines.join("\n"),
            });
        }
    }
}
