//! Whether a user name and a password belong together.
//!
//! Argon2id takes tens of milliseconds and memory on purpose, so it runs off the async threads, a bounded number at a
//! time, and a login that held is remembered for a while as a keyed digest: a client that opens a connection for each
//! message pays once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use aws_lc_rs::hmac;
use tokio::sync::Semaphore;

use crate::clock;
use crate::config::{Credential, PasswordHash};

/// How long a login that held is remembered.
const REMEMBERED_FOR: Duration = Duration::from_secs(5 * 60);
/// Logins remembered at once.
const REMEMBERED_MAX: usize = 10_000;
/// Passwords hashed at once; each takes about 19 MiB.
const HASHING_MAX: usize = 2;

/// The credentials, and the logins that held lately.
pub(crate) struct Logins {
    credentials: ArcSwap<Vec<Credential>>,
    /// Digest of a login that held, under a key that this process alone has, and until when it is believed.
    held: Mutex<HashMap<[u8; 32], Instant>>,
    key: hmac::Key,
    hashing: Semaphore,
}

impl Logins {
    pub(crate) fn new(credentials: Vec<Credential>) -> Self {
        Self {
            credentials: ArcSwap::from_pointee(credentials),
            held: Mutex::default(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &clock::entropy::<32>()),
            hashing: Semaphore::new(HASHING_MAX),
        }
    }

    /// Other credentials hold from now on; nothing is remembered of the old ones.
    pub(crate) fn replace(&self, credentials: Vec<Credential>) {
        self.credentials.store(Arc::new(credentials));
        self.lock().clear();
    }

    /// Whether the password is this user's. An unknown user costs as much time as a wrong password.
    pub(crate) async fn check(&self, username: &str, password: &[u8]) -> bool {
        let digest = self.digest(username, password);
        if self.remembers(&digest) {
            return true;
        }
        let Ok(_permit) = self.hashing.acquire().await else {
            return false;
        };
        let credentials = self.credentials.load_full();
        let (username, password) = (username.to_owned(), password.to_owned());
        let verify = move || {
            let credential = credentials
                .iter()
                .find(|credential| credential.username == username);
            match credential {
                Some(credential) => credential.password_hash.verify(&password),
                None => {
                    // For its time only.
                    PasswordHash::decoy().verify(&password);
                    false
                }
            }
        };
        let holds = tokio::task::spawn_blocking(verify).await.unwrap_or(false);
        if holds {
            self.remember(digest);
        }
        holds
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

    fn remembers(&self, digest: &[u8; 32]) -> bool {
        self.lock()
            .get(digest)
            .is_some_and(|until| Instant::now() < *until)
    }

    fn remember(&self, digest: [u8; 32]) {
        let now = Instant::now();
        let mut held = self.lock();
        if held.len() >= REMEMBERED_MAX {
            held.retain(|_, until| now < *until);
            if held.len() >= REMEMBERED_MAX {
                held.clear();
            }
        }
        held.insert(digest, now + REMEMBERED_FOR);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Instant>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
