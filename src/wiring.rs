//! The only place where the parts meet: what is built, in which order, and how it ends.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::{Operator, OperatorToken};
use certs::{CertError, Certificates, ClientTrust, Roots};
use content::dkim::Signers;
use ledger::Ledger;
use ledger::webhook::destination;
use queue::{Queue, QueueConfig, QueueError, RetryPolicy};
use store::{RocksConfig, Store, StoreError, open_memory, open_rocksdb};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::caretaker;
use crate::chronicle::Chronicle;
use crate::config::{self, Config, Engine, Faults, ListenerKind};
use crate::desk::Desk;
use crate::dns::Dns;
use crate::finishing::Finisher;
use crate::homecoming::{Homecoming, HookGate, HookGateError};
use crate::http;
use crate::inbound::{self, BindError, Inbound};
use crate::journal::Journal;
use crate::keys::{self, KeyFileError};
use crate::lifecycle::Lifecycle;
use crate::log::Logging;
use crate::metrics::Metrics;
use crate::operator::{Control, Reload};
use crate::outbound::{self, Dispatcher, Outbound, OutboundConfig};
use crate::platform::Platform;
use crate::rules::{self, RulesFileError};
use crate::signals::Signals;
use crate::tracking::hosts::Hosts;
use crate::tracking::{Tokens, TokensError, Tracker};
use crate::verification::Verifier;
use crate::webhooks::{Kick, Webhooks, WebhooksConfig};

/// Why the server did not start, or did not go on.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The configuration cannot be read again.
    #[error("{0}")]
    Config(Faults),
    /// The data folder cannot be made.
    #[error(
        "the data folder {path} cannot be made: {error}; make it, or set server.data_dir to another place"
    )]
    DataFolder {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue cannot be read.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The secrets of tokens cannot be read.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// The secret of hooks cannot be used.
    #[error(transparent)]
    HookSecret(#[from] HookGateError),
    /// A certificate or its key cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertError),
    /// A signing key cannot be used.
    #[error(transparent)]
    SigningKey(#[from] KeyFileError),
    /// The operator's rules for refusals cannot be used.
    #[error(transparent)]
    Rules(#[from] RulesFileError),
    /// The resolver cannot be set up.
    #[error("the resolver cannot be set up: {0}; name servers can be given as dns.servers")]
    Resolver(String),
    /// A listener's address cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// An HTTP listener cannot start.
    #[error("HTTP cannot be served on {address}: {error}; set {section}.address to another address")]
    Http {
        /// The section of the configuration that says where.
        section: &'static str,
        /// Its address.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// The operator token cannot be read or made.
    #[error("{0}")]
    Token(String),
    /// The system gives no threads or signals.
    #[error("the system refuses: {0}")]
    System(#[from] io::Error),
    /// The server failed while it ran.
    #[error("stopped because it could no longer keep its promise: {0}")]
    Failed(String),
}

/// A server, running.
pub struct Server {
    lifecycle: Lifecycle,
    config: Config,
    store: Arc<dyn Store>,
    inbound: Arc<Inbound>,
    outbound: Outbound,
    control: Arc<Control>,
    caretaker: JoinHandle<()>,
    recording: JoinHandle<()>,
    webhooks: Webhooks,
    http: [JoinHandle<()>; 2],
    operator_address: SocketAddr,
    api_address: SocketAddr,
}

/// Where a running server got its configuration, so that it can be read again.
pub struct Origin {
    /// The configuration file.
    pub path: PathBuf,
    /// What is logged, and how.
    pub logging: Logging,
}

impl Server {
    /// Builds every part and starts it: the store first, the listeners last, so that nothing is accepted that could
    /// not be kept.
    ///
    /// # Errors
    /// The first part that cannot start; none of them runs then.
    pub async fn start(
        config: Config,
        origin: Option<Origin>,
        journal: Arc<dyn Journal>,
    ) -> Result<Self, ServeError> {
        let folder = &config.server.data_dir;
        std::fs::create_dir_all(folder).map_err(|error| ServeError::DataFolder {
            path: folder.clone(),
            error,
        })?;
        let lifecycle = Lifecycle::default();
        let metrics = Arc::new(Metrics::default());
        let certificates = Arc::new(certificates(&config)?);
        let signers = keys::signers(&config.dkim)?;
        let rules = rules::read(config.bounces.rules.as_deref())?;
        let dns = Dns::new(&config.dns, &config.server.hostname, config.delivery.smtp_port)
            .map_err(|error| ServeError::Resolver(error.to_string()))?;
        let webhooks = webhooks_config(&config.webhooks)?;
        let token = token(&config.operator)?;
        let hook_gate = HookGate::read(&config.reports)?;
        let store = open_store(&config, &metrics)?;
        let queue = Arc::new(Queue::new(Arc::clone(&store), queue_config(&config)));
        recover(&queue).await?;
        let ledger = Arc::new(Ledger::retaining(Arc::clone(&store), config.retention));
        let operator_listener = bind(config.operator.address, "operator").await?;
        let api_listener = bind(config.api.address, "api").await?;
        let (operator_address, api_address) = (operator_listener.local_addr()?, api_listener.local_addr()?);
        let hosts = Arc::new(Hosts::new(&config, &certificates));
        let home = config.reports.host.clone();
        let tokens = Arc::new(Tokens::load(&ledger, Arc::clone(&hosts), home).await?);
        let finisher = Arc::new(Finisher::new(
            Arc::clone(&queue),
            Arc::clone(&ledger),
            Arc::clone(&journal),
            (Arc::clone(&store), Arc::clone(&tokens)),
            signers,
        ));
        let kick = Kick::default();
        let chronicle = Arc::new(Chronicle::new(
            Arc::clone(&ledger),
            config.api.simulator_domain.clone(),
            rules,
            kick.clone(),
        ));
        let dns = Arc::new(dns);
        let webhooks = Webhooks::start(
            webhooks,
            Arc::clone(&ledger),
            Arc::clone(&dns),
            kick.clone(),
            lifecycle.clone(),
        );
        let outbound = Outbound::start(
            outbound_config(&config),
            config.routes.clone(),
            outbound::Ports {
                queue: Arc::clone(&queue),
                dns: Arc::clone(&dns),
                finisher: Arc::clone(&finisher),
                chronicle: Arc::clone(&chronicle),
                journal: Arc::clone(&journal),
                metrics: metrics.delivery.clone(),
                lifecycle: lifecycle.clone(),
            },
        );
        let dispatcher = outbound.dispatcher();
        let desk = Arc::new(Desk {
            queue: Arc::clone(&queue),
            ledger: Arc::clone(&ledger),
            chronicle: Arc::clone(&chronicle),
            dispatcher: dispatcher.clone(),
            journal,
            metrics: metrics.sessions.clone(),
            lifecycle: lifecycle.clone(),
            releasing: tokio::sync::Mutex::default(),
        });
        let homecoming = Arc::new(Homecoming::new(
            Arc::clone(&tokens),
            Arc::clone(&chronicle),
            Arc::clone(&queue),
            metrics.reports.clone(),
            (config.server.hostname.clone(), hook_gate),
        ));
        let inbound = Arc::new(Inbound::start(
            &config,
            inbound::Ports {
                desk: Arc::clone(&desk),
                homecoming: Arc::clone(&homecoming),
                finisher: Arc::clone(&finisher),
                certificates: Arc::clone(&certificates),
                metrics: metrics.sessions.clone(),
                lifecycle: lifecycle.clone(),
            },
        )?);
        let verifier = Arc::new(Verifier::new(
            Arc::clone(&ledger),
            dns,
            config.server.hostname.clone(),
            hosts,
        ));
        let platform: Arc<dyn api::Platform> = Arc::new(Platform {
            desk: Arc::clone(&desk),
            verifier: Arc::clone(&verifier),
            settings: settings(&config, inbound.addresses()),
            kick,
            lifecycle: lifecycle.clone(),
        });
        let http_metrics = metrics.http.clone();
        let caretaker = tokio::spawn(caretaker::run(desk, verifier, lifecycle.clone()));
        let control = Arc::new(Control {
            store: Arc::clone(&store),
            queue,
            chronicle: Arc::clone(&chronicle),
            dispatcher: dispatcher.clone(),
            metrics,
            lifecycle: lifecycle.clone(),
            tokens: Arc::clone(&tokens),
            reload: reloader(
                origin,
                (finisher, Arc::clone(&chronicle)),
                dispatcher,
                Arc::clone(&certificates),
            ),
        });
        let operator = Arc::clone(&control) as Arc<dyn Operator>;
        let operator = http::operator_edge(api::router(operator, Arc::clone(&platform), token), &config.api);
        let (tracker, recording) = Tracker::start(tokens, chronicle, Arc::clone(&store));
        let customers = http::edge(
            api::customer_router(platform, Arc::new(tracker), homecoming),
            &config.api,
        );
        let customers = http_metrics.of(customers);
        let tls = config.api.tls.then(|| certificates.web_config());
        let limits = http::Limits::of(&config);
        let http = [
            http::serve(
                operator_listener,
                operator,
                None,
                limits.clone(),
                lifecycle.clone(),
            ),
            http::serve(api_listener, customers, tls, limits, lifecycle.clone()),
        ];
        Ok(Self {
            lifecycle,
            config,
            store,
            inbound,
            outbound,
            control,
            caretaker,
            recording,
            webhooks,
            http,
            operator_address,
            api_address,
        })
    }

    /// The addresses of the listeners, in the order of the configuration.
    pub fn addresses(&self) -> &[SocketAddr] {
        self.inbound.addresses()
    }

    /// The address of the operator's HTTP.
    pub fn operator_address(&self) -> SocketAddr {
        self.operator_address
    }

    /// The address of the customers' HTTP.
    pub fn api_address(&self) -> SocketAddr {
        self.api_address
    }

    /// Reads again what may change while running, and says what was read.
    ///
    /// # Errors
    /// What is wrong; the old state stands.
    pub fn reload(&self) -> Result<Vec<String>, api::ReloadError> {
        self.control.reload()
    }

    /// The server's life, to end it or to wait for its end.
    pub fn lifecycle(&self) -> Lifecycle {
        self.lifecycle.clone()
    }

    /// Ends: no new sessions, the open ones finish, attempts finish and are settled, the store closes.
    ///
    /// # Errors
    /// Why the server failed, if that is why it ends.
    pub async fn drain(self) -> Result<(), ServeError> {
        self.lifecycle.stop();
        let patience = self.config.server.drain;
        self.inbound.drain(patience).await;
        self.outbound.drain(patience).await;
        // Their requests need the store; they have counted the same patience since the life ended.
        // The recorder ends once no request can hand it a hit.
        for task in self.http.into_iter().chain([self.caretaker, self.recording]) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the server ended by a defect");
            }
        }
        self.webhooks.drain(patience).await;
        let closed = self.store.close();
        match self.lifecycle.failure() {
            Some(why) => Err(ServeError::Failed(why.to_owned())),
            None => Ok(closed?),
        }
    }
}

/// What must be done before anything is accepted: half-received messages are removed, and the queue is counted.
async fn recover(queue: &Queue) -> Result<(), ServeError> {
    let swept = queue.sweep_spills().await?;
    if swept > 0 {
        tracing::info!(
            messages = swept,
            "removed messages that were not received to their end"
        );
    }
    let waiting = queue.count_waiting()?;
    if waiting > 0 {
        tracing::info!(deliveries = waiting, "deliveries found in the queue");
    }
    Ok(())
}

async fn bind(address: SocketAddr, section: &'static str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| ServeError::Http {
            section,
            address,
            error,
        })
}

/// What the customers' HTTP is told; `addresses` are those of the listeners, in their order.
fn settings(config: &Config, addresses: &[SocketAddr]) -> api::Settings {
    let listeners = config.listeners.iter().zip(addresses);
    api::Settings {
        hostname: config.server.hostname.clone(),
        public_url: config.api.public_url.clone(),
        body_max: config.api.body_max,
        rate_limit: config.api.rate_limit,
        rate_window_s: config.api.rate_window.as_secs(),
        failed_auth_limit: config.api.failed_auth_limit,
        webhooks: webhooks_policy(&config.webhooks),
        submission_ports: listeners
            .filter(|(listener, _)| listener.kind == ListenerKind::Submission)
            .map(|(_, address)| address.port())
            .collect(),
    }
}

fn open_store(config: &Config, metrics: &Metrics) -> Result<Arc<dyn Store>, StoreError> {
    match config.store.engine {
        Engine::Memory => Ok(open_memory()),
        Engine::RocksDb => open_rocksdb(&RocksConfig {
            floor_bytes: config.store.floor_bytes,
            floor_inodes: config.store.floor_inodes,
            observer: Some(Arc::new(metrics.commits.clone())),
            ..RocksConfig::new(spool_folder(config))
        }),
    }
}

/// Where the store of a configuration is.
pub fn spool_folder(config: &Config) -> PathBuf {
    config.server.data_dir.join("spool")
}

fn certificates(config: &Config) -> Result<Certificates, CertError> {
    let pair = |pair: &config::CertificatePair| certs::CertificatePair {
        certificate: pair.certificate.clone(),
        private_key: pair.private_key.clone(),
    };
    let mut pairs: Vec<certs::CertificatePair> = config.tls.certificates.iter().map(pair).collect();
    if pairs.is_empty() {
        pairs.push(certs::self_signed(
            &config.server.data_dir.join("tls"),
            &config.server.hostname,
        )?);
    }
    match &config.tls.folder {
        Some(folder) => Certificates::load_with_folder(&pairs, folder),
        None => Certificates::load(&pairs),
    }
}

fn token(operator: &config::Operator) -> Result<OperatorToken, ServeError> {
    config::load_or_create_token(&operator.token_file).map_err(|error| ServeError::Token(error.to_string()))
}

fn queue_config(config: &Config) -> QueueConfig {
    QueueConfig {
        retry: RetryPolicy {
            first: config.retry.first,
            factor: config.retry.factor,
            max: config.retry.max,
            jitter: config.retry.jitter,
            expire: config.retry.expire,
        },
        recipients_per_delivery: config.delivery.recipients_per_transaction,
        body_bytes_max: config.delivery.memory_max,
        hostname: config.server.hostname.clone(),
    }
}

fn outbound_config(config: &Config) -> OutboundConfig {
    OutboundConfig {
        delivery: config.delivery.clone(),
        ehlo_name: config
            .delivery
            .ehlo_name
            .clone()
            .unwrap_or_else(|| config.server.hostname.clone()),
        tls: config.tls.outbound,
        tls_client: certs::client_config(&ClientTrust::Any),
        simulator_domain: config.api.simulator_domain.clone(),
    }
}

fn webhooks_config(config: &config::Webhooks) -> Result<WebhooksConfig, CertError> {
    let roots = match &config.ca_file {
        Some(file) => Roots::load(std::slice::from_ref(file))?,
        None => Roots::system().unwrap_or_else(|error| {
            tracing::warn!(%error, "no endpoint of a webhook can be trusted: install ca-certificates, or set webhooks.ca_file");
            Roots::none()
        }),
    };
    Ok(WebhooksConfig {
        tls_client: certs::client_config(&ClientTrust::Verified(roots)),
        policy: webhooks_policy(config),
        request_timeout: config.timeout,
    })
}

fn webhooks_policy(config: &config::Webhooks) -> destination::Policy {
    destination::Policy {
        networks: config.allowed_networks.clone(),
        plain_hosts: config.plain_hosts.clone(),
    }
}

/// Certificates, signing keys, rules for refusals, static routes and the log filter may change while running; all of them are
/// read and checked before any of them is replaced.
fn reloader(
    origin: Option<Origin>,
    (finisher, chronicle): (Arc<Finisher>, Arc<Chronicle>),
    dispatcher: Dispatcher,
    certificates: Arc<Certificates>,
) -> Reload {
    Box::new(move || {
        let Some(origin) = &origin else {
            certificates.reload().map_err(|error| error.to_string())?;
            return Ok(vec!["certificates".to_owned()]);
        };
        let config = Config::load(&origin.path)
            .map_err(|faults| faults.to_string())?
            .config;
        let signers: Signers = keys::signers(&config.dkim).map_err(|error| error.to_string())?;
        let rules = rules::read(config.bounces.rules.as_deref()).map_err(|error| error.to_string())?;
        // The last thing that can be found wrong: the filter has been parsed with the configuration.
        certificates.reload().map_err(|error| error.to_string())?;
        origin.logging.set_filter(&config.log.filter)?;
        finisher.replace_signers(signers);
        chronicle.replace_rules(rules);
        dispatcher.set_static_routes(config.routes);
        let read = [
            "certificates",
            "signing keys",
            "rules for refusals",
            "routes",
            "log filter",
        ];
        Ok(read.map(str::to_owned).to_vec())
    })
}

/// Runs a server until it is told to end, with signals: SIGTERM and SIGINT drain it, SIGHUP makes it read its
/// configuration again.
///
/// # Errors
/// Why it did not start, or why it ended.
pub fn serve(path: &Path, config: Config) -> Result<(), ServeError> {
    let logging = Logging::start(&config.log).map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers())
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let origin = Origin {
            path: path.to_owned(),
            logging,
        };
        let signals = Signals::listen()?;
        let server = Server::start(config, Some(origin), Arc::new(crate::journal::Log)).await?;
        let listeners: Vec<String> = server.addresses().iter().map(SocketAddr::to_string).collect();
        tracing::info!(listeners = listeners.join(" "), operator = %server.operator_address(), api = %server.api_address(), "ready");
        signals.until_stopped(&server).await;
        tracing::info!("draining");
        server.drain().await
    })
}

/// Threads for sessions and connections: half of the processors. The committer, the storage engine and the signing
/// threads want the rest, and each further thread costs every message some wake-ups: with two of them on two
/// processors a relayed message took a tenth more CPU than with one.
fn workers() -> usize {
    std::thread::available_parallelism()
        .map_or(1, |processors| processors.get() / 2)
        .max(1)
}
