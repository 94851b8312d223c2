//! Where mail of accounts is taken over, whichever way it comes: what the ledger must know of it and what the queue must
//! do with it become true in one commit.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use ledger::{Account, Admission, Disposition, Email, Ledger, LedgerError, Outcome, OutcomeKind};
use queue::limits::INLINE_BODY_BYTES_MAX;
use queue::{Accepted, Body, Queue, QueueError, QueueId, Submission, Timestamp};
use smtp::address::ForwardPath;
use store::{Batch, CommitFuture, StoreError};
use thiserror::Error;

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
    pub(crate) dispatcher: Dispatcher,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) metrics: SessionMetrics,
    pub(crate) lifecycle: Lifecycle,
    /// Mail to this domain goes nowhere and costs nothing.
    pub(crate) simulator_domain: String,
}

/// One e-mail and the message that carries it. The desk decides their disposition and their due time together.
pub(crate) struct Parcel {
    pub(crate) email: Email,
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
    /// Takes over `parcels` of one account in one commit, with `with`, to which `last` adds what depends on what became of
    /// each. The proof comes with the dispositions, in order.
    ///
    /// # Errors
    /// The store's; then nothing was taken over.
    pub(crate) async fn accept(
        &self,
        account: &Account,
        parcels: Vec<Parcel>,
        with: Batch,
        last: impl FnOnce(&[Disposition], &mut Batch) + Send,
    ) -> Result<(Accepted, Vec<Disposition>), DeskError> {
        let started = Instant::now();
        let mut batch = with;
        let mut taken = Taken::default();
        let mut inline = 0;
        let mut ahead = Vec::new();
        for parcel in parcels {
            let submission = self.admit(account, parcel, &mut taken, &mut batch)?;
            if let Some(mut submission) = submission {
                inline += submission.body.size;
                if submission.body.size > INLINE_BODY_BYTES_MAX || inline > INLINE_BATCH_BYTES_MAX {
                    inline -= submission.body.size;
                    taken.spilled.push((submission.id, submission.body.piece_count()));
                    ahead.extend(self.spill(submission.id, &mut submission.body));
                }
                taken.submissions.push(submission);
            }
        }
        for commit in ahead {
            if let Err(error) = commit.await {
                self.discard(&taken.spilled);
                return Err(error.into());
            }
        }
        self.ledger.put_charge(account.id, &taken.admissions, &mut batch);
        last(&taken.dispositions, &mut batch);
        let told: Vec<_> = taken.submissions.iter().map(Told::of).collect();
        let submitted = match self.queue.submit(taken.submissions, batch).await {
            Ok(submitted) => submitted,
            Err(error) => {
                self.discard(&taken.spilled);
                self.note_failure(&error);
                return Err(error.into());
            }
        };
        taken.admissions.into_iter().for_each(Admission::committed);
        for told in &told {
            self.tell(told, started);
        }
        self.dispatcher.dispatch(submitted.ready, submitted.later);
        Ok((submitted.accepted, taken.dispositions))
    }

    /// Lets held e-mails leave as far as their accounts can pay for them, and says how many did.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn release_held(&self) -> Result<usize, DeskError> {
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
                    Some(admission) => {
                        ids.push(QueueId::from_bytes(email.to_bytes()));
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
            let due = self.queue.release(&ids, now, batch).await?;
            released += ids.len();
            admissions
                .into_iter()
                .for_each(|(_, admission)| admission.committed());
            if let Some(key) = due {
                self.dispatcher.kick(key);
            }
        }
    }

    /// Whether mail to this address goes nowhere.
    pub(crate) fn is_simulated(&self, forward_path: &ForwardPath) -> bool {
        forward_path.domain().as_str() == self.simulator_domain
    }

    /// Decides about one e-mail. None when nobody is left to send it to.
    fn admit(
        &self,
        account: &Account,
        parcel: Parcel,
        taken: &mut Taken,
        batch: &mut Batch,
    ) -> Result<Option<Submission>, DeskError> {
        let Parcel {
            mut email,
            mut submission,
        } = parcel;
        let now = submission.received.unix_ms();
        let (unwanted, wanted): (Vec<_>, Vec<_>) = submission
            .recipients
            .into_iter()
            .partition(|path| self.is_suppressed(path));
        submission.recipients = wanted;
        for forward_path in unwanted {
            let outcome = Outcome {
                address: forward_path.as_str().to_owned(),
                kind: OutcomeKind::Suppressed,
                attempts: 0,
                last_reply: None,
                at_unix_ms: now,
            };
            self.ledger.outcome(email.id, &outcome, batch);
        }
        if submission.recipients.is_empty() {
            email.disposition = Disposition::Suppressed;
        }
        let charged = submission
            .recipients
            .iter()
            .filter(|path| !self.is_simulated(path));
        let charge = if email.sandbox { 0 } else { charged.count() as u64 };
        let admission = self.ledger.admit(account, &mut email, charge, now, batch)?;
        submission.due = match email.disposition {
            Disposition::Queued | Disposition::Suppressed => submission.received,
            Disposition::Scheduled(at) => Timestamp::from_unix_ms(at),
            Disposition::Held(_) => Timestamp::NEVER,
        };
        taken.admissions.push(admission);
        taken.dispositions.push(email.disposition);
        Ok((!submission.recipients.is_empty()).then_some(submission))
    }

    /// Whether the address wants no mail.
    fn is_suppressed(&self, forward_path: &ForwardPath) -> bool {
        let local_part = forward_path.as_str().split(['@', '+']).next().unwrap_or_default();
        self.is_simulated(forward_path) && local_part.eq_ignore_ascii_case("suppressed")
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
    fn note_failure(&self, error: &QueueError) {
        if matches!(error, QueueError::Store(StoreError::Poisoned { .. })) {
            self.lifecycle
                .fail(format!("a message could not be stored: {error}"));
        }
    }

    fn tell(&self, told: &Told, started: Instant) {
        self.journal.record(Event::Synced {
            id: told.id,
            took: started.elapsed(),
        });
        self.journal.record(Event::Accepted {
            id: told.id,
            reverse_path: &told.reverse_path,
            recipients: told.recipients,
            size: told.size,
            peer: None,
        });
        self.metrics.accepted(told.size);
    }
}

/// What has been decided so far.
#[derive(Default)]
struct Taken {
    submissions: Vec<Submission>,
    admissions: Vec<Admission>,
    dispositions: Vec<Disposition>,
    spilled: Vec<(QueueId, u16)>,
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
