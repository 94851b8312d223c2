//! A delivery: one message's recipients behind one domain, with what became of each so far.

use std::sync::Arc;

use smtp::address::{Domain, ForwardPath};

use crate::id::DeliveryId;
use crate::keys::DueKey;
use crate::message::Message;
use crate::time::Timestamp;

/// A claimed delivery. There is never a second value for the same delivery: holding it is the claim.
#[derive(Debug)]
pub struct Delivery {
    /// The message it belongs to.
    pub message: Arc<Message>,
    /// Which of the message's deliveries.
    pub part: u16,
    /// Everything that is stored of it.
    pub state: DeliveryState,
}

/// What a delivery record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryState {
    /// The domain of all its recipients.
    pub domain: Domain,
    /// Attempts already made.
    pub attempts: u32,
    /// When the next attempt is due; its place in the due index.
    pub due: Timestamp,
    /// The recipients, settled ones included.
    pub recipients: Vec<Recipient>,
}

/// One forward-path and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Where to.
    pub forward_path: ForwardPath,
    /// What became of it.
    pub state: RecipientState,
    /// The last thing heard of it: a reply or a reason, shortened.
    pub last_reply: Option<Box<str>>,
}

/// Where a recipient stands. All but `Waiting` are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientState {
    /// Not yet delivered, not yet given up.
    Waiting,
    /// The next hop took it.
    Delivered,
    /// Refused for good, or expired.
    Failed,
    /// Taken out of the queue: by an operator, or because nobody wants it there any more.
    Canceled,
}

impl DeliveryState {
    /// How many recipients still want an attempt.
    pub fn waiting(&self) -> usize {
        self.recipients
            .iter()
            .filter(|recipient| recipient.state == RecipientState::Waiting)
            .count()
    }

    /// Which recipients still want an attempt, by index.
    pub fn waiting_indexes(&self) -> Vec<usize> {
        let recipients = self.recipients.iter().enumerate();
        recipients
            .filter(|(_, recipient)| recipient.state == RecipientState::Waiting)
            .map(|(at, _)| at)
            .collect()
    }
}

impl Recipient {
    /// A recipient of which nothing is known yet.
    pub fn waiting(forward_path: ForwardPath) -> Self {
        Self {
            forward_path,
            state: RecipientState::Waiting,
            last_reply: None,
        }
    }
}

impl Delivery {
    /// Its name.
    pub fn id(&self) -> DeliveryId {
        DeliveryId {
            message: self.message.id,
            part: self.part,
        }
    }

    /// Its place in the due index.
    pub fn due_key(&self) -> DueKey {
        DueKey {
            due: self.state.due,
            id: self.id(),
        }
    }

    /// The recipients that still want an attempt, in order.
    pub fn waiting(&self) -> impl Iterator<Item = &Recipient> {
        self.state
            .recipients
            .iter()
            .filter(|recipient| recipient.state == RecipientState::Waiting)
    }
}
