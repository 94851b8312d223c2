//! Whose user name and password these are.
//!
//! The user name is an account's e-mail address. Argon2id takes tens of milliseconds and memory on purpose, so it runs
//! off the async threads, a bounded number at a time, and a login that held is remembered for a while as a keyed digest:
//! a client that opens a connection for each message pays once. What is remembered is forgotten when any account changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use ledger::{Account, AccountId, Ledger, LedgerError};
use tokio::sync::Semaphore;

use crate::clock;
use crate::password::PasswordHash;

/// How long a login that held is remembered.
const REMEMBERED_FOR: Duration = Duration::from_secs(5 * 60);
/// Logins remembered at once.
const REMEMBERED_MAX: usize = 10_000;
/// Passwords hashed at once; each takes about 19 MiB.
const HASHING_MAX: usize = 2;

/// The credentials of the ledger, and the logins that held lately.
pub(crate) struct Logins {
    ledger: Arc<Ledger>,
    /// By the digest of a login that held, under a key that this process alone has.
    held: Mutex<HashMap<[u8; 32], Held>>,
    key: hmac::Key,
    hashing: Semaphore,
}

/// A login that held: whose it is, and for how long it is believed.
#[derive(Clone, Copy)]
struct Held {
    account: AccountId,
    until: Instant,
    generation: u64,
}

impl Logins {
    pub(crate) fn new(ledger: Arc<Ledger>) -> Self {
        Self {
            ledger,
            held: Mutex::default(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &clock::entropy::<32>()),
            hashing: Semaphore::new(HASHING_MAX),
        }
    }

    /// Whose user name and password these are. An unknown user costs as much time as a wrong password.
    pub(crate) async fn check(
        &self,
        username: &str,
        password: &[u8],
    ) -> Result<Option<Arc<Account>>, LedgerError> {
        let digest = self.digest(username, password);
        let generation = self.ledger.generation();
        if let Some(account) = self.remembers(&digest, generation) {
            return self.ledger.account(account);
        }
        let Ok(_permit) = self.hashing.acquire().await else {
            return Ok(None);
        };
        let account = self.ledger.account_of(username)?;
        let hash = match &account {
            Some(account) => self.good_hash(account.id)?,
            None => None,
        };
        // For its time only, where there is none.
        let (hash, exists) = hash.map_or_else(|| (PasswordHash::decoy(), false), |hash| (hash, true));
        let password = password.to_owned();
        let verified = tokio::task::spawn_blocking(move || hash.verify(&password)).await;
        let account = account.filter(|_| exists && verified.unwrap_or(false));
        if let Some(account) = &account {
            self.remember(digest, account.id, generation);
        }
        Ok(account)
    }

    fn good_hash(&self, account: AccountId) -> Result<Option<PasswordHash>, LedgerError> {
        let credential = self.ledger.credential(account)?;
        let good = credential.filter(|credential| credential.is_good(clock::now().unix_ms()));
        Ok(good.and_then(|credential| credential.password_hash.parse().ok()))
    }

    fn digest(&self, username: &str, password: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&(username.len() as u64).to_be_bytes());
        context.update(username.as_bytes());
        context.update(password);
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        digest
    }

    fn remembers(&self, digest: &[u8; 32], generation: u64) -> Option<AccountId> {
        let held = self.lock().get(digest).copied();
        held.filter(|held| Instant::now() < held.until && held.generation == generation)
            .map(|held| held.account)
    }

    fn remember(&self, digest: [u8; 32], account: AccountId, generation: u64) {
        let now = Instant::now();
        let mut held = self.lock();
        if held.len() >= REMEMBERED_MAX {
            held.retain(|_, held| now < held.until && held.generation == generation);
            if held.len() >= REMEMBERED_MAX {
                held.clear();
            }
        }
        let until = now + REMEMBERED_FOR;
        held.insert(
            digest,
            Held {
                account,
                until,
                generation,
            },
        );
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
