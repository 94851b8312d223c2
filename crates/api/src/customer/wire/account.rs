//! The account of a key, and its SMTP credentials.

use ledger::{Account, BY_OPERATOR, HoldReason, iso8601};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The account of the key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProfileReply {
    pub(crate) customer: Customer,
}

/// An account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Customer {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its e-mail address; the user name over SMTP.
    pub(crate) email: String,
    pub(crate) status: AccountStatus,
    /// Why mail does not leave, if the account is paused or suspended; null while it leaves.
    pub(crate) sending_stopped: Option<SendingStopped>,
    /// Recipients a month; null for as many as it likes.
    pub(crate) monthly_email_limit: Option<u64>,
    /// Domains it may have.
    pub(crate) max_domains: u64,
    /// Domains it has.
    pub(crate) current_domains: u64,
    /// Recipients this month.
    pub(crate) emails_sent_this_month: u64,
    /// Recipients left this month; null for as many as it likes.
    pub(crate) remaining_emails: Option<u64>,
    /// Where its events are sent: the URL of a webhook for all of them.
    pub(crate) webhook_url: Option<String>,
    /// What its requests are signed with; only where it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webhook_secret: Option<String>,
    /// Tracking of any kind.
    pub(crate) tracking_enabled: bool,
    /// Tracking of clicks.
    pub(crate) click_tracking_enabled: bool,
    /// Tracking of opens.
    pub(crate) open_tracking_enabled: bool,
    /// When it was made.
    pub(crate) created_at: String,
    /// The key, as it may be shown.
    #[schema(example = "ml_live_1234…cdef")]
    pub(crate) api_key: String,
    pub(crate) features: Features,
    /// When the month ends.
    pub(crate) quota_resets_at: String,
}

/// Whether an account may send.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// It may.
    Active,
    /// Not any more.
    Suspended,
    /// Not yet.
    Pending,
}

/// Why mail of an account does not leave.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SendingStopped {
    /// `paused`: mail is accepted and waits. `suspended`: none is accepted, and what was accepted waits.
    #[schema(example = "paused")]
    pub(crate) kind: StopKind,
    /// Why.
    #[schema(example = "bounces in 7 days are 12.50 %, more than 10 %")]
    pub(crate) reason: String,
    /// Since when, where that is known.
    pub(crate) since: Option<String>,
}

/// How sending is stopped.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StopKind {
    /// Mail is accepted and waits.
    Paused,
    /// No mail is accepted, and what was accepted waits.
    Suspended,
}

impl SendingStopped {
    /// Of an account, if it is stopped.
    pub(crate) fn of(account: &Account) -> Option<Self> {
        let kind = match account.hold()? {
            HoldReason::Suspended => StopKind::Suspended,
            HoldReason::Paused | HoldReason::MonthlyQuota => StopKind::Paused,
        };
        let stop = account.stop();
        Some(Self {
            kind,
            reason: stop.map_or(BY_OPERATOR, |stop| &stop.reason).to_owned(),
            since: stop.map(|stop| iso8601(stop.since_unix_ms)),
        })
    }
}

/// What an account may use.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Features {
    /// Its mail leaves events.
    pub(crate) event_tracking: bool,
    /// It may read its events.
    pub(crate) event_api: bool,
}

/// What may be changed of a profile; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileChange {
    /// The name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    pub(crate) name: Option<String>,
    /// Where events are sent: an https URL, or an empty text for nowhere.
    #[serde(default)]
    #[schema(max_length = 2048)]
    pub(crate) webhook_url: Option<String>,
    /// Tracking of any kind.
    #[serde(default)]
    pub(crate) tracking_enabled: Option<bool>,
    /// Tracking of clicks.
    #[serde(default)]
    pub(crate) click_tracking_enabled: Option<bool>,
    /// Tracking of opens.
    #[serde(default)]
    pub(crate) open_tracking_enabled: Option<bool>,
}

/// A new key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RotateKeyReply {
    /// What to do.
    pub(crate) message: String,
    /// The key; it is not shown again.
    pub(crate) api_key: String,
}

/// How mail is submitted over SMTP.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CredentialsReply {
    /// Always true.
    pub(crate) success: bool,
    pub(crate) smtp_credentials: SmtpCredentials,
}

/// A new SMTP password.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RotateCredentialsReply {
    /// Always true.
    pub(crate) success: bool,
    /// What happened.
    pub(crate) message: String,
    pub(crate) smtp_credentials: SmtpCredentials,
    /// What to do.
    pub(crate) warning: String,
}

/// How mail is submitted over SMTP.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SmtpCredentials {
    /// The server.
    pub(crate) host: String,
    /// Its ports.
    pub(crate) ports: Vec<u16>,
    /// The port to use.
    pub(crate) recommended_port: u16,
    /// The user name: the account's e-mail address.
    pub(crate) username: String,
    /// The password; only where it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
    /// Whether there is a password.
    pub(crate) password_set: bool,
    /// When it was made.
    pub(crate) created_at: Option<String>,
    /// When it ends to be good, if ever.
    pub(crate) expires_at: Option<String>,
}

/// What is wished of a new SMTP password.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateCredentialsRequest {
    /// When it ends to be good: an ISO 8601 timestamp with its offset.
    #[serde(default)]
    #[schema(max_length = 64, format = DateTime)]
    pub(crate) expires_at: Option<String>,
}
