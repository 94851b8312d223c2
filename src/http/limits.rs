//! The bounds of HTTP, each with its reason.

use std::time::Duration;

use crate::config::{Config, Network};

/// Connections open at once on one listener. Each costs a descriptor and some 10 KiB while it is idle.
pub const CONNECTIONS_MAX: usize = 4_096;

/// Connections open at once from one client address, so that a single client cannot take all of them. Browsers open 6,
/// connection pools of applications tens.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 256;

/// Octets that are buffered of a request's head; a longer one is answered 431. Large enough for proxies that add much,
/// and for every cookie that a browser sends.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// The same for HTTP/2 (RFC 9113 §6.5.2), where names and values count after decompression, each with 32 octets more.
pub(super) const HEADER_LIST_BYTES_MAX: u32 = 64 * 1024;

/// Streams open at once on one HTTP/2 connection; RFC 9113 §6.5.2 recommends no fewer than 100.
pub(super) const STREAMS_MAX: u32 = 128;

/// After this long without a frame an HTTP/2 peer is asked whether it still lives (RFC 9113 §6.7).
pub(super) const PING_AFTER: Duration = Duration::from_secs(30);

/// How long it may take to answer that.
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection on which nothing was asked and nothing moved for this long is closed. Connection pools keep theirs for
/// a minute or so; a peer that does not take its reply is cut off by the same bound.
pub(super) const QUIET_MAX: Duration = Duration::from_secs(75);

/// How long a connection that is being closed may take to say goodbye.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

/// How long a body may pause before it is given up: longer than a lost packet and its repetitions take.
const BODY_PAUSE_MAX: Duration = Duration::from_secs(15);

/// What one listener allows its clients.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections open at once.
    pub connections: usize,
    /// Connections open at once from one address.
    pub connections_per_address: usize,
    /// Addresses that speak for many clients: for them only the bound over all of them holds.
    pub proxies: Vec<Network>,
    /// How long a TLS handshake may take, and the head of a request.
    pub header_timeout: Duration,
    /// How long requests under way may take to end after a shutdown was asked for.
    pub drain: Duration,
}

impl Limits {
    /// The limits that follow from a configuration.
    pub fn of(config: &Config) -> Self {
        Self {
            connections: CONNECTIONS_MAX,
            connections_per_address: CONNECTIONS_PER_ADDRESS_MAX,
            proxies: config.api.trusted_proxies.clone(),
            header_timeout: config.api.header_timeout,
            drain: config.server.drain,
        }
    }
}

/// What one request may bring.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimits {
    /// Octets of the body.
    pub(super) bytes: usize,
    /// How long it may pause.
    pub(super) pause: Duration,
    /// How long it may take.
    pub(super) total: Duration,
}

impl BodyLimits {
    /// Bodies of `bytes` octets that take `total` at most.
    pub(super) fn new(bytes: u64, total: Duration) -> Self {
        Self {
            bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
            pause: BODY_PAUSE_MAX.min(total),
            total,
        }
    }
}
