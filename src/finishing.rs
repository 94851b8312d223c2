//! The last thing that is done to a message before it leaves: what came over HTTP is composed, a copy of a bulk mail is
//! rendered, links and the picture are put in where they are wanted, and whatever is to be signed is signed.
//!
//! It is done when the message is due and not when it is accepted: this costs more than everything else that happens to a
//! message, and nobody who waits for a 250 should wait for it. What is made is kept with the message until the last of
//! its deliveries leaves memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use api::{Edits, Rendering, compose_stored};
use arc_swap::ArcSwap;
use bytes::Bytes;
use content::author::author_domain;
use content::dkim::{BodyHash, PrivateKey, SelectedKey, Signer, Signers};
use content::header::block_length;
use ledger::{AccountId, EmailId, Ledger, LedgerError};
use queue::{Delivery, Finish, Finished, Message, Owner, Queue, QueueError, QueueId, Reason, Verdict};
use smtp::address::ReversePath;
use store::{Batch, Store, StoreError};
use thiserror::Error;
use workers::Workers;

use crate::clock;
use crate::journal::{Event, Journal};
use crate::tracking::Tokens;
use crate::tracking::plan::EmailPlan;

mod workers;

/// Signers of accounts' domains kept in memory.
const SIGNERS_MAX: usize = 1_000;
/// Templates kept in memory; each has at most the size of a request.
const TEMPLATES_MAX: usize = 8;

/// Finishes messages.
pub(crate) struct Finisher {
    queue: Arc<Queue>,
    ledger: Arc<Ledger>,
    journal: Arc<dyn Journal>,
    /// The signers of the configuration, for mail without an account.
    signers: ArcSwap<Signers>,
    accounts: Mutex<Known<(AccountId, String), Signer>>,
    templates: Mutex<Known<QueueId, Rendering>>,
    workers: Workers,
    store: Arc<dyn Store>,
    tokens: Arc<Tokens>,
}

/// What was made lately, of the ledger's state at one moment.
struct Known<K, V> {
    generation: u64,
    entries: HashMap<K, Arc<V>>,
}

/// Why a message cannot leave.
#[derive(Debug, Error)]
enum Unfinished {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("its author's domain is not one of the account's any more")]
    NoDomain,
    #[error("a signing key of {0} cannot be used")]
    Key(String),
    #[error("its template is gone")]
    NoTemplate,
    #[error("it cannot be composed: {0}")]
    Source(String),
    #[error("finishing it failed")]
    Bug,
}

impl Unfinished {
    /// What becomes of the recipients: another attempt can help where the store is the trouble.
    fn verdict(self) -> Verdict {
        let text = format!("the message was not sent: {self}");
        match self {
            Self::Queue(_) | Self::Ledger(_) | Self::Store(_) | Self::Bug => Verdict::Deferred(Reason {
                status: "4.3.0".into(),
                text,
            }),
            Self::NoDomain | Self::Key(_) => Verdict::Refused(Reason {
                status: "5.7.1".into(),
                text,
            }),
            Self::NoTemplate | Self::Source(_) => Verdict::Refused(Reason {
                status: "5.6.0".into(),
                text,
            }),
        }
    }
}

impl Finisher {
    pub(crate) fn new(
        queue: Arc<Queue>,
        ledger: Arc<Ledger>,
        journal: Arc<dyn Journal>,
        (store, tokens): (Arc<dyn Store>, Arc<Tokens>),
        signers: Signers,
    ) -> Self {
        Self {
            queue,
            ledger,
            journal,
            store,
            tokens,
            signers: ArcSwap::from_pointee(signers),
            accounts: Mutex::new(Known::new()),
            templates: Mutex::new(Known::new()),
            workers: Workers::start(),
        }
    }

    /// Other keys sign for mail without an account from now on.
    pub(crate) fn replace_signers(&self, signers: Signers) {
        self.signers.store(Arc::new(signers));
    }

    /// What is to be done to a relayed message with this header.
    pub(crate) fn needed_by(&self, header: &[u8]) -> Finish {
        match self.signers.load().for_header(header) {
            Some(_) => Finish::Sign,
            None => Finish::AsStored,
        }
    }

    /// Does what is left to do.
    ///
    /// # Errors
    /// What becomes of the recipients of a message that cannot leave.
    pub(crate) async fn finish(self: &Arc<Self>, message: &Arc<Message>) -> Result<(), Verdict> {
        if message.handling.finish == Finish::AsStored || message.finished().is_some() {
            return Ok(());
        }
        let (finisher, made_of) = (Arc::clone(self), Arc::clone(message));
        let made = self.workers.run(move || finisher.make(&made_of)).await;
        let finished = match made.unwrap_or(Err(Unfinished::Bug)) {
            Ok(made) => self.keep(message, made).await,
            Err(why) => Err(why),
        };
        finished.map_err(|why| {
            tracing::warn!(id = %message.id, %why, "a message cannot leave");
            why.verdict()
        })
    }

    /// Where the links lead is on disk before anybody can follow them.
    async fn keep(&self, message: &Message, made: Made) -> Result<(), Unfinished> {
        if !made.links.is_empty() {
            let mut batch = Batch::new();
            let email = EmailId::from_bytes(message.id.to_bytes());
            self.ledger.put_links(email, &made.links, &mut batch);
            self.store.commit(batch).await?;
        }
        message.keep_finished(made.finished);
        Ok(())
    }

    fn make(&self, message: &Message) -> Result<Made, Unfinished> {
        let stored = self.stored(message)?;
        let owner = message.handling.owner.map(|Owner(id)| AccountId::from_bytes(id));
        let plan = match owner {
            Some(account) => self.plan(account, message.id)?,
            None => None,
        };
        let mut links = Vec::new();
        let mut html = |html: &str| match &plan {
            Some(plan) => {
                let (html, inserted) = plan.html(html);
                links = inserted.links;
                html
            }
            None => html.to_owned(),
        };
        let edits = Edits {
            html: &mut html,
            unsubscribe_url: plan.as_ref().and_then(EmailPlan::unsubscribe_url),
        };
        let pieces: Arc<[Bytes]> = match message.handling.finish {
            Finish::AsStored => stored,
            Finish::Sign => match plan.as_ref().and_then(|plan| edited(plan, &stored)) {
                Some((octets, followed)) => {
                    links = followed;
                    Arc::from([Bytes::from(octets)])
                }
                None => stored,
            },
            Finish::Render(template) => {
                let template = self.rendering(template)?;
                made(template.render(message.id, &joined(&stored), edits))?
            }
            Finish::Compose => made(compose_stored(message.id, &joined(&stored), edits))?,
        };
        let pieces = match &plan {
            Some(plan) => with_fields(plan, pieces),
            None => pieces,
        };
        let mut head = self.sign(message.id, owner, &pieces)?;
        head.extend_from_slice(&message.head);
        let return_host = match owner {
            Some(account) => self.return_host(account, &pieces)?,
            None => None,
        };
        Ok(Made {
            finished: Finished {
                head: head.into(),
                pieces,
                return_host,
            },
            links,
        })
    }

    /// With which reverse path a delivery leaves. What is said about mail of accounts comes home, if there is a home; mail
    /// that has no reverse path gets none, since nobody is to be told of it.
    pub(crate) fn reverse_path(&self, delivery: &Delivery) -> ReversePath {
        let message = &delivery.message;
        let host = message
            .finished()
            .and_then(|finished| finished.return_host.as_deref());
        let home = host.filter(|_| !message.reverse_path.is_null()).and_then(|host| {
            let recipients = delivery
                .waiting()
                .map(|recipient| recipient.forward_path.as_str());
            let email = EmailId::from_bytes(message.id.to_bytes());
            self.tokens.return_path(email, recipients, host)
        });
        home.unwrap_or_else(|| message.reverse_path.clone())
    }

    /// The host to which reports about an account's message go: its author's domain's own, else the installation's.
    fn return_host(&self, account: AccountId, pieces: &[Bytes]) -> Result<Option<Box<str>>, Unfinished> {
        let Some(home) = self.tokens.home() else {
            return Ok(None);
        };
        let author = pieces.first().and_then(|first| {
            let header = first.get(..block_length(first)?)?;
            author_domain(header)
        });
        let domains = self.ledger.domains(account)?;
        let own = domains
            .iter()
            .find(|domain| domain.is_verified() && author.as_ref() == Some(&domain.name))
            .and_then(|domain| domain.return_host());
        Ok(Some(own.unwrap_or(home).into()))
    }

    /// What is put into an e-mail of `account`, if anything is.
    fn plan(&self, account: AccountId, id: QueueId) -> Result<Option<EmailPlan>, Unfinished> {
        if !self.tokens.are_wanted() {
            return Ok(None);
        }
        let email = self.ledger.email(account, EmailId::from_bytes(id.to_bytes()))?;
        let (Some(email), Some(account)) = (email, self.ledger.account(account)?) else {
            return Ok(None);
        };
        let domains = self.ledger.domains(account.id)?;
        let domain = self.ledger.domain_of(&email)?;
        let plan =
            domain.and_then(|domain| EmailPlan::new(&self.tokens, &email, &account, (&domain, domains)));
        Ok(plan.filter(|plan| !plan.is_empty()))
    }

    /// The octets as they are stored, from memory if they are there.
    fn stored(&self, message: &Message) -> Result<Arc<[Bytes]>, QueueError> {
        match message.resident_body() {
            Some(pieces) => Ok(pieces),
            None => (0..message.pieces)
                .map(|piece| self.queue.piece(message, piece))
                .collect(),
        }
    }

    fn sign(&self, id: QueueId, owner: Option<AccountId>, pieces: &[Bytes]) -> Result<Vec<u8>, Unfinished> {
        let started = Instant::now();
        let first = pieces.first().map(Bytes::as_ref).unwrap_or_default();
        // A header larger than a piece, which no honest one is, is not signed.
        let Some(end) = block_length(first) else {
            return Ok(Vec::new());
        };
        let (header, begun) = first.split_at(end);
        let Some(signer) = self.signer(owner, header)? else {
            return Ok(Vec::new());
        };
        let mut hash = BodyHash::new();
        hash.push(begun);
        pieces.iter().skip(1).for_each(|piece| hash.push(piece));
        let fields = signer.sign(header, &hash.finish(), clock::now().unix_ms() / 1000);
        self.journal.record(Event::Signed {
            id,
            domain: signer.domain(),
            signatures: signer.keys().count(),
            took: started.elapsed(),
        });
        Ok(fields)
    }

    /// Who signs for the author: of an account's mail the account's own domain, else the configuration.
    fn signer(&self, owner: Option<AccountId>, header: &[u8]) -> Result<Option<Arc<Signer>>, Unfinished> {
        let configured = || self.signers.load().for_header(header).cloned();
        let Some(account) = owner else {
            return Ok(configured());
        };
        let Some(author) = author_domain(header) else {
            return Ok(None);
        };
        match self.account_signer(account, author)? {
            Some(signer) => Ok(Some(signer)),
            None => configured().map(Some).ok_or(Unfinished::NoDomain),
        }
    }

    fn account_signer(&self, account: AccountId, name: String) -> Result<Option<Arc<Signer>>, Unfinished> {
        let generation = self.ledger.generation();
        let key = (account, name);
        if let Some(signer) = lock(&self.accounts).at(generation).get(&key) {
            return Ok(Some(Arc::clone(signer)));
        }
        let domains = self.ledger.domains(account)?;
        let Some(domain) = domains.iter().find(|domain| domain.name == key.1) else {
            return Ok(None);
        };
        let unusable = || Unfinished::Key(domain.name.clone());
        let keys = domain.signing_keys().map(|key| {
            let private = PrivateKey::from_pem(&key.private_key_pem).map_err(|_| unusable())?;
            Ok(SelectedKey::new(&key.selector, private))
        });
        let keys: Vec<SelectedKey> = keys.collect::<Result<_, Unfinished>>()?;
        let signer = Arc::new(Signer::new(&domain.name, keys).map_err(|_| unusable())?);
        lock(&self.accounts).keep(generation, key, &signer, SIGNERS_MAX);
        Ok(Some(signer))
    }

    fn rendering(&self, template: QueueId) -> Result<Arc<Rendering>, Unfinished> {
        // A template never changes: whatever the ledger's state, what was made of it holds.
        if let Some(rendering) = lock(&self.templates).entries.get(&template) {
            return Ok(Arc::clone(rendering));
        }
        let stored = self.ledger.template(EmailId::from_bytes(template.to_bytes()))?;
        let stored = stored.ok_or(Unfinished::NoTemplate)?;
        let rendering = Arc::new(Rendering::read(&stored.content).map_err(Unfinished::Source)?);
        lock(&self.templates).keep(0, template, &rendering, TEMPLATES_MAX);
        Ok(rendering)
    }
}

impl<K: Eq + std::hash::Hash, V> Known<K, V> {
    fn new() -> Self {
        Self {
            generation: 0,
            entries: HashMap::new(),
        }
    }

    /// What is known of the ledger's state `generation`.
    fn at(&mut self, generation: u64) -> &HashMap<K, Arc<V>> {
        if self.generation != generation {
            self.entries.clear();
            self.generation = generation;
        }
        &self.entries
    }

    fn keep(&mut self, generation: u64, key: K, value: &Arc<V>, max: usize) {
        self.at(generation);
        if self.entries.len() >= max {
            self.entries.clear();
        }
        self.entries.insert(key, Arc::clone(value));
    }
}

/// A message that is ready to leave, once it is known where its links lead.
struct Made {
    finished: Finished,
    links: Vec<String>,
}

/// A message that its sender composed, if anything is put into it: only what is in one piece is looked at. Larger ones
/// are mostly attachments, and would have to be in memory as a whole.
fn edited(plan: &EmailPlan, stored: &[Bytes]) -> Option<(Vec<u8>, Vec<String>)> {
    let [octets] = stored else { return None };
    let (octets, inserted) = plan.message(octets)?;
    Some((octets, inserted.links))
}

/// With the fields by which mail clients unsubscribe before the others.
fn with_fields(plan: &EmailPlan, pieces: Arc<[Bytes]>) -> Arc<[Bytes]> {
    let first = pieces.first().map(Bytes::as_ref).unwrap_or_default();
    let header = block_length(first).and_then(|end| first.get(..end));
    let Some(fields) = header.and_then(|header| plan.fields(header)) else {
        return pieces;
    };
    let first = [fields.as_bytes(), first].concat();
    std::iter::once(Bytes::from(first))
        .chain(pieces.iter().skip(1).cloned())
        .collect()
}

/// The stored octets in one piece, which they are in most cases.
fn joined(pieces: &[Bytes]) -> Bytes {
    match pieces {
        [piece] => piece.clone(),
        pieces => pieces.concat().into(),
    }
}

fn made(octets: Result<Vec<u8>, String>) -> Result<Arc<[Bytes]>, Unfinished> {
    let octets = octets.map_err(Unfinished::Source)?;
    Ok(Arc::from([Bytes::from(octets)]))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
