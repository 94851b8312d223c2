//! A connection to the customers' HTTP that is kept alive: replies are read to their end, not to the connection's.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::customer::Reply;

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it is waited for what may not come.
const MOMENT: Duration = Duration::from_millis(50);

/// One connection.
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: SocketAddr,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket has timeouts");
        stream.set_nodelay(true).expect("a socket has options");
        Self {
            stream: BufReader::new(stream),
            host: address,
        }
    }

    /// One request with these header lines, each with its line end.
    pub fn ask(&mut self, method: &str, path: &str, header: &str, body: &[u8]) -> Reply {
        let length = body.len();
        let host = self.host;
        self.send(
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{header}Content-Length: {length}\r\n\r\n")
                .as_bytes(),
        );
        self.send(body);
        self.reply()
            .unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// Octets as they are.
    pub fn send(&mut self, octets: &[u8]) {
        // A server that has hung up is noticed when its reply is read.
        let _ = self.stream.get_mut().write_all(octets);
    }

    /// The next reply; none when the server closed or broke the connection instead.
    pub fn reply(&mut self) -> Option<Reply> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let mut reply = Reply {
            status: head.split(' ').nth(1)?.parse().ok()?,
            head: head.trim_end().to_owned(),
            body: Vec::new(),
        };
        reply.body = match reply.header("transfer-encoding") {
            Some("chunked") => self.chunks()?,
            _ => {
                let length = reply
                    .header("content-length")
                    .map_or(0, |length| length.parse().expect("a number"));
                self.octets(length)?
            }
        };
        Some(reply)
    }

    /// Whether the beginning of a reply, or the end of the connection, can be read within a moment.
    pub fn has_reply(&mut self) -> bool {
        self.brief(|stream| stream.fill_buf().is_ok())
    }

    /// Whether the server has ended the connection; what it said before is passed over.
    pub fn is_cut(&mut self) -> bool {
        self.brief(|stream| {
            loop {
                match stream.fill_buf() {
                    Ok([]) => return true,
                    Ok(said) => {
                        let said = said.len();
                        stream.consume(said);
                    }
                    Err(error) => {
                        return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                    }
                }
            }
        })
    }

    fn brief<T>(&mut self, look: impl FnOnce(&mut BufReader<TcpStream>) -> T) -> T {
        let set = |stream: &BufReader<TcpStream>, patience| {
            let set = stream.get_ref().set_read_timeout(Some(patience));
            set.expect("a socket has timeouts");
        };
        set(&self.stream, MOMENT);
        let seen = look(&mut self.stream);
        set(&self.stream, PATIENCE);
        seen
    }

    fn octets(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut octets = vec![0; count];
        self.stream.read_exact(&mut octets).ok()?;
        Some(octets)
    }

    /// RFC 9112 §7.1.
    fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).ok()?;
            let size = usize::from_str_radix(line.trim(), 16).ok()?;
            let chunk = self.octets(size + 2)?;
            if size == 0 {
                return Some(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
}
