//! An account: a customer with limits, features and keys.

use bytes::Bytes;
use store::{RecordError, RecordReader, RecordWriter};

use crate::api_key::{ApiKey, Mode};
use crate::id::AccountId;
use crate::standing::Stop;

/// Version 1 ends before what stopped it.
const VERSION: u8 = 2;
const KEY_VERSION: u8 = 1;

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The customer's name.
    pub name: String,
    /// The customer's e-mail address, unique; the user name over SMTP.
    pub email: String,
    /// Whether it may send.
    pub status: Status,
    /// Recipients a month; none for as many as it likes.
    pub monthly_email_limit: Option<u64>,
    /// Sending domains it may have.
    pub max_domains: u64,
    /// Requests in each window of the rate limit; none for the server's default.
    pub rate_limit: Option<u64>,
    /// Tracking of any kind.
    pub tracking_enabled: bool,
    /// Tracking of clicks.
    pub click_tracking_enabled: bool,
    /// Tracking of opens.
    pub open_tracking_enabled: bool,
    /// Its mail leaves events.
    pub event_tracking: bool,
    /// It may read its events.
    pub event_api: bool,
    /// When it was made, in milliseconds since the epoch.
    pub created_unix_ms: u64,
    /// The key whose mail is delivered.
    pub live_key: KeyReference,
    /// The key of the sandbox.
    pub test_key: KeyReference,
    /// Why its mail waits, if it does.
    pub paused: Option<Stop>,
    /// Why it is suspended, if it is; none too where nobody said why.
    pub suspended: Option<Stop>,
    /// Since when its mail is judged anew, in milliseconds since the epoch; none if it was never stopped and let go again.
    pub reinstated_unix_ms: Option<u64>,
}

/// Whether an account may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It may.
    Active,
    /// Not yet.
    Pending,
    /// Not any more.
    Suspended,
}

/// What is kept of an API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReference {
    /// SHA-256 of the key.
    pub digest: [u8; 32],
    /// The key as it may be shown.
    pub hint: String,
    /// When it was made, in milliseconds since the epoch.
    pub created_unix_ms: u64,
    /// When it ends to be good, if ever.
    pub expires_unix_ms: Option<u64>,
}

/// What is given to make an account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its id.
    pub id: AccountId,
    /// The customer's name.
    pub name: String,
    /// The customer's e-mail address.
    pub email: String,
    /// Its first live key.
    pub live_key: ApiKey,
    /// Its first key of the sandbox.
    pub test_key: ApiKey,
}

/// What may be changed of an account; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// The customer's name.
    pub name: Option<String>,
    /// Whether it may send.
    pub status: Option<Status>,
    /// Recipients a month; `Some(None)` for as many as it likes.
    pub monthly_email_limit: Option<Option<u64>>,
    /// Sending domains it may have.
    pub max_domains: Option<u64>,
    /// Requests in each window of the rate limit.
    pub rate_limit: Option<Option<u64>>,
    /// Tracking of any kind.
    pub tracking_enabled: Option<bool>,
    /// Tracking of clicks.
    pub click_tracking_enabled: Option<bool>,
    /// Tracking of opens.
    pub open_tracking_enabled: Option<bool>,
    /// Its mail leaves events.
    pub event_tracking: Option<bool>,
    /// It may read its events.
    pub event_api: Option<bool>,
}

/// Domains that a new account may have.
const DOMAINS_DEFAULT: u64 = 10;

impl Account {
    /// An account with the limits that a new one gets: active, without a quota.
    pub(crate) fn new(new: NewAccount, now_unix_ms: u64) -> Self {
        Self {
            id: new.id,
            name: new.name,
            email: new.email,
            status: Status::Active,
            monthly_email_limit: None,
            max_domains: DOMAINS_DEFAULT,
            rate_limit: None,
            tracking_enabled: true,
            click_tracking_enabled: true,
            open_tracking_enabled: true,
            event_tracking: true,
            event_api: true,
            created_unix_ms: now_unix_ms,
            live_key: KeyReference::new(&new.live_key, now_unix_ms),
            test_key: KeyReference::new(&new.test_key, now_unix_ms),
            paused: None,
            suspended: None,
            reinstated_unix_ms: None,
        }
    }

    /// The key of a mode.
    pub fn key(&self, mode: Mode) -> &KeyReference {
        match mode {
            Mode::Live => &self.live_key,
            Mode::Test => &self.test_key,
        }
    }

    pub(crate) fn key_mut(&mut self, mode: Mode) -> &mut KeyReference {
        match mode {
            Mode::Live => &mut self.live_key,
            Mode::Test => &mut self.test_key,
        }
    }

    pub(crate) fn apply(&mut self, change: AccountChange) {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        set(&mut self.name, change.name);
        set(&mut self.status, change.status);
        set(&mut self.monthly_email_limit, change.monthly_email_limit);
        set(&mut self.max_domains, change.max_domains);
        set(&mut self.rate_limit, change.rate_limit);
        set(&mut self.tracking_enabled, change.tracking_enabled);
        set(&mut self.click_tracking_enabled, change.click_tracking_enabled);
        set(&mut self.open_tracking_enabled, change.open_tracking_enabled);
        set(&mut self.event_tracking, change.event_tracking);
        set(&mut self.event_api, change.event_api);
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 512);
        out.array(&self.id.to_bytes())
            .text(&self.name)
            .text(&self.email)
            .byte(match self.status {
                Status::Active => 0,
                Status::Pending => 1,
                Status::Suspended => 2,
            })
            .optional_number(self.monthly_email_limit)
            .number(self.max_domains)
            .optional_number(self.rate_limit)
            // Once the URL of its webhook, which is an endpoint now.
            .optional_text(None)
            .flag(self.tracking_enabled)
            .flag(self.click_tracking_enabled)
            .flag(self.open_tracking_enabled)
            .flag(self.event_tracking)
            .flag(self.event_api)
            .number(self.created_unix_ms);
        self.live_key.write(&mut out);
        self.test_key.write(&mut out);
        Stop::write(self.paused.as_ref(), &mut out);
        Stop::write(self.suspended.as_ref(), &mut out);
        out.optional_number(self.reinstated_unix_ms);
        out.finish()
    }

    pub(crate) fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let mut account = Self {
            id: AccountId::from_bytes(input.array()?),
            name: input.text()?.to_owned(),
            email: input.text()?.to_owned(),
            status: match input.byte()? {
                0 => Status::Active,
                1 => Status::Pending,
                2 => Status::Suspended,
                _ => return Err(RecordError::Value("status")),
            },
            monthly_email_limit: input.optional_number()?,
            max_domains: input.number()?,
            rate_limit: {
                let limit = input.optional_number()?;
                // Once the URL of its webhook.
                input.optional_text()?;
                limit
            },
            tracking_enabled: input.flag()?,
            click_tracking_enabled: input.flag()?,
            open_tracking_enabled: input.flag()?,
            event_tracking: input.flag()?,
            event_api: input.flag()?,
            created_unix_ms: input.number()?,
            live_key: KeyReference::read(&mut input)?,
            test_key: KeyReference::read(&mut input)?,
            paused: None,
            suspended: None,
            reinstated_unix_ms: None,
        };
        if input.version() > 1 {
            account.paused = Stop::read(&mut input)?;
            account.suspended = Stop::read(&mut input)?;
            account.reinstated_unix_ms = input.optional_number()?;
        }
        input.end()?;
        Ok(account)
    }
}

impl KeyReference {
    pub(crate) fn new(key: &ApiKey, now_unix_ms: u64) -> Self {
        Self {
            digest: key.digest(),
            hint: key.hint(),
            created_unix_ms: now_unix_ms,
            expires_unix_ms: None,
        }
    }

    fn write(&self, out: &mut RecordWriter) {
        out.array(&self.digest)
            .text(&self.hint)
            .number(self.created_unix_ms)
            .optional_number(self.expires_unix_ms);
    }

    fn read(input: &mut RecordReader<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            digest: input.array()?,
            hint: input.text()?.to_owned(),
            created_unix_ms: input.number()?,
            expires_unix_ms: input.optional_number()?,
        })
    }
}

/// The record of an API key: whose it is, and of which mode.
pub(crate) fn encode_key(account: AccountId, mode: Mode) -> Bytes {
    let mut out = RecordWriter::new(KEY_VERSION, 18);
    out.array(&account.to_bytes()).flag(mode == Mode::Test);
    out.finish()
}

pub(crate) fn decode_key(record: &[u8]) -> Result<(AccountId, Mode), RecordError> {
    let mut input = RecordReader::new(record, KEY_VERSION)?;
    let account = AccountId::from_bytes(input.array()?);
    let mode = if input.flag()? { Mode::Test } else { Mode::Live };
    input.end()?;
    Ok((account, mode))
}
