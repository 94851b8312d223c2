//! One request: resolve, check, connect, send, read the answer.
//!
//! **Promise.** A connection is made only to an address that [`Policy::admits`], and to the very one that was checked: the
//! name is resolved once. Redirections are not followed. After its time a request is over, whatever the other end does; of
//! a body no more than [`BODY_BYTES_MAX`] is read.
//!
//! **Failures** are the variants of [`Failure`]. Their texts are shown to the customer: they do not say what an internal
//! name resolves to.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{
    CONNECTION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue, RETRY_AFTER,
    USER_AGENT,
};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use ledger::webhook::Headers;
use ledger::webhook::destination::{Destination, Host, Policy};
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

/// For one of several addresses.
const CONNECT: Duration = Duration::from_secs(5);
/// Which part of the time for a request the body of an answer has, once the status is known.
const BODY_SHARE: u32 = 10;
/// Octets of a body that are read.
pub const BODY_BYTES_MAX: usize = 16 * 1024;
/// Octets of the head of an answer.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Fields of the head of an answer.
const FIELDS_MAX: usize = 100;
/// Addresses that are tried.
const ADDRESSES_MAX: usize = 4;

/// Makes requests.
pub struct Sender {
    tls: TlsConnector,
    policy: Policy,
    total: Duration,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its `Retry-After`, as it stands there.
    pub retry_after: Option<String>,
    /// The beginning of its body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum Failure {
    /// The name has no address, or nobody knows.
    #[error("the host's name cannot be resolved: {0}")]
    Resolve(String),
    /// No address may be connected to.
    #[error("the host is not on the public Internet")]
    Forbidden,
    /// Nobody answers there.
    #[error("no connection: {0}")]
    Connect(io::Error),
    /// No encrypted connection.
    #[error("no TLS connection: {0}")]
    Tls(io::Error),
    /// Not HTTP, or cut off.
    #[error("no answer: {0}")]
    Http(hyper::Error),
    /// It took too long.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The URL cannot be made a request.
    #[error("no request can be made of the URL")]
    Request,
}

impl Sender {
    /// Makes requests that believe whom `tls` believes, to where `policy` admits.
    /// After `total` a request is over.
    pub fn new(tls: &rustls::ClientConfig, policy: Policy, total: Duration) -> Self {
        let mut tls = tls.clone();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self {
            tls: TlsConnector::from(Arc::new(tls)),
            policy,
            total,
        }
    }

    /// Sends `body` to `destination`, whose name `resolve` resolves.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn post<F>(
        &self,
        destination: &Destination,
        headers: &Headers,
        body: Bytes,
        resolve: impl FnOnce(String) -> F,
    ) -> Result<Answer, Failure>
    where
        F: Future<Output = Result<Vec<IpAddr>, String>>,
    {
        let request = request(destination, headers, body).map_err(|_| Failure::Request)?;
        let deadline = Instant::now() + self.total;
        let late = |_| Failure::Timeout(self.total);
        let connecting = async {
            let addresses = self.addresses(destination, resolve).await?;
            connect(&addresses).await.map_err(Failure::Connect)
        };
        let stream = timeout_at(deadline, connecting).await.map_err(late)??;
        if !destination.is_encrypted() {
            return timeout_at(deadline, self.exchange(stream, request))
                .await
                .map_err(late)?;
        }
        let name = server_name(destination.host())?;
        let encrypted = timeout_at(deadline, self.tls.connect(name, stream));
        let stream = encrypted.await.map_err(late)?.map_err(Failure::Tls)?;
        timeout_at(deadline, self.exchange(stream, request))
            .await
            .map_err(late)?
    }

    /// The addresses to connect to: those that the policy admits, at the destination's port.
    async fn addresses<F>(
        &self,
        destination: &Destination,
        resolve: impl FnOnce(String) -> F,
    ) -> Result<Vec<SocketAddr>, Failure>
    where
        F: Future<Output = Result<Vec<IpAddr>, String>>,
    {
        let found = match destination.host() {
            Host::Address(address) => vec![*address],
            Host::Name(name) => resolve(name.clone()).await.map_err(Failure::Resolve)?,
        };
        let admitted: Vec<SocketAddr> = found
            .into_iter()
            .filter(|address| self.policy.admits(*address))
            .take(ADDRESSES_MAX)
            .map(|address| SocketAddr::new(address, destination.port()))
            .collect();
        match admitted.is_empty() {
            true => Err(Failure::Forbidden),
            false => Ok(admitted),
        }
    }

    /// Sends the request and reads the answer.
    async fn exchange<S>(&self, stream: S, request: Request<Full<Bytes>>) -> Result<Answer, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .max_headers(FIELDS_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(Failure::Http)?;
        // Ends with this function, however that ends.
        let mut connections = JoinSet::new();
        connections.spawn(connection);
        let response = sender.send_request(request).await.map_err(Failure::Http)?;
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after,
            body: beginning(response, self.total / BODY_SHARE).await,
        })
    }
}

fn request(
    destination: &Destination,
    headers: &Headers,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let mut request = Request::post(destination.target()).body(Full::new(body))?;
    put_headers(request.headers_mut(), destination, headers)?;
    Ok(request)
}

fn put_headers(
    fields: &mut HeaderMap,
    destination: &Destination,
    headers: &Headers,
) -> Result<(), InvalidHeaderValue> {
    const AGENT: &str = concat!("Postrider/", env!("CARGO_PKG_VERSION"));
    fields.insert(HOST, HeaderValue::from_str(&destination.authority())?);
    fields.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    fields.insert(CONNECTION, HeaderValue::from_static("close"));
    for (name, value) in [
        ("webhook-id", &headers.id),
        ("webhook-timestamp", &headers.timestamp),
        ("webhook-signature", &headers.signature),
    ] {
        fields.insert(HeaderName::from_static(name), HeaderValue::from_str(value)?);
    }
    Ok(())
}

fn server_name(host: &Host) -> Result<ServerName<'static>, Failure> {
    match host {
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| Failure::Request),
        Host::Address(address) => Ok(ServerName::IpAddress((*address).into())),
    }
}

/// Connects to the first address that answers.
async fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

/// As much of the body as comes soon and is not too long. The status says what became of the message; a body that breaks
/// off or never ends changes nothing about that.
async fn beginning(response: Response<Incoming>, patience: Duration) -> Vec<u8> {
    let mut incoming = response.into_body();
    let mut body = Vec::new();
    let deadline = Instant::now() + patience;
    while body.len() < BODY_BYTES_MAX {
        let Ok(Some(Ok(frame))) = timeout_at(deadline, incoming.frame()).await else {
            break;
        };
        let data = frame.data_ref().map_or(&[][..], |data| data);
        let room = BODY_BYTES_MAX - body.len();
        body.extend_from_slice(data.get(..room).unwrap_or(data));
    }
    body
}

#[cfg(test)]
mod tests;
