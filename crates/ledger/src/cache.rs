//! Configuration in memory: read once, dropped as a whole by the commit that changes any of it.
//!
//! What was read before a change must not be kept after it. Hence the generation: a reader takes it before it reads, and
//! what it read is kept only if it is still the same.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use crate::account::Account;
use crate::api_key::Mode;
use crate::domain::Domain;
use crate::id::AccountId;
use crate::limits::CACHE_ENTRIES_MAX;
use crate::webhook::Endpoint;

/// Who presented a good key.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account.
    pub account: Arc<Account>,
    /// Of which mode the key is.
    pub mode: Mode,
}

#[derive(Debug, Default)]
pub(crate) struct Cache(RwLock<Content>);

#[derive(Debug, Default)]
pub(crate) struct Content {
    generation: u64,
    accounts: HashMap<AccountId, Arc<Account>>,
    keys: HashMap<[u8; 32], (AccountId, Mode)>,
    domains: HashMap<AccountId, Arc<[Arc<Domain>]>>,
    webhooks: HashMap<AccountId, Arc<[Arc<Endpoint>]>>,
}

/// One of the maps of the cache.
pub(crate) trait Cached: Sized + Clone {
    type Key: Eq + Hash + Copy;
    fn of(content: &Content) -> &HashMap<Self::Key, Self>;
    fn of_mut(content: &mut Content) -> &mut HashMap<Self::Key, Self>;
}

macro_rules! cached {
    ($key:ty => $value:ty, $field:ident) => {
        impl Cached for $value {
            type Key = $key;
            fn of(content: &Content) -> &HashMap<$key, Self> {
                &content.$field
            }
            fn of_mut(content: &mut Content) -> &mut HashMap<$key, Self> {
                &mut content.$field
            }
        }
    };
}

cached!(AccountId => Arc<Account>, accounts);
cached!([u8; 32] => (AccountId, Mode), keys);
cached!(AccountId => Arc<[Arc<Domain>]>, domains);
cached!(AccountId => Arc<[Arc<Endpoint>]>, webhooks);

impl Cache {
    /// The value of `key`: remembered, or as `read` reads it. What is absent is not remembered.
    pub(crate) fn get<T: Cached, E>(
        &self,
        key: T::Key,
        read: impl FnOnce() -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        let generation = {
            let content = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(value) = T::of(&content).get(&key) {
                return Ok(Some(value.clone()));
            }
            content.generation
        };
        let value = read()?;
        if let Some(value) = &value {
            let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if content.generation == generation {
                let map = T::of_mut(&mut content);
                if map.len() >= CACHE_ENTRIES_MAX {
                    map.clear();
                }
                map.insert(key, value.clone());
            }
        }
        Ok(value)
    }

    /// A number that changes whenever any configuration does.
    pub(crate) fn generation(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).generation
    }

    /// Forgets everything: something has changed.
    pub(crate) fn forget(&self) {
        let mut content = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *content = Content {
            generation: content.generation + 1,
            ..Content::default()
        };
    }
}
