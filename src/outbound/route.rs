//! A route: a lane behind a lock, and the tasks that serve it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use queue::{Delivery, DueKey, Lane, LaneLimits, Offer, Timestamp};
use tokio::sync::Notify;

use super::{Shared, conversation};
use crate::clock;
use crate::dns::Site;

/// The way to one site.
pub(crate) struct Route {
    pub(crate) site: Arc<Site>,
    lane: Mutex<Lane>,
    /// Told once for each delivery that an idle connection should take.
    pub(crate) work: Notify,
    looking_again: AtomicBool,
}

/// What an operator sees of a route.
#[derive(Clone, Debug)]
pub struct RouteStatus {
    /// The site's hosts.
    pub site: Arc<str>,
    /// Deliveries ready in memory.
    pub ready: usize,
    /// Connections open or being opened.
    pub connections: usize,
    /// How long due mail has waited with nothing settled.
    pub stalled_for: Duration,
}

impl Route {
    pub(crate) fn new(site: Arc<Site>, limits: LaneLimits) -> Self {
        Self {
            site,
            lane: Mutex::new(Lane::new(limits, clock::now())),
            work: Notify::new(),
            looking_again: AtomicBool::new(false),
        }
    }

    /// Takes a delivery in, or gives it back to the due index when the lane is full.
    pub(crate) fn offer(self: &Arc<Self>, shared: &Arc<Shared>, delivery: Delivery) {
        let mut lane = self.lane();
        match lane.offer(delivery, clock::now()) {
            Offer::Taken => {
                drop(lane);
                self.work.notify_one();
                self.staff(shared);
            }
            Offer::Full(delivery) => {
                drop(lane);
                shared.queue.unclaim(delivery);
            }
        }
    }

    /// Whether an entry of the due index would fit; when not, the lane asks for it later.
    pub(crate) fn has_room_for(&self, key: DueKey) -> bool {
        self.lane().has_room_for(key)
    }

    /// The next delivery for a connection. With none, the connection counts as idle until [`Self::resume`].
    pub(crate) fn take_or_idle(&self, shared: &Shared) -> Option<Delivery> {
        let mut lane = self.lane();
        let delivery = lane.take();
        if delivery.is_none() {
            lane.connection_idle();
        }
        self.refill(lane, shared);
        delivery
    }

    /// The next delivery for a connection that still awaits a reply: only what no idle connection would take.
    pub(crate) fn take_ahead(&self, shared: &Shared) -> Option<Delivery> {
        let mut lane = self.lane();
        let delivery = if lane.has_idle() { None } else { lane.take() };
        if delivery.is_some() {
            self.refill(lane, shared);
        }
        delivery
    }

    /// An idle connection goes back to work or ends.
    pub(crate) fn resume(&self) {
        self.lane().connection_busy();
    }

    /// A delivery that was taken and could not be tried goes back to the front.
    pub(crate) fn put_back(self: &Arc<Self>, shared: &Arc<Shared>, delivery: Delivery) {
        self.lane().put_back(delivery, clock::now());
        self.work.notify_one();
        self.staff(shared);
    }

    /// The connection could not be made: everything ready, to be deferred together.
    pub(crate) fn unreachable(&self) -> Vec<Delivery> {
        let mut lane = self.lane();
        lane.unreachable(clock::now());
        lane.take_all()
    }

    /// A host answered.
    pub(crate) fn reached(&self) {
        self.lane().reached(clock::now());
    }

    /// Something was settled.
    pub(crate) fn progressed(&self) {
        self.lane().progressed(clock::now());
    }

    /// A connection ended. What is still ready gets another one; what overflowed is read again.
    pub(crate) fn closed(self: &Arc<Self>, shared: &Arc<Shared>) {
        let mut lane = self.lane();
        lane.connection_closed();
        self.refill(lane, shared);
        self.staff(shared);
    }

    pub(crate) fn connections(&self) -> usize {
        self.lane().connections()
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.lane().is_spent()
    }

    pub(crate) fn status(&self, now: Timestamp) -> RouteStatus {
        let lane = self.lane();
        RouteStatus {
            site: Arc::clone(&self.site.key),
            ready: lane.ready_len(),
            connections: lane.connections(),
            stalled_for: lane.stalled_for(now),
        }
    }

    /// Opens another connection if the lane deserves one, or looks again when that may change without an event.
    pub(crate) fn staff(self: &Arc<Self>, shared: &Arc<Shared>) {
        if shared.is_stopping() {
            return;
        }
        let mut lane = self.lane();
        if lane.wants_connection(clock::now()) {
            lane.connection_opened();
            drop(lane);
            tokio::spawn(serve(Arc::clone(self), Arc::clone(shared)));
            return;
        }
        let Some(patience) = lane.look_again_in() else {
            return;
        };
        drop(lane);
        if self.looking_again.swap(true, Ordering::Relaxed) {
            return;
        }
        let (route, shared) = (Arc::clone(self), Arc::clone(shared));
        tokio::spawn(async move {
            tokio::time::sleep(patience).await;
            route.looking_again.store(false, Ordering::Relaxed);
            route.staff(&shared);
        });
    }

    fn refill(&self, mut lane: MutexGuard<'_, Lane>, shared: &Shared) {
        let overflow = lane.refill();
        drop(lane);
        if let Some(key) = overflow {
            shared.kick(key);
        }
    }

    fn lane(&self) -> MutexGuard<'_, Lane> {
        self.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's life, in a task of its own, so that a bug in it ends that connection and not the route.
async fn serve(route: Arc<Route>, shared: Arc<Shared>) {
    let served = tokio::spawn(conversation::run(Arc::clone(&route), Arc::clone(&shared))).await;
    if let Err(error) = served {
        tracing::error!(site = %route.site.key, %error, "a connection failed; what it held is sent after a restart");
    }
    route.closed(&shared);
}
