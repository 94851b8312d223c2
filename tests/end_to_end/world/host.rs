//! A mail exchanger that does what a test tells it to: takes mail, refuses, stalls, or dies at any moment.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A moment of a session at which something can be made to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// The connection was accepted; its reply is the greeting.
    Connect,
    /// EHLO came.
    Ehlo,
    /// HELO came.
    Helo,
    /// MAIL came.
    Mail,
    /// RCPT came.
    Rcpt,
    /// DATA came.
    Data,
    /// The first line of the message came; only `Disconnect` and `Stall` make sense here.
    Body,
    /// The final dot came.
    EndOfData,
    /// RSET came.
    Rset,
    /// QUIT came.
    Quit,
}

/// What a host does at a moment instead of saying yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Answers this, which may have several lines.
    Reply(String),
    /// Closes the connection without a word.
    Disconnect,
    /// Answers this and closes the connection.
    ReplyAndDisconnect(String),
    /// Says nothing more and keeps the connection open until the client gives up.
    Stall,
    /// Says yes, but not before [`Host::let_go`].
    Hold,
}

/// A message that a host has taken: the 250 after it was sent, or the connection was cut in its stead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The MAIL parameter up to `>`, without the brackets.
    pub reverse_path: String,
    /// The accepted recipients.
    pub recipients: Vec<String>,
    /// Headers and body, dots unstuffed.
    pub text: String,
    /// The number of the connection it came by, from 1.
    pub connection: usize,
    /// When its final dot came.
    pub at: Instant,
}

/// A running mail exchanger, gone when dropped.
pub struct Host {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    script: Mutex<Script>,
    mail: Mutex<Vec<Mail>>,
    arrival: Condvar,
    connections: AtomicUsize,
    commands: Mutex<Vec<String>>,
    streams: Mutex<Vec<TcpStream>>,
    let_go: Mutex<bool>,
    gone: Condvar,
    stopping: AtomicBool,
}

#[derive(Default)]
struct Script {
    once: Vec<(Moment, Action)>,
    always: HashMap<Moment, Action>,
    recipients: HashMap<String, Vec<String>>,
    extensions: Vec<String>,
}

const DEADLINE: Duration = Duration::from_secs(90);

impl Host {
    /// Listens on `address` and says yes to everything, with PIPELINING, 8BITMIME, SIZE and SMTPUTF8 on offer.
    pub fn start(address: SocketAddr) -> Self {
        let listener =
            TcpListener::bind(address).unwrap_or_else(|error| panic!("binding {address}: {error}"));
        let shared = Arc::new(Shared::default());
        lock(&shared.script).extensions = ["PIPELINING", "8BITMIME", "SIZE", "SMTPUTF8"]
            .map(String::from)
            .to_vec();
        let accepting = shared.clone();
        let listener = std::thread::spawn(move || accept(&listener, &accepting));
        Self {
            address,
            shared,
            listener: Some(listener),
        }
    }

    /// Replaces the extensions in the reply to EHLO.
    pub fn offer(&self, extensions: &[&str]) -> &Self {
        lock(&self.shared.script).extensions = extensions.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Does `action` the next time `moment` comes; actions of one moment are done in the order in which they are given.
    pub fn once(&self, moment: Moment, action: Action) -> &Self {
        lock(&self.shared.script).once.push((moment, action));
        self
    }

    /// Does `action` whenever `moment` comes.
    pub fn always(&self, moment: Moment, action: Action) -> &Self {
        lock(&self.shared.script).always.insert(moment, action);
        self
    }

    /// Says yes at `moment` again.
    pub fn relent(&self, moment: Moment) -> &Self {
        lock(&self.shared.script).always.remove(&moment);
        self
    }

    /// Answers RCPT for one recipient with each of `replies` in turn, and with the last of them ever after.
    pub fn recipient(&self, mailbox: &str, replies: &[&str]) -> &Self {
        let replies = replies.iter().map(|reply| (*reply).to_owned()).collect();
        lock(&self.shared.script)
            .recipients
            .insert(mailbox.to_owned(), replies);
        self
    }

    /// Waits until at least `count` messages were taken, and returns all of them.
    pub fn mail(&self, count: usize) -> Vec<Mail> {
        let end = Instant::now() + DEADLINE;
        let mut mail = lock(&self.shared.mail);
        while mail.len() < count {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{} has {} of {count} messages: {mail:#?}",
                self.address,
                mail.len()
            );
            mail = self
                .shared
                .arrival
                .wait_timeout(mail, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        mail.clone()
    }

    /// How many messages were taken so far.
    pub fn count(&self) -> usize {
        lock(&self.shared.mail).len()
    }

    /// Every message taken so far, in a function's hands while no other can arrive.
    pub fn inspect<T>(&self, look: impl FnOnce(&[Mail]) -> T) -> T {
        look(&lock(&self.shared.mail))
    }

    /// Says yes wherever [`Action::Hold`] keeps it from that, and will.
    pub fn let_go(&self) -> &Self {
        *lock(&self.shared.let_go) = true;
        self.shared.gone.notify_all();
        self
    }

    /// Breaks every connection there is.
    pub fn hang_up(&self) -> &Self {
        for stream in lock(&self.shared.streams).drain(..) {
            // A connection that is already gone is as broken as it should be.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Every command line heard so far, over all connections.
    pub fn commands(&self) -> Vec<String> {
        lock(&self.shared.commands).clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        if TcpStream::connect(self.address).is_ok()
            && let Some(listener) = self.listener.take()
        {
            let _ = listener.join();
        }
        self.let_go().hang_up();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        if let Ok(stream) = stream.try_clone() {
            lock(&shared.streams).push(stream);
        }
        let shared = shared.clone();
        let connection = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
        std::thread::spawn(move || {
            let session = Session {
                connection,
                shared: &shared,
                mail: None,
                stream: BufReader::new(stream),
            };
            // A connection that ends early is what the server under test must cope with, not the host.
            let _ = session.run();
        });
    }
}

struct Session<'a> {
    connection: usize,
    shared: &'a Shared,
    mail: Option<Mail>,
    stream: BufReader<TcpStream>,
}

/// The session is over.
struct Over;

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Over
    }
}

impl Session<'_> {
    fn run(mut self) -> Result<(), Over> {
        self.stream.get_ref().set_nodelay(true)?;
        self.at(Moment::Connect, "220 host.test ESMTP")?;
        loop {
            let line = self.line()?;
            lock(&self.shared.commands).push(line.clone());
            let (verb, argument) = line.split_once([' ', ':']).unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.ehlo()?,
                "HELO" => self.at(Moment::Helo, "250 host.test").map(|_| ())?,
                "MAIL" => self.mail(argument)?,
                "RCPT" => self.rcpt(argument)?,
                "DATA" => self.data()?,
                "RSET" => {
                    self.mail = None;
                    self.at(Moment::Rset, "250 2.0.0 forgotten")?;
                }
                "NOOP" => self.say("250 2.0.0 yes")?,
                "QUIT" => {
                    self.at(Moment::Quit, "221 2.0.0 bye")?;
                    return Ok(());
                }
                _ => self.say("500 5.5.2 what?")?,
            }
        }
    }

    fn ehlo(&mut self) -> Result<(), Over> {
        let mut lines = vec!["host.test".to_owned()];
        lines.extend(lock(&self.shared.script).extensions.iter().cloned());
        let last = lines.len() - 1;
        let reply: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("250{}{line}", if at == last { ' ' } else { '-' }))
            .collect();
        self.at(Moment::Ehlo, &reply.join("\r\n")).map(|_| ())
    }

    fn mail(&mut self, argument: &str) -> Result<(), Over> {
        if self.at(Moment::Mail, "250 2.1.0 sender ok")? {
            self.mail = Some(Mail {
                reverse_path: path(argument),
                recipients: Vec::new(),
                text: String::new(),
                connection: self.connection,
                at: Instant::now(),
            });
        }
        Ok(())
    }

    fn rcpt(&mut self, argument: &str) -> Result<(), Over> {
        let mailbox = path(argument);
        let scripted = lock(&self.shared.script)
            .recipients
            .get_mut(&mailbox)
            .map(|replies| {
                if replies.len() > 1 {
                    replies.remove(0)
                } else {
                    replies[0].clone()
                }
            });
        let Some(mail) = &mut self.mail else {
            return self.say("503 5.5.1 MAIL first");
        };
        if let Some(reply) = scripted {
            if reply.starts_with('2') {
                mail.recipients.push(mailbox);
            }
            return self.say(&reply);
        }
        if self.at(Moment::Rcpt, "250 2.1.5 recipient ok")?
            && let Some(mail) = &mut self.mail
        {
            mail.recipients.push(mailbox);
        }
        Ok(())
    }

    fn data(&mut self) -> Result<(), Over> {
        if self.mail.as_ref().is_none_or(|mail| mail.recipients.is_empty()) {
            return self.say("554 5.5.1 no valid recipients");
        }
        if !self.at(Moment::Data, "354 go on")? {
            return Ok(());
        }
        let text = self.body()?;
        let Some(mut mail) = self.mail.take() else {
            return Ok(());
        };
        (mail.text, mail.at) = (text, Instant::now());
        let action = self.take(Moment::EndOfData);
        let refused = matches!(&action, Some(Action::Reply(reply) | Action::ReplyAndDisconnect(reply)) if !reply.starts_with('2'));
        if !refused {
            // Taken before the reply, so that a test which sees the reply's effect sees the message too.
            lock(&self.shared.mail).push(mail);
            self.shared.arrival.notify_all();
        }
        self.act(action, "250 2.0.0 taken").map(|_| ())
    }

    fn body(&mut self) -> Result<String, Over> {
        let mut text = String::new();
        let mut first = true;
        loop {
            let line = self.line()?;
            if first && let Some(action) = self.take(Moment::Body) {
                self.act(Some(action), "")?;
            }
            first = false;
            if line == "." {
                return Ok(text);
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
    }

    /// Does what the script says of this moment, or else says `yes`. Whether it was a yes.
    fn at(&mut self, moment: Moment, yes: &str) -> Result<bool, Over> {
        let action = self.take(moment);
        self.act(action, yes)
    }

    fn take(&self, moment: Moment) -> Option<Action> {
        let mut script = lock(&self.shared.script);
        match script.once.iter().position(|(at, _)| *at == moment) {
            Some(at) => Some(script.once.remove(at).1),
            None => script.always.get(&moment).cloned(),
        }
    }

    fn act(&mut self, action: Option<Action>, yes: &str) -> Result<bool, Over> {
        match action {
            None => self.say(yes).map(|()| true),
            Some(Action::Reply(reply)) => self.say(&reply).map(|()| reply.starts_with(['2', '3'])),
            Some(Action::ReplyAndDisconnect(reply)) => {
                self.say(&reply)?;
                self.stream.get_ref().shutdown(Shutdown::Both)?;
                Err(Over)
            }
            Some(Action::Disconnect) => {
                self.stream.get_ref().shutdown(Shutdown::Both)?;
                Err(Over)
            }
            Some(Action::Hold) => {
                let held = lock(&self.shared.let_go);
                let wait = self.shared.gone.wait_while(held, |let_go| !*let_go);
                drop(wait.unwrap_or_else(PoisonError::into_inner));
                self.say(yes).map(|()| true)
            }
            Some(Action::Stall) => loop {
                // Reads on without a word until the other side hangs up.
                self.line()?;
            },
        }
    }

    fn say(&mut self, reply: &str) -> Result<(), Over> {
        self.stream
            .get_mut()
            .write_all(format!("{reply}\r\n").as_bytes())?;
        Ok(())
    }

    fn line(&mut self) -> Result<String, Over> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line)? == 0 {
            return Err(Over);
        }
        let line = line.strip_suffix(b"\r\n").unwrap_or(&line);
        Ok(String::from_utf8_lossy(line).into_owned())
    }
}

/// The path between the brackets of `FROM:<path> …`.
fn path(argument: &str) -> String {
    let inside = argument.split_once('<').map_or(argument, |(_, rest)| rest);
    inside.split_once('>').map_or(inside, |(path, _)| path).to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
