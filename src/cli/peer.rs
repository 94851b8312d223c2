//! A server that is spoken to over HTTP/1.1: one request, one reply, one connection.
//!
//! Over TLS it has to prove its name, except on this machine, where nobody can be in between.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use certs::{ClientTrust, Roots, client_config};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::{Method, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Longer than anybody is made to wait for an event.
const PATIENCE: Duration = Duration::from_secs(60);

/// The largest page is well below this.
const REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    tls: bool,
    host: String,
    port: u16,
    /// What every path begins with; without a slash at its end.
    base: String,
}

/// A request.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    /// Behind what the peer's URL has.
    pub(super) path: &'a str,
    pub(super) header: &'a [(&'a str, &'a str)],
    pub(super) body: Bytes,
}

/// There was no reply, and why.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

impl Peer {
    /// The server of a URL.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(url: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected a URL such as http://localhost:3000/hooks";
        let uri: Uri = url.parse().map_err(|_| EXPECTED)?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(EXPECTED),
        };
        let authority = uri.authority().ok_or(EXPECTED)?;
        if authority.as_str().contains('@') {
            return Err("a URL with a user or a password is not taken");
        }
        let base = uri.path_and_query().map_or("", |target| target.as_str());
        Ok(Self {
            tls,
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            base: base.trim_end_matches('/').to_owned(),
        })
    }

    /// The server at an address.
    pub(super) fn at(address: SocketAddr, tls: bool) -> Self {
        Self {
            tls,
            host: address.ip().to_string(),
            port: address.port(),
            base: String::new(),
        }
    }

    /// Sends a request and reads the reply.
    pub(super) async fn exchange(&self, request: Request<'_>) -> Result<(StatusCode, Bytes), Broken> {
        let exchanged = timeout(PATIENCE, self.connect_and_send(request)).await;
        exchanged.unwrap_or_else(|_| Err(Broken("it does not answer".to_owned())))
    }

    async fn connect_and_send(&self, request: Request<'_>) -> Result<(StatusCode, Bytes), Broken> {
        let broken = |error: &dyn fmt::Display| Broken(error.to_string());
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|error| broken(&error))?;
        if !self.tls {
            return self.send(stream, request).await;
        }
        let is_here = stream.peer_addr().is_ok_and(|address| address.ip().is_loopback());
        let trust = match is_here {
            true => ClientTrust::Any,
            false => ClientTrust::Verified(Roots::system().map_err(|error| broken(&error))?),
        };
        let name = ServerName::try_from(self.host.clone()).map_err(|error| broken(&error))?;
        let connector = TlsConnector::from(client_config(&trust));
        let stream = connector.connect(name, stream).await;
        self.send(stream.map_err(|error| broken(&error))?, request).await
    }

    async fn send<S>(&self, stream: S, request: Request<'_>) -> Result<(StatusCode, Bytes), Broken>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let broken = |error: hyper::Error| Broken(format!("the connection broke: {error}"));
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let target = format!("{}{}", self.base, request.path);
        let mut built = hyper::Request::builder()
            .method(request.method)
            .uri(if target.is_empty() { "/" } else { target.as_str() })
            .header(header::HOST, self.authority())
            .header(
                header::USER_AGENT,
                concat!("Postrider/", env!("CARGO_PKG_VERSION")),
            );
        for (name, value) in request.header {
            built = built.header(*name, *value);
        }
        let built = built.body(Full::new(request.body));
        let built = built.map_err(|error| Broken(error.to_string()))?;
        let (_, exchanged) = tokio::join!(connection, async {
            let response = sender.send_request(built).await.map_err(broken)?;
            let status = response.status();
            let body = Limited::new(response.into_body(), REPLY_BYTES_MAX)
                .collect()
                .await;
            let body = body.map_err(|error| Broken(format!("the reply broke off: {error}")))?;
            // The connection ends when nobody can send on it any more.
            drop(sender);
            Ok((status, body.to_bytes()))
        });
        exchanged
    }

    fn authority(&self) -> String {
        match self.host.parse() {
            Ok(IpAddr::V6(address)) => format!("[{address}]:{}", self.port),
            _ => format!("{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_say_where_a_server_is() {
        for (url, shown) in [
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("http://localhost/", Some("http://localhost:80")),
            ("https://a.example/hooks/", Some("https://a.example:443/hooks")),
            ("http://[::1]:8080/in?key=1", Some("http://[::1]:8080/in?key=1")),
            ("localhost:3000", None),
            ("ftp://a.example/", None),
            ("http://u:p@a.example/", None),
            ("/in", None),
            ("", None),
        ] {
            let peer = Peer::parse(url).ok().map(|peer| peer.to_string());
            assert_eq!(peer.as_deref(), shown, "{url}");
        }
    }
}
