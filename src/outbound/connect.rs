//! Opening a connection to a site: hosts in order of preference, equal ones shuffled, every address of each.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use smtp::client::{Client, ClientConfig, Output, SessionFailure, TlsUse};
use thiserror::Error;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::Shared;
use super::connection::Connection;
use crate::clock;
use crate::config::OutboundTls;
use crate::dns::{Host, Site};
use crate::journal::Event;
use crate::tls::Stream;

/// RFC 3463 X.4.1: no answer from host.
const NO_ANSWER: &str = "4.4.1";

/// No host of the site could be reached: the reason of the last one, with an enhanced status code.
#[derive(Debug)]
pub(super) struct Unreachable {
    pub(super) status: String,
    pub(super) text: String,
    pub(super) host: Option<Arc<str>>,
}

/// Connects to the first host that will talk.
pub(super) async fn open(shared: &Shared, site: &Site) -> Result<Connection, Unreachable> {
    let mut last = Unreachable {
        status: NO_ANSWER.into(),
        text: "no host to connect to".into(),
        host: None,
    };
    for host in in_order(&site.hosts) {
        let name: Arc<str> = host.name.as_str().into();
        let addresses = match shared.dns.addresses(&host.name).await {
            Ok(addresses) => addresses,
            Err(error) => {
                last = Unreachable {
                    status: "4.4.3".into(),
                    text: error.to_string(),
                    host: Some(name),
                };
                continue;
            }
        };
        for address in addresses {
            let address = SocketAddr::new(address, host.port);
            match greet(shared, &name, address).await {
                Ok(connection) => return Ok(connection),
                Err(failure) => {
                    shared.journal.record(Event::Unreachable {
                        host: &name,
                        address,
                        why: &failure,
                    });
                    let text = format!("{name}[{}]: {failure}", address.ip());
                    last = Unreachable {
                        status: failure.status(),
                        text,
                        host: Some(Arc::clone(&name)),
                    };
                }
            }
        }
    }
    Err(last)
}

/// RFC 5321 §5.1: hosts of equal preference in random order. The hosts come sorted by preference.
fn in_order(hosts: &[Host]) -> Vec<&Host> {
    let mut hosts: Vec<(u16, u32, &Host)> = hosts
        .iter()
        .map(|host| (host.preference, u32::from_ne_bytes(clock::entropy()), host))
        .collect();
    hosts.sort_by_key(|(preference, shuffle, _)| (*preference, *shuffle));
    hosts.into_iter().map(|(_, _, host)| host).collect()
}

/// Connects and talks until the session can carry messages. With opportunistic TLS a failed handshake is followed by a
/// second connection in clear text: encryption without authentication is better than none, and none better than no
/// mail (RFC 7435).
async fn greet(shared: &Shared, host: &Arc<str>, address: SocketAddr) -> Result<Connection, Failure> {
    let tls = match shared.config.tls {
        OutboundTls::Never => TlsUse::Never,
        OutboundTls::Opportunistic => TlsUse::Opportunistic,
        OutboundTls::Required => TlsUse::Required,
    };
    match greet_once(shared, host, address, tls).await {
        Err(Failure::Tls(_)) if matches!(tls, TlsUse::Opportunistic) => {
            greet_once(shared, host, address, TlsUse::Never).await
        }
        result => result,
    }
}

/// Why one address of one host is of no use now.
#[derive(Debug, Error)]
enum Failure {
    #[error("connecting timed out")]
    Silence,
    #[error("{0}")]
    Connection(#[from] io::Error),
    #[error("TLS handshake: {0}")]
    Tls(io::Error),
    #[error("{0}")]
    Session(SessionFailure),
    #[error("the connection ended before it could carry mail")]
    Ended,
}

impl Failure {
    /// The enhanced status code, temporary even for a host that says no for good: it may be the host and not the
    /// recipient that is wrong, and the message's own clock ends the trying.
    fn status(&self) -> String {
        match self {
            Self::Silence | Self::Connection(_) | Self::Ended => NO_ANSWER.into(),
            Self::Tls(_) => "4.7.5".into(),
            Self::Session(failure) => failure.status().with_class(4).to_string(),
        }
    }
}

async fn greet_once(
    shared: &Shared,
    host: &Arc<str>,
    address: SocketAddr,
    tls: TlsUse,
) -> Result<Connection, Failure> {
    let started = Instant::now();
    let connecting = dial(shared.config.delivery.source_address, address);
    let stream = timeout(shared.config.delivery.connect_timeout, connecting)
        .await
        .map_err(|_| Failure::Silence)??;
    let client = Client::new(ClientConfig {
        ehlo_name: shared.config.ehlo_name.clone(),
        tls,
    });
    let mut connection = Connection::new(Stream::Plain(stream), client, Arc::clone(host));
    loop {
        match connection.poll() {
            None => connection.exchange().await,
            Some(Output::Ready) => break,
            Some(Output::StartTls) => {
                let config = Arc::clone(&shared.config.tls_client);
                connection.start_tls(config).await.map_err(Failure::Tls)?;
            }
            Some(Output::Failed(failure)) => return Err(Failure::Session(failure)),
            Some(_) => return Err(Failure::Ended),
        }
    }
    let description = connection.tls_description();
    shared.metrics.connected(description.is_some());
    let (tls, took) = (description.as_deref(), started.elapsed());
    shared.journal.record(Event::Connected {
        host,
        address,
        tls,
        took,
    });
    Ok(connection)
}

async fn dial(source: Option<IpAddr>, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A source of the other family cannot reach this address; the system then chooses.
    if let Some(source) = source.filter(|source| source.is_ipv4() == address.is_ipv4()) {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
