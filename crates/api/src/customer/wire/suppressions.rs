//! Who wants no mail, and who gets none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::examples;
use super::{Pagination, nullable};

/// An address that wants no more mail.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = examples::unsubscribe)]
pub(crate) struct UnsubscribeRequest {
    /// The address.
    #[schema(max_length = 1000)]
    pub(crate) email: String,
    /// Why, in somebody's words.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub(crate) reason: Option<String>,
    /// Only what is from this domain. Default: all mail of the account.
    #[serde(default)]
    #[schema(max_length = 36)]
    pub(crate) domain_id: Option<String>,
}

/// What may be changed of an unsubscribe; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnsubscribeChange {
    /// Why, in somebody's words; null for no reason.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(max_length = 255)]
    pub(crate) reason: Option<Option<String>>,
}

/// An address that gets no mail.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = examples::suppression)]
pub(crate) struct SuppressionRequest {
    /// The address.
    #[schema(max_length = 1000)]
    pub(crate) email: String,
    /// `bounce`, `complaint`, `unsubscribe` or `manual`. Default: `manual`.
    #[serde(default, rename = "type")]
    #[schema(max_length = 20)]
    pub(crate) kind: Option<String>,
    /// Only what is from this domain. Default: all mail of the account.
    #[serde(default)]
    #[schema(max_length = 36)]
    pub(crate) domain_id: Option<String>,
    /// Why, in somebody's words.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub(crate) reason: Option<String>,
    /// The SMTP reply or the report that shows it.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub(crate) evidence: Option<String>,
    /// When it ends, a UTC timestamp. Default: never.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub(crate) expires_at: Option<String>,
}

/// Unsubscribes, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UnsubscribeList {
    pub(crate) unsubscribes: Vec<UnsubscribeView>,
    pub(crate) pagination: Pagination,
    /// Where the next page begins, for `cursor`.
    pub(crate) next_cursor: Option<String>,
    /// The list is longer than is counted; an export has all of it.
    pub(crate) truncated: bool,
}

/// Suppressions, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SuppressionList {
    pub(crate) suppressions: Vec<SuppressionView>,
    pub(crate) pagination: Pagination,
    /// Where the next page begins, for `cursor`.
    pub(crate) next_cursor: Option<String>,
    /// The list is longer than is counted; an export has all of it.
    pub(crate) truncated: bool,
}

/// What is known of an address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SuppressionsReply {
    pub(crate) email: String,
    pub(crate) suppressions: Vec<SuppressionView>,
}

/// One unsubscribe.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UnsubscribeReply {
    pub(crate) unsubscribe: UnsubscribeView,
}

/// An unsubscribe that is new.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Unsubscribed {
    /// In words.
    pub(crate) message: String,
    pub(crate) unsubscribe: UnsubscribeView,
}

/// An unsubscribe that was taken back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Resubscribed {
    /// In words.
    pub(crate) message: String,
    /// The address.
    pub(crate) email: String,
}

/// A suppression that is new.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Suppressed {
    /// In words.
    pub(crate) message: String,
    pub(crate) suppression: SuppressionView,
}

/// Suppressions that were taken back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Unsuppressed {
    /// In words.
    pub(crate) message: String,
    /// The address.
    pub(crate) email: String,
    /// How many they were.
    pub(crate) removed: usize,
}

/// An unsubscribe.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UnsubscribeView {
    /// Its id.
    pub(crate) id: String,
    /// The address, as it was given.
    pub(crate) email: String,
    /// By which way it came: `link`, `one-click`, `mailto`, `api` or `manual`.
    pub(crate) source: String,
    /// Why, in somebody's words.
    pub(crate) reason: Option<String>,
    /// The domain whose mail it stops; null for all of the account.
    pub(crate) domain_id: Option<String>,
    /// When it came.
    pub(crate) created_at: String,
}

/// A reason why an address gets no mail.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SuppressionView {
    /// Its id.
    pub(crate) id: String,
    /// The address, as it was given.
    pub(crate) email: String,
    /// `bounce`, `complaint`, `unsubscribe` or `manual`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// `account` or `domain`.
    pub(crate) scope: String,
    /// The domain whose mail it stops; null for all of the account.
    pub(crate) domain_id: Option<String>,
    /// Why, in somebody's words.
    pub(crate) reason: Option<String>,
    /// The SMTP reply or the report that shows it.
    pub(crate) evidence: Option<String>,
    /// When it was made.
    pub(crate) created_at: String,
    /// When it ends.
    pub(crate) expires_at: Option<String>,
}

/// What an import did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ImportReply {
    /// Rows that are new now.
    pub(crate) imported: usize,
    /// Rows that were there already, or that do not hold.
    pub(crate) skipped: usize,
    /// Rows that do not hold; the first 50.
    pub(crate) faults: Vec<RowFault>,
}

/// A row that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RowFault {
    /// Its line in the file, from 1.
    pub(crate) line: u64,
    /// What is wrong, for programs; stable.
    pub(crate) code: String,
    /// What is wrong, for people.
    pub(crate) message: String,
}
