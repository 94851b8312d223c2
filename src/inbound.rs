//! Mail coming in: listeners, the sessions on them, and acceptance.

mod acceptance;
mod login;
mod report;
mod session;
mod wishes;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smtp::server::{AuthOffer, ServerConfig};
use socket2::{Domain, Socket, Type};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::config::{self, ListenerKind};
use crate::desk::Desk;
use crate::finishing::Finisher;
use crate::homecoming::{Homecoming, REPORT_BYTES_MAX};
use crate::lifecycle::Lifecycle;
use crate::metrics::SessionMetrics;
use crate::slots::Slots;
use certs::Certificates;
use login::Logins;

/// Connections that the system may hold for us: bursts of clients that each open a connection must not meet a full
/// backlog, whose dropped packets cost a second each.
const BACKLOG: i32 = 4096;

/// A pause after the system has no more descriptors or memory for a connection, so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the sessions share.
pub(crate) struct Shared {
    pub(crate) desk: Arc<Desk>,
    pub(crate) homecoming: Arc<Homecoming>,
    pub(crate) finisher: Arc<Finisher>,
    pub(crate) logins: Logins,
    pub(crate) certificates: Arc<Certificates>,
    pub(crate) metrics: SessionMetrics,
    pub(crate) slots: Slots,
    pub(crate) lifecycle: Lifecycle,
}

/// One listener's part.
pub(crate) struct Listener {
    pub(crate) settings: config::Listener,
    pub(crate) session: Arc<ServerConfig>,
}

/// The parts that reception is made of.
pub struct Ports {
    /// Who takes mail over.
    pub(crate) desk: Arc<Desk>,
    /// Who takes in what comes home.
    pub(crate) homecoming: Arc<Homecoming>,
    /// Who knows what is left to do to a message.
    pub(crate) finisher: Arc<Finisher>,
    /// Which certificate for which name.
    pub certificates: Arc<Certificates>,
    /// Where it is counted.
    pub metrics: SessionMetrics,
    /// Whether the program is ending.
    pub lifecycle: Lifecycle,
}

/// An address could not be bound.
#[derive(Debug, Error)]
#[error("listener {name:?} cannot bind {address}: {error}; {remedy}")]
pub struct BindError {
    name: String,
    address: SocketAddr,
    error: io::Error,
    remedy: &'static str,
}

/// Reception, running.
pub struct Inbound {
    shared: Arc<Shared>,
    listeners: Vec<AbortHandle>,
    addresses: Vec<SocketAddr>,
}

impl Inbound {
    /// Binds every listener, then starts accepting on all of them.
    ///
    /// # Errors
    /// The first address that cannot be bound; nothing was accepted.
    pub fn start(config: &config::Config, ports: Ports) -> Result<Self, BindError> {
        let bound: Vec<(TcpListener, config::Listener)> = config
            .listeners
            .iter()
            .map(|listener| Ok((bind(listener)?, listener.clone())))
            .collect::<Result<_, BindError>>()?;
        let shared = Arc::new(Shared {
            logins: Logins::new(Arc::clone(&ports.desk.ledger)),
            desk: ports.desk,
            homecoming: ports.homecoming,
            finisher: ports.finisher,
            certificates: ports.certificates,
            metrics: ports.metrics,
            slots: Slots::new(config.sessions.max, config.sessions.max_per_address),
            lifecycle: ports.lifecycle,
        });
        let addresses = bound
            .iter()
            .filter_map(|(socket, _)| socket.local_addr().ok())
            .collect();
        let mut listeners = Vec::new();
        for (socket, settings) in bound {
            let session = Arc::new(session_config(config, &settings));
            let listener = Arc::new(Listener { settings, session });
            listeners.push(tokio::spawn(accept(socket, listener, Arc::clone(&shared))).abort_handle());
        }
        Ok(Self {
            shared,
            listeners,
            addresses,
        })
    }

    /// The addresses bound, in the order of the configuration.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops accepting, and waits for `patience` at most until the sessions have ended.
    pub async fn drain(&self, patience: Duration) {
        self.listeners.iter().for_each(AbortHandle::abort);
        let deadline = tokio::time::Instant::now() + patience;
        while self.shared.slots.open() > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn bind(listener: &config::Listener) -> Result<TcpListener, BindError> {
    listen(listener.address).map_err(|error| BindError {
        name: listener.name.clone(),
        address: listener.address,
        remedy: match error.kind() {
            io::ErrorKind::AddrInUse => "another program has it: stop that one or choose another address",
            io::ErrorKind::PermissionDenied => "ports under 1024 need the capability CAP_NET_BIND_SERVICE",
            io::ErrorKind::AddrNotAvailable => "this machine does not have that address",
            _ => "see the error",
        },
        error,
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn session_config(config: &config::Config, listener: &config::Listener) -> ServerConfig {
    let Ok(hostname) = smtp::address::Domain::parse(&config.server.hostname) else {
        unreachable!("the configuration takes host names only")
    };
    let submission = listener.kind == ListenerKind::Submission;
    ServerConfig {
        hostname,
        size_max: match listener.kind {
            // What comes back may hold what was sent.
            ListenerKind::Reports => config.sessions.message_size_max + REPORT_BYTES_MAX as u64,
            ListenerKind::Submission | ListenerKind::Relay => config.sessions.message_size_max,
        },
        recipients_max: config.sessions.recipients_max,
        starttls: !listener.implicit_tls,
        auth: match (submission, listener.implicit_tls) {
            (false, _) => AuthOffer::Never,
            (true, false) => AuthOffer::AfterTls,
            (true, true) => AuthOffer::Always,
        },
        auth_required: submission,
        patience: config.sessions.idle_timeout,
    }
}

async fn accept(socket: TcpListener, listener: Arc<Listener>, shared: Arc<Shared>) {
    loop {
        match socket.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(session::run(
                    stream,
                    peer,
                    Arc::clone(&listener),
                    Arc::clone(&shared),
                ));
            }
            Err(error) => {
                tracing::warn!(listener = listener.settings.name, %error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
