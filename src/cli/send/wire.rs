//! The connection that a message goes out on.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use certs::{ClientTrust, client_config};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::session::SessionError;
use super::{Target, Tls};

/// How long the connection may take to come about.
const CONNECT_PATIENCE: Duration = Duration::from_secs(30);

/// How long the server may be silent; RFC 5321 §4.5.3.2.6 gives it ten minutes at the end of a message.
const SILENCE: Duration = Duration::from_secs(600);

/// A connection that can become encrypted.
pub(super) trait Wire: Read + Write {
    /// Continues under TLS.
    fn encrypt(self: Box<Self>) -> io::Result<Box<dyn Wire>>;
}

/// A connection in clear text, and what its server would have to prove.
struct ClearText {
    stream: TcpStream,
    host: String,
    trust: ClientTrust,
}

struct Encrypted(StreamOwned<ClientConnection, TcpStream>);

/// Connects to `target`; with implicit TLS the connection is encrypted from its first octet.
pub(super) fn connect(target: &Target) -> Result<Box<dyn Wire>, SessionError> {
    let stream =
        TcpStream::connect_timeout(&target.address, CONNECT_PATIENCE).map_err(SessionError::Connect)?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    let wire = Box::new(ClearText {
        stream,
        host: target.host.clone(),
        trust: target.trust.clone(),
    });
    match target.tls {
        Tls::Implicit => Ok(wire.encrypt()?),
        Tls::Never | Tls::Opportunistic | Tls::Required => Ok(wire),
    }
}

impl Wire for ClearText {
    fn encrypt(self: Box<Self>) -> io::Result<Box<dyn Wire>> {
        let name = ServerName::try_from(self.host).map_err(io::Error::other)?;
        let client = ClientConnection::new(client_config(&self.trust), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(client, self.stream);
        // The handshake now, so that its failure is told as one.
        stream.flush()?;
        Ok(Box::new(Encrypted(stream)))
    }
}

impl Wire for Encrypted {
    fn encrypt(self: Box<Self>) -> io::Result<Box<dyn Wire>> {
        Ok(self)
    }
}

impl Read for ClearText {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for ClearText {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.stream.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Read for Encrypted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Encrypted {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
