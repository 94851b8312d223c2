//! What the customers' HTTP asks, answered by the running server.

use std::sync::Arc;
use std::time::Duration;

use api::{Answer, Draft, MOMENTS_PER_S, Mailing, NotAccepted, Settings};
use ledger::{AccountId, Domain, DomainId, EmailId, Ledger, LedgerError, RecordFinding, StoredReply};
use queue::{
    Body, DeliveryView, Finish, Handling, Owner, QueueError, QueueId, Selector, Submission, Timestamp,
};
use smtp::address::{ForwardPath, ReversePath};
use store::{Batch, StoreError};

use crate::clock;
use crate::config::random_octets;
use crate::desk::{Desk, DeskError, Parcel};
use crate::lifecycle::Lifecycle;
use crate::password::PasswordHash;
use crate::verification::Verifier;
use crate::webhooks::Kick;

/// Deliveries of one e-mail that are looked at: each of its recipients may have one of its own.
const DELIVERIES_MAX: usize = 100;

/// The server, as its customers see it.
pub(crate) struct Platform {
    pub(crate) desk: Arc<Desk>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) settings: Settings,
    /// Of who sends webhooks.
    pub(crate) kick: Kick,
    pub(crate) lifecycle: Lifecycle,
}

impl Platform {
    async fn take(&self, mailing: Mailing) -> Result<StoredReply, DeskError> {
        let Mailing {
            account,
            drafts,
            template,
            slot,
            reply,
        } = mailing;
        let ledger = &self.desk.ledger;
        let mut batch = Batch::new();
        if let Some(template) = &template {
            ledger.store_template(template, drafts.len(), &mut batch).await?;
        }
        let parcels = drafts.into_iter().map(parcel).collect();
        let mut made = None;
        self.desk
            .accept(&account, parcels, None, batch, |dispositions, batch| {
                let reply = reply(dispositions);
                if let Some(slot) = slot {
                    slot.put(&reply, batch);
                }
                // Copies that go nowhere leave nothing behind.
                if let Some(template) = &template {
                    let suppressed =
                        |status: &&ledger::Disposition| **status == ledger::Disposition::Suppressed;
                    for _ in dispositions.iter().filter(suppressed) {
                        ledger.template_left(template.id, batch);
                    }
                }
                made = Some(reply);
            })
            .await?;
        match made {
            Some(reply) => Ok(reply),
            None => unreachable!("the desk accepts nothing without its last word"),
        }
    }
}

fn parcel(draft: Draft) -> Parcel {
    let Draft {
        email,
        context,
        reverse_path,
        recipients,
        octets,
        smtputf8,
    } = draft;
    let received = Timestamp::from_unix_ms(email.created_unix_ms);
    let finish = match email.template {
        Some(template) => Finish::Render(QueueId::from_bytes(template.to_bytes())),
        None => Finish::Compose,
    };
    let submission = Submission {
        id: QueueId::from_bytes(email.id.to_bytes()),
        received,
        reverse_path: ReversePath::Mailbox(reverse_path),
        recipients: recipients.into_iter().map(ForwardPath::from).collect(),
        // What is composed of it is in 7 bits, addresses that need SMTPUTF8 apart.
        eight_bit: smtputf8,
        smtputf8,
        head: bytes::Bytes::new(),
        body: Body::whole(octets),
        due: received,
        handling: Handling {
            owner: Some(Owner(email.account.to_bytes())),
            finish,
            simulated: email.sandbox,
            // Whoever sends over HTTP asks over HTTP.
            silent: true,
        },
    };
    Parcel {
        email,
        context,
        submission,
    }
}

impl api::Platform for Platform {
    fn ledger(&self) -> &Arc<Ledger> {
        &self.desk.ledger
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn now_unix_ms(&self) -> u64 {
        clock::now().unix_ms()
    }

    fn entropy(&self) -> [u8; 32] {
        clock::entropy()
    }

    fn accept(&self, mailing: Mailing) -> Answer<'_, Result<StoredReply, NotAccepted>> {
        Box::pin(async move {
            self.take(mailing).await.map_err(|error| match error {
                DeskError::Queue(QueueError::Store(StoreError::Expectation { .. })) => NotAccepted::KeyTaken,
                DeskError::Queue(QueueError::Store(error @ StoreError::TooLarge { .. })) => {
                    NotAccepted::TooLarge(error.to_string())
                }
                error => NotAccepted::Unavailable(error.to_string()),
            })
        })
    }

    fn waiting(&self, email: EmailId) -> Result<Vec<DeliveryView>, QueueError> {
        let selector = Selector::Message(QueueId::from_bytes(email.to_bytes()));
        Ok(self.desk.queue.list(&selector, None, DELIVERIES_MAX)?.deliveries)
    }

    fn cancel(&self, email: EmailId) -> Answer<'_, Result<u64, QueueError>> {
        Box::pin(async move {
            let selector = Selector::Message(QueueId::from_bytes(email.to_bytes()));
            let chronicle = self.desk.chronicle.as_ref();
            self.desk.queue.cancel(&selector, clock::now(), chronicle).await
        })
    }

    fn verify(&self, account: AccountId, domain: DomainId) -> Answer<'_, Result<Arc<Domain>, LedgerError>> {
        Box::pin(self.verifier.verify(account, domain))
    }

    fn tracking_url(&self, domain: &Domain) -> Option<String> {
        self.verifier.tracking_url(domain)
    }

    fn records(&self, domain: &Domain) -> Vec<RecordFinding> {
        self.verifier.records(domain)
    }

    fn hash_password(&self, password: String) -> Answer<'_, String> {
        Box::pin(async move {
            let hashed = tokio::task::spawn_blocking(move || {
                let salt = random_octets().unwrap_or_else(|_| clock::entropy());
                PasswordHash::new(password.as_bytes(), salt).as_str().to_owned()
            });
            // A password that could not be hashed is one that nobody has.
            hashed
                .await
                .unwrap_or_else(|_| PasswordHash::decoy().as_str().to_owned())
        })
    }

    fn webhooks_due(&self) {
        self.kick.kick();
    }

    fn moment(&self) -> Answer<'_, ()> {
        Box::pin(async {
            let moment = Duration::from_secs(1) / MOMENTS_PER_S;
            // Ends early when the program does.
            let _ = tokio::time::timeout(moment, self.lifecycle.stopped()).await;
        })
    }

    fn limits_changed(&self) {
        let desk = Arc::clone(&self.desk);
        tokio::spawn(async move {
            if let Err(error) = desk.release_held().await {
                tracing::error!(%error, "held mail cannot be released");
            }
        });
    }
}
