//! Sending, and what became of what was sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::super::examples;

/// One e-mail to send.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = examples::send)]
pub struct SendRequest {
    /// The recipient: `a@example.org` or `Name <a@example.org>`.
    #[schema(max_length = 1000)]
    pub to: String,
    /// The subject; at most 998 octets once encoded.
    #[schema(max_length = 998)]
    pub subject: String,
    /// The HTML part. At least one of `html` and `text` is needed; from HTML alone a text part is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The text part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The sending domain. Default: that of `from`, else the first verified domain of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub domain: Option<String>,
    /// The author. Default: `noreply@` and the domain. Its domain must be verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub from: Option<String>,
    /// Where answers go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub reply_to: Option<String>,
    /// Copies. At most 50 recipients in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub cc: Option<Vec<String>>,
    /// Blind copies: they are not in the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub bcc: Option<Vec<String>>,
    /// Whether opens are tracked. Default: the domain's setting, then the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track_opens: Option<bool>,
    /// Whether clicks are tracked. Default: the domain's setting, then the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track_clicks: Option<bool>,
    /// Further header fields. Those that have a place of their own here, or that belong to who carries the mail, may not be
    /// set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// A word of yours to find the e-mail by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$"
    )]
    pub tag: Option<String>,
    /// At most 10 values of yours and 2 KiB, without nesting; never in the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// Files; at most 20 MiB in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100)]
    pub attachments: Option<Vec<AttachmentRequest>>,
    /// Which pool of addresses the e-mail leaves from. Default: `shared`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_type: Option<StreamType>,
    /// When it is to leave: an ISO 8601 timestamp with its offset, at most 72 hours ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64, format = DateTime, example = "2026-12-24T18:00:00Z")]
    pub send_at: Option<String>,
    /// Values for `{{variable}}` in subject, html and text. Without it nothing is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vars: Option<Map<String, Value>>,
}

/// A file.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentRequest {
    /// Its name.
    #[schema(min_length = 1, max_length = 255, example = "invoice.pdf")]
    pub filename: String,
    /// Its content, in base64.
    #[schema(content_encoding = "base64", example = "JVBERi0xLjQK")]
    pub content: String,
    /// Its media type. Default: by the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255, example = "application/pdf")]
    pub content_type: Option<String>,
    /// Makes it an inline part that html shows as `cid:` and this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128)]
    pub content_id: Option<String>,
}

/// A pool of addresses.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamType {
    /// Mail that somebody waits for.
    Transactional,
    /// Mail to many.
    Broadcast,
    /// Whichever.
    #[default]
    Shared,
}

/// What became of an e-mail at acceptance.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SendReply {
    /// The recipient, as given.
    pub(crate) to: String,
    /// When it was accepted.
    pub(crate) submitted_at: String,
    /// The e-mail's id.
    pub(crate) id: String,
    /// The Message-ID of the message, without angle brackets.
    pub(crate) message_id: String,
    pub(crate) status: SubmissionStatus,
    /// The same in words.
    pub(crate) message: String,
}

/// What became of an e-mail at acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SubmissionStatus {
    /// It is on disk and goes out as soon as it may.
    Queued,
    /// It is on disk and goes out at its time.
    Scheduled,
    /// Nobody is left who wants it.
    Suppressed,
}

/// Several e-mails to send, each by itself.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = examples::batch)]
pub(crate) struct BatchRequest {
    /// The e-mails, each with the fields of `POST /api/send`.
    #[schema(min_items = 1, max_items = 500, value_type = Vec<Object>)]
    pub(crate) emails: Vec<Value>,
    /// The id of the account; when it is given it must be the key's own.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub(crate) customer_id: Option<String>,
}

/// What became of a batch.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BatchReply {
    /// E-mails in the request.
    pub(crate) total: usize,
    /// E-mails accepted, whatever their status.
    pub(crate) queued: usize,
    /// E-mails refused.
    pub(crate) failed: usize,
    /// One for each e-mail, in the order of the request.
    pub(crate) results: Vec<BatchResult>,
}

/// What became of one e-mail of a batch.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct BatchResult {
    /// Which e-mail, from 0.
    pub(crate) index: usize,
    /// `queued`, `scheduled`, `suppressed` or `failed`.
    pub(crate) status: String,
    /// The e-mail's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// The Message-ID of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_id: Option<String>,
    /// Why it was refused, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Why it was refused, or is held because sending is paused, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// Each fault of it; fields are relative to the e-mail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<crate::problem::Fault>,
}

/// One template, many recipients: each gets a copy of their own.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = examples::bulk)]
pub(crate) struct BulkRequest {
    /// The subject, with `{{variable}}`.
    #[schema(max_length = 998)]
    pub(crate) subject: String,
    /// The HTML part; values are escaped in it.
    #[serde(default)]
    pub(crate) html: Option<String>,
    /// The text part.
    #[serde(default)]
    pub(crate) text: Option<String>,
    /// The author. Default: `noreply@` and the domain.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub(crate) from: Option<String>,
    /// The sending domain. Default: that of `from`, else the first verified domain of the account.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub(crate) domain: Option<String>,
    /// Where answers go.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub(crate) reply_to: Option<String>,
    /// Whether opens are tracked. Default: true.
    #[serde(default)]
    pub(crate) track_opens: Option<bool>,
    /// Whether clicks are tracked. Default: true.
    #[serde(default)]
    pub(crate) track_clicks: Option<bool>,
    /// A word of yours to find the e-mails by.
    #[serde(default)]
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$"
    )]
    pub(crate) tag: Option<String>,
    /// The recipients.
    #[schema(min_items = 1, max_items = 10_000)]
    pub(crate) recipients: Vec<BulkRecipient>,
    /// The id of the account; when it is given it must be the key's own.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub(crate) customer_id: Option<String>,
    /// Further header fields, the same in each copy.
    #[serde(default)]
    pub(crate) headers: Option<BTreeMap<String, String>>,
    /// At most 10 values of yours and 2 KiB, without nesting; never in the message.
    #[serde(default)]
    pub(crate) metadata: Option<Map<String, Value>>,
    /// Files; at most 20 MiB in all.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(crate) attachments: Option<Vec<AttachmentRequest>>,
    /// Which pool of addresses the copies leave from. Default: `shared`.
    #[serde(default)]
    pub(crate) stream_type: Option<StreamType>,
    /// When they are to leave: an ISO 8601 timestamp with its offset, at most 72 hours ahead.
    #[serde(default)]
    #[schema(max_length = 64, format = DateTime)]
    pub(crate) send_at: Option<String>,
}

/// One recipient of a bulk mail.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkRecipient {
    /// The address.
    #[schema(max_length = 1000)]
    pub(crate) email: String,
    /// Values for `{{variable}}`.
    #[serde(default)]
    pub(crate) vars: Option<Map<String, Value>>,
    /// Whether opens of this copy are tracked. Default: that of the request.
    #[serde(default)]
    pub(crate) track_opens: Option<bool>,
    /// Whether clicks in this copy are tracked. Default: that of the request.
    #[serde(default)]
    pub(crate) track_clicks: Option<bool>,
}

/// What became of a bulk mail.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BulkReply {
    /// The id of the bulk mail.
    pub(crate) bulk_id: String,
    /// Recipients in the request.
    pub(crate) total: usize,
    /// Copies accepted.
    pub(crate) queued: usize,
    /// Recipients refused.
    pub(crate) failed: usize,
    /// Recipients who want no mail.
    pub(crate) suppressed: usize,
    /// Why recipients were refused.
    pub(crate) errors: Vec<BulkError>,
}

/// Why a recipient of a bulk mail was refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BulkError {
    /// Which recipient, from 0.
    pub(crate) index: usize,
    /// The address, as given.
    pub(crate) email: String,
    /// Why, for programs.
    pub(crate) error: String,
    /// Why, for people.
    pub(crate) message: String,
}

/// An e-mail and what became of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EmailView {
    /// Its id.
    pub(crate) id: String,
    /// Its first recipient.
    pub(crate) to: String,
    /// Its author.
    pub(crate) from: String,
    /// Its subject; of a bulk mail before it is rendered.
    pub(crate) subject: String,
    /// Your tag.
    pub(crate) tag: Option<String>,
    /// Your values.
    pub(crate) metadata: Option<Value>,
    /// `queued`, `scheduled`, `deferred`, `delivered`, `bounced`, `complained`, `failed`, `canceled`, `suppressed`, or `partial` when its recipients
    /// ended in different ways.
    pub(crate) status: String,
    /// Why it may not leave yet, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hold_reason: Option<String>,
    /// The Message-ID of the message.
    pub(crate) message_id: String,
    /// When it was accepted.
    pub(crate) created_at: String,
    /// Its recipients.
    pub(crate) recipients: Vec<RecipientView>,
}

/// A recipient and what became of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RecipientView {
    /// The address.
    pub(crate) address: String,
    /// `queued`, `scheduled`, `deferred`, `delivered`, `bounced`, `complained`, `failed`, `canceled` or `suppressed`.
    pub(crate) status: String,
    /// Attempts made.
    pub(crate) attempts: u32,
    /// The last thing heard of it.
    pub(crate) last_reply: Option<String>,
    /// When the next attempt is due.
    pub(crate) next_attempt_at: Option<String>,
}

/// What was taken back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CancelReply {
    /// The e-mail.
    pub(crate) id: String,
    /// `canceled`.
    pub(crate) status: String,
    /// The same in words.
    pub(crate) message: String,
}

/// The schema of an e-mail in a batch, under the name of its type.
pub(crate) fn item_schema() -> (String, utoipa::openapi::RefOr<utoipa::openapi::Schema>) {
    use utoipa::PartialSchema;
    (SendRequest::name().into_owned(), SendRequest::schema())
}
