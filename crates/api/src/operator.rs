//! What the router asks of the program.

use std::pin::Pin;

use ledger::LedgerError;
use queue::{DeliveryId, DeliveryPage, DomainSummary, QueueError, Selector};
use thiserror::Error;

use crate::platform::Answer;

/// The port behind the operator's HTTP.
///
/// The methods that are not futures may read the store and files; the router calls them where blocking is allowed.
/// [`Operator::readiness`] and [`Operator::metrics`] are called often and must be quick.
pub trait Operator: Send + Sync {
    /// Whether mail is taken and delivered.
    fn readiness(&self) -> Readiness;

    /// All metrics in the text format of Prometheus.
    fn metrics(&self) -> String;

    /// The waiting deliveries by domain, most first.
    ///
    /// # Errors
    /// The queue's.
    fn summary(&self) -> Result<Vec<DomainSummary>, QueueError>;

    /// At most `limit` of the selected deliveries, in order of acceptance, behind `after`.
    ///
    /// # Errors
    /// The queue's.
    fn list(
        &self,
        selector: &Selector,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<DeliveryPage, QueueError>;

    /// Makes the selected deliveries due now; says how many changed.
    ///
    /// # Errors
    /// The queue's.
    fn retry(&self, selector: Selector)
    -> Pin<Box<dyn Future<Output = Result<u64, QueueError>> + Send + '_>>;

    /// Takes the selected deliveries out of the queue; says how many.
    ///
    /// # Errors
    /// The queue's.
    fn cancel(
        &self,
        selector: Selector,
    ) -> Pin<Box<dyn Future<Output = Result<u64, QueueError>> + Send + '_>>;

    /// Reads again what can change while the server runs; says what was read. After an error the old state stands.
    ///
    /// # Errors
    /// When something cannot be read or is wrong.
    fn reload(&self) -> Result<Vec<String>, ReloadError>;

    /// The names of the secrets that tokens in links and addresses are made with, the current one last.
    ///
    /// # Errors
    /// The ledger's.
    fn token_secrets(&self) -> Answer<'_, Result<Vec<u8>, LedgerError>>;

    /// Makes a new current secret; the names of all then. Tokens that are under way stay good.
    ///
    /// # Errors
    /// The ledger's.
    fn rotate_tokens(&self) -> Answer<'_, Result<Vec<u8>, LedgerError>>;

    /// Removes a secret, with all tokens that were made with it; the names of the rest.
    ///
    /// # Errors
    /// The ledger's.
    fn revoke_tokens(&self, id: u8) -> Answer<'_, Result<Vec<u8>, LedgerError>>;
}

/// Whether mail is taken and delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It is.
    Ready,
    /// It is not.
    NotReady {
        /// Why, for an operator; shown without a token.
        why: String,
    },
}

/// Why nothing was reloaded: what is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ReloadError(pub String);
