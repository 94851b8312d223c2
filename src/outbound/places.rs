//! Where deliveries in memory are: the routes by site, and the deliveries whose site is being looked up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use queue::{Delivery, LaneLimits};
use smtp::address::Domain;

use super::route::Route;
use crate::dns::Site;

pub(crate) struct Places {
    limits: LaneLimits,
    routes: Mutex<HashMap<Arc<str>, Arc<Route>>>,
    /// Bounded by the bound on deliveries in memory.
    waiting: Mutex<HashMap<Domain, Vec<Delivery>>>,
}

impl Places {
    pub(crate) fn new(limits: LaneLimits) -> Self {
        Self {
            limits,
            routes: Mutex::default(),
            waiting: Mutex::default(),
        }
    }

    /// The route to a site, made when it is new.
    pub(crate) fn route(&self, site: Arc<Site>) -> Arc<Route> {
        let mut routes = lock(&self.routes);
        if let Some(route) = routes.get(&site.key) {
            return Arc::clone(route);
        }
        let route = Arc::new(Route::new(Arc::clone(&site), self.limits.clone()));
        routes.insert(Arc::clone(&site.key), Arc::clone(&route));
        route
    }

    /// The route to a site, if there is one.
    pub(crate) fn known_route(&self, site: &Site) -> Option<Arc<Route>> {
        lock(&self.routes).get(&site.key).cloned()
    }

    pub(crate) fn routes(&self) -> Vec<Arc<Route>> {
        lock(&self.routes).values().cloned().collect()
    }

    /// Connections open or being opened, over all routes.
    pub(crate) fn connections(&self) -> usize {
        self.routes().iter().map(|route| route.connections()).sum()
    }

    /// Forgets routes that nobody holds and that have nothing left.
    pub(crate) fn prune(&self) {
        lock(&self.routes).retain(|_, route| Arc::strong_count(route) > 1 || !route.is_spent());
    }

    /// Keeps a delivery until its domain's site is known; true for the first one, whose caller looks it up.
    pub(crate) fn await_site(&self, domain: &Domain, delivery: Delivery) -> bool {
        let mut waiting = lock(&self.waiting);
        match waiting.get_mut(domain) {
            Some(deliveries) => {
                deliveries.push(delivery);
                false
            }
            None => {
                waiting.insert(domain.clone(), vec![delivery]);
                true
            }
        }
    }

    /// The deliveries that waited for this domain's site.
    pub(crate) fn take_waiting(&self, domain: &Domain) -> Vec<Delivery> {
        lock(&self.waiting).remove(domain).unwrap_or_default()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
