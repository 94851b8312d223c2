//! What the operator decided about HTTP: the operator's own, and the customers'.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::{Network, reachable};

/// The operator's HTTP.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The address to bind, loopback unless there is a reason.
    pub address: SocketAddr,
    /// The file that holds the operator token; made at the first start when it is missing.
    pub token_file: PathBuf,
}

/// The customers' HTTP.
#[derive(Clone, Debug)]
pub struct Api {
    /// The address to bind.
    pub address: SocketAddr,
    /// Whether it speaks TLS, with the certificates of the SMTP listeners.
    pub tls: bool,
    /// How customers reach it: an `http` or `https` URL without a slash at its end.
    pub public_url: Option<String>,
    /// How recipients reach the links, pictures and unsubscribe pages: a URL without a slash at its end. None: nothing is
    /// tracked.
    pub tracking_url: Option<String>,
    /// Who has the certificates of customers' own tracking hosts.
    pub tracking_hosts: TrackingHosts,
    /// Hosts whose links, and those of all hosts below them, are never tracked, in lower case.
    pub untracked_domains: Vec<String>,
    /// Octets of the largest request body taken.
    pub body_max: u64,
    /// Requests in one window from one client address.
    pub rate_limit: u64,
    /// The window of `rate_limit`.
    pub rate_window: Duration,
    /// Failed authentications in one minute from one client address.
    pub failed_auth_limit: u64,
    /// Proxies that are believed when they say for whom they speak.
    pub trusted_proxies: Vec<Network>,
    /// Web origins whose scripts may read replies; `*` is any. Empty: none.
    pub cors_origins: Vec<String>,
    /// How long a client may take to send the head of a request. Holds for the operator's HTTP too.
    pub header_timeout: Duration,
    /// How long a client may take to send the body of a request. Holds for the operator's HTTP too.
    pub body_timeout: Duration,
    /// The domain whose recipients are simulated, in lower case.
    pub simulator_domain: String,
}

/// Who has the certificates of customers' own tracking hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackingHosts {
    /// This server: a host is used once there is a certificate for it.
    Certificates,
    /// A proxy before it, which has one for every host that leads to it.
    Proxy,
}

impl Api {
    /// Where customers find it: the public URL, else what address and protocol make of it. No slash at the end.
    pub fn base_url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        let own = || format!("{scheme}://{}", reachable(self.address));
        self.public_url.clone().unwrap_or_else(own)
    }
}
