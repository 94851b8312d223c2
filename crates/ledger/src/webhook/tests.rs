//! Webhooks over the memory engine: what holds from the recording of an event to the end of its last attempt.

mod endpoints;
mod fetch;
mod journey;
mod replay;
mod signature;

use std::sync::Arc;

use store::{Batch, Store, open_memory};

use super::destination::{Destination, Policy};
use super::*;
use crate::tests::{NOW, at_once, create, request};
use crate::{Account, Ledger};

/// A ledger with an account, and a clock that only the test moves.
struct World {
    store: Arc<dyn Store>,
    ledger: Ledger,
    account: Arc<Account>,
}

impl World {
    fn new() -> Self {
        let store = open_memory();
        let ledger = Ledger::new(Arc::clone(&store));
        let account = at_once(create(&ledger, "a@b.example", 1)).unwrap();
        Self {
            store,
            ledger,
            account,
        }
    }

    fn endpoint(&self, number: u8, ordered: bool) -> Arc<Endpoint> {
        let new = new_endpoint(number, ordered);
        at_once(self.ledger.create_webhook(&self.account, new, &request(number))).unwrap()
    }

    fn enqueue(&self, endpoint: &Endpoint, id: MessageId) {
        let mut batch = Batch::new();
        self.ledger.enqueue_webhook(endpoint, id, &payload(), &mut batch);
        at_once(self.store.commit(batch)).unwrap();
    }

    /// Takes everything that is due, as a process that has just started does.
    fn take(&self, now: u64) -> Vec<Delivery> {
        let mut taken: Vec<Delivery> = Vec::new();
        let mut tidy = Batch::new();
        let due = self.ledger.due_webhooks(0, None, now, 1000).unwrap();
        for entry in due.entries {
            let busy = |other: &Delivery| other.endpoint.id == entry.endpoint() && other.entry.is_line();
            if entry.is_line() && taken.iter().any(busy) {
                self.ledger.dismiss_webhook(&entry, &mut tidy);
                continue;
            }
            taken.extend(self.ledger.take_webhook(&entry, now, &mut tidy).unwrap());
        }
        at_once(self.ledger.tidy_webhooks(tidy)).unwrap();
        taken
    }

    fn settle(&self, delivery: &Delivery, attempted: &Attempted, now: u64) -> Settled {
        let mut entropy = [0; 14];
        // Attempts of one moment are told apart by their message and number.
        entropy[..4].copy_from_slice(&delivery.message.to_bytes()[12..]);
        entropy[4] = u8::try_from(delivery.number).unwrap();
        at_once(self.ledger.settle_webhook(delivery, attempted, entropy, now)).unwrap()
    }

    fn attempts(&self, endpoint: &Endpoint) -> Vec<Attempt> {
        self.ledger
            .webhook_attempts(self.account.id, endpoint.id, None, 1000)
            .unwrap()
    }

    /// When the next entry of the due index is due.
    fn next_due(&self) -> Option<u64> {
        match self.ledger.due_webhooks(0, None, 0, 1).unwrap().next {
            Next::At(due) => Some(due),
            Next::More | Next::Nothing => None,
        }
    }
}

fn new_endpoint(number: u8, ordered: bool) -> NewEndpoint {
    NewEndpoint {
        id: WebhookId::new(NOW, [number; 10]),
        destination: Some(Destination::parse("https://hooks.example/in?key=k", &Policy::default()).unwrap()),
        name: "Name".into(),
        events: EventFilter::default(),
        domain_ids: Vec::new(),
        is_active: true,
        ordered,
        secret: Secret::new([number; 32]),
    }
}

/// The message of an event that happened `after_ms` behind [`NOW`].
fn message(after_ms: u64) -> MessageId {
    MessageId::new(NOW + after_ms, [7; 10])
}

fn payload() -> Payload {
    Payload::new("email.delivered", NOW, r#"{"email_id":"x"}"#).unwrap()
}

fn answered(status: u16, now: u64) -> Attempted {
    Attempted {
        started_unix_ms: now,
        duration_ms: 12,
        result: Ok(Response {
            status,
            retry_after_ms: None,
            excerpt: "what the endpoint said".into(),
        }),
    }
}

fn messages(deliveries: &[Delivery]) -> Vec<MessageId> {
    deliveries.iter().map(|delivery| delivery.message).collect()
}
