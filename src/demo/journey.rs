//! The journey of one message, step by step with its timings.
//!
//! Two witnesses tell it: the server's own journal and the receiver. Both are in this process, so their moments are of
//! one clock; it starts when the client is started.

use std::fmt;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::receiver::{Arrival, SignatureCheck};
use crate::journal::{Event, Journal};

/// One step: when, what, and in which words.
#[derive(Clone, Debug)]
pub struct Step {
    at: Instant,
    name: &'static str,
    words: String,
}

impl Step {
    fn now(name: &'static str, words: String) -> Self {
        Self {
            at: Instant::now(),
            name,
            words,
        }
    }
}

/// The listener that turns the server's events into steps.
pub struct Watch(mpsc::UnboundedSender<Step>);

impl Watch {
    /// A listener, and where its steps come out.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Step>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }
}

impl Journal for Watch {
    fn record(&self, event: Event<'_>) {
        // Once the journey is told nobody listens any more, and nothing need be put in words.
        if self.0.is_closed() {
            return;
        }
        if let Some(step) = step(event) {
            let _ = self.0.send(step);
        }
    }
}

fn step(event: Event<'_>) -> Option<Step> {
    let (name, words) = match event {
        Event::Signed {
            domain,
            signatures,
            took,
            ..
        } => (
            "signed",
            format!("{signatures} signatures for {domain} in {}", shown(took)),
        ),
        Event::Synced { took, .. } => (
            "synced",
            format!("on disk after {}; only now can there be a 250", shown(took)),
        ),
        Event::Accepted { id, size, .. } => ("accepted", format!("250: {size} octets as {id}")),
        Event::Resolved {
            domain, hosts, took, ..
        } => (
            "MX found",
            format!(
                "{domain} is served by {} (asked in {})",
                hosts.join(", "),
                shown(took)
            ),
        ),
        Event::Connected {
            host,
            address,
            tls,
            took,
        } => {
            let how = tls.unwrap_or("clear text");
            (
                "connected",
                format!("{host} at {address}, {how}, in {}", shown(took)),
            )
        }
        Event::Delivered { reply, age, .. } => (
            DELIVERED,
            format!("{} after it came in; the receiver said: {reply}", shown(age)),
        ),
        Event::Deferred { reply, .. } => ("deferred", reply.to_string()),
        Event::Bounced { reply, .. } => ("bounced", reply.to_string()),
        Event::Unresolved { domain, why, .. } => ("no MX found", format!("{domain}: {why}")),
        Event::Unreachable { host, why, .. } => ("unreachable", format!("{host}: {why}")),
        Event::Noticed { .. } | Event::Held { .. } | Event::Unwanted { .. } | Event::Canceled { .. } => {
            return None;
        }
    };
    Some(Step::now(name, words))
}

const DELIVERED: &str = "delivered";

/// The steps seen so far. `Display` shows them in the order of their moments.
pub struct Journey {
    steps: Vec<Step>,
    events: mpsc::UnboundedReceiver<Step>,
}

impl Journey {
    /// Follows what `events` tell.
    pub fn new(events: mpsc::UnboundedReceiver<Step>) -> Self {
        Self {
            steps: Vec::new(),
            events,
        }
    }

    /// Begins anew, with the start of a client that does what `words` say.
    pub fn begin(&mut self, words: &str) {
        while self.events.try_recv().is_ok() {}
        self.steps = vec![Step::now("handed over", words.to_owned())];
    }

    /// Follows the message until it is delivered and has arrived; what became of its signatures. None when a witness
    /// has gone.
    pub async fn follow(&mut self, arrivals: &mut mpsc::Receiver<Arrival>) -> Option<Vec<SignatureCheck>> {
        let mut signatures = None;
        loop {
            tokio::select! {
                step = self.events.recv() => self.steps.push(step?),
                arrival = arrivals.recv(), if signatures.is_none() => {
                    let arrival = arrival?;
                    self.steps.push(Step { at: arrival.at, name: "verified", words: summary(&arrival) });
                    signatures = Some(arrival.signatures);
                }
            }
            if signatures.is_some() && self.steps.iter().any(|step| step.name == DELIVERED) {
                return signatures;
            }
        }
    }
}

impl fmt::Display for Journey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps: Vec<&Step> = self.steps.iter().collect();
        steps.sort_by_key(|step| step.at);
        let Some(begun) = steps.first().map(|step| step.at) else {
            return Ok(());
        };
        for step in steps {
            let since = shown(step.at.duration_since(begun));
            writeln!(f, "  {since:>9}  {:<11} {}", step.name, step.words)?;
        }
        Ok(())
    }
}

/// What arrived, in one line.
pub fn summary(arrival: &Arrival) -> String {
    let signatures: Vec<String> = arrival
        .signatures
        .iter()
        .map(|check| match &check.result {
            Ok(()) => format!("{} of {} holds", check.algorithm, check.domain),
            Err(why) => format!("{} of {} does not hold: {why}", check.algorithm, check.domain),
        })
        .collect();
    let signatures = if signatures.is_empty() {
        "no signature".to_owned()
    } else {
        signatures.join(", ")
    };
    let tls = arrival.tls.as_deref().unwrap_or("clear text");
    format!("{} octets over {tls}; DKIM: {signatures}", arrival.octets.len())
}

fn shown(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
