//! Acceptance: a received message gets its trace header and signatures, and goes to disk before anyone hears of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use queue::limits::INLINE_BODY_BYTES_MAX;
use queue::{Body, Queue, QueueError, QueueId, Submission, Timestamp};
use smtp::command::BodyType;
use smtp::limits::HOPS_MAX;
use smtp::reply::Refusal;
use smtp::server::{Answer, Receipt, Received};
use smtp::trace::{self, TraceInfo};
use store::StoreError;

use super::signing::{Signed, Signing};
use super::{Listener, Shared};
use crate::clock;
use crate::journal::Event;

/// The message that a session is receiving, before it is accepted.
pub(super) struct Incoming {
    shared: Arc<Shared>,
    listener: Arc<Listener>,
    peer: SocketAddr,
    /// The cipher suite, once TLS is active.
    pub(super) cipher: Option<String>,
    message: Option<Partial>,
}

/// Pieces so far. A message that grows large goes to the store piece by piece, so that memory does not grow with it.
struct Partial {
    id: QueueId,
    received: Timestamp,
    body: Body,
    signing: Signing,
    /// The first trouble of the store while spilling; the message is refused at its end.
    failed: Option<StoreError>,
}

impl Incoming {
    pub(super) fn new(peer: SocketAddr, listener: Arc<Listener>, shared: Arc<Shared>) -> Self {
        Self {
            shared,
            listener,
            peer,
            cipher: None,
            message: None,
        }
    }

    /// Takes the next piece of the message being received.
    pub(super) async fn push(&mut self, octets: Bytes) {
        let shared = Arc::clone(&self.shared);
        let partial = self.partial();
        partial.push(octets);
        if partial.body.size > INLINE_BODY_BYTES_MAX {
            partial.spill(&shared.queue).await;
        }
    }

    /// Forgets the message being received.
    pub(super) fn discard(&mut self) {
        let Some(partial) = self.message.take() else {
            return;
        };
        if partial.body.spilled > 0 {
            // What is not removed now is removed at the next start.
            drop(self.shared.queue.discard_spill(partial.id, partial.body.spilled));
        }
    }

    /// Accepts the message, or says why not. A 250 can be built only from the proof that it is on disk.
    pub(super) async fn accept(&mut self, received: Received) -> Answer {
        let partial = self.partial();
        partial.push(received.tail.clone());
        if trace::hop_count(partial.signing.header()) > HOPS_MAX {
            self.discard();
            return self.refuse(Refusal::TooManyHops);
        }
        if let Some(error) = partial.failed.clone() {
            self.discard();
            return self.unavailable(&error);
        }
        let Some(partial) = self.message.take() else {
            unreachable!("a message is being received")
        };
        let submission = self.complete(partial, received).await;
        self.submit(submission).await
    }

    /// The message as it will be stored: signatures, trace header, then the octets as received.
    async fn complete(&self, partial: Partial, received: Received) -> Submission {
        let Partial {
            id,
            received: at,
            body,
            signing,
            ..
        } = partial;
        let envelope = received.envelope;
        let trace = trace::received_header(&TraceInfo {
            hello: &received.hello,
            address: self.peer.ip(),
            reverse_name: None,
            by: &self.listener.session.hostname,
            protocol: received.protocol,
            cipher: self.cipher.as_deref(),
            id: &id.to_string(),
            recipient: match envelope.recipients.as_slice() {
                [only] => Some(only),
                _ => None,
            },
            date: &at.rfc5322(),
        });
        let mut head = self.sign(id, at, signing).await;
        head.extend_from_slice(&trace);
        Submission {
            id,
            received: at,
            reverse_path: envelope.reverse_path,
            recipients: envelope.recipients,
            eight_bit: envelope.body != BodyType::SevenBit,
            smtputf8: envelope.smtputf8,
            head: head.into(),
            body,
        }
    }

    /// An RSA signature takes longer than everything else that happens to a message, so it is made by a thread that
    /// serves nobody else meanwhile.
    async fn sign(&self, id: QueueId, at: Timestamp, signing: Signing) -> Vec<u8> {
        if !signing.is_wanted() {
            return Vec::new();
        }
        let started = Instant::now();
        let signed = tokio::task::spawn_blocking(move || signing.sign(at.unix_ms() / 1000)).await;
        let Ok(Some(Signed {
            fields,
            domain,
            signatures,
        })) = signed
        else {
            tracing::error!(%id, "signing failed; the message goes out unsigned");
            return Vec::new();
        };
        let (domain, took) = (domain.as_str(), started.elapsed());
        self.shared.journal.record(Event::Signed {
            id,
            domain,
            signatures,
            took,
        });
        fields
    }

    async fn submit(&mut self, submission: Submission) -> Answer {
        let started = Instant::now();
        let size = submission.body.size;
        let count = submission.recipients.len();
        let reverse_path = submission.reverse_path.clone();
        match self.shared.queue.submit(submission).await {
            Ok((accepted, deliveries)) => {
                let (id, journal) = (accepted.id(), &self.shared.journal);
                journal.record(Event::Synced {
                    id,
                    took: started.elapsed(),
                });
                let peer = self.peer;
                journal.record(Event::Accepted {
                    id,
                    reverse_path: &reverse_path,
                    recipients: count,
                    size,
                    peer,
                });
                self.shared.metrics.accepted(size);
                self.shared.dispatcher.dispatch(deliveries);
                Answer::Accepted(Receipt::new(&accepted, &id.to_string()))
            }
            Err(QueueError::Store(error)) => self.unavailable(&error),
            Err(error) => {
                tracing::error!(%error, "a message could not be accepted");
                self.refuse(Refusal::LocalError)
            }
        }
    }

    fn unavailable(&self, error: &StoreError) -> Answer {
        match error {
            StoreError::Full(_) => self.refuse(Refusal::StoreFull),
            StoreError::Busy => self.refuse(Refusal::RateExceeded),
            StoreError::Poisoned { .. } => {
                self.shared
                    .lifecycle
                    .fail(format!("a message could not be stored: {error}"));
                self.refuse(Refusal::LocalError)
            }
            error => {
                tracing::error!(%error, "a message could not be stored");
                self.refuse(Refusal::LocalError)
            }
        }
    }

    fn refuse(&self, refusal: Refusal) -> Answer {
        self.shared.metrics.refused(refusal);
        Answer::Refuse(refusal)
    }

    fn partial(&mut self) -> &mut Partial {
        let shared = &self.shared;
        self.message.get_or_insert_with(|| {
            let received = clock::now();
            Partial {
                id: clock::queue_id(received),
                received,
                body: Body::default(),
                signing: Signing::new(shared.signers.load_full()),
                failed: None,
            }
        })
    }
}

impl Partial {
    fn push(&mut self, octets: Bytes) {
        if octets.is_empty() {
            return;
        }
        self.signing.push(&octets);
        self.body.size += octets.len() as u64;
        self.body.pieces.push(octets);
    }

    /// Writes the pieces in memory to the store. The last commit is awaited, which paces the client to the disk.
    async fn spill(&mut self, queue: &Queue) {
        let mut last = None;
        for octets in self.body.pieces.drain(..) {
            last = Some(queue.spill(self.id, self.body.spilled, octets));
            self.body.spilled += 1;
        }
        if let Some(Err(error)) = match last {
            Some(commit) => Some(commit.await),
            None => None,
        } {
            self.failed.get_or_insert(error);
        }
    }
}
