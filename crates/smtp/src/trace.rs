//! Trace text: the `Received:` field that is put before a message, and counting those that are there
//! (RFC 5321 §4.4, §6.3).

use std::fmt::{self, Write};
use std::net::IpAddr;

use memchr::memchr;

use crate::address::{Domain, ForwardPath};
use crate::server::Protocol;

/// What a `Received:` field tells.
#[derive(Clone, Copy, Debug)]
pub struct TraceInfo<'a> {
    /// The name given in EHLO. Octets that could be taken for structure are shown as `?`.
    pub hello: &'a str,
    /// The client's address.
    pub address: IpAddr,
    /// The client's name according to DNS, if it was looked up.
    pub reverse_name: Option<&'a Domain>,
    /// This server.
    pub by: &'a Domain,
    /// How the message came.
    pub protocol: Protocol,
    /// The cipher suite by its registered name (RFC 8314 §4.3), if TLS was used.
    pub cipher: Option<&'a str>,
    /// The message's id here.
    pub id: &'a str,
    /// The recipient, if there is only one: several would be told of one another (RFC 5321 §7.6).
    pub recipient: Option<&'a ForwardPath>,
    /// The date and time of RFC 5322 §3.3.
    pub date: &'a str,
}

/// The `Received:` field of a message, folded, CRLF at the end.
pub fn received_header(info: &TraceInfo<'_>) -> Vec<u8> {
    let mut field = String::with_capacity(320);
    // Writing to a string cannot fail.
    let _ = write_received(&mut field, info);
    field.into_bytes()
}

fn write_received(field: &mut String, info: &TraceInfo<'_>) -> fmt::Result {
    field.push_str("Received: from ");
    push_word(field, info.hello);
    match info.reverse_name {
        Some(name) => write!(field, " ({name} {})", Literal(info.address))?,
        None => write!(field, " ({})", Literal(info.address))?,
    }
    write!(field, "\r\n\tby {} with {}", info.by, info.protocol)?;
    if let Some(cipher) = info.cipher {
        field.push_str(" tls ");
        push_word(field, cipher);
    }
    field.push_str("\r\n\tid ");
    push_word(field, info.id);
    if let Some(recipient) = info.recipient {
        write!(field, "\r\n\tfor {recipient}")?;
    }
    write!(field, ";\r\n\t{}\r\n", info.date)
}

// What the client says of itself stays one word: no comment, no folding, no second clause.
fn push_word(field: &mut String, word: &str) {
    let safe = |char: char| char.is_ascii_alphanumeric() || "-._[]:+=/".contains(char);
    field.extend(word.chars().map(|char| if safe(char) { char } else { '?' }));
}

struct Literal(IpAddr);

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "[{address}]"),
            IpAddr::V6(address) => write!(f, "[IPv6:{address}]"),
        }
    }
}

/// How many `Received:` fields the header has at the beginning of `message`. The count ends at the empty line.
pub fn hop_count(message: &[u8]) -> usize {
    const NAME: &[u8] = b"received";
    let mut hops = 0;
    let mut rest = message;
    while !rest.is_empty() && !rest.starts_with(b"\r\n") {
        let (line, behind) = match memchr(b'\n', rest) {
            Some(end) => rest.split_at(end + 1),
            None => (rest, Default::default()),
        };
        if let Some((name, value)) = line.split_at_checked(NAME.len()) {
            // RFC 5322 §4.5: old software puts spaces before the colon.
            hops +=
                usize::from(name.eq_ignore_ascii_case(NAME) && value.trim_ascii_start().starts_with(b":"));
        }
        rest = behind;
    }
    hops
}

#[cfg(test)]
mod tests;
