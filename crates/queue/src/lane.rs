//! A lane: the deliveries of one route that are ready now, and when it deserves another connection.
//!
//! Pure: the shell puts it behind its own lock, opens the connections and tells the time. What must hold: a delivery
//! that does not fit is named by `overflow`, so that somebody reads it from the due index when there is room again.

use std::collections::VecDeque;
use std::time::Duration;

use crate::delivery::Delivery;
use crate::keys::DueKey;
use crate::limits::{LANE_READY_MAX, LANE_REFILL_BELOW};
use crate::time::Timestamp;

/// How a route is used.
#[derive(Clone, Debug)]
pub struct LaneLimits {
    /// Connections at once; at least 1.
    pub connections_max: usize,
    /// A delivery that has been ready for this long and met no connection deserves one of its own. Near hosts answer
    /// faster than this and get by with few connections; far ones get as many as they need.
    pub patience: Duration,
}

/// The state of one route.
#[derive(Debug)]
pub struct Lane {
    limits: LaneLimits,
    ready: VecDeque<(Timestamp, Delivery)>,
    overflow: Option<DueKey>,
    connections: usize,
    idle: usize,
    failing: bool,
    progress: Timestamp,
}

/// What became of a delivery offered to a lane.
#[derive(Debug)]
pub enum Offer {
    /// It is in the list.
    Taken,
    /// The list is full; the delivery goes back to the index, where the lane will have it read again.
    Full(Delivery),
}

impl Lane {
    /// An empty lane without connections.
    pub fn new(limits: LaneLimits, now: Timestamp) -> Self {
        Self {
            limits,
            ready: VecDeque::new(),
            overflow: None,
            connections: 0,
            idle: 0,
            failing: false,
            progress: now,
        }
    }

    /// Puts a delivery at the end of the list.
    pub fn offer(&mut self, delivery: Delivery, now: Timestamp) -> Offer {
        if self.ready.len() >= LANE_READY_MAX {
            self.note_overflow(delivery.due_key());
            return Offer::Full(delivery);
        }
        if self.ready.is_empty() && self.idle == self.connections {
            self.progress = now;
        }
        self.ready.push_back((now, delivery));
        Offer::Taken
    }

    /// Puts back, at the front, a delivery that a connection took and could not try.
    pub fn put_back(&mut self, delivery: Delivery, now: Timestamp) {
        self.ready.push_front((now, delivery));
    }

    /// Whether a delivery read from the index would fit; when not, it is remembered as overflow.
    pub fn has_room_for(&mut self, key: DueKey) -> bool {
        let room = self.ready.len() < LANE_READY_MAX;
        if !room {
            self.note_overflow(key);
        }
        room
    }

    /// The oldest ready delivery.
    pub fn take(&mut self) -> Option<Delivery> {
        self.ready.pop_front().map(|(_, delivery)| delivery)
    }

    /// Everything ready: the route cannot be reached, and all of it is to be deferred together.
    pub fn take_all(&mut self) -> Vec<Delivery> {
        self.ready.drain(..).map(|(_, delivery)| delivery).collect()
    }

    /// Where to read the index for this lane, once it has room again. Asking forgets it.
    pub fn refill(&mut self) -> Option<DueKey> {
        if self.ready.len() < LANE_REFILL_BELOW {
            self.overflow.take()
        } else {
            None
        }
    }

    /// Whether to open one more connection now. A route that fails is probed by one connection at a time.
    pub fn wants_connection(&self, now: Timestamp) -> bool {
        let Some((since, _)) = self.ready.front() else {
            return false;
        };
        match self.connections {
            0 => true,
            _ if self.failing || self.idle > 0 => false,
            open => open < self.limits.connections_max && now.since(*since) >= self.limits.patience,
        }
    }

    /// When to ask [`Self::wants_connection`] again though nothing happens; none when only an event can change it.
    pub fn look_again_in(&self) -> Option<Duration> {
        let may_open = !self.failing && self.idle == 0 && self.connections < self.limits.connections_max;
        (may_open && !self.ready.is_empty()).then_some(self.limits.patience)
    }

    /// A connection is being opened.
    pub fn connection_opened(&mut self) {
        self.connections += 1;
    }

    /// A connection ended, or could not be opened.
    pub fn connection_closed(&mut self) {
        assert!(
            self.connections > 0,
            "a lane closed a connection that it had not opened"
        );
        self.connections -= 1;
    }

    /// A connection waits for work.
    pub fn connection_idle(&mut self) {
        self.idle += 1;
    }

    /// A waiting connection went to work or ended.
    pub fn connection_busy(&mut self) {
        assert!(self.idle > 0, "a lane woke a connection that was not idle");
        self.idle -= 1;
    }

    /// The hosts of the route answered.
    pub fn reached(&mut self, now: Timestamp) {
        self.failing = false;
        self.progress = now;
    }

    /// None of the hosts of the route could be reached.
    pub fn unreachable(&mut self, now: Timestamp) {
        self.failing = true;
        self.progress = now;
    }

    /// Something was settled.
    pub fn progressed(&mut self, now: Timestamp) {
        self.progress = now;
    }

    /// How long due mail has waited here with nothing settled; zero while nothing waits.
    pub fn stalled_for(&self, now: Timestamp) -> Duration {
        if self.ready.is_empty() && self.idle == self.connections {
            Duration::ZERO
        } else {
            now.since(self.progress)
        }
    }

    /// Whether a connection waits for work.
    pub fn has_idle(&self) -> bool {
        self.idle > 0
    }

    /// Deliveries in the list.
    pub fn ready_len(&self) -> usize {
        self.ready.len()
    }

    /// Connections open or being opened.
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// Nothing ready, nothing overflowed, no connection: the lane can be forgotten.
    pub fn is_spent(&self) -> bool {
        self.ready.is_empty() && self.overflow.is_none() && self.connections == 0
    }

    fn note_overflow(&mut self, key: DueKey) {
        self.overflow = Some(self.overflow.map_or(key, |seen| seen.min(key)));
    }
}

#[cfg(test)]
mod tests;
