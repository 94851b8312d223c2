"""The shapes of requests and replies, with the names they have in the API.

At run time all of them are plain dictionaries: what the server adds later is in them without
a new version of this package.
"""

from datetime import datetime
from typing import Any, Dict, List, Literal, Mapping, Optional, Sequence, TypedDict, Union

Timestamp = Union[str, datetime]
"""ISO 8601 in UTC, or a datetime with a time zone."""

Metadata = Mapping[str, Union[str, int, float, bool, None]]
Stream = Literal["transactional", "broadcast", "shared"]


class _AttachmentOptions(TypedDict, total=False):
    content_type: str
    content_id: str


class Attachment(_AttachmentOptions):
    """`content` is base64; with `content_id` the part is inline. `postrider.attachment` makes one from a file."""

    filename: str
    content: str


# "from" is a word of the language, so these are written as calls.
_MessageOptions = TypedDict(
    "_MessageOptions",
    {
        "html": str,
        "text": str,
        "from": str,
        "domain": str,
        "reply_to": str,
        "track_opens": bool,
        "track_clicks": bool,
        "headers": Mapping[str, str],
        "tag": str,
        "metadata": Metadata,
        "attachments": Sequence[Attachment],
        "stream_type": Stream,
        "send_at": Timestamp,
        "customer_id": str,
    },
    total=False,
)


class _EmailOptions(_MessageOptions, total=False):
    cc: Sequence[str]
    bcc: Sequence[str]
    vars: Mapping[str, Any]


class Email(_EmailOptions):
    """One e-mail: `to`, `subject`, and `html` or `text` or both."""

    to: str
    subject: str


class SendReply(TypedDict):
    """The mail is on disk at the server. `suppressed`: the address wants no mail, and nothing is sent."""

    id: str
    message_id: str
    to: str
    submitted_at: str
    status: Literal["queued", "scheduled", "suppressed"]
    message: str


class _BatchResultOptions(TypedDict, total=False):
    id: str
    message_id: str
    error: str
    message: str
    errors: List[Dict[str, str]]


class BatchResult(_BatchResultOptions):
    """What became of one item; `error` and `errors` say why it was not accepted."""

    index: int
    status: str


class BatchReply(TypedDict):
    """Results are in the order of the request."""

    total: int
    queued: int
    failed: int
    results: List[BatchResult]


class _BulkRecipientOptions(TypedDict, total=False):
    vars: Mapping[str, Any]
    track_opens: bool
    track_clicks: bool


class BulkRecipient(_BulkRecipientOptions):
    """An address and the values of the template's variables for it."""

    email: str


class Bulk(_MessageOptions):
    """One template and its recipients; each gets a copy of their own."""

    subject: str
    recipients: Sequence[BulkRecipient]


class BulkError(TypedDict):
    """Why the recipient at `index` gets nothing."""

    index: int
    email: str
    error: str
    message: str


class BulkReply(TypedDict):
    bulk_id: str
    total: int
    queued: int
    failed: int
    suppressed: int
    errors: List[BulkError]


class RecipientDetails(TypedDict):
    address: str
    status: str
    attempts: int
    last_reply: Optional[str]
    next_attempt_at: Optional[str]


EmailDetails = TypedDict(
    "EmailDetails",
    {
        "id": str,
        "to": str,
        "from": str,
        "subject": str,
        "tag": Optional[str],
        "metadata": Dict[str, Any],
        "status": str,
        "created_at": str,
        "recipients": List[RecipientDetails],
    },
)


class Features(TypedDict):
    event_tracking: bool
    event_api: bool


class Customer(TypedDict):
    """The account of a key; `api_key` is masked."""

    id: str
    name: str
    email: str
    status: Literal["active", "suspended", "pending"]
    monthly_email_limit: Optional[int]
    max_domains: int
    current_domains: int
    emails_sent_this_month: int
    remaining_emails: Optional[int]
    webhook_url: Optional[str]
    tracking_enabled: bool
    click_tracking_enabled: bool
    open_tracking_enabled: bool
    created_at: str
    api_key: str
    features: Features
    quota_resets_at: str


class Profile(TypedDict):
    customer: Customer


class ProfileChange(TypedDict, total=False):
    name: str
    webhook_url: Optional[str]
    tracking_enabled: bool
    click_tracking_enabled: bool
    open_tracking_enabled: bool


class KeyRotation(TypedDict):
    message: str
    api_key: str


class _SmtpPassword(TypedDict, total=False):
    password: str


class SmtpCredentials(_SmtpPassword):
    """`password` is there only in the reply to a rotation: the server does not keep it."""

    host: str
    ports: List[int]
    recommended_port: int
    username: str
    password_set: bool
    created_at: str
    expires_at: Optional[str]


class SmtpCredentialsReply(TypedDict):
    success: bool
    smtp_credentials: SmtpCredentials


class SmtpRotation(SmtpCredentialsReply):
    message: str
    warning: str


class DnsRecord(TypedDict):
    """A record to publish, and what DNS has in its place."""

    purpose: Literal["ownership", "dkim", "spf", "dmarc", "return_path", "tracking"]
    type: str
    name: str
    value: str
    required: bool
    status: Literal["pending", "valid", "invalid"]
    found: List[str]
    reason: Optional[str]


class Dkim(TypedDict):
    selector: str
    algorithm: List[str]


class Domain(TypedDict):
    id: str
    domain: str
    status: Literal["pending", "verified", "failed"]
    created_at: str
    verified_at: Optional[str]
    last_checked_at: Optional[str]
    tracking_enabled: bool
    track_opens: Optional[bool]
    track_clicks: Optional[bool]
    dkim: Dkim
    return_path_domain: str
    dns_records: List[DnsRecord]


class DomainChange(TypedDict, total=False):
    tracking_enabled: bool
    track_opens: Optional[bool]
    track_clicks: Optional[bool]


class Pagination(TypedDict):
    page: int
    limit: int
    total: int
    pages: int


class DomainList(TypedDict):
    domains: List[Domain]
    pagination: Pagination
