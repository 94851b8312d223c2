//! Mail going out: from a claimed delivery to its settlement.
//!
//! A delivery is dispatched to the route of its domain's site, taken there by a connection, attempted, and settled.
//! Whatever does not fit in memory stays in the due index and is read when there is room. Every delivery in memory is
//! in exactly one place: waiting for its site, in a lane, at a connection, or with the settler.

mod connect;
mod connection;
mod conversation;
mod places;
mod route;
mod scheduler;
mod settler;
mod simulator;
mod watchdog;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use queue::{Attempt, Delivery, DueKey, LaneLimits, Queue, Reason, Verdict};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

pub use route::RouteStatus;
use smtp::address::Domain;

use crate::chronicle::Chronicle;
use crate::config::{self, OutboundTls};
use crate::dns::{Dns, Found, NoSite};
use crate::finishing::Finisher;
use crate::journal::{Event, Journal};
use crate::lifecycle::Lifecycle;
use crate::metrics::DeliveryMetrics;
use places::Places;
use settler::Heard;
use simulator::Simulator;

/// A delivery that met no connection for this long gets one of its own, if its route may have more.
const PATIENCE: Duration = Duration::from_millis(5);

/// How mail goes out.
pub struct OutboundConfig {
    /// Connections, limits and addresses.
    pub delivery: config::Delivery,
    /// The name given in EHLO.
    pub ehlo_name: String,
    /// Whether to encrypt.
    pub tls: OutboundTls,
    /// How to encrypt.
    pub tls_client: Arc<rustls::ClientConfig>,
    /// Mail to this domain never leaves.
    pub simulator_domain: String,
}

/// What the parts of delivery share.
pub(crate) struct Shared {
    pub(crate) queue: Arc<Queue>,
    pub(crate) dns: Arc<Dns>,
    pub(crate) static_routes: ArcSwap<Vec<config::Route>>,
    pub(crate) config: OutboundConfig,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) metrics: DeliveryMetrics,
    pub(crate) places: Places,
    finisher: Arc<Finisher>,
    chronicle: Arc<Chronicle>,
    simulator: Simulator,
    settlements: mpsc::UnboundedSender<Heard>,
    /// Attempts handed to the settler and not yet committed.
    unsettled: AtomicUsize,
    /// From where the scheduler is to read the due index again.
    kicked: Mutex<Option<DueKey>>,
    kick: Notify,
    stirred: Notify,
    /// Whether the program is ending: connections then finish what they have and close.
    pub(crate) lifecycle: Lifecycle,
}

/// Delivery, running.
pub struct Outbound {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

/// The parts that delivery is made of.
pub struct Ports {
    /// What is to be delivered.
    pub queue: Arc<Queue>,
    /// Where to.
    pub dns: Arc<Dns>,
    /// Who does the last thing to a message.
    pub(crate) finisher: Arc<Finisher>,
    /// Who keeps what became of it.
    pub(crate) chronicle: Arc<Chronicle>,
    /// Who hears of it.
    pub journal: Arc<dyn Journal>,
    /// Where it is counted.
    pub metrics: DeliveryMetrics,
    /// Whether the program is ending.
    pub lifecycle: Lifecycle,
}

impl Outbound {
    /// Starts delivering what is due.
    pub fn start(config: OutboundConfig, static_routes: Vec<config::Route>, ports: Ports) -> Self {
        let (settlements, heard) = mpsc::unbounded_channel();
        let limits = LaneLimits {
            connections_max: config.delivery.connections_per_route,
            patience: PATIENCE,
        };
        let shared = Arc::new(Shared {
            queue: ports.queue,
            dns: ports.dns,
            static_routes: ArcSwap::from_pointee(static_routes),
            journal: ports.journal,
            metrics: ports.metrics,
            places: Places::new(limits),
            finisher: ports.finisher,
            chronicle: ports.chronicle,
            simulator: Simulator::new(&config.simulator_domain),
            settlements,
            unsettled: AtomicUsize::new(0),
            kicked: Mutex::new(None),
            kick: Notify::new(),
            stirred: Notify::new(),
            lifecycle: ports.lifecycle,
            config,
        });
        shared.kick(DueKey::FIRST);
        let mut tasks = JoinSet::new();
        tasks.spawn(settler::run(Arc::clone(&shared), heard));
        tasks.spawn(scheduler::run(Arc::clone(&shared)));
        tasks.spawn(watchdog::run(Arc::clone(&shared)));
        Self { shared, tasks }
    }

    /// A handle for those who hand over deliveries.
    pub fn dispatcher(&self) -> Dispatcher {
        Dispatcher(Arc::clone(&self.shared))
    }

    /// Waits, for `patience` at most, until what is being attempted has ended and is settled; then stops.
    pub async fn drain(mut self, patience: Duration) {
        let deadline = tokio::time::Instant::now() + patience;
        let busy =
            || self.shared.places.connections() > 0 || self.shared.unsettled.load(Ordering::Acquire) > 0;
        while busy() && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.tasks.shutdown().await;
    }
}

/// Hands deliveries to their routes, and tells of the routes.
#[derive(Clone)]
pub struct Dispatcher(Arc<Shared>);

impl Dispatcher {
    /// Hands over what was accepted: the first attempt of claimed deliveries comes straight from memory, the others are read
    /// from the due index, from `later` on.
    pub fn dispatch(&self, ready: Vec<Delivery>, later: Option<DueKey>) {
        for delivery in ready {
            self.0.dispatch(delivery);
        }
        if let Some(key) = later {
            self.0.kick(key);
        }
    }

    /// Makes the scheduler read the due index from `key` on.
    pub fn kick(&self, key: DueKey) {
        self.0.kick(key);
    }

    /// Replaces the static routes; domains are looked up afresh.
    pub fn set_static_routes(&self, routes: Vec<config::Route>) {
        self.0.static_routes.store(Arc::new(routes));
        self.0.dns.forget();
    }

    /// Every route in use.
    pub fn routes(&self) -> Vec<RouteStatus> {
        self.0
            .places
            .routes()
            .iter()
            .map(|route| route.status(crate::clock::now()))
            .collect()
    }
}

impl Shared {
    /// Puts a claimed delivery where it belongs: into its route's lane, or to those whose site is being looked up.
    pub(crate) fn dispatch(self: &Arc<Self>, delivery: Delivery) {
        self.stirred.notify_one();
        if self.simulator.takes(&delivery) {
            return self.simulate(delivery);
        }
        let Some(delivery) = self.unless_held(delivery) else {
            return;
        };
        match self
            .dns
            .remembered(&delivery.state.domain, std::time::Instant::now())
        {
            Some(site) => self.places.route(site).offer(self, delivery),
            None => self.look_up(delivery),
        }
    }

    /// A delivery whose connection is ready, with all done to it; none when it is not to leave now, or not any more.
    async fn depart(&self, delivery: Delivery) -> Option<Delivery> {
        self.finish(self.unless_held(delivery)?).await
    }

    /// The delivery, unless its account may not send: then it is put aside. That is asked when it comes due, so that stopping
    /// an account need not look for its mail, and again when it is about to leave, because lanes are long.
    fn unless_held(&self, delivery: Delivery) -> Option<Delivery> {
        if self.chronicle.held(&delivery.message).is_none() {
            return Some(delivery);
        }
        self.settle_unsent(delivery, &Verdict::Held, None);
        None
    }

    /// Does what is left to do to a delivery that is about to leave; none when that is not to be any more.
    async fn finish(&self, delivery: Delivery) -> Option<Delivery> {
        if self.queue.is_canceled(&delivery) {
            self.settle_unsent(delivery, &Verdict::Canceled, None);
            return None;
        }
        let delivery = self.unless_unwanted(delivery)?;
        match self.finisher.finish(&delivery.message).await {
            Ok(()) => Some(delivery),
            Err(verdict) => {
                self.settle_unsent(delivery, &verdict, None);
                None
            }
        }
    }

    /// The delivery, unless mail to some of its recipients is not wanted any more; those of them to whom it is are tried
    /// once the others are settled.
    fn unless_unwanted(&self, delivery: Delivery) -> Option<Delivery> {
        match self.chronicle.unwanted_by_now(&delivery, crate::clock::now()) {
            Ok(None) => return Some(delivery),
            Ok(Some(verdicts)) => self.settle(Attempt {
                delivery,
                verdicts,
                host: None,
            }),
            Err(error) => {
                let verdict = Verdict::Deferred(Reason {
                    status: "4.3.0".into(),
                    text: format!("the message was not sent: whether it is wanted cannot be read: {error}"),
                });
                self.settle_unsent(delivery, &verdict, None);
            }
        }
        None
    }

    /// Makes an attempt that goes the whole way but leaves the network alone.
    fn simulate(self: &Arc<Self>, delivery: Delivery) {
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let Some(delivery) = shared.finish(delivery).await else {
                return;
            };
            let (after, verdicts) = shared.simulator.attempt(&delivery);
            tokio::time::sleep(after).await;
            let host = Some(Arc::from("simulator"));
            shared.settle(Attempt {
                delivery,
                verdicts,
                host,
            });
        });
    }

    /// Hands an attempt to the settler.
    pub(crate) fn settle(&self, attempt: Attempt) {
        let heard = Heard {
            attempt,
            at: std::time::Instant::now(),
        };
        self.unsettled.fetch_add(1, Ordering::AcqRel);
        if self.settlements.send(heard).is_err() {
            self.lifecycle
                .fail("the settler ended: nothing that is sent could be settled".into());
        }
    }

    /// Settles a delivery that went nowhere.
    pub(crate) fn settle_unsent(&self, delivery: Delivery, verdict: &Verdict, host: Option<Arc<str>>) {
        self.settle(Attempt::uniform(delivery, verdict, host));
    }

    /// Makes the scheduler read the due index again from `key` on.
    pub(crate) fn kick(&self, key: DueKey) {
        let mut kicked = self.kicked.lock().unwrap_or_else(PoisonError::into_inner);
        *kicked = Some(kicked.map_or(key, |seen| seen.min(key)));
        drop(kicked);
        self.kick.notify_one();
    }

    fn take_kick(&self) -> Option<DueKey> {
        self.kicked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.lifecycle.is_stopping()
    }

    /// Looks up the site of a delivery's domain, once for all that wait for it.
    fn look_up(self: &Arc<Self>, delivery: Delivery) {
        let domain = delivery.state.domain.clone();
        if !self.places.await_site(&domain, delivery) {
            return;
        }
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let started = std::time::Instant::now();
            let routes = shared.static_routes.load_full();
            let found = shared.dns.site(&domain, &routes).await;
            shared.tell_site(&domain, &found, started.elapsed());
            let waiting = shared.places.take_waiting(&domain);
            match found {
                Ok(found) => {
                    let route = shared.places.route(found.site);
                    waiting
                        .into_iter()
                        .for_each(|delivery| route.offer(&shared, delivery));
                }
                Err(no_site) => {
                    let verdict = verdict_of(no_site);
                    waiting
                        .into_iter()
                        .for_each(|delivery| shared.settle_unsent(delivery, &verdict, None));
                }
            }
        });
    }
}

impl Shared {
    fn tell_site(&self, domain: &Domain, found: &Result<Found, NoSite>, took: Duration) {
        let domain = domain.as_str();
        match found {
            Ok(Found { site, from_cache }) => {
                let hosts: Vec<&str> = site.hosts.iter().map(|host| host.name.as_str()).collect();
                let from_cache = *from_cache;
                self.journal.record(Event::Resolved {
                    domain,
                    hosts: &hosts,
                    from_cache,
                    took,
                });
            }
            Err(why) => {
                let temporary = matches!(why, NoSite::Temporary { .. });
                self.journal.record(Event::Unresolved {
                    domain,
                    why,
                    temporary,
                });
            }
        }
    }
}

fn verdict_of(no_site: NoSite) -> Verdict {
    match no_site {
        NoSite::Temporary { status, text } => Verdict::Deferred(Reason {
            status: status.into(),
            text,
        }),
        NoSite::Permanent { status, text } => Verdict::Refused(Reason {
            status: status.into(),
            text,
        }),
    }
}
