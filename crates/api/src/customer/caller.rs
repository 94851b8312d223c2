//! Who asks: put into the request by the gate, taken out by the handlers.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use ledger::{Account, Actor, Domain, LedgerError, Mode, Request, Status};

use crate::platform::Platform;
use crate::problem::Problem;

/// Who asks, and what of their account most requests need.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) account: Arc<Account>,
    pub(super) mode: Mode,
    pub(super) domains: Arc<[Arc<Domain>]>,
    /// When the request came, in milliseconds since the epoch.
    pub(super) now_unix_ms: u64,
}

impl Caller {
    pub(super) fn new(platform: &dyn Platform, caller: ledger::Caller) -> Result<Self, LedgerError> {
        Ok(Self {
            domains: platform.ledger().domains(caller.account.id)?,
            account: caller.account,
            mode: caller.mode,
            now_unix_ms: platform.now_unix_ms(),
        })
    }

    /// Whether the account may send.
    ///
    /// # Errors
    /// 403, and why.
    pub(super) fn may_send(&self) -> Result<(), Problem> {
        let forbidden = |code, message: &'static str| Err(Problem::new(StatusCode::FORBIDDEN, code, message));
        match self.account.status {
            Status::Active => Ok(()),
            Status::Pending => forbidden(
                "account_pending",
                "the account is not active yet; ask its operator",
            ),
            Status::Suspended => {
                let why = self.account.stop().map(|stop| format!(": {}", stop.reason));
                let message = format!(
                    "the account is suspended{}; ask its operator",
                    why.unwrap_or_default()
                );
                Err(Problem::new(StatusCode::FORBIDDEN, "account_suspended", message))
            }
        }
    }

    /// A change that the customer asks for.
    pub(super) fn request(&self, platform: &dyn Platform) -> Request {
        request(platform, Actor::Customer)
    }
}

/// A change that `actor` asks for now.
pub(crate) fn request(platform: &dyn Platform, actor: Actor) -> Request {
    let mut entropy = [0; 10];
    entropy.copy_from_slice(&platform.entropy()[..10]);
    Request {
        actor,
        now_unix_ms: platform.now_unix_ms(),
        entropy,
    }
}

/// The id in a path. Octets that are no text are the id of nothing.
pub(super) struct PathId(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let id = Path::from_request_parts(parts, state).await;
        Ok(Self(id.map(|Path(id)| id).unwrap_or_default()))
    }
}

/// Both ids in a path with two.
pub(super) struct PathIds(pub(super) String, pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for PathIds {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let ids = Path::from_request_parts(parts, state).await;
        let (first, second) = ids.map(|Path(ids)| ids).unwrap_or_default();
        Ok(Self(first, second))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::internal(&"a handler stands outside the gate"))
    }
}
