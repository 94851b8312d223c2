//! What the operator decided: one typed value for each section of the configuration file.
//!
//! [`Config::load`] reads one TOML file completely, before anything is bound or opened, and answers either with values
//! that the rest of the program can use as they are or with every fault of the file at once, each with its line and
//! its remedy. Names, units, bounds, defaults and reasons of all knobs stand in one table ([`knobs`]), from which the
//! reader takes its defaults and `docs/configuration.md` and the file written by `postrider init` are generated.
//!
//! The types here derive no serializer: the file's shape can change without them, and they without the file's.

mod bounces;
mod build;
mod domain;
mod fault;
mod file;
mod http;
pub mod knobs;
mod reachable;
pub mod reference;
mod route;
mod token;
mod value;
mod web;
mod webhooks;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use bounces::Bounces;
pub use domain::{DomainPattern, PatternError};
pub use fault::{Fault, Faults, Severity};
pub use http::{Api, Operator, TrackingHosts};
pub use ledger::{Network, NetworkError};
pub use reachable::reachable;
pub use route::{Lookup, NextHop, NextHopError, Route, route_for};
pub use token::{TokenError, load_or_create_token, load_token, random_octets, random_text, write_private};
pub use webhooks::Webhooks;

/// Everything that the operator can set.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[server]`: the name and the folder of this server.
    pub server: Server,
    /// `[[listener]]`: where mail comes in.
    pub listeners: Vec<Listener>,
    /// `[sessions]`: bounds of incoming sessions.
    pub sessions: Sessions,
    /// `[tls]`: certificates, and how strictly outgoing mail is encrypted.
    pub tls: Tls,
    /// `[store]`: where accepted mail is kept.
    pub store: Store,
    /// `[delivery]`: outgoing connections.
    pub delivery: Delivery,
    /// `[[route]]`: next hops other than the recipient domain's MX, the most specific pattern first.
    pub routes: Vec<Route>,
    /// `[retry]`: the schedule of attempts.
    pub retry: Retry,
    /// `[dns]`: the resolver.
    pub dns: Dns,
    /// `[[dkim]]`: signing keys, one entry for each key.
    pub dkim: Vec<Dkim>,
    /// `[reports]`: what comes back about mail of accounts.
    pub reports: Reports,
    /// `[operator]`: the operator's HTTP.
    pub operator: Operator,
    /// `[api]`: the customers' HTTP.
    pub api: Api,
    /// `[bounces]`: how refusals are read.
    pub bounces: Bounces,
    /// `[webhooks]`: requests to customers' endpoints.
    pub webhooks: Webhooks,
    /// `[retention]`: how long it is kept what became of mail.
    pub retention: ledger::Retention,
    /// `[log]`: what is logged, and how.
    pub log: Log,
}

/// The name and the folder of this server.
#[derive(Clone, Debug)]
pub struct Server {
    /// The name given in greetings, in trace headers and, unless `delivery.ehlo_name` says otherwise, in EHLO.
    pub hostname: String,
    /// Folder of everything that the server writes.
    pub data_dir: PathBuf,
    /// How long sessions and attempts under way may take to end after a shutdown was asked for.
    pub drain: Duration,
}

/// One address on which mail comes in.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The listener's name in logs and metrics; unique.
    pub name: String,
    /// Who may send what here.
    pub kind: ListenerKind,
    /// The address to bind.
    pub address: SocketAddr,
    /// Whether TLS begins with the connection (RFC 8314 §3.3) instead of after STARTTLS.
    pub implicit_tls: bool,
    /// Networks whose mail a relay listener takes; empty for a submission listener.
    pub trusted: Vec<Network>,
    /// E-mail of the customer account to which the mail of a relay listener is attributed; known to be a mailbox.
    pub account: Option<String>,
}

/// Who may send mail through a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerKind {
    /// Authenticated users, after TLS (RFC 6409, RFC 8314).
    Submission,
    /// Machines in the trusted networks, without authentication.
    Relay,
    /// Everybody, for what is about mail of accounts and for nothing else.
    Reports,
}

/// Bounds of incoming sessions.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// Sessions open at once, over all listeners.
    pub max: usize,
    /// Sessions open at once from one client address.
    pub max_per_address: usize,
    /// Octets of the largest message taken (RFC 1870).
    pub message_size_max: u64,
    /// Recipients of one transaction; RFC 5321 §4.5.3.1.8 asks for at least 100.
    pub recipients_max: usize,
    /// How long a client may stay silent; RFC 5321 §4.5.3.2.7 asks for at least five minutes.
    pub idle_timeout: Duration,
}

/// Certificates, and how strictly outgoing mail is encrypted.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Certificates offered to clients, chosen by the name they ask for. Empty: a self-signed one, kept in the data folder.
    pub certificates: Vec<CertificatePair>,
    /// A folder of further ones, `NAME.pem` and `NAME.key`.
    pub folder: Option<PathBuf>,
    /// Use of STARTTLS on outgoing connections.
    pub outbound: OutboundTls,
}

/// A certificate chain and its private key, both PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificatePair {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key of that certificate.
    pub private_key: PathBuf,
}

/// Use of STARTTLS on outgoing connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboundTls {
    /// Never asked for.
    Never,
    /// Used when offered, with any certificate (RFC 7435).
    Opportunistic,
    /// Mail waits rather than leave in clear text.
    Required,
}

/// Where accepted mail is kept.
#[derive(Clone, Debug)]
pub struct Store {
    /// The storage engine.
    pub engine: Engine,
    /// New mail is refused for the time being while the file system has fewer free octets than this.
    pub floor_bytes: u64,
    /// New mail is refused for the time being while the file system has fewer free inodes than this.
    pub floor_inodes: u64,
}

/// A storage engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded durable engine.
    RocksDb,
    /// Nothing survives the process: for tests and demonstrations.
    Memory,
}

/// Outgoing connections.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Connections open at once to one route.
    pub connections_per_route: usize,
    /// Messages sent over one connection before it is closed.
    pub messages_per_connection: usize,
    /// Recipients in one transaction; RFC 5321 §4.5.3.1.8 lets a server refuse more than 100.
    pub recipients_per_transaction: usize,
    /// How long a connection without work is kept.
    pub idle_connection: Duration,
    /// Octets of message bodies kept in memory for their first attempt.
    pub memory_max: u64,
    /// The local address of outgoing connections; `None` leaves the choice to the system.
    pub source_address: Option<IpAddr>,
    /// The name given in EHLO; `None` means the server's hostname.
    pub ehlo_name: Option<String>,
    /// How long one connection attempt may take.
    pub connect_timeout: Duration,
    /// The port of mail exchangers: 25, except in tests and labs.
    pub smtp_port: u16,
}

/// The schedule of attempts: `first`, then each delay `factor` times the last one up to `max`, until `expire`.
#[derive(Clone, Debug)]
pub struct Retry {
    /// Delay after the first failed attempt.
    pub first: Duration,
    /// What each delay is multiplied with to make the next, at least 1.
    pub factor: f64,
    /// The longest delay.
    pub max: Duration,
    /// Share of a delay by which it is randomly lengthened or shortened, from 0 to 1.
    pub jitter: f64,
    /// Age at which a message is given up and its sender told.
    pub expire: Duration,
}

/// The resolver.
#[derive(Clone, Debug)]
pub struct Dns {
    /// Name servers; empty means those of the system.
    pub servers: Vec<SocketAddr>,
    /// How long one question may wait for its answer.
    pub timeout: Duration,
    /// Answers kept in memory.
    pub cache_entries: usize,
    /// The longest time for which an answer is kept, whatever its TTL.
    pub cache_max_ttl: Duration,
}

/// A key that signs the mail of one domain. A domain may have several, each under a selector of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dkim {
    /// The author domain that the key signs for, `d=`, in lower case.
    pub domain: String,
    /// The selector under which the public key is published, `s=`.
    pub selector: String,
    /// PEM file of the private key, RSA or Ed25519.
    pub private_key: PathBuf,
}

/// What comes back about mail of accounts.
#[derive(Clone, Debug)]
pub struct Reports {
    /// The host to which reports are sent, in lower case. None: reverse paths stay as they are.
    pub host: Option<String>,
    /// File of the secret that hooks must present; none is asked for without it.
    pub hook_secret_file: Option<PathBuf>,
    /// Networks from which hooks are taken; empty: from everywhere.
    pub hook_networks: Vec<Network>,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct Log {
    /// The shape of a log line.
    pub format: LogFormat,
    /// Which events are logged, in the directive syntax of `tracing_subscriber::EnvFilter`; known to parse.
    pub filter: String,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people at a terminal.
    Pretty,
    /// One JSON object a line, for collectors.
    Json,
}

/// A configuration that holds, with what the operator should still know about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is allowed but probably not meant.
    pub warnings: Faults,
}

impl Config {
    /// Reads and checks the file at `path`; relative paths in it are relative to its folder.
    ///
    /// # Errors
    /// Every fault of the file, each with its line and its remedy, or the one that the file cannot be read.
    pub fn load(path: &Path) -> Result<Loaded, Faults> {
        let text = std::fs::read_to_string(path).map_err(|error| Faults::unreadable(path, &error))?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        Self::parse(&text, folder).map_err(|faults| faults.of(path))
    }

    /// Checks the text of a configuration file; relative paths in it are relative to `folder`.
    ///
    /// # Errors
    /// Every fault of the text.
    pub fn parse(text: &str, folder: &Path) -> Result<Loaded, Faults> {
        build::config(text, folder)
    }
}

#[cfg(test)]
mod tests;
