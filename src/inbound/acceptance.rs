//! Acceptance: a received message gets its trace header and goes to disk before anyone hears of it.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use content::author::author_domain;
use content::header::{block_length, decoded_field};
use ledger::{
    Account, Disposition, DomainId, Email, EmailContext, EmailId, Fingerprint, IdempotencyKey, OpenSlot,
    ReplySlot, Status, StoredReply,
};
use queue::limits::INLINE_BODY_BYTES_MAX;
use queue::{Accepted, Body, Finish, Handling, Owner, Queue, QueueError, QueueId, Submission, Timestamp};
use smtp::command::BodyType;
use smtp::limits::HOPS_MAX;
use smtp::reply::Refusal;
use smtp::server::{Answer, Receipt, Received};
use smtp::trace::{self, TraceInfo};
use store::{Batch, StoreError};

use super::wishes::{self, Wishes};
use super::{Listener, Shared};
use crate::clock;
use crate::desk::{DeskError, Parcel};

/// The message that a session is receiving, before it is accepted.
pub(super) struct Incoming {
    pub(super) shared: Arc<Shared>,
    pub(super) listener: Arc<Listener>,
    peer: SocketAddr,
    /// The cipher suite, once TLS is active.
    pub(super) cipher: Option<String>,
    /// Whose mail it is.
    pub(super) account: Option<Arc<Account>>,
    message: Option<Partial>,
    /// The beginning of the report being received.
    pub(super) report: Vec<u8>,
}

/// Pieces so far. A message that grows large goes to the store piece by piece, so that memory does not grow with it.
struct Partial {
    id: QueueId,
    received: Timestamp,
    body: Body,
    /// The header block with the empty line behind it; all of the first piece when the empty line is not in it.
    header: Bytes,
    /// What the sender asks of us, when somebody reads it.
    wishes: Option<Result<Wishes, Refusal>>,
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
            account: None,
            message: None,
            report: Vec::new(),
        }
    }

    /// Whether the account may send now: a session may be older than a suspension. Whoever has none was let in by the
    /// listener: it is in a trusted network.
    pub(super) fn may_begin(&mut self) -> Answer {
        let Some(account) = &self.account else {
            return Answer::Allow;
        };
        match self.shared.desk.ledger.account(account.id) {
            Ok(Some(account)) if account.status == Status::Active => {
                self.account = Some(account);
                Answer::Allow
            }
            Ok(Some(account)) if account.status == Status::Suspended => {
                self.refuse(Refusal::AccountSuspended)
            }
            Ok(_) => self.refuse(Refusal::SenderDenied),
            Err(error) => {
                tracing::error!(%error, "an account cannot be read");
                self.refuse(Refusal::LocalError)
            }
        }
    }

    /// Takes the next piece of the message being received.
    pub(super) async fn push(&mut self, octets: Bytes) {
        if self.is_of_reports() {
            return self.keep(&octets);
        }
        let shared = Arc::clone(&self.shared);
        let owned = self.account.is_some();
        let partial = self.partial();
        partial.push(octets, owned);
        if partial.body.size > INLINE_BODY_BYTES_MAX {
            partial.spill(&shared.desk.queue).await;
        }
    }

    /// Forgets the message being received.
    pub(super) fn discard(&mut self) {
        self.report = Vec::new();
        if let Some(partial) = self.message.take() {
            self.forget(&partial);
        }
    }

    /// Accepts the message, or says why not. A 250 can be built only from the proof that it is on disk.
    pub(super) async fn accept(&mut self, received: Received) -> Answer {
        if self.is_of_reports() {
            return self.take_home(received).await;
        }
        let owned = self.account.is_some();
        let partial = self.partial();
        partial.push(received.tail.clone(), owned);
        let Some(partial) = self.message.take() else {
            unreachable!("a message is being received")
        };
        if let Some(error) = partial.failed.clone() {
            self.forget(&partial);
            return self.unavailable(&error);
        }
        if trace::hop_count(&partial.header) > HOPS_MAX {
            self.forget(&partial);
            return self.refuse(Refusal::TooManyHops);
        }
        match self.account.clone() {
            Some(account) => self.submit(&account, partial, received).await,
            None => self.relay(partial, received).await,
        }
    }

    /// Mail that is nobody's: it is kept and passed on.
    async fn relay(&mut self, partial: Partial, received: Received) -> Answer {
        let handling = Handling {
            finish: self.shared.finisher.needed_by(&partial.header),
            ..Handling::default()
        };
        let submission = self.submission(partial, received, handling);
        let (id, spilled) = (submission.id, (submission.id, submission.body.spilled));
        match self.shared.desk.relay(submission, self.peer).await {
            Ok(accepted) => receipt(&accepted, id),
            Err(error) => self.failed(spilled, error.into()),
        }
    }

    /// Mail of an account: its rules apply, whichever way it comes.
    async fn submit(&mut self, account: &Account, partial: Partial, received: Received) -> Answer {
        let header = partial.header.clone();
        let (wishes, domain) = match self.wishes_allowed(account, &partial) {
            Ok(allowed) => allowed,
            Err(refusal) => {
                self.forget(&partial);
                return self.refuse(refusal);
            }
        };
        let (id, now) = (partial.id, partial.received.unix_ms());
        let slot = match self.slot(account, wishes.idempotency_key.as_deref(), now).await {
            Ok(slot) => slot,
            Err(answer) => {
                self.forget(&partial);
                return answer;
            }
        };
        let handling = Handling {
            owner: Some(Owner(account.id.to_bytes())),
            finish: Finish::Sign,
            ..Handling::default()
        };
        let submission = self.submission(partial, received, handling);
        let spilled = (submission.id, submission.body.spilled);
        let email = email(account, &submission, &header, wishes);
        let parcel = Parcel {
            context: EmailContext::of(&email, Some(domain)),
            email,
            submission,
        };
        let accepted = self
            .shared
            .desk
            .accept(
                account,
                vec![parcel],
                Some(self.peer),
                Batch::new(),
                |_, batch| {
                    if let Some(slot) = slot {
                        slot.put(&reply_of(id, now), batch);
                    }
                },
            )
            .await;
        match accepted {
            Ok((accepted, _)) => receipt(&accepted, id),
            Err(error) => self.failed(spilled, error),
        }
    }

    /// Nothing was accepted.
    fn failed(&self, spilled: (QueueId, u16), error: DeskError) -> Answer {
        self.drop_spilled(spilled);
        match error {
            DeskError::Queue(QueueError::Store(error)) => self.unavailable(&error),
            error => {
                tracing::error!(%error, "a message could not be accepted");
                self.refuse(Refusal::LocalError)
            }
        }
    }

    /// What the sender asks for, and the domain it is from, if the account may send this at all.
    fn wishes_allowed(&self, account: &Account, partial: &Partial) -> Result<(Wishes, DomainId), Refusal> {
        let author = author_domain(&partial.header).ok_or(Refusal::MessageMalformed)?;
        let domains = self.shared.desk.ledger.domains(account.id).map_err(|error| {
            tracing::error!(%error, "the domains of an account cannot be read");
            Refusal::LocalError
        })?;
        let domain = domains
            .iter()
            .find(|domain| domain.name == author && domain.is_verified())
            .ok_or(Refusal::AuthorNotVerified)?;
        let wishes = partial.wishes.clone().unwrap_or(Err(Refusal::MessageMalformed))?;
        let latest = partial.received.after(api::limits::SCHEDULE_AHEAD).unix_ms();
        match wishes.send_at_unix_ms {
            Some(at) if at > latest => Err(Refusal::WishMalformed),
            _ => Ok((wishes, domain.id)),
        }
    }

    /// The place of the reply to an idempotency key, if there is a key; the answer itself, if the key has had one.
    async fn slot(
        &self,
        account: &Account,
        key: Option<&str>,
        now_unix_ms: u64,
    ) -> Result<Option<OpenSlot>, Answer> {
        let Some(key) = key else { return Ok(None) };
        let key = IdempotencyKey(digest(&["smtp", key]));
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "a reply cannot be read");
            self.refuse(Refusal::LocalError)
        };
        let desk = &self.shared.desk;
        let reply = match desk.ledger.reply(account.id, key, now_unix_ms) {
            Ok(ReplySlot::Open(slot)) => return Ok(Some(slot)),
            Ok(ReplySlot::Taken(reply)) => reply,
            Err(error) => return Err(failed(&error)),
        };
        let id = std::str::from_utf8(&reply.body)
            .ok()
            .and_then(|id| id.parse().ok());
        // Whatever can be read is on disk; a commit of nothing says so.
        match (id, desk.queue.submit(Vec::new(), Batch::new()).await) {
            (Some(id), Ok(submitted)) => Err(receipt(&submitted.accepted, id)),
            (None, _) => Err(failed(&"it holds no id")),
            (_, Err(error)) => Err(failed(&error)),
        }
    }

    /// The message as it will be stored: the trace header, then the octets as received.
    fn submission(&self, partial: Partial, received: Received, handling: Handling) -> Submission {
        let envelope = received.envelope;
        let trace = trace::received_header(&TraceInfo {
            hello: &received.hello,
            address: self.peer.ip(),
            reverse_name: None,
            by: &self.listener.session.hostname,
            protocol: received.protocol,
            cipher: self.cipher.as_deref(),
            id: &partial.id.to_string(),
            recipient: match envelope.recipients.as_slice() {
                [only] => Some(only),
                _ => None,
            },
            date: &partial.received.rfc5322(),
        });
        Submission {
            id: partial.id,
            received: partial.received,
            reverse_path: envelope.reverse_path,
            recipients: envelope.recipients,
            eight_bit: envelope.body != BodyType::SevenBit,
            smtputf8: envelope.smtputf8,
            head: trace.into(),
            body: partial.body,
            due: partial.received,
            handling,
        }
    }

    fn forget(&self, partial: &Partial) {
        self.drop_spilled((partial.id, partial.body.spilled));
    }

    fn drop_spilled(&self, (id, pieces): (QueueId, u16)) {
        if pieces > 0 {
            // What is not removed now is removed at the next start.
            drop(self.shared.desk.queue.discard_spill(id, pieces));
        }
    }

    pub(super) fn unavailable(&self, error: &StoreError) -> Answer {
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

    pub(super) fn refuse(&self, refusal: Refusal) -> Answer {
        self.shared.metrics.refused(refusal);
        Answer::Refuse(refusal)
    }

    fn partial(&mut self) -> &mut Partial {
        self.message.get_or_insert_with(|| {
            let received = clock::now();
            Partial {
                id: clock::queue_id(received),
                received,
                body: Body::default(),
                header: Bytes::new(),
                wishes: None,
                failed: None,
            }
        })
    }
}

impl Partial {
    /// Appends octets; of an account's message the first piece loses the fields that are for us.
    fn push(&mut self, mut octets: Bytes, owned: bool) {
        if octets.is_empty() {
            return;
        }
        if self.body.size == 0 {
            match block_length(&octets) {
                Some(length) if owned => {
                    let (rest, length, wishes) = wishes::take(&octets, length);
                    octets = rest;
                    self.header = octets.slice(..length);
                    self.wishes = Some(wishes.map_err(|_| Refusal::WishMalformed));
                }
                Some(length) => self.header = octets.slice(..length),
                None => self.header = octets.clone(),
            }
        }
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

pub(super) fn receipt(accepted: &Accepted, id: QueueId) -> Answer {
    Answer::Accepted(Receipt::new(accepted, &id.to_string()))
}

/// What stands under an idempotency key over SMTP: the id. The message is not compared: a client that tries again sends it
/// with another date and other boundaries.
fn reply_of(id: QueueId, now_unix_ms: u64) -> StoredReply {
    StoredReply {
        fingerprint: Fingerprint([0; 32]),
        at_unix_ms: now_unix_ms,
        status: 250,
        body: id.to_string().into(),
    }
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for part in parts {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

fn email(account: &Account, submission: &Submission, header: &[u8], wishes: Wishes) -> Email {
    let now = submission.received.unix_ms();
    let message_id = decoded_field(header, "Message-ID").unwrap_or_default();
    Email {
        id: EmailId::from_bytes(submission.id.to_bytes()),
        account: account.id,
        disposition: match wishes.send_at_unix_ms {
            Some(at) if at > now => Disposition::Scheduled(at),
            _ => Disposition::Queued,
        },
        sandbox: false,
        stream: wishes.stream,
        track_opens: wishes.track_opens,
        track_clicks: wishes.track_clicks,
        to: submission
            .recipients
            .iter()
            .map(|path| path.as_str().to_owned())
            .collect(),
        created_unix_ms: now,
        message_id: message_id.trim_matches(['<', '>']).to_owned(),
        template: None,
        from: decoded_field(header, "From").unwrap_or_default(),
        subject: decoded_field(header, "Subject").unwrap_or_default(),
        tag: wishes.tag,
        metadata: wishes.metadata,
    }
}
