//! Where mail of accounts is taken over, whichever way it comes: what the ledger must know of it and what the queue must
//! do with it become true in one commit.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use ledger::{
    Account, Admission, Disposition, Email, EmailContext, EventKind, Ledger, LedgerError, Outcome,
    OutcomeKind, Tally,
};
use queue::limits::INLINE_BODY_BYTES_MAX;
use queue::{Accepted, Body, Queue, QueueError, QueueId, Submission, Timestamp};
use smtp::address::ForwardPath;
use store::{Batch, CommitFuture, StoreError};
use thiserror::Error;

use crate::chronicle::Chronicle;
use crate::clock;
use crate::journal::{Event, Journal};
use crate::lifecycle::Lifecycle;
use crate::metrics::SessionMetrics;
use crate::outbound::Dispatcher;

/// Octets of bodies in the deciding commit; further bodies of a batch go to the store before it. A batch of the store has
/// 8 MiB, and the records want some of it.
const INLINE_BATCH_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Takes mail over.
pub(crate) struct Desk {
    pub(crate) queue: Arc<Queue>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) chronicle: Arc<Chronicle>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) metrics: SessionMetrics,
    pub(crate) lifecycle: Lifecycle,
    /// Held by who lets held mail go: two at once would stand in each other's way.
    pub(crate) releasing: tokio::sync::Mutex<()>,
}

/// One e-mail and the message that carries it. The desk decides their disposition and their due time together.
pub(crate) struct Parcel {
    pub(crate) email: Email,
    pub(crate) context: EmailContext,
    pub(crate) submission: Submission,
}

/// Why mail was not taken over; nothing of it was.
#[derive(Debug, Error)]
pub(crate) enum DeskError {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<StoreError> for DeskError {
    fn from(error: StoreError) -> Self {
        Self::Queue(error.into())
    }
}

impl Desk {
    /// Takes over mail that is nobody's, from `peer`. The body may have been spilled already.
    ///
    /// # Errors
    /// The store's; then it was not taken over.
    pub(crate) async fn relay(
        &self,
        submission: Submission,
        peer: SocketAddr,
    ) -> Result<Accepted, QueueError> {
        self.commit(vec![submission], Batch::new(), Some(peer), Instant::now())
            .await
    }

    /// Takes over `parcels` of one account in one commit, with `with`, to which `last` adds what depends on what became of
    /// each. The proof comes with the dispositions, in order. `peer` is who handed them over by SMTP.
    ///
    /// # Errors
    /// The store's; then nothing was taken over.
    pub(crate) async fn accept(
        &self,
        account: &Account,
        parcels: Vec<Parcel>,
        peer: Option<SocketAddr>,
        with: Batch,
        last: impl FnOnce(&[Disposition], &mut Batch) + Send,
    ) -> Result<(Accepted, Vec<Disposition>), DeskError> {
        let mut spilled = Vec::new();
        let taken = self
            .take(account, parcels, peer, (with, last), &mut spilled)
            .await;
        if let Err(error) = &taken {
            self.discard(&spilled);
            self.note_failure(error);
        }
        taken
    }

    /// The commits of [`Self::accept`]. What they wrote ahead is named in `spilled`, whatever the outcome.
    async fn take(
        &self,
        account: &Account,
        parcels: Vec<Parcel>,
        peer: Option<SocketAddr>,
        (mut batch, last): (Batch, impl FnOnce(&[Disposition], &mut Batch) + Send),
        spilled: &mut Vec<(QueueId, u16)>,
    ) -> Result<(Accepted, Vec<Disposition>), DeskError> {
        let started = Instant::now();
        let mut admitted = Admitted::default();
        let mut inline = 0;
        let mut ahead = Vec::new();
        for parcel in parcels {
            let submission = self.admit(account, parcel, &mut admitted, &mut batch)?;
            if let Some(mut submission) = submission {
                let size = submission.body.size;
                if size > INLINE_BODY_BYTES_MAX || inline + size > INLINE_BATCH_BYTES_MAX {
                    spilled.push((submission.id, submission.body.piece_count()));
                    ahead.extend(self.spill(submission.id, &mut submission.body));
                } else {
                    inline += size;
                }
                admitted.submissions.push(submission);
            }
        }
        for commit in ahead {
            commit.await?;
        }
        let Admitted {
            submissions,
            admissions,
            dispositions,
            contexts,
            mut tally,
        } = admitted;
        self.ledger.put_charge(account.id, &admissions, &mut batch);
        tally.put(&mut batch);
        last(&dispositions, &mut batch);
        // Before the commit: the first attempt may be over before it is told of here.
        contexts
            .into_iter()
            .for_each(|context| self.chronicle.remember(context));
        let accepted = self.commit(submissions, batch, peer, started).await?;
        admissions.into_iter().for_each(Admission::committed);
        Ok((accepted, dispositions))
    }

    /// The deciding commit; what was accepted is told and sent on its way.
    async fn commit(
        &self,
        submissions: Vec<Submission>,
        batch: Batch,
        peer: Option<SocketAddr>,
        started: Instant,
    ) -> Result<Accepted, QueueError> {
        let told: Vec<_> = submissions.iter().map(Told::of).collect();
        let submitted = self.queue.submit(submissions, batch).await?;
        for told in &told {
            self.tell(told, peer, started);
        }
        self.dispatcher.dispatch(submitted.ready, submitted.later);
        Ok(submitted.accepted)
    }

    /// Lets held e-mails leave as far as their accounts can pay for them, and says how many did.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn release_held(&self) -> Result<usize, DeskError> {
        let _alone = self.releasing.lock().await;
        let mut after = None;
        let mut released = 0;
        // An account that cannot pay for one e-mail is not asked again in this round.
        let mut spent: HashSet<ledger::AccountId> = HashSet::new();
        loop {
            let held = self.ledger.held(after, ledger::limits::RELEASE_BATCH)?;
            let Some(last) = held.last() else {
                return Ok(released);
            };
            after = Some(*last);
            let now = clock::now();
            let (mut batch, mut ids, mut admissions) = (Batch::new(), Vec::new(), Vec::new());
            for (account, email) in held {
                if spent.contains(&account) {
                    continue;
                }
                let Some(owner) = self.ledger.account(account)? else {
                    continue;
                };
                match self.ledger.release(&owner, email, now.unix_ms(), &mut batch)? {
                    Some((admission, disposition)) => {
                        ids.push((QueueId::from_bytes(email.to_bytes()), due(disposition, now)));
                        admissions.push((account, admission));
                    }
                    None => {
                        spent.insert(account);
                    }
                }
            }
            if ids.is_empty() {
                continue;
            }
            for (account, admission) in &admissions {
                self.ledger
                    .put_charge(*account, std::slice::from_ref(admission), &mut batch);
            }
            let due = match self.queue.release(&ids, batch).await {
                Ok(due) => due,
                // Another delivery of one of them was put aside just now: they go in the next round.
                Err(QueueError::Store(StoreError::Expectation { .. })) => continue,
                Err(error) => return Err(error.into()),
            };
            released += ids.len();
            admissions
                .into_iter()
                .for_each(|(_, admission)| admission.committed());
            if let Some(key) = due {
                self.dispatcher.kick(key);
            }
        }
    }

    /// Decides about one e-mail. None when nobody is left to send it to.
    fn admit(
        &self,
        account: &Account,
        parcel: Parcel,
        admitted: &mut Admitted,
        batch: &mut Batch,
    ) -> Result<Option<Submission>, DeskError> {
        let Parcel {
            mut email,
            context,
            mut submission,
        } = parcel;
        let now = submission.received.unix_ms();
        let mut wanted = Vec::with_capacity(submission.recipients.len());
        for forward_path in std::mem::take(&mut submission.recipients) {
            match self.chronicle.unwanted(&context, &forward_path, now)? {
                None => wanted.push(forward_path),
                Some(reason) => {
                    self.leave_out((&context, &email), (&forward_path, reason), now, admitted, batch)
                }
            }
        }
        submission.recipients = wanted;
        if submission.recipients.is_empty() {
            email.disposition = Disposition::Suppressed;
        }
        let charged = submission
            .recipients
            .iter()
            .filter(|path| !self.chronicle.is_simulated(path));
        let charge = if email.sandbox { 0 } else { charged.count() as u64 };
        let admission = self.ledger.admit(account, &mut email, charge, now, batch)?;
        for forward_path in &submission.recipients {
            let happens = (forward_path, accepted_as(email.disposition));
            self.chronicle
                .admitted((&context, &email), happens, now, &mut admitted.tally, batch);
        }
        submission.due = due(email.disposition, submission.received);
        admitted.contexts.push(context);
        admitted.admissions.push(admission);
        admitted.dispositions.push(email.disposition);
        Ok((!submission.recipients.is_empty()).then_some(submission))
    }

    /// A recipient who gets no mail: that is on record.
    fn leave_out(
        &self,
        (context, email): (&EmailContext, &Email),
        (forward_path, reason): (&ForwardPath, String),
        now_unix_ms: u64,
        admitted: &mut Admitted,
        batch: &mut Batch,
    ) {
        let outcome = Outcome {
            address: forward_path.as_str().to_owned(),
            kind: OutcomeKind::Suppressed,
            attempts: 0,
            last_reply: None,
            at_unix_ms: now_unix_ms,
        };
        self.ledger.outcome(context.email, &outcome, batch);
        let happens = (forward_path, EventKind::Suppressed { reason });
        self.chronicle
            .admitted((context, email), happens, now_unix_ms, &mut admitted.tally, batch);
    }

    /// Begins to write a body to the store ahead of the deciding commit: all commits are under way together. What a crash
    /// leaves behind is removed at the next start.
    fn spill(&self, id: QueueId, body: &mut Body) -> Vec<CommitFuture> {
        let pieces = body.pieces.drain(..).map(|octets| {
            body.spilled += 1;
            self.queue.spill(id, body.spilled - 1, octets)
        });
        pieces.collect()
    }

    fn discard(&self, spilled: &[(QueueId, u16)]) {
        for (id, pieces) in spilled {
            // What is not removed now is removed at the next start.
            drop(self.queue.discard_spill(*id, *pieces));
        }
    }

    /// A store that has failed ends the program.
    fn note_failure(&self, error: &DeskError) {
        if matches!(
            error,
            DeskError::Queue(QueueError::Store(StoreError::Poisoned { .. }))
        ) {
            self.lifecycle
                .fail(format!("a message could not be stored: {error}"));
        }
    }

    fn tell(&self, told: &Told, peer: Option<SocketAddr>, started: Instant) {
        self.journal.record(Event::Synced {
            id: told.id,
            took: started.elapsed(),
        });
        self.journal.record(Event::Accepted {
            id: told.id,
            reverse_path: &told.reverse_path,
            recipients: told.recipients,
            size: told.size,
            peer,
        });
        self.metrics.accepted(told.size);
    }
}

/// What an acceptance is as an event.
fn accepted_as(disposition: Disposition) -> EventKind {
    match disposition {
        Disposition::Queued | Disposition::Suppressed => EventKind::Queued { hold: None },
        Disposition::Held(reason) => EventKind::Queued { hold: Some(reason) },
        Disposition::Scheduled(for_unix_ms) => EventKind::Scheduled { for_unix_ms },
    }
}

/// When the first attempt of what is accepted `now` is wanted.
fn due(disposition: Disposition, now: Timestamp) -> Timestamp {
    match disposition {
        Disposition::Queued | Disposition::Suppressed => now,
        Disposition::Scheduled(at) => Timestamp::from_unix_ms(at),
        Disposition::Held(_) => Timestamp::NEVER,
    }
}

/// What has been decided so far.
#[derive(Default)]
struct Admitted {
    submissions: Vec<Submission>,
    admissions: Vec<Admission>,
    dispositions: Vec<Disposition>,
    contexts: Vec<EmailContext>,
    tally: Tally,
}

/// What the journal is told of a message.
struct Told {
    id: QueueId,
    reverse_path: smtp::address::ReversePath,
    recipients: usize,
    size: u64,
}

impl Told {
    fn of(submission: &Submission) -> Self {
        Self {
            id: submission.id,
            reverse_path: submission.reverse_path.clone(),
            recipients: submission.recipients.len(),
            size: submission.body.size,
        }
    }
}
