//! A sending domain: its keys, and what DNS showed of it when it was last looked at.

use bytes::Bytes;
use store::{RecordError, RecordReader, RecordWriter};

use crate::id::{AccountId, DomainId};
use crate::publication::{Purpose, usual_host};

/// 2: with the tracking host.
const VERSION: u8 = 2;

/// A domain from which an account sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Its id.
    pub id: DomainId,
    /// Whose it is.
    pub account: AccountId,
    /// Its name, in lower case, as A-labels.
    pub name: String,
    /// Whether mail may be from it.
    pub status: DomainStatus,
    /// What its owner publishes to show that it is theirs.
    pub ownership_token: String,
    /// When it was added, in milliseconds since the epoch.
    pub created_unix_ms: u64,
    /// When it was first found verified, since it was last not.
    pub verified_unix_ms: Option<u64>,
    /// When DNS was last asked.
    pub last_checked_unix_ms: Option<u64>,
    /// Since when a required record is missing of a verified domain.
    pub missing_since_unix_ms: Option<u64>,
    /// Tracking of any kind.
    pub tracking_enabled: bool,
    /// Tracking of opens; none for the account's setting.
    pub track_opens: Option<bool>,
    /// Tracking of clicks; none for the account's setting.
    pub track_clicks: Option<bool>,
    /// Through which host the links of its mail are to lead, as [`crate::publication::tracking_host`] returned it; none for
    /// the usual one.
    pub tracking_host: Option<String>,
    /// Its signing keys.
    pub dkim: Vec<DkimKey>,
    /// What was found of each record when DNS was last asked.
    pub findings: Vec<RecordFinding>,
}

/// Whether mail may be from a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainStatus {
    /// Not yet: its records were not all seen.
    Pending,
    /// It may.
    Verified,
    /// Not any more: its records were gone for too long.
    Failed,
}

/// A signing key of a domain. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct DkimKey {
    /// The selector under which it is published.
    pub selector: String,
    /// `rsa-sha256` or `ed25519-sha256`.
    pub algorithm: String,
    /// The private key in PEM.
    pub private_key_pem: String,
    /// The TXT record that publishes its other half.
    pub record: String,
    /// Whether it signs.
    pub state: DkimState,
}

/// Where a signing key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DkimState {
    /// It signs.
    Active,
    /// It will sign once DNS shows it.
    Next,
    /// It does not sign any more; its record stays until mail that it signed has arrived.
    Retiring {
        /// Since when, in milliseconds since the epoch.
        since_unix_ms: u64,
    },
}

/// What was found of one DNS record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordFinding {
    /// What it is for, in a word.
    pub purpose: String,
    /// Its type.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it is to say.
    pub value: String,
    /// Whether the domain is verified only with it.
    pub required: bool,
    /// Whether it is there.
    pub state: RecordState,
    /// What was found.
    pub found: Vec<String>,
    /// What is wrong and what to do; empty when nothing is.
    pub reason: String,
}

/// Whether a DNS record is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// Not seen yet.
    Pending,
    /// As it should be.
    Valid,
    /// There, and wrong.
    Invalid,
}

impl Domain {
    /// Whether mail may be from it.
    pub fn is_verified(&self) -> bool {
        self.status == DomainStatus::Verified
    }

    /// The keys that sign.
    pub fn signing_keys(&self) -> impl Iterator<Item = &DkimKey> {
        self.dkim.iter().filter(|key| key.state == DkimState::Active)
    }

    /// The host below it to which bounces of its mail go, if it is published and leads to us.
    pub fn return_host(&self) -> Option<&str> {
        let is_good = |finding: &&RecordFinding| finding.state == RecordState::Valid;
        self.return_path()
            .filter(is_good)
            .map(|finding| finding.name.as_str())
    }

    /// Whether this is the host to which bounces of its mail go, or went while it was published.
    pub fn is_return_host(&self, host: &str) -> bool {
        self.return_path()
            .is_some_and(|finding| finding.name.eq_ignore_ascii_case(host))
    }

    fn return_path(&self) -> Option<&RecordFinding> {
        let purpose = Purpose::ReturnPath.as_str();
        self.findings.iter().find(|finding| finding.purpose == purpose)
    }

    /// Through which host the links of its mail are to lead.
    pub fn tracking_host_name(&self) -> String {
        let usual = || usual_host(&self.name);
        self.tracking_host.clone().unwrap_or_else(usual)
    }

    /// The same, if it was seen to lead to us.
    pub fn tracking_host(&self) -> Option<&str> {
        let name = self.tracking_host_name();
        let leads = |finding: &&RecordFinding| {
            finding.purpose == Purpose::Tracking.as_str()
                && finding.state == RecordState::Valid
                && finding.name == name
        };
        let found = self.findings.iter().find(leads);
        found.map(|finding| finding.name.as_str())
    }

    /// The same, if it was chosen or seen to lead to us: links to it are links to us.
    pub fn own_host(&self) -> Option<&str> {
        self.tracking_host.as_deref().or_else(|| self.tracking_host())
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut out = RecordWriter::new(VERSION, 8 * 1024);
        out.array(&self.id.to_bytes())
            .array(&self.account.to_bytes())
            .text(&self.name)
            .byte(match self.status {
                DomainStatus::Pending => 0,
                DomainStatus::Verified => 1,
                DomainStatus::Failed => 2,
            })
            .text(&self.ownership_token)
            .number(self.created_unix_ms)
            .optional_number(self.verified_unix_ms)
            .optional_number(self.last_checked_unix_ms)
            .optional_number(self.missing_since_unix_ms)
            .flag(self.tracking_enabled)
            .optional_number(self.track_opens.map(u64::from))
            .optional_number(self.track_clicks.map(u64::from))
            .number(self.dkim.len() as u64);
        self.dkim.iter().for_each(|key| key.write(&mut out));
        out.number(self.findings.len() as u64);
        self.findings.iter().for_each(|finding| finding.write(&mut out));
        out.optional_text(self.tracking_host.as_deref());
        out.finish()
    }

    pub(crate) fn decode(record: &[u8]) -> Result<Self, RecordError> {
        let mut input = RecordReader::new(record, VERSION)?;
        let mut domain = Self {
            id: DomainId::from_bytes(input.array()?),
            account: AccountId::from_bytes(input.array()?),
            name: input.text()?.to_owned(),
            status: match input.byte()? {
                0 => DomainStatus::Pending,
                1 => DomainStatus::Verified,
                2 => DomainStatus::Failed,
                _ => return Err(RecordError::Value("status")),
            },
            ownership_token: input.text()?.to_owned(),
            created_unix_ms: input.number()?,
            verified_unix_ms: input.optional_number()?,
            last_checked_unix_ms: input.optional_number()?,
            missing_since_unix_ms: input.optional_number()?,
            tracking_enabled: input.flag()?,
            track_opens: input.optional_number()?.map(|on| on != 0),
            track_clicks: input.optional_number()?.map(|on| on != 0),
            dkim: input.list(DkimKey::read)?,
            findings: input.list(RecordFinding::read)?,
            tracking_host: None,
        };
        if input.version() >= 2 {
            domain.tracking_host = input.optional_text()?.map(str::to_owned);
        }
        input.end()?;
        Ok(domain)
    }
}

impl DkimKey {
    fn write(&self, out: &mut RecordWriter) {
        out.text(&self.selector)
            .text(&self.algorithm)
            .text(&self.private_key_pem)
            .text(&self.record);
        match self.state {
            DkimState::Active => out.byte(0),
            DkimState::Next => out.byte(1),
            DkimState::Retiring { since_unix_ms } => out.byte(2).number(since_unix_ms),
        };
    }

    fn read(input: &mut RecordReader<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            selector: input.text()?.to_owned(),
            algorithm: input.text()?.to_owned(),
            private_key_pem: input.text()?.to_owned(),
            record: input.text()?.to_owned(),
            state: match input.byte()? {
                0 => DkimState::Active,
                1 => DkimState::Next,
                2 => DkimState::Retiring {
                    since_unix_ms: input.number()?,
                },
                _ => return Err(RecordError::Value("key state")),
            },
        })
    }
}

impl std::fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DkimKey")
            .field("selector", &self.selector)
            .field("algorithm", &self.algorithm)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl RecordFinding {
    fn write(&self, out: &mut RecordWriter) {
        out.text(&self.purpose)
            .text(&self.kind)
            .text(&self.name)
            .text(&self.value)
            .flag(self.required)
            .byte(match self.state {
                RecordState::Pending => 0,
                RecordState::Valid => 1,
                RecordState::Invalid => 2,
            })
            .number(self.found.len() as u64);
        self.found.iter().for_each(|found| {
            out.text(found);
        });
        out.text(&self.reason);
    }

    fn read(input: &mut RecordReader<'_>) -> Result<Self, RecordError> {
        Ok(Self {
            purpose: input.text()?.to_owned(),
            kind: input.text()?.to_owned(),
            name: input.text()?.to_owned(),
            value: input.text()?.to_owned(),
            required: input.flag()?,
            state: match input.byte()? {
                0 => RecordState::Pending,
                1 => RecordState::Valid,
                2 => RecordState::Invalid,
                _ => return Err(RecordError::Value("record state")),
            },
            found: input.list(|input| Ok(input.text()?.to_owned()))?,
            reason: input.text()?.to_owned(),
        })
    }
}
