//! An endpoint: where an account wants to be told of its events.

use bytes::Bytes;
use store::{RecordError, RecordReader, RecordWriter};

use super::WebhookId;
use super::destination::Destination;
use super::filter::EventFilter;
use super::secret::Secret;
use crate::id::{AccountId, DomainId};
use crate::limits::{WEBHOOK_SECRET_OVERLAP_MS, WEBHOOK_SECRETS_MAX};

const VERSION: u8 = 1;

/// Where an account wants to be told of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: WebhookId,
    /// Whose it is.
    pub account: AccountId,
    /// Where requests go. It was a [`Destination`] when it was set; it is parsed again for each attempt, since what is
    /// allowed may have changed. Empty when its owner [fetches](Self::is_fetched) the messages.
    pub url: String,
    /// Its name, for people.
    pub name: String,
    /// Of which kinds of events it is told.
    pub events: EventFilter,
    /// Of whose events it is told: these domains', or all when there is none.
    pub domain_ids: Vec<DomainId>,
    /// Whether it is told of anything.
    pub is_active: bool,
    /// Why it was disabled, unless its owner did it.
    pub disabled_reason: Option<DisabledReason>,
    /// What its requests are signed with, the current one first.
    pub secrets: Vec<SigningSecret>,
    /// Whether events come one at a time, oldest first: an event then waits until those before it are delivered or given
    /// up.
    pub ordered: bool,
    /// When it was added, in milliseconds since the epoch.
    pub created_unix_ms: u64,
    /// When it was last changed, in milliseconds since the epoch.
    pub updated_unix_ms: u64,
}

/// Why an endpoint was disabled without its owner asking for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledReason {
    /// It answered 410.
    Gone,
    /// It had answered nothing but failures for [`WEBHOOK_FAILING_MS`](crate::limits::WEBHOOK_FAILING_MS).
    Failing,
}

/// A secret, and how long it signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningSecret {
    /// The secret.
    pub secret: Secret,
    /// When it was given, in milliseconds since the epoch.
    pub created_unix_ms: u64,
    /// When it ends to sign, if it was replaced.
    pub expires_unix_ms: Option<u64>,
}

/// What an endpoint is made of. Names and lists were checked by the caller against [`limits`](crate::limits).
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// Its id.
    pub id: WebhookId,
    /// Where requests go; none when its owner fetches the messages.
    pub destination: Option<Destination>,
    /// Its name, for people.
    pub name: String,
    /// Of which kinds of events it is told.
    pub events: EventFilter,
    /// Of whose events.
    pub domain_ids: Vec<DomainId>,
    /// Whether it is told of anything.
    pub is_active: bool,
    /// Whether events come one at a time.
    pub ordered: bool,
    /// What its requests are signed with.
    pub secret: Secret,
}

impl DisabledReason {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

impl Endpoint {
    pub(super) fn new(new: NewEndpoint, account: AccountId, now_unix_ms: u64) -> Self {
        Self {
            id: new.id,
            account,
            url: new
                .destination
                .map_or_else(String::new, |destination| destination.as_str().to_owned()),
            name: new.name,
            events: new.events,
            domain_ids: new.domain_ids,
            is_active: new.is_active,
            disabled_reason: None,
            secrets: vec![SigningSecret::new(new.secret, now_unix_ms)],
            ordered: new.ordered,
            created_unix_ms: now_unix_ms,
            updated_unix_ms: now_unix_ms,
        }
    }

    /// Whether it is told of an event of this kind, of mail from `domain`.
    pub fn wants(&self, event_type: &str, domain: Option<DomainId>) -> bool {
        let of_domain = self.domain_ids.is_empty() || domain.is_some_and(|id| self.domain_ids.contains(&id));
        self.is_active && of_domain && self.events.admits(event_type)
    }

    /// Whether its messages wait until they are fetched: nothing is sent.
    pub fn is_fetched(&self) -> bool {
        self.url.is_empty()
    }

    /// The secrets that sign at `now_unix_ms`.
    pub fn signing_secrets(&self, now_unix_ms: u64) -> impl Iterator<Item = &Secret> {
        self.secrets
            .iter()
            .filter(move |secret| secret.expires_unix_ms.is_none_or(|expires| now_unix_ms < expires))
            .map(|secret| &secret.secret)
    }

    /// Makes `secret` the current one; the one before it signs on for a while.
    pub(super) fn rotate(&mut self, secret: Secret, now_unix_ms: u64) {
        let until = now_unix_ms.saturating_add(WEBHOOK_SECRET_OVERLAP_MS);
        for old in &mut self.secrets {
            old.expires_unix_ms.get_or_insert(until);
        }
        self.secrets
            .retain(|old| old.expires_unix_ms.is_some_and(|expires| now_unix_ms < expires));
        self.secrets.insert(0, SigningSecret::new(secret, now_unix_ms));
        self.secrets.truncate(WEBHOOK_SECRETS_MAX);
    }

    pub(super) fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 256 + self.url.len());
        out.array(&self.id.to_bytes())
            .array(&self.account.to_bytes())
            .text(&self.url)
            .text(&self.name)
            .number(self.events.kinds().len() as u64);
        self.events.kinds().iter().for_each(|kind| {
            out.text(kind);
        });
        out.number(self.domain_ids.len() as u64);
        self.domain_ids.iter().for_each(|id| {
            out.array(&id.to_bytes());
        });
        out.flag(self.is_active)
            .byte(match self.disabled_reason {
                None => 0,
                Some(DisabledReason::Gone) => 1,
                Some(DisabledReason::Failing) => 2,
            })
            .number(self.secrets.len() as u64);
        self.secrets.iter().for_each(|secret| secret.write(&mut out));
        out.flag(self.ordered)
            .number(self.created_unix_ms)
            .number(self.updated_unix_ms);
        out.finish()
    }

    pub(super) fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let endpoint = Self {
            id: WebhookId::from_bytes(input.array()?),
            account: AccountId::from_bytes(input.array()?),
            url: input.text()?.to_owned(),
            name: input.text()?.to_owned(),
            events: EventFilter::new(input.list(|input| Ok(input.text()?.to_owned()))?)
                .map_err(|_| RecordError::Value("kind of event"))?,
            domain_ids: input.list(|input| Ok(DomainId::from_bytes(input.array()?)))?,
            is_active: input.flag()?,
            disabled_reason: match input.byte()? {
                0 => None,
                1 => Some(DisabledReason::Gone),
                2 => Some(DisabledReason::Failing),
                _ => return Err(RecordError::Value("reason")),
            },
            secrets: input.list(SigningSecret::read)?,
            ordered: input.flag()?,
            created_unix_ms: input.number()?,
            updated_unix_ms: input.number()?,
        };
        input.end()?;
        Ok(endpoint)
    }
}

impl SigningSecret {
    fn new(secret: Secret, now_unix_ms: u64) -> Self {
        Self {
            secret,
            created_unix_ms: now_unix_ms,
            expires_unix_ms: None,
        }
    }

    fn write(&self, out: &mut RecordWriter) {
        out.bytes(self.secret.octets())
            .number(self.created_unix_ms)
            .optional_number(self.expires_unix_ms);
    }

    fn read(input: &mut RecordReader<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            secret: Secret::from_octets(input.bytes()?)?,
            created_unix_ms: input.number()?,
            expires_unix_ms: input.optional_number()?,
        })
    }
}
