//! The ledger over the memory engine: what holds across its operations.

mod accounts;
mod mail;
mod records;
mod replies;
mod suppressions;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use store::{Store, open_memory};

use crate::*;

/// 2026-11-25T12:00:00Z
pub(crate) const NOW: u64 = 1_795_608_000_000;

/// Commits to memory are done when they are asked for.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the memory engine never waits"),
    }
}

pub(crate) fn request(number: u8) -> Request {
    Request {
        actor: Actor::Operator,
        now_unix_ms: NOW,
        entropy: [number; 10],
    }
}

fn key(mode: Mode, number: u8) -> ApiKey {
    ApiKey::new(mode, [number; 32])
}

fn ledger() -> (Arc<dyn Store>, Ledger, Arc<Account>) {
    let store = open_memory();
    let ledger = Ledger::new(Arc::clone(&store));
    let account = at_once(create(&ledger, "a@b.example", 1)).unwrap();
    (store, ledger, account)
}

pub(crate) async fn create(ledger: &Ledger, email: &str, number: u8) -> Result<Arc<Account>, LedgerError> {
    let new = NewAccount {
        id: AccountId::new(NOW, [number; 10]),
        name: "Name".into(),
        email: email.into(),
        live_key: key(Mode::Live, number),
        test_key: key(Mode::Test, number),
    };
    let credential = Credential {
        password_hash: "$argon2id$…".into(),
        created_unix_ms: NOW,
        expires_unix_ms: Some(NOW + 1),
    };
    ledger.create_account(new, &credential, &request(number)).await
}

fn email(account: &Account, number: u8) -> Email {
    Email {
        id: EmailId::new(NOW, [number; 10]),
        account: account.id,
        disposition: Disposition::Queued,
        sandbox: false,
        stream: Stream::Shared,
        track_opens: None,
        track_clicks: Some(true),
        to: vec!["x@y.example".into()],
        created_unix_ms: NOW,
        message_id: "m@b.example".into(),
        template: None,
        from: "a@b.example".into(),
        subject: "s".into(),
        tag: None,
        metadata: Some("{}".into()),
    }
}
