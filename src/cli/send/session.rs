//! One submission in lock step: a person waits for it, so it need not be fast, and it logs in, which deliveries to
//! other servers never do.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp::address::Mailbox;
use smtp::client::{Reply, ReplyClass, ReplyError, ReplyReader};
use smtp::data::Stuffer;
use thiserror::Error;

use super::super::Failure;
use super::Tls;
use super::wire::Wire;

/// The name given to EHLO: this client has none of its own (RFC 5321 §4.1.3).
const EHLO_NAME: &str = "[127.0.0.1]";

/// A user and password. `Debug` shows only the user.
pub(super) struct Login {
    pub(super) username: String,
    pub(super) password: String,
}

/// What to send.
pub(super) struct Mail<'a> {
    pub(super) reverse_path: &'a Mailbox,
    pub(super) recipients: &'a [Mailbox],
    /// With CRLF lines.
    pub(super) message: &'a [u8],
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Delivery {
    /// The reply to the message, or the last one when there was nobody to send it to.
    pub(super) reply: Reply,
    pub(super) accepted: Vec<Mailbox>,
    pub(super) refused: Vec<(Mailbox, Reply)>,
}

/// Why nothing was sent.
#[derive(Debug, Error)]
pub(super) enum SessionError {
    #[error("cannot connect: {0}; does the server run (`postrider serve`)?")]
    Connect(io::Error),
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error("what the server says is not SMTP: {0}")]
    NotSmtp(#[from] ReplyError),
    #[error("the server refused {command}: {reply}")]
    Refused {
        /// The command's verb.
        command: &'static str,
        reply: Reply,
    },
    #[error("the server offers no {0}")]
    NotOffered(&'static str),
    #[error("a password is not sent in clear text; use --tls required or --tls implicit")]
    ClearTextPassword,
}

/// A session behind its greeting.
pub(super) struct Session {
    wire: Box<dyn Wire>,
    reader: ReplyReader,
    /// What arrived behind the last reply.
    pending: Vec<u8>,
    /// The lines of the reply to EHLO.
    offers: Vec<String>,
    encrypted: bool,
}

impl Session {
    /// Greets the server, and encrypts the connection as `tls` asks.
    pub(super) fn open(wire: Box<dyn Wire>, tls: Tls) -> Result<Self, SessionError> {
        let mut session = Self {
            wire,
            reader: ReplyReader::new(),
            pending: Vec::new(),
            offers: Vec::new(),
            encrypted: tls == Tls::Implicit,
        };
        expect("the connection", session.reply()?, ReplyClass::Completion)?;
        session.greet()?;
        match tls {
            Tls::Required if !session.offers("STARTTLS") => Err(SessionError::NotOffered("STARTTLS")),
            Tls::Required | Tls::Opportunistic if session.offers("STARTTLS") => session.encrypted(),
            Tls::Never | Tls::Opportunistic | Tls::Required | Tls::Implicit => Ok(session),
        }
    }

    /// Logs in with AUTH PLAIN (RFC 4616).
    pub(super) fn authenticate(&mut self, login: &Login) -> Result<(), SessionError> {
        if !self.encrypted {
            return Err(SessionError::ClearTextPassword);
        }
        if !self.offers("AUTH") {
            return Err(SessionError::NotOffered("AUTH"));
        }
        let secret = STANDARD.encode(format!("\0{}\0{}", login.username, login.password));
        self.command(
            "AUTH",
            format_args!("AUTH PLAIN {secret}"),
            ReplyClass::Completion,
        )?;
        Ok(())
    }

    /// Sends the mail to whom the server takes it for, and ends the session.
    pub(super) fn send(mut self, mail: &Mail) -> Result<Delivery, SessionError> {
        let parameters = self.parameters(mail)?;
        let sender = format_args!("MAIL FROM:<{}>{parameters}", mail.reverse_path);
        let mut reply = self.command("MAIL", sender, ReplyClass::Completion)?;
        let (mut accepted, mut refused) = (Vec::new(), Vec::new());
        for recipient in mail.recipients {
            reply = self.exchange(format_args!("RCPT TO:<{recipient}>"))?;
            match reply.class() {
                ReplyClass::Completion => accepted.push(recipient.clone()),
                _ => refused.push((recipient.clone(), reply.clone())),
            }
        }
        if !accepted.is_empty() {
            self.command("DATA", format_args!("DATA"), ReplyClass::Intermediate)?;
            reply = self.message(mail.message)?;
        }
        // The mail's fate is known; what the server says to QUIT changes nothing.
        let _ = self.exchange(format_args!("QUIT"));
        Ok(Delivery {
            reply,
            accepted,
            refused,
        })
    }

    fn message(&mut self, message: &[u8]) -> Result<Reply, SessionError> {
        let mut stuffed = Vec::with_capacity(message.len() + 64);
        let mut stuffer = Stuffer::new();
        stuffer.encode(message, &mut stuffed);
        stuffer.finish(&mut stuffed);
        self.wire.write_all(&stuffed)?;
        self.wire.flush()?;
        expect("the message", self.reply()?, ReplyClass::Completion)
    }

    /// The parameters of MAIL that the mail needs, if the server knows them.
    fn parameters(&self, mail: &Mail) -> Result<String, SessionError> {
        let mut parameters = String::new();
        if self.offers("SIZE") {
            parameters.push_str(&format!(" SIZE={}", mail.message.len()));
        }
        if !mail.message.is_ascii() {
            self.require("8BITMIME")?;
            parameters.push_str(" BODY=8BITMIME");
        }
        if !mail.reverse_path.is_ascii() || !mail.recipients.iter().all(Mailbox::is_ascii) {
            self.require("SMTPUTF8")?;
            parameters.push_str(" SMTPUTF8");
        }
        Ok(parameters)
    }

    fn encrypted(mut self) -> Result<Self, SessionError> {
        self.command("STARTTLS", format_args!("STARTTLS"), ReplyClass::Completion)?;
        // RFC 3207 §4.2: what was heard before is forgotten, unread input included.
        let mut session = Self {
            wire: self.wire.encrypt()?,
            reader: ReplyReader::new(),
            pending: Vec::new(),
            offers: Vec::new(),
            encrypted: true,
        };
        session.greet()?;
        Ok(session)
    }

    fn greet(&mut self) -> Result<(), SessionError> {
        let reply = self.command("EHLO", format_args!("EHLO {EHLO_NAME}"), ReplyClass::Completion)?;
        // The first line is the server's name.
        self.offers = reply.lines().skip(1).map(str::to_owned).collect();
        Ok(())
    }

    fn offers(&self, keyword: &str) -> bool {
        let keywords = self.offers.iter().filter_map(|line| line.split(' ').next());
        keywords
            .into_iter()
            .any(|offered| offered.eq_ignore_ascii_case(keyword))
    }

    fn require(&self, keyword: &'static str) -> Result<(), SessionError> {
        if self.offers(keyword) {
            Ok(())
        } else {
            Err(SessionError::NotOffered(keyword))
        }
    }

    fn command(
        &mut self,
        verb: &'static str,
        line: fmt::Arguments,
        class: ReplyClass,
    ) -> Result<Reply, SessionError> {
        let reply = self.exchange(line)?;
        expect(verb, reply, class)
    }

    fn exchange(&mut self, line: fmt::Arguments) -> Result<Reply, SessionError> {
        self.wire.write_all(format!("{line}\r\n").as_bytes())?;
        self.wire.flush()?;
        self.reply()
    }

    fn reply(&mut self) -> Result<Reply, SessionError> {
        loop {
            let mut input = self.pending.as_slice();
            let reply = self.reader.read(&mut input)?;
            self.pending = input.to_vec();
            if let Some(reply) = reply {
                return Ok(reply);
            }
            let mut buffer = [0; 4096];
            match self.wire.read(&mut buffer)? {
                0 => return Err(SessionError::Broken(io::ErrorKind::UnexpectedEof.into())),
                count => self.pending.extend(buffer.iter().take(count)),
            }
        }
    }
}

impl SessionError {
    /// The failure of the command, with the server it happened at.
    pub(super) fn at(self, server: SocketAddr) -> Failure {
        let what = format!("{server}: {self}");
        match self {
            Self::Connect(_) | Self::Broken(_) | Self::NotSmtp(_) => Failure::unreachable(what),
            Self::Refused { .. } | Self::NotOffered(_) => Failure::failed(what),
            Self::ClearTextPassword => Failure::usage(what),
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

fn expect(command: &'static str, reply: Reply, class: ReplyClass) -> Result<Reply, SessionError> {
    if reply.class() == class {
        Ok(reply)
    } else {
        Err(SessionError::Refused { command, reply })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::{BufRead, Cursor};
    use std::rc::Rc;

    use super::*;

    /// A server whose replies are written down.
    struct Script {
        replies: Cursor<Vec<u8>>,
        heard: Rc<RefCell<String>>,
    }

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            // Replies arrive in pieces, but no piece holds more than one line.
            let rest = self.replies.fill_buf()?;
            let line = rest
                .iter()
                .position(|octet| *octet == b'\n')
                .map_or(rest.len(), |end| end + 1);
            let end = line.min(buffer.len()).min(7);
            self.replies.read(&mut buffer[..end])
        }
    }

    impl Write for Script {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.heard
                .borrow_mut()
                .push_str(std::str::from_utf8(octets).unwrap());
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Wire for Script {
        fn encrypt(self: Box<Self>) -> io::Result<Box<dyn Wire>> {
            self.heard.borrow_mut().push_str("(TLS)\r\n");
            Ok(self)
        }
    }

    /// Sends a message "Hi." to two recipients; gives what the server heard and what came of it.
    fn submit(tls: Tls, login: Option<Login>, replies: &str) -> (String, Result<Delivery, SessionError>) {
        let heard = Rc::new(RefCell::new(String::new()));
        let wire = Script {
            replies: Cursor::new(replies.replace('\n', "\r\n").into_bytes()),
            heard: Rc::clone(&heard),
        };
        let mailbox = |text| Mailbox::parse(text).unwrap();
        let (sender, recipients) = (
            mailbox("a@example.org"),
            [mailbox("b@example.net"), mailbox("c@example.net")],
        );
        let mail = Mail {
            reverse_path: &sender,
            recipients: &recipients,
            message: b"\r\n.Hi.\r\n",
        };
        let delivery = Session::open(Box::new(wire), tls).and_then(|mut session| {
            if let Some(login) = &login {
                session.authenticate(login)?;
            }
            session.send(&mail)
        });
        let heard = heard.borrow().replace("\r\n", "\n");
        (heard, delivery)
    }

    fn app() -> Option<Login> {
        Some(Login {
            username: "app".to_owned(),
            password: "secret".to_owned(),
        })
    }

    #[test]
    fn a_submission_encrypts_logs_in_and_sends() {
        let (heard, delivery) = submit(
            Tls::Required,
            app(),
            "220 a ESMTP\n250-a\n250 STARTTLS\n220 2.0.0 go\n250-a\n250-SIZE 1000\n250 AUTH PLAIN\n235 2.7.0 yes\n\
             250 2.1.0 ok\n250 2.1.5 ok\n550 5.1.1 nobody\n354 go\n250 2.0.0 queued\n221 bye\n",
        );
        let expected = "\
EHLO [127.0.0.1]
STARTTLS
(TLS)
EHLO [127.0.0.1]
AUTH PLAIN AGFwcABzZWNyZXQ=
MAIL FROM:<a@example.org> SIZE=8
RCPT TO:<b@example.net>
RCPT TO:<c@example.net>
DATA

..Hi.
.
QUIT
";
        assert_eq!(heard, expected);
        let delivery = delivery.unwrap();
        assert_eq!(delivery.reply.to_string(), "250 2.0.0 queued");
        assert_eq!(delivery.accepted.len(), 1);
        let refused: Vec<String> = delivery
            .refused
            .iter()
            .map(|(to, reply)| format!("{to}: {reply}"))
            .collect();
        assert_eq!(refused, ["c@example.net: 550 5.1.1 nobody"]);
    }

    #[test]
    fn nothing_is_sent_when_nobody_is_taken() {
        let (heard, delivery) = submit(
            Tls::Never,
            None,
            "220 a\n250 a\n250 ok\n550 no\n550 no\n221 bye\n",
        );
        assert!(!heard.contains("DATA"), "{heard}");
        assert_eq!(delivery.unwrap().refused.len(), 2);
    }

    #[test]
    fn failures_say_what_was_refused() {
        let hello = "220 a\n250-a\n250 AUTH PLAIN\n";
        let cases: [(Tls, Option<Login>, String, &str); 7] = [
            (
                Tls::Never,
                None,
                "554 no service\n".to_owned(),
                "refused the connection: 554 no service",
            ),
            (Tls::Never, None, "HTTP/1.1 400\n".to_owned(), "not SMTP"),
            (Tls::Never, None, String::new(), "the connection broke"),
            (Tls::Required, None, hello.to_owned(), "offers no STARTTLS"),
            (
                Tls::Opportunistic,
                app(),
                hello.to_owned(),
                "not sent in clear text",
            ),
            (
                Tls::Implicit,
                app(),
                format!("{hello}535 5.7.8 wrong\n"),
                "refused AUTH: 535 5.7.8 wrong",
            ),
            (
                Tls::Never,
                None,
                format!("{hello}451 4.3.0 later\n"),
                "refused MAIL: 451 4.3.0 later",
            ),
        ];
        for (tls, login, replies, expected) in cases {
            let (heard, delivery) = submit(tls, login, &replies);
            let error = delivery.unwrap_err().to_string();
            assert!(error.contains(expected), "{replies:?}: {error}");
            assert!(!heard.contains("MAIL FROM") || replies.contains("451"), "{heard}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(format!("{:?}", app().unwrap()), "Login { username: \"app\", .. }");
    }
}
