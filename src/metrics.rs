//! What is counted, in one registry, read as OpenMetrics text. Every figure is bounded: counters, gauges, fixed buckets.

mod http;

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use queue::Tally;
use smtp::reply::Refusal;

use crate::homecoming::ReportKind;
pub use http::HttpMetrics;

type Labels = [(&'static str, String); 1];

/// All metrics of the program.
pub struct Metrics {
    registry: Registry,
    /// Of mail coming in.
    pub sessions: SessionMetrics,
    /// Of the store.
    pub commits: CommitMetrics,
    /// Of mail going out.
    pub delivery: DeliveryMetrics,
    /// Of what comes home.
    pub reports: ReportMetrics,
    /// Of the customers' HTTP.
    pub http: HttpMetrics,
    queue: QueueGauges,
}

/// What the queue looks like now; set when the metrics are read.
struct QueueGauges {
    deliveries: Gauge,
    oldest_seconds: Gauge,
    live: Gauge,
    body_bytes: Gauge,
    connections: Gauge,
    ready: Gauge,
}

/// Figures that are read when somebody asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Snapshot {
    /// Deliveries not settled.
    pub deliveries: u64,
    /// Age of the oldest of their messages.
    pub oldest: Duration,
    /// Deliveries in memory.
    pub live: usize,
    /// Octets of bodies in memory.
    pub body_bytes: u64,
    /// Outgoing connections.
    pub connections: usize,
    /// Deliveries ready in lanes.
    pub ready: usize,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("postrider");
        let gauge = |registry: &mut Registry, name, help| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let queue = QueueGauges {
            deliveries: gauge(&mut registry, "queue_deliveries", "Deliveries not settled"),
            oldest_seconds: gauge(
                &mut registry,
                "queue_oldest_age_seconds",
                "Age of the oldest message in the queue",
            ),
            live: gauge(&mut registry, "queue_live_deliveries", "Deliveries in memory"),
            body_bytes: gauge(
                &mut registry,
                "queue_live_body_bytes",
                "Octets of message bodies in memory",
            ),
            connections: gauge(
                &mut registry,
                "delivery_connections",
                "Outgoing connections open or being opened",
            ),
            ready: gauge(
                &mut registry,
                "delivery_ready",
                "Deliveries ready and waiting for a connection",
            ),
        };
        let sessions = SessionMetrics::register(&mut registry);
        let commits = CommitMetrics::register(&mut registry);
        let delivery = DeliveryMetrics::register(&mut registry);
        let reports = ReportMetrics::register(&mut registry);
        let http = HttpMetrics::register(&mut registry);
        Self {
            registry,
            sessions,
            commits,
            delivery,
            reports,
            http,
            queue,
        }
    }
}

impl Metrics {
    /// All figures, in OpenMetrics text.
    pub fn render(&self, snapshot: &Snapshot) -> String {
        let set = |gauge: &Gauge, value: u64| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.queue.deliveries, snapshot.deliveries);
        set(&self.queue.oldest_seconds, snapshot.oldest.as_secs());
        set(&self.queue.live, snapshot.live as u64);
        set(&self.queue.body_bytes, snapshot.body_bytes);
        set(&self.queue.connections, snapshot.connections as u64);
        set(&self.queue.ready, snapshot.ready as u64);
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Of mail coming in.
#[derive(Clone)]
pub struct SessionMetrics {
    open: Gauge,
    opened: Counter,
    refused: Family<Labels, Counter>,
    logins_failed: Counter,
    accepted: Counter,
    accepted_bytes: Counter,
}

impl SessionMetrics {
    fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            open: Gauge::default(),
            opened: Counter::default(),
            refused: Family::default(),
            logins_failed: Counter::default(),
            accepted: Counter::default(),
            accepted_bytes: Counter::default(),
        };
        registry.register("sessions_open", "SMTP sessions open now", metrics.open.clone());
        registry.register("sessions", "SMTP sessions begun", metrics.opened.clone());
        registry.register(
            "refusals",
            "Messages and sessions refused, by reason",
            metrics.refused.clone(),
        );
        registry.register(
            "logins_failed",
            "Logins with wrong credentials",
            metrics.logins_failed.clone(),
        );
        registry.register(
            "messages_accepted",
            "Messages taken over",
            metrics.accepted.clone(),
        );
        let bytes = metrics.accepted_bytes.clone();
        registry.register_with_unit(
            "messages_accepted",
            "Octets of messages taken over",
            Unit::Bytes,
            bytes,
        );
        metrics
    }

    /// A session began.
    pub fn opened(&self) {
        self.opened.inc();
        self.open.inc();
    }

    /// A session ended.
    pub fn closed(&self) {
        self.open.dec();
    }

    /// A message or a session was refused.
    pub fn refused(&self, reason: Refusal) {
        self.refused
            .get_or_create(&[("reason", format!("{reason:?}"))])
            .inc();
    }

    /// A login failed.
    pub fn login_failed(&self) {
        self.logins_failed.inc();
    }

    /// A message was taken over.
    pub fn accepted(&self, size: u64) {
        self.accepted.inc();
        self.accepted_bytes.inc_by(size);
    }
}

/// Of the store.
#[derive(Clone)]
pub struct CommitMetrics {
    group_size: Histogram,
    group_bytes: Counter,
    write: Histogram,
    sync: Histogram,
}

impl CommitMetrics {
    fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            group_size: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            group_bytes: Counter::default(),
            write: latency_histogram(),
            sync: latency_histogram(),
        };
        registry.register(
            "commit_group_size",
            "Batches that shared one sync",
            metrics.group_size.clone(),
        );
        let bytes = metrics.group_bytes.clone();
        registry.register_with_unit("commit", "Octets committed", Unit::Bytes, bytes);
        let (write, sync) = (metrics.write.clone(), metrics.sync.clone());
        registry.register_with_unit("commit_write", "Time to write a group", Unit::Seconds, write);
        registry.register_with_unit("commit_sync", "Time to sync a group", Unit::Seconds, sync);
        metrics
    }
}

impl store::CommitObserver for CommitMetrics {
    fn group(&self, report: store::GroupReport) {
        self.group_size.observe(report.batches as f64);
        self.group_bytes.inc_by(report.bytes as u64);
        self.write.observe(report.write.as_secs_f64());
        self.sync.observe(report.sync.as_secs_f64());
    }
}

/// Of mail going out.
#[derive(Clone)]
pub struct DeliveryMetrics {
    recipients: Family<Labels, Counter>,
    connected: Family<Labels, Counter>,
    latency: Histogram,
    duplicate_window: Histogram,
    stalled: Gauge,
    damaged: Counter,
}

impl DeliveryMetrics {
    fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            recipients: Family::default(),
            connected: Family::default(),
            latency: Histogram::new(exponential_buckets(0.001, 4.0, 14)),
            duplicate_window: latency_histogram(),
            stalled: Gauge::default(),
            damaged: Counter::default(),
        };
        registry.register(
            "recipient_attempts",
            "Attempts by outcome",
            metrics.recipients.clone(),
        );
        registry.register(
            "connections",
            "Outgoing connections made",
            metrics.connected.clone(),
        );
        let latency = metrics.latency.clone();
        registry.register_with_unit(
            "delivery_latency",
            "From our 250 to the next hop's",
            Unit::Seconds,
            latency,
        );
        let window = metrics.duplicate_window.clone();
        let help = "From the next hop's 250 until it is on disk: a crash in between sends again";
        registry.register_with_unit("duplicate_window", help, Unit::Seconds, window);
        registry.register(
            "routes_stalled",
            "Routes with due mail and no progress",
            metrics.stalled.clone(),
        );
        registry.register(
            "queue_damaged",
            "Due deliveries that could not be read",
            metrics.damaged.clone(),
        );
        metrics
    }

    /// Attempts were settled; `window` is the time since the earliest of their outcomes was heard.
    pub fn settled(&self, tally: &Tally, window: Duration) {
        self.duplicate_window.observe(window.as_secs_f64());
        let outcomes = [
            ("delivered", tally.delivered),
            ("deferred", tally.deferred),
            ("failed", tally.failed),
            ("canceled", tally.canceled),
            ("held", tally.held),
            ("unwanted", tally.unwanted),
        ];
        for (outcome, count) in outcomes.into_iter().filter(|(_, count)| *count > 0) {
            self.recipients
                .get_or_create(&[("outcome", outcome.to_owned())])
                .inc_by(count);
        }
    }

    /// A recipient was delivered to, `age` after its message was accepted.
    pub fn latency(&self, age: Duration) {
        self.latency.observe(age.as_secs_f64());
    }

    /// A connection is ready for messages.
    pub fn connected(&self, tls: bool) {
        self.connected.get_or_create(&[("tls", tls.to_string())]).inc();
    }

    /// How many routes make no progress.
    pub fn stalled_routes(&self, count: i64) {
        self.stalled.set(count);
    }

    /// A due delivery could not be read.
    pub fn damaged(&self) {
        self.damaged.inc();
    }
}

/// Of what comes home.
#[derive(Clone)]
pub struct ReportMetrics {
    came: Family<Labels, Counter>,
}

impl ReportMetrics {
    fn register(registry: &mut Registry) -> Self {
        let came = Family::default();
        let help = "Messages at listeners for reports, by what they were";
        registry.register("reports", help, came.clone());
        Self { came }
    }

    /// A message was answered for good.
    pub(crate) fn came(&self, kind: ReportKind) {
        let kind = kind.as_str().to_owned();
        self.came.get_or_create(&[("kind", kind)]).inc();
    }
}

/// From 50 microseconds to about 1.6 seconds.
fn latency_histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.000_05, 2.0, 16))
}
