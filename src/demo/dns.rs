//! The name service of a small Internet: answers A, AAAA, MX, TXT and CNAME questions from a table, over UDP and TCP.
//!
//! It is authoritative for every name: what is not in the table does not exist. Names can be given a [`Fault`], and
//! every question is counted, so that a test can see what was asked, and what was remembered instead. Plain threads
//! serve it, so that it runs beside any runtime or none; they end when the value is dropped.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};

/// One record's content. Names are absolute, with or without the final dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// A mail exchanger: preference and host; host `.` is the null MX of RFC 7505.
    Mx(u16, String),
    /// A text, split into strings of 255 octets on the wire.
    Txt(String),
    /// Another name for this one.
    Cname(String),
}

impl Data {
    fn record_type(&self) -> RecordType {
        match self {
            Self::A(_) => RecordType::A,
            Self::Aaaa(_) => RecordType::AAAA,
            Self::Mx(..) => RecordType::MX,
            Self::Txt(_) => RecordType::TXT,
            Self::Cname(_) => RecordType::CNAME,
        }
    }
}

/// How questions about a name go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server says that it failed.
    ServFail,
    /// No answer ever comes.
    Silence,
    /// Over UDP the answer is cut off and says so; over TCP it is whole (RFC 1035 §4.2.1, RFC 7766).
    Truncated,
}

/// A running responder.
pub struct Responder {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// The table: what is said of each name, by its lower-cased form without the final dot.
#[derive(Default)]
struct Zone {
    records: HashMap<String, Vec<Data>>,
    /// What is said once, in the place of the records of its type.
    once: HashMap<(String, RecordType), Data>,
    faults: HashMap<String, Fault>,
    questions: HashMap<(String, RecordType), usize>,
    ttl_seconds: u32,
}

/// CNAMEs followed for one question; a longer chain is cut, as a loop would be.
const ALIASES_MAX: usize = 8;
/// Octets of a UDP answer, as every resolver of today offers to take.
const UDP_BYTES_MAX: usize = 1232;
/// Time after which a TCP client that says nothing is let go.
const TCP_PATIENCE: Duration = Duration::from_secs(5);
/// Attempts at finding a port that is free for UDP and TCP both.
const PORT_TRIES: usize = 16;

impl Responder {
    /// Serves an empty table on a free port of `host`; records live for an hour.
    ///
    /// # Errors
    /// The address cannot be bound, or a thread cannot be started.
    pub fn start(host: IpAddr) -> io::Result<Self> {
        let (udp, tcp) = bind_both(host)?;
        let address = udp.local_addr()?;
        let zone = Arc::new(Mutex::new(Zone {
            ttl_seconds: 3600,
            ..Zone::default()
        }));
        let stopping = Arc::new(AtomicBool::new(false));
        let threads = vec![
            spawn("demo-dns-udp", {
                let (zone, stopping) = (zone.clone(), stopping.clone());
                move || serve_udp(&udp, &zone, &stopping)
            })?,
            spawn("demo-dns-tcp", {
                let (zone, stopping) = (zone.clone(), stopping.clone());
                move || serve_tcp(&tcp, &zone, &stopping)
            })?,
        ];
        Ok(Self {
            address,
            zone,
            stopping,
            threads,
        })
    }

    /// Where to ask, over UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a record to those of `name`.
    pub fn add(&self, name: &str, data: Data) -> &Self {
        lock(&self.zone).records.entry(key(name)).or_default().push(data);
        self
    }

    /// Says `data` to the next question about `name` and its type; whoever asks again gets the records. So answer those who
    /// want one address to be checked and another to be connected to.
    pub fn add_once(&self, name: &str, data: Data) -> &Self {
        let of = (key(name), data.record_type());
        lock(&self.zone).once.insert(of, data);
        self
    }

    /// Forgets all records of `name`.
    pub fn remove(&self, name: &str) -> &Self {
        lock(&self.zone).records.remove(&key(name));
        self
    }

    /// Makes every question about `name` go wrong, or right again with `None`.
    pub fn fail(&self, name: &str, fault: Option<Fault>) -> &Self {
        let mut zone = lock(&self.zone);
        match fault {
            Some(fault) => zone.faults.insert(key(name), fault),
            None => zone.faults.remove(&key(name)),
        };
        drop(zone);
        self
    }

    /// From now on answers may be kept for `seconds`.
    pub fn set_ttl(&self, seconds: u32) -> &Self {
        lock(&self.zone).ttl_seconds = seconds;
        self
    }

    /// How often the records of one type have been asked for at `name`, faults included.
    pub fn questions(&self, name: &str, record_type: RecordType) -> usize {
        lock(&self.zone)
            .questions
            .get(&(key(name), record_type))
            .copied()
            .unwrap_or(0)
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Both threads wait inside the kernel: one packet and one connection wake them to see the flag.
        let woken = UdpSocket::bind((self.address.ip(), 0))
            .and_then(|socket| socket.send_to(&[], self.address))
            .and_then(|_| TcpStream::connect(self.address));
        if woken.is_ok() {
            for thread in self.threads.drain(..) {
                let _ = thread.join();
            }
        }
    }
}

/// A free UDP port need not be free for TCP, so a few are tried.
fn bind_both(host: IpAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let mut tries = 0;
    loop {
        tries += 1;
        let udp = UdpSocket::bind((host, 0))?;
        match TcpListener::bind(udp.local_addr()?) {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) if tries == PORT_TRIES => return Err(error),
            Err(_) => {}
        }
    }
}

fn spawn(name: &str, serve: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(serve)
}

fn serve_udp(socket: &UdpSocket, zone: &Mutex<Zone>, stopping: &AtomicBool) {
    let mut buffer = [0; 4096];
    while let Ok((length, client)) = socket.recv_from(&mut buffer) {
        if stopping.load(Ordering::SeqCst) {
            return;
        }
        let Some(answer) = buffer
            .get(..length)
            .and_then(|packet| lock(zone).answer(packet, Transport::Udp))
        else {
            continue;
        };
        // A client that is gone does not concern the others.
        let _ = socket.send_to(&answer, client);
    }
}

/// Resolvers ask over TCP only what UDP cut off, but may keep the connection: each has its thread, which the client's
/// silence ends.
fn serve_tcp(listener: &TcpListener, zone: &Arc<Mutex<Zone>>, stopping: &AtomicBool) {
    while let Ok((mut stream, _)) = listener.accept() {
        if stopping.load(Ordering::SeqCst) {
            return;
        }
        let zone = zone.clone();
        // The end of a connection, orderly or not, is the end of its questions and nothing else; a thread that cannot
        // be started closes it, and the resolver asks again.
        let _ = spawn("demo-dns-client", move || {
            let _ = serve_connection(&mut stream, &zone);
        });
    }
}

/// Each message over TCP is preceded by its length in two octets (RFC 1035 §4.2.2).
fn serve_connection(stream: &mut TcpStream, zone: &Mutex<Zone>) -> io::Result<()> {
    stream.set_read_timeout(Some(TCP_PATIENCE))?;
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut packet = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut packet)?;
        let Some(answer) = lock(zone).answer(&packet, Transport::Tcp) else {
            continue;
        };
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes(), answer.as_slice()].concat())?;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp,
}

impl Zone {
    /// The reply to one packet; nothing for a packet that is no question, and for a name that keeps silent.
    fn answer(&mut self, packet: &[u8], transport: Transport) -> Option<Vec<u8>> {
        let request = Message::from_vec(packet).ok()?;
        let question = request.queries.first()?.clone();
        let name = key(&question.name().to_ascii());
        *self
            .questions
            .entry((name.clone(), question.query_type()))
            .or_default() += 1;

        let mut reply = Message::response(request.metadata.id, request.metadata.op_code);
        reply.metadata.message_type = MessageType::Response;
        reply.metadata.authoritative = true;
        reply.metadata.recursion_desired = request.metadata.recursion_desired;
        reply.metadata.recursion_available = true;
        reply.add_query(question.clone());

        match self.faults.get(&name) {
            Some(Fault::Silence) => return None,
            Some(Fault::ServFail) => reply.metadata.response_code = ResponseCode::ServFail,
            Some(Fault::Truncated) if transport == Transport::Udp => return reply.truncate().to_vec().ok(),
            Some(Fault::Truncated) | None => self.fill(&mut reply, question.name(), question.query_type()),
        }
        let bytes = reply.to_vec().ok()?;
        if transport == Transport::Udp && bytes.len() > UDP_BYTES_MAX {
            return reply.truncate().to_vec().ok();
        }
        Some(bytes)
    }

    /// Puts the records into the answer, following aliases; an answer without any carries the SOA record that says for
    /// how long that may be remembered (RFC 2308 §5).
    fn fill(&mut self, reply: &mut Message, name: &Name, wanted: RecordType) {
        if let Some(data) = self.once.remove(&(key(&name.to_ascii()), wanted)) {
            reply.add_answers(self.record(name, &data));
            return;
        }
        let mut name = name.clone();
        for _ in 0..ALIASES_MAX {
            let known = self
                .records
                .get(&key(&name.to_ascii()))
                .map_or(&[][..], Vec::as_slice);
            let records: Vec<Record> = known.iter().filter_map(|data| self.record(&name, data)).collect();
            let alias = records.iter().find_map(|record| match &record.data {
                RData::CNAME(target) if wanted != RecordType::CNAME => {
                    Some((record.clone(), target.0.clone()))
                }
                _ => None,
            });
            let Some((record, target)) = alias else {
                reply.add_answers(
                    records
                        .into_iter()
                        .filter(|record| record.record_type() == wanted),
                );
                break;
            };
            reply.add_answer(record);
            name = target;
        }
        if !reply.answers.iter().any(|record| record.record_type() == wanted) {
            if !self.exists(&key(&name.to_ascii())) {
                reply.metadata.response_code = ResponseCode::NXDomain;
            }
            reply.add_authority(self.start_of_authority());
        }
    }

    /// A name exists when it or a name below it has records (RFC 8020).
    fn exists(&self, name: &str) -> bool {
        let below = format!(".{name}");
        self.records
            .keys()
            .any(|known| known == name || known.ends_with(&below))
    }

    /// The record on the wire; none for data that no record can hold, such as a name over 255 octets.
    fn record(&self, name: &Name, data: &Data) -> Option<Record> {
        let data = match data {
            Data::A(address) => RData::A(A(*address)),
            Data::Aaaa(address) => RData::AAAA(AAAA(*address)),
            Data::Mx(preference, host) => RData::MX(MX::new(*preference, absolute(host)?)),
            Data::Txt(text) => RData::TXT(TXT::from_bytes(text.as_bytes().chunks(255).collect())),
            Data::Cname(target) => RData::CNAME(CNAME(absolute(target)?)),
        };
        Some(Record::from_rdata(name.clone(), self.ttl_seconds, data))
    }

    fn start_of_authority(&self) -> Record {
        let ttl = self.ttl_seconds;
        let data = SOA::new(Name::root(), Name::root(), 1, 3600, 600, 86_400, ttl);
        Record::from_rdata(Name::root(), ttl, RData::SOA(data))
    }
}

fn absolute(name: &str) -> Option<Name> {
    let mut name = Name::from_ascii(name).ok()?;
    name.set_fqdn(true);
    Some(name)
}

fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// The table is whole after every statement, so a panic elsewhere does not spoil it.
fn lock(zone: &Mutex<Zone>) -> MutexGuard<'_, Zone> {
    zone.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::Query;

    fn responder() -> Responder {
        let dns = Responder::start(Ipv4Addr::LOCALHOST.into()).expect("a free port on loopback");
        dns.add("a.test", Data::Mx(10, "mx.a.test".into()))
            .add("mx.a.test", Data::A(Ipv4Addr::new(127, 0, 0, 2)))
            .add("mx.a.test", Data::Aaaa(Ipv6Addr::LOCALHOST))
            .add("alias.test", Data::Cname("a.test".into()))
            .add("loop.test", Data::Cname("loop.test".into()))
            .add("long.test", Data::Txt("x".repeat(2000)))
            .fail("broken.test", Some(Fault::ServFail))
            .add("cut.test", Data::A(Ipv4Addr::LOCALHOST))
            .fail("cut.test", Some(Fault::Truncated));
        dns
    }

    fn question(name: &str, record_type: RecordType) -> Vec<u8> {
        let mut message = Message::query();
        message.add_query(Query::query(Name::from_ascii(name).expect("a name"), record_type));
        message.to_vec().expect("encodes")
    }

    /// Asks over UDP and, when told to, over TCP, as a resolver does. Sums up the last reply in one line.
    fn ask(dns: &Responder, name: &str, record_type: RecordType) -> String {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        socket
            .send_to(&question(name, record_type), dns.address())
            .expect("sends");
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer).expect("an answer");
        let mut reply = Message::from_vec(&buffer[..length]).expect("decodes");
        let mut over = "udp";
        if reply.metadata.truncation {
            over = "tcp";
            reply = ask_tcp(dns, &question(name, record_type));
        }
        let answers: Vec<String> = reply
            .answers
            .iter()
            .map(|record| shortened(&record.data.to_string()))
            .collect();
        format!("{over} {:?} {}", reply.metadata.response_code, answers.join(" "))
    }

    fn ask_tcp(dns: &Responder, question: &[u8]) -> Message {
        let mut stream = TcpStream::connect(dns.address()).expect("connects");
        let length = u16::try_from(question.len()).expect("short");
        stream
            .write_all(&[&length.to_be_bytes(), question].concat())
            .expect("sends");
        let mut length = [0; 2];
        stream.read_exact(&mut length).expect("a length");
        let mut packet = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut packet).expect("an answer");
        Message::from_vec(&packet).expect("decodes")
    }

    fn shortened(text: &str) -> String {
        if text.len() > 40 {
            format!("({} characters)", text.len())
        } else {
            text.to_owned()
        }
    }

    #[test]
    fn every_kind_of_name_gets_its_answer() {
        let dns = responder();
        for (name, record_type, expected) in [
            ("a.test.", RecordType::MX, "udp NoError 10 mx.a.test."),
            ("A.Test.", RecordType::MX, "udp NoError 10 mx.a.test."),
            ("mx.a.test.", RecordType::A, "udp NoError 127.0.0.2"),
            ("mx.a.test.", RecordType::AAAA, "udp NoError ::1"),
            ("a.test.", RecordType::A, "udp NoError "),
            ("test.", RecordType::A, "udp NoError "),
            ("b.test.", RecordType::A, "udp NXDomain "),
            ("alias.test.", RecordType::MX, "udp NoError a.test. 10 mx.a.test."),
            ("broken.test.", RecordType::MX, "udp ServFail "),
            ("cut.test.", RecordType::A, "tcp NoError 127.0.0.1"),
            ("long.test.", RecordType::TXT, "tcp NoError (2000 characters)"),
        ] {
            assert_eq!(ask(&dns, name, record_type), expected, "{name} {record_type}");
        }
    }

    #[test]
    fn an_alias_of_itself_ends() {
        assert!(ask(&responder(), "loop.test.", RecordType::A).starts_with("udp NoError loop.test."));
    }

    #[test]
    fn questions_are_counted_by_name_and_type() {
        let dns = responder();
        ask(&dns, "a.test.", RecordType::MX);
        ask(&dns, "A.test.", RecordType::MX);
        assert_eq!(dns.questions("a.test", RecordType::MX), 2);
        assert_eq!(dns.questions("a.test", RecordType::A), 0);
    }

    #[test]
    fn what_is_said_once_is_not_said_again() {
        let dns = responder();
        dns.add_once("mx.a.test", Data::A(Ipv4Addr::new(127, 0, 0, 9)));
        for (record_type, expected) in [
            (RecordType::AAAA, "udp NoError ::1"),
            (RecordType::A, "udp NoError 127.0.0.9"),
            (RecordType::A, "udp NoError 127.0.0.2"),
        ] {
            assert_eq!(ask(&dns, "mx.a.test.", record_type), expected);
        }
    }

    #[test]
    fn records_and_faults_can_change() {
        let dns = responder();
        dns.fail("broken.test", None).remove("a.test");
        assert_eq!(ask(&dns, "broken.test.", RecordType::MX), "udp NXDomain ");
        assert_eq!(
            ask(&dns, "a.test.", RecordType::MX),
            "udp NoError ",
            "mx.a.test is still below it"
        );
    }
}
