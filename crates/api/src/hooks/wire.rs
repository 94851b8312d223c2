//! The JSON of the hooks. Fields that are not known are left alone, unlike everywhere else: each sender has its own.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// An e-mail came back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = bounce)]
#[expect(dead_code, reason = "what is not read is in the document all the same")]
pub(crate) struct BounceHook {
    /// Which e-mail: the id that sending it was answered with.
    #[schema(min_length = 1)]
    pub(super) email_id: String,
    /// Whether for good. Default: `soft`.
    #[serde(default)]
    pub(super) bounce_type: Option<BounceType>,
    /// What the other side said.
    #[serde(default)]
    pub(super) reason: Option<String>,
    /// From whom; need not be told of an e-mail with one recipient.
    #[serde(default)]
    pub(super) recipient_email: Option<String>,
    /// Taken and not read: an event is of the time when it is told.
    #[serde(default)]
    timestamp: Option<Value>,
    /// Taken and not read.
    #[serde(default)]
    custom_data: Option<Value>,
}

/// A recipient complained about an e-mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = complaint)]
#[expect(dead_code, reason = "what is not read is in the document all the same")]
pub(crate) struct ComplaintHook {
    /// Which e-mail: the id that sending it was answered with.
    #[schema(min_length = 1)]
    pub(super) email_id: String,
    /// Who; need not be told of an e-mail with one recipient.
    #[serde(default)]
    pub(super) recipient_email: Option<String>,
    /// `abuse`, `fraud` or `virus` (RFC 5965 §7.3); whatever else it says is `other`. Default: `abuse`.
    #[serde(default)]
    pub(super) feedback_type: Option<String>,
    /// Taken and not read: `feedbackType` says it.
    #[serde(default)]
    complaint_type: Option<Value>,
    /// Taken and not read: an event is of the time when it is told.
    #[serde(default)]
    timestamp: Option<Value>,
    /// Taken and not read.
    #[serde(default)]
    custom_data: Option<Value>,
}

/// Whether an e-mail came back for good.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BounceType {
    /// For good, because of the address.
    Hard,
    /// For now.
    Soft,
}

/// It is written down, or there is nothing to write.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HookReply {
    /// Always true.
    #[schema(example = true)]
    pub(super) success: bool,
}

fn bounce() -> Value {
    json!({
        "emailId": "0197b6a0-0000-7000-8000-000000000001",
        "bounceType": "hard",
        "reason": "550 5.1.1 no such user",
        "recipientEmail": "ada@example.org"
    })
}

fn complaint() -> Value {
    json!({ "emailId": "0197b6a0-0000-7000-8000-000000000001", "feedbackType": "abuse" })
}
