//! Serving a router: connections in, requests through it, replies out, for the operator's HTTP and the customers'.
//!
//! **Promise.** [`serve`] speaks HTTP/1.1 and HTTP/2, told apart by how the client begins, in clear text or under TLS.
//! Each request carries the peer's address as [`ConnectInfo`]. When the program ends, nothing more is accepted, requests
//! under way are finished, and connections without one are closed.
//!
//! **Bounds.** A client that says nothing, sends its head octet by octet, keeps a connection without using it, opens too
//! many of them, or does not take its replies is cut off ([`limits`] says when); slow and large bodies are cut off by
//! [`edge`], in front of the router.
//!
//! **Failures** of one connection are told at `debug` and end that connection; a failed accept is told and tried again.

mod activity;
mod body;
pub mod client_address;
mod edge;
mod forwarded;
pub mod limits;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::lifecycle::Lifecycle;
use crate::slots::{NoSlot, Slot, Slots};
use crate::tls::Stream;
use activity::{Activity, Watched};
pub use edge::{edge, operator_edge};
pub use limits::Limits;
use limits::{
    FAREWELL, HEAD_BYTES_MAX, HEADER_LIST_BYTES_MAX, PING_AFTER, PING_TIMEOUT, QUIET_MAX, STREAMS_MAX,
};

/// A pause after the system has no more descriptors or memory for a connection, so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the connections of one listener share.
struct Server {
    router: Router,
    tls: Option<Arc<ServerConfig>>,
    protocol: Builder<TokioExecutor>,
    slots: Slots,
    limits: Limits,
    lifecycle: Lifecycle,
}

/// Serves `router` on `listener`, under TLS if there is a configuration for it, until `lifecycle` says that the program
/// is to end and the requests under way have ended, or their time has.
pub fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<ServerConfig>>,
    limits: Limits,
    lifecycle: Lifecycle,
) -> JoinHandle<()> {
    let server = Arc::new(Server {
        router,
        tls,
        protocol: protocol(&limits),
        slots: Slots::new(limits.connections, limits.connections_per_address),
        limits,
        lifecycle,
    });
    tokio::spawn(run(listener, server))
}

fn protocol(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_LIST_BYTES_MAX)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}

async fn run(listener: TcpListener, server: Arc<Server>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = server.lifecycle.stopped() => break,
            Some(ended) = connections.join_next() => told_if_broken(ended),
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => admit(stream, peer, &server, &mut connections),
                Err(error) => {
                    tracing::warn!(%error, "an HTTP connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
    drop(listener);
    let finished = async {
        while let Some(ended) = connections.join_next().await {
            told_if_broken(ended);
        }
    };
    if timeout(server.limits.drain, finished).await.is_err() {
        tracing::warn!(connections = connections.len(), "HTTP requests are cut off");
        connections.shutdown().await;
    }
}

fn told_if_broken(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "an HTTP connection ended by a defect");
    }
}

/// Gives the connection a place, or closes it.
fn admit(stream: TcpStream, peer: SocketAddr, server: &Arc<Server>, connections: &mut JoinSet<()>) {
    match server.place(peer) {
        Ok(slot) => {
            let server = Arc::clone(server);
            connections.spawn(async move {
                if let Err(error) = converse(stream, peer, &server, slot).await {
                    tracing::debug!(%peer, %error, "an HTTP connection broke");
                }
            });
        }
        Err(why) => tracing::debug!(%peer, ?why, "too many HTTP connections"),
    }
}

impl Server {
    fn place(&self, peer: SocketAddr) -> Result<Slot, NoSlot> {
        let address = peer.ip().to_canonical();
        let for_many = self
            .limits
            .proxies
            .iter()
            .any(|network| network.contains(address));
        if for_many {
            self.slots.take_for_many(address)
        } else {
            self.slots.take(address)
        }
    }

    async fn stream(&self, stream: TcpStream) -> io::Result<Stream> {
        // Replies are written whole: waiting for more to send would only delay them.
        stream.set_nodelay(true)?;
        let stream = Stream::Plain(stream);
        match &self.tls {
            Some(tls) => timeout(self.limits.header_timeout, stream.accept_tls(Arc::clone(tls))).await?,
            None => Ok(stream),
        }
    }
}

/// One connection from its first octet to its last, holding `_slot`.
async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    server: &Server,
    _slot: Slot,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let stream = server.stream(stream).await?;
    let activity = Activity::new();
    let service = requests(server.router.clone(), peer, activity.clone());
    let mut connection = pin!(server.protocol.serve_connection(TokioIo::new(stream), service));
    let quiet = || activity.quiet(server.limits.header_timeout, QUIET_MAX);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = server.lifecycle.stopped() => {}
        () = quiet() => {}
    }
    connection.as_mut().graceful_shutdown();
    let patience = async {
        tokio::time::sleep(FAREWELL).await;
        quiet().await;
    };
    tokio::select! {
        ended = connection => ended,
        () = patience => Ok(()),
    }
}

/// Each request, with its peer's address, through the router.
fn requests(
    router: Router,
    peer: SocketAddr,
    activity: Activity,
) -> impl Service<Request<Incoming>, Response = Response<Watched>, Error = Infallible, Future: Send + 'static>
{
    let router = TowerToHyperService::new(router);
    service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let handling = activity.begin();
        let activity = activity.clone();
        let answer = router.call(request);
        async move {
            let response = answer.await?;
            drop(handling);
            Ok(response.map(|body| activity.watch(body)))
        }
    })
}

#[cfg(test)]
mod tests;
