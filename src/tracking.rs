//! Opens, clicks and unsubscribes: the tokens that are put into e-mails, and what is done when one comes back.
//!
//! **Promise.** A token names an e-mail and nothing else is believed of a URL. Each hit is answered first; one recorder writes
//! hits down in the order in which they came, many to a commit. When hits come faster than that, answers wait: none is
//! dropped.

use std::net::IpAddr;
use std::sync::Arc;

use api::{Answer, Visitor};
use arc_swap::ArcSwap;
use content::tracking::{KeyRing, KeyRingError, Purpose, Token, TokenKey, UnsubscribeFields};
use ledger::limits::{URL_BYTES_MAX, USER_AGENT_BYTES_MAX};
use ledger::{EmailContext, EmailId, HitKind, Ledger, LedgerError, TokenSecret, UnsubscribeSource};
use store::{Batch, Store};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::chronicle::Chronicle;
use crate::clock;

pub(crate) mod actor;
pub(crate) mod homeward;
pub(crate) mod hosts;
pub(crate) mod plan;
mod recorder;

use hosts::Hosts;
use recorder::{Hit, Recorder};

/// Hits that wait to be written down; about 300 octets each, and 3 KiB at most.
const HITS_MAX: usize = 20_000;

// Whatever the ledger keeps makes a ring.
const _: () = assert!(ledger::limits::TOKEN_SECRETS_MAX <= content::tracking::limits::KEYS_MAX);

/// Makes tokens and the URLs with them.
pub(crate) struct Tokens {
    ring: ArcSwap<KeyRing>,
    /// Held by who changes the secrets: the ring is that of the last change.
    changing: tokio::sync::Mutex<()>,
    hosts: Arc<Hosts>,
    /// The host to which reports are sent; none: nothing comes home.
    home: Option<String>,
}

/// Why the secrets of tokens are of no use.
#[derive(Debug, Error)]
pub enum TokensError {
    /// They cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// They make no key ring.
    #[error(transparent)]
    KeyRing(#[from] KeyRingError),
}

impl Tokens {
    pub(crate) async fn load(
        ledger: &Ledger,
        hosts: Arc<Hosts>,
        home: Option<String>,
    ) -> Result<Self, TokensError> {
        let secrets = ledger.token_secrets(clock::entropy()).await?;
        let ring = ArcSwap::from_pointee(ring(&secrets)?);
        Ok(Self {
            ring,
            changing: tokio::sync::Mutex::default(),
            hosts,
            home,
        })
    }

    /// Makes a change of the secrets, and uses those that it leaves: tokens are made with the last, and read with all.
    ///
    /// # Errors
    /// The change's; then nothing is changed here.
    pub(crate) async fn change(
        &self,
        change: impl Future<Output = Result<Vec<TokenSecret>, LedgerError>>,
    ) -> Result<Vec<TokenSecret>, LedgerError> {
        let _alone = self.changing.lock().await;
        let secrets = change.await?;
        let ring = ring(&secrets).map_err(|error| LedgerError::Limit(error.to_string()))?;
        self.ring.store(Arc::new(ring));
        Ok(secrets)
    }

    /// Whether anything can be put into mail at all.
    pub(crate) fn are_wanted(&self) -> bool {
        self.hosts.are_wanted()
    }

    /// A URL of ours; `base` is how it begins.
    fn url(&self, base: &str, (path, purpose): (&str, Purpose), email: EmailId, number: u16) -> String {
        let token = self.ring.load().in_url(&Token {
            purpose,
            email_id: email.to_bytes(),
            number,
        });
        format!("{base}/track/{path}/{token}")
    }

    /// The fields with which mail clients unsubscribe; RFC 8058 wants them to lead to an https URL. Those that cannot post
    /// write to the address.
    fn unsubscribe_fields(&self, base: &str, email: EmailId) -> Option<String> {
        let url = self.url(base, ("u", Purpose::Unsubscribe), email, 0);
        let by_mail = self.unsubscribe_by_mail(email);
        Some(UnsubscribeFields::new(&url, by_mail.as_deref()).ok()?.lines())
    }
}

fn ring(secrets: &[TokenSecret]) -> Result<KeyRing, KeyRingError> {
    let mut keys: Vec<TokenKey> = secrets.iter().map(key).collect();
    let Some(current) = keys.pop() else {
        unreachable!("there is one at least")
    };
    KeyRing::new(&current, &keys)
}

fn key(secret: &TokenSecret) -> TokenKey {
    TokenKey {
        id: secret.id,
        secret: secret.octets,
    }
}

/// What is kept of a text in an event, before it waits: a line of long ones would fill the memory.
fn cut(mut text: String, bytes_max: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes_max));
    text.shrink_to_fit();
    text
}

/// What the public paths lead to.
pub(crate) struct Tracker {
    tokens: Arc<Tokens>,
    chronicle: Arc<Chronicle>,
    store: Arc<dyn Store>,
    hits: mpsc::Sender<Hit>,
}

impl Tracker {
    /// The tracker, and its recorder, which ends with it.
    pub(crate) fn start(
        tokens: Arc<Tokens>,
        chronicle: Arc<Chronicle>,
        store: Arc<dyn Store>,
    ) -> (Self, JoinHandle<()>) {
        let (hits, waiting) = mpsc::channel(HITS_MAX);
        let recorder = Recorder::new(Arc::clone(&chronicle), Arc::clone(&store));
        let recording = tokio::task::spawn_blocking(move || recorder.run(waiting));
        let tracker = Self {
            tokens,
            chronicle,
            store,
            hits,
        };
        (tracker, recording)
    }

    fn read(&self, purpose: Purpose, token: &str) -> Option<(EmailId, u16)> {
        let token = self.tokens.ring.load().read_url(purpose, token).ok()?;
        Some((EmailId::from_bytes(token.email_id), token.number))
    }

    async fn hit(&self, email: EmailId, kind: HitKind, link: Option<(u16, String)>, visitor: Visitor) {
        let hit = Hit {
            email,
            kind,
            link,
            address: Some(visitor.address).filter(|address: &IpAddr| !address.is_unspecified()),
            user_agent: visitor.user_agent.map(|agent| cut(agent, USER_AGENT_BYTES_MAX)),
            reads: visitor.reads,
            at_unix_ms: clock::now().unix_ms(),
        };
        if self.hits.send(hit).await.is_err() {
            tracing::error!(%email, "a hit is lost: its recorder has ended");
        }
    }
}

/// The e-mail and whom it was for; of one for several nobody in particular.
fn subscriber_of(
    chronicle: &Chronicle,
    email: EmailId,
) -> Result<Option<(EmailContext, String)>, LedgerError> {
    let Some((context, mut to)) = chronicle.addressees(email)? else {
        return Ok(None);
    };
    Ok(match to.len() {
        1 => to.pop().map(|address| (context, address)),
        _ => None,
    })
}

async fn write_unsubscribe(
    chronicle: Arc<Chronicle>,
    store: Arc<dyn Store>,
    email: EmailId,
    source: UnsubscribeSource,
) -> Result<bool, LedgerError> {
    let Some((context, address)) = subscriber_of(&chronicle, email)? else {
        return Ok(false);
    };
    let _turn = chronicle.turn(email).await;
    let mut batch = Batch::new();
    chronicle.unsubscribed(&context, &address, source, &mut batch)?;
    if batch.is_empty() {
        return Ok(true);
    }
    store.commit(batch).await?;
    Ok(true)
}

impl api::Tracking for Tracker {
    fn opened<'a>(&'a self, token: &'a str, visitor: Visitor) -> Answer<'a, ()> {
        Box::pin(async move {
            if let Some((email, _)) = self.read(Purpose::Open, token) {
                self.hit(email, HitKind::Open, None, visitor).await;
            }
        })
    }

    fn clicked<'a>(&'a self, token: &'a str, visitor: Visitor) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let (email, number) = self.read(Purpose::Click, token)?;
            let url = self
                .chronicle
                .ledger
                .link(email, number)
                .unwrap_or_else(|error| {
                    tracing::error!(%email, %error, "a link cannot be read");
                    None
                })?;
            let link = Some((number, cut(url.clone(), URL_BYTES_MAX)));
            self.hit(email, HitKind::Click, link, visitor).await;
            Some(url)
        })
    }

    fn subscriber<'a>(&'a self, token: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let (email, _) = self.read(Purpose::Unsubscribe, token)?;
            let found = subscriber_of(&self.chronicle, email).unwrap_or_else(|error| {
                tracing::error!(%email, %error, "an e-mail cannot be read");
                None
            });
            found.map(|(_, address)| address)
        })
    }

    fn unsubscribe<'a>(&'a self, token: &'a str, source: UnsubscribeSource) -> Answer<'a, bool> {
        Box::pin(async move {
            let Some((email, _)) = self.read(Purpose::Unsubscribe, token) else {
                return false;
            };
            // Whoever hangs up has asked all the same, and keeps the turn until it is on record.
            let written = write_unsubscribe(
                Arc::clone(&self.chronicle),
                Arc::clone(&self.store),
                email,
                source,
            );
            let known = tokio::spawn(async move {
                written.await.unwrap_or_else(|error| {
                    tracing::error!(%email, %error, "somebody could not be unsubscribed");
                    false
                })
            });
            known.await.unwrap_or(false)
        })
    }
}
