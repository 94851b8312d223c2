//! Sending domains and the records that they publish.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::nullable;

/// A domain to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DomainRequest {
    /// Its name.
    #[schema(min_length = 1, max_length = 255, example = "news.example.org")]
    pub(crate) domain: String,
}

/// What may be changed of a domain; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DomainChange {
    /// Tracking of any kind.
    #[serde(default)]
    pub(crate) tracking_enabled: Option<bool>,
    /// Tracking of opens; null for the account's setting.
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) track_opens: Option<Option<bool>>,
    /// Tracking of clicks; null for the account's setting.
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) track_clicks: Option<Option<bool>>,
    /// The host through which links of its mail are to lead, below what was registered of the domain; null for `click.` and
    /// the domain.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(min_length = 1, max_length = 255, example = "go.example.org")]
    pub(crate) tracking_host: Option<Option<String>>,
}

/// The domains of the account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DomainList {
    /// In the order in which they were added.
    pub(crate) domains: Vec<DomainView>,
    pub(crate) pagination: Pagination,
}

/// One domain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DomainReply {
    pub(crate) domain: DomainView,
}

/// A page of a list.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Pagination {
    /// Which page, from 1.
    pub(crate) page: usize,
    /// Entries of a page.
    pub(crate) limit: usize,
    /// Entries in all.
    pub(crate) total: usize,
    /// Pages in all.
    pub(crate) pages: usize,
}

/// A sending domain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DomainView {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) domain: String,
    pub(crate) status: DomainState,
    /// When it was added.
    pub(crate) created_at: String,
    /// Since when it is verified.
    pub(crate) verified_at: Option<String>,
    /// When its records were last looked up.
    pub(crate) last_checked_at: Option<String>,
    /// Tracking of any kind.
    pub(crate) tracking_enabled: bool,
    /// Tracking of opens; null for the account's setting.
    pub(crate) track_opens: Option<bool>,
    /// Tracking of clicks; null for the account's setting.
    pub(crate) track_clicks: Option<bool>,
    /// The host through which links of its mail are to lead.
    pub(crate) tracking_host: String,
    /// How links of its mail begin now: with the tracking host once its record is seen and it is reached over https. Null
    /// where nothing is tracked.
    pub(crate) tracking_url: Option<String>,
    pub(crate) dkim: DkimView,
    /// The host of the reverse-path.
    pub(crate) return_path_domain: String,
    /// What to publish, and what was found when it was last looked up.
    pub(crate) dns_records: Vec<DnsRecordView>,
}

/// Whether mail may be from a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DomainState {
    /// Not yet.
    Pending,
    /// It may.
    Verified,
    /// Not any more.
    Failed,
}

/// The keys of a domain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DkimView {
    /// The selector of the first key that signs.
    pub(crate) selector: String,
    /// The algorithms that sign.
    pub(crate) algorithm: Vec<String>,
    /// Every selector that has a key.
    pub(crate) selectors: Vec<SelectorView>,
}

/// A key under its selector.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SelectorView {
    /// The selector.
    pub(crate) selector: String,
    /// The algorithm.
    pub(crate) algorithm: String,
    /// `active`, `next` or `retiring`.
    pub(crate) state: String,
}

/// A DNS record to publish.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DnsRecordView {
    /// `ownership`, `dkim`, `spf`, `dmarc`, `return_path` or `tracking`.
    pub(crate) purpose: String,
    /// `TXT`, `CNAME` or `MX`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
    /// Whether the domain is verified only with it.
    pub(crate) required: bool,
    /// `pending`, `valid` or `invalid`.
    pub(crate) status: String,
    /// What was found.
    pub(crate) found: Vec<String>,
    /// What is wrong and what to do.
    pub(crate) reason: String,
}

/// What was done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    /// In words.
    pub(crate) message: String,
}
