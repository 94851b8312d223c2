//! What happens to mail, told as typed events.
//!
//! Listeners and delivery workers say what happened through the [`Journal`] port; who listens is decided in
//! `wiring`: the log ([`Log`]), the metrics, the demo's journey, a test's snapshot. An event names messages by id and
//! addresses by mailbox; it never carries a line of a message.
//!
//! An event borrows everything it mentions, so that making one costs nothing when nobody listens: no field is copied
//! or formatted before a listener does it.

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use queue::{QueueId, Timestamp};

/// Where the events of one message's life are told.
///
/// `record` runs on the path of the message: it must return at once, and must not block or fail. A listener that needs
/// time takes its copy and does the work elsewhere.
pub trait Journal: Send + Sync {
    /// Takes note of one event. Events of one message arrive in the order in which they happened.
    fn record(&self, event: Event<'_>);
}

/// One thing that happened.
#[derive(Clone, Copy)]
pub enum Event<'a> {
    /// A message was signed on its way to the store.
    Signed {
        /// The message.
        id: QueueId,
        /// The signing domain, `d=`.
        domain: &'a str,
        /// How many signatures were put before the message (one for each algorithm).
        signatures: usize,
        /// Time spent signing: the body hashes' end and every signature.
        took: Duration,
    },
    /// The commit that holds a message survives a power cut; its 250 may now be written.
    Synced {
        /// The message.
        id: QueueId,
        /// From handing the batch to the store until it was synced.
        took: Duration,
    },
    /// A message was taken over from a client: the 250 is on its way.
    Accepted {
        /// The message.
        id: QueueId,
        /// The envelope's sender in wire form, empty for the null reverse-path.
        reverse_path: &'a dyn Display,
        /// Number of forward-paths.
        recipients: usize,
        /// Octets of the message as the client sent it.
        size: u64,
        /// Whom it came from, where that is a connection over SMTP.
        peer: Option<SocketAddr>,
    },
    /// A failure notice (RFC 3464) was queued for the sender of a message.
    Noticed {
        /// The notice.
        id: QueueId,
        /// The message of which it tells.
        about: QueueId,
    },
    /// The hosts that take mail for a domain are known.
    Resolved {
        /// The domain of the recipients.
        domain: &'a str,
        /// The hosts in the order in which they will be tried.
        hosts: &'a [&'a str],
        /// Whether the answer was remembered from an earlier question.
        from_cache: bool,
        /// Time until the answer.
        took: Duration,
    },
    /// The hosts that take mail for a domain could not be found.
    Unresolved {
        /// The domain of the recipients.
        domain: &'a str,
        /// What the resolver said.
        why: &'a dyn Display,
        /// Whether asking again later may help (SERVFAIL, no answer) or not (NXDOMAIN, null MX).
        temporary: bool,
    },
    /// A connection to a host is ready for messages.
    Connected {
        /// The host's name from the MX record or the static route.
        host: &'a str,
        /// The address that answered.
        address: SocketAddr,
        /// Protocol version and cipher suite, when the connection is encrypted.
        tls: Option<&'a str>,
        /// From the first packet until the greeting, EHLO and TLS were done.
        took: Duration,
    },
    /// A connection to a host failed or was refused before it could carry a message.
    Unreachable {
        /// The host's name.
        host: &'a str,
        /// The address that was tried.
        address: SocketAddr,
        /// What went wrong.
        why: &'a dyn Display,
    },
    /// A host took over a message for one recipient.
    Delivered {
        /// The message.
        id: QueueId,
        /// The recipient's mailbox.
        recipient: &'a dyn Display,
        /// The host that answered 250.
        host: &'a str,
        /// Its reply.
        reply: &'a dyn Display,
        /// Which attempt it was, from 1.
        attempt: u32,
        /// From the message's arrival here until its delivery was on disk.
        age: Duration,
    },
    /// An attempt for one recipient failed; there will be another.
    Deferred {
        /// The message.
        id: QueueId,
        /// The recipient's mailbox.
        recipient: &'a dyn Display,
        /// The host's reply, or what went wrong before one came.
        reply: &'a dyn Display,
        /// Which attempt it was, from 1.
        attempt: u32,
        /// When the next one is due.
        next_attempt: Timestamp,
    },
    /// One recipient was not tried: the account may not send now. It waits until that has changed.
    Held {
        /// The message.
        id: QueueId,
        /// The recipient's mailbox.
        recipient: &'a dyn Display,
    },
    /// An operator took one recipient out of the queue.
    Canceled {
        /// The message.
        id: QueueId,
        /// The recipient's mailbox.
        recipient: &'a dyn Display,
    },
    /// One recipient was not tried, and will not be: since the message was accepted, mail to it has become unwanted.
    Unwanted {
        /// The message.
        id: QueueId,
        /// The recipient's mailbox.
        recipient: &'a dyn Display,
        /// Why, in a few words.
        why: &'a dyn Display,
    },
    /// One recipient will never be reached: refused for good, or given up at the end of the message's life.
    Bounced {
        /// The message.
        id: QueueId,
        /// The recipient's mailbox.
        recipient: &'a dyn Display,
        /// The last reply, or what went wrong.
        reply: &'a dyn Display,
        /// Which attempt it was, from 1.
        attempt: u32,
    },
}

/// The listener that writes the structured log.
///
/// The end of each recipient is told at `INFO`, the steps on the way there at `DEBUG`.
pub struct Log;

impl Journal for Log {
    fn record(&self, event: Event<'_>) {
        match event {
            Event::Signed {
                id,
                domain,
                signatures,
                took,
            } => {
                tracing::debug!(%id, domain, signatures, took_us = micros(took), "signed");
            }
            Event::Synced { id, took } => {
                tracing::debug!(%id, took_us = micros(took), "synced");
            }
            Event::Accepted {
                id,
                reverse_path,
                recipients,
                size,
                peer,
            } => {
                let peer = peer.map(tracing::field::display);
                tracing::info!(%id, from = %reverse_path, recipients, size, peer, "accepted");
            }
            Event::Noticed { id, about } => tracing::info!(%id, %about, "failure notice queued"),
            Event::Resolved { .. } | Event::Unresolved { .. } => log_names(event),
            Event::Connected { .. } | Event::Unreachable { .. } => log_connections(event),
            Event::Delivered { .. }
            | Event::Deferred { .. }
            | Event::Bounced { .. }
            | Event::Held { .. }
            | Event::Unwanted { .. }
            | Event::Canceled { .. } => log_outcome(event),
        }
    }
}

fn log_names(event: Event<'_>) {
    match event {
        Event::Resolved {
            domain,
            hosts,
            from_cache,
            took,
        } => {
            tracing::debug!(domain, ?hosts, from_cache, took_us = micros(took), "resolved");
        }
        Event::Unresolved {
            domain,
            why,
            temporary,
        } => {
            tracing::info!(domain, reason = %why, temporary, "no host found");
        }
        _ => {}
    }
}

fn log_connections(event: Event<'_>) {
    match event {
        Event::Connected {
            host,
            address,
            tls,
            took,
        } => {
            tracing::debug!(host, %address, tls, took_us = micros(took), "connected");
        }
        Event::Unreachable { host, address, why } => {
            tracing::info!(host, %address, reason = %why, "unreachable")
        }
        _ => {}
    }
}

fn log_outcome(event: Event<'_>) {
    match event {
        Event::Delivered {
            id,
            recipient,
            host,
            reply,
            attempt,
            age,
        } => {
            tracing::info!(%id, to = %recipient, host, %reply, attempt, age_ms = millis(age), "delivered");
        }
        Event::Deferred {
            id,
            recipient,
            reply,
            attempt,
            next_attempt,
        } => {
            tracing::info!(%id, to = %recipient, %reply, attempt, next_attempt = readable(next_attempt), "deferred");
        }
        Event::Bounced {
            id,
            recipient,
            reply,
            attempt,
        } => {
            tracing::info!(%id, to = %recipient, %reply, attempt, "bounced");
        }
        Event::Held { id, recipient } => tracing::info!(%id, to = %recipient, "held"),
        Event::Canceled { id, recipient } => tracing::info!(%id, to = %recipient, "canceled"),
        Event::Unwanted { id, recipient, why } => tracing::info!(%id, to = %recipient, %why, "unwanted"),
        _ => {}
    }
}

/// Several listeners, told one after the other.
pub struct Listeners(Vec<Arc<dyn Journal>>);

impl Listeners {
    /// Tells every event to each of `listeners`, in their order.
    pub fn new(listeners: Vec<Arc<dyn Journal>>) -> Self {
        Self(listeners)
    }
}

impl Journal for Listeners {
    fn record(&self, event: Event<'_>) {
        for listener in &self.0 {
            listener.record(event);
        }
    }
}

impl fmt::Debug for dyn Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}

/// RFC 3339 in UTC; empty for a moment that no calendar holds.
fn readable(moment: Timestamp) -> String {
    i64::try_from(moment.unix_ms())
        .ok()
        .and_then(|unix_ms| jiff::Timestamp::from_millisecond(unix_ms).ok())
        .map(|moment| moment.to_string())
        .unwrap_or_default()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
