//! One connection to a host: moves octets between the stream and the client session, and knows no policy.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use smtp::client::{Client, Output};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::tls::Stream;

/// Octets read at once: replies are short.
const READ_BYTES: usize = 4 * 1024;
/// How long to wait for what a host may have said before it stopped taking what we sent.
const LAST_WORDS_PATIENCE: Duration = Duration::from_secs(1);
/// Octets of a message gathered before they are written.
const WRITE_BYTES: usize = 128 * 1024;

pub(super) struct Connection {
    /// None only while a TLS handshake has it.
    stream: Option<Stream>,
    pub(super) client: Client,
    out: Vec<u8>,
    input: Box<[u8]>,
    pub(super) host: Arc<str>,
}

impl Connection {
    pub(super) fn new(stream: Stream, client: Client, host: Arc<str>) -> Self {
        let input = vec![0; READ_BYTES].into_boxed_slice();
        Self {
            stream: Some(stream),
            client,
            out: Vec::new(),
            input,
            host,
        }
    }

    /// What the session wants done next; what it wants sent is gathered here.
    pub(super) fn poll(&mut self) -> Option<Output> {
        while let Some(output) = self.client.poll_output() {
            match output {
                // Appended even to nothing: the buffer has grown to the size of a message, and is to stay so.
                Output::Send(octets) => self.out.extend_from_slice(&octets),
                output => return Some(output),
            }
        }
        None
    }

    /// Room to append octets of a message to what is gathered.
    pub(super) fn gathered(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Writes what is gathered if it is much.
    ///
    /// # Errors
    /// The connection's; the session knows of it.
    pub(super) async fn flush_if_large(&mut self) -> io::Result<()> {
        if self.out.len() >= WRITE_BYTES {
            self.flush().await
        } else {
            Ok(())
        }
    }

    /// Writes what is gathered, then reads once; the session hears of octets, silence and the end alike.
    pub(super) async fn exchange(&mut self) {
        if self.flush().await.is_err() {
            return;
        }
        match timeout(self.client.patience(), self.read()).await {
            Ok(()) => {}
            Err(_) => self.client.handle_timeout(),
        }
    }

    /// Reads once, for as long as it takes. May be abandoned without loss.
    pub(super) async fn read(&mut self) {
        let Some(stream) = self.stream.as_mut() else {
            return self.client.handle_disconnect();
        };
        match stream.read(&mut self.input).await {
            Ok(0) | Err(_) => self.client.handle_disconnect(),
            Ok(count) => self
                .client
                .handle_input(self.input.get(..count).unwrap_or_default()),
        }
    }

    /// Writes what is gathered.
    ///
    /// # Errors
    /// The connection's; the session knows of it.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let Some(stream) = self.stream.as_mut() else {
            self.client.handle_disconnect();
            return Err(io::ErrorKind::NotConnected.into());
        };
        let written = timeout(self.client.patience(), stream.write_all(&self.out)).await;
        self.out.clear();
        let error = match written {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error,
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
        // A host that stops taking a message has often said why: that reply may be the end of the matter, where the
        // broken connection alone would be a reason to try again.
        let _ = timeout(LAST_WORDS_PATIENCE, self.read()).await;
        self.client.handle_disconnect();
        Err(error)
    }

    /// Ends the connection at once, in the middle of whatever it is.
    pub(super) fn abort(&mut self) {
        self.out.clear();
        self.stream = None;
        self.client.handle_disconnect();
    }

    /// The TLS handshake that the session asked for.
    ///
    /// # Errors
    /// The handshake's; the connection is of no further use.
    pub(super) async fn start_tls(&mut self, config: Arc<rustls::ClientConfig>) -> io::Result<()> {
        self.flush().await?;
        let stream = self.stream.take().ok_or(io::ErrorKind::NotConnected)?;
        let handshake = stream.connect_tls(config, &self.host);
        let stream = timeout(self.client.patience(), handshake)
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
        self.stream = Some(stream);
        self.client.tls_started();
        Ok(())
    }

    /// How the connection is encrypted.
    pub(super) fn tls_description(&self) -> Option<String> {
        self.stream.as_ref().and_then(Stream::tls_description)
    }
}
