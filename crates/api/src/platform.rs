//! What the customers' HTTP asks of the program.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use content::mime::Mailbox;
use ledger::webhook::destination::Policy;
use ledger::{
    Account, AccountId, Disposition, Domain, DomainId, Email, EmailContext, EmailId, Ledger, LedgerError,
    OpenSlot, StoredReply, StoredTemplate,
};
use queue::{DeliveryView, QueueError};
use thiserror::Error;

/// Moments of a second in which somebody waits.
pub const MOMENTS_PER_S: u32 = 4;

/// What an answer that takes its time is.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The port behind the customers' HTTP.
///
/// The methods that are not futures may read the store; the router calls those that read much where blocking is allowed.
pub trait Platform: Send + Sync {
    /// The ledger.
    fn ledger(&self) -> &Arc<Ledger>;

    /// What does not change while the program runs.
    fn settings(&self) -> &Settings;

    /// The time, in milliseconds since the epoch.
    fn now_unix_ms(&self) -> u64;

    /// Octets that nobody can guess.
    fn entropy(&self) -> [u8; 32];

    /// Takes mail over, and gives the reply that was written in the same commit.
    ///
    /// # Errors
    /// [`NotAccepted`]: nothing was taken over.
    fn accept(&self, mailing: Mailing) -> Answer<'_, Result<StoredReply, NotAccepted>>;

    /// The deliveries of an e-mail that still wait.
    ///
    /// # Errors
    /// The queue's.
    fn waiting(&self, email: EmailId) -> Result<Vec<DeliveryView>, QueueError>;

    /// Takes back what of an e-mail has not left yet; says how many deliveries.
    ///
    /// # Errors
    /// The queue's.
    fn cancel(&self, email: EmailId) -> Answer<'_, Result<u64, QueueError>>;

    /// Looks up the DNS records of a domain now and keeps what was found.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`]; the store's.
    fn verify(&self, account: AccountId, domain: DomainId) -> Answer<'_, Result<Arc<Domain>, LedgerError>>;

    /// What a domain of an account publishes, as far as it was not looked up yet.
    fn records(&self, domain: &Domain) -> Vec<ledger::RecordFinding>;

    /// How the links of a domain's mail begin now, without a slash at the end; none where nothing is tracked.
    fn tracking_url(&self, domain: &Domain) -> Option<String>;

    /// The Argon2id hash of a password, as a PHC string.
    fn hash_password(&self, password: String) -> Answer<'_, String>;

    /// A message for a webhook was recorded, or put back: it may be sent.
    fn webhooks_due(&self);

    /// Ends after a part of a second, of which there are [`MOMENTS_PER_S`]; at once while the program ends.
    fn moment(&self) -> Answer<'_, ()>;

    /// A limit of an account has changed: what is held may leave.
    fn limits_changed(&self);
}

/// What does not change while the program runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's name.
    pub hostname: String,
    /// How customers reach the API, without a slash at the end.
    pub public_url: Option<String>,
    /// Octets of the largest request.
    pub body_max: u64,
    /// Requests in each window, where the account has no limit of its own.
    pub rate_limit: u64,
    /// The window, in seconds.
    pub rate_window_s: u64,
    /// Failed authentications from one address in a minute.
    pub failed_auth_limit: u64,
    /// Where webhooks may go besides the public Internet.
    pub webhooks: Policy,
    /// Ports on which mail is submitted over SMTP.
    pub submission_ports: Vec<u16>,
}

/// E-mails of one account that are taken over together or not at all.
pub struct Mailing {
    /// Whose they are.
    pub account: Arc<Account>,
    /// The e-mails, in order.
    pub drafts: Vec<Draft>,
    /// What those have in common that are copies.
    pub template: Option<StoredTemplate>,
    /// Where the reply is kept, if it is.
    pub slot: Option<OpenSlot>,
    /// Makes the reply of what became of each draft.
    pub reply: MakeReply,
}

/// Makes the reply of what became of each draft, in the commit that decides it.
pub type MakeReply = Box<dyn FnOnce(&[Disposition]) -> StoredReply + Send>;

/// An e-mail about to be taken over. Its disposition is what is wished for.
pub struct Draft {
    /// What the ledger will know of it.
    pub email: Email,
    /// What its events are told with.
    pub context: EmailContext,
    /// Who hears of failures.
    pub reverse_path: Mailbox,
    /// Whom it goes to.
    pub recipients: Vec<Mailbox>,
    /// What the message is made from; of a copy its merge data.
    pub octets: Bytes,
    /// The header needs SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
}

/// Why mail was not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotAccepted {
    /// The store is full, behind or broken.
    #[error("the spool does not take mail now: {0}")]
    Unavailable(String),
    /// Somebody else used the idempotency key meanwhile.
    #[error("another request with this idempotency key came first")]
    KeyTaken,
    /// All of it together is more than one commit can hold.
    #[error("the request is too large for one commit: {0}")]
    TooLarge(String),
}
