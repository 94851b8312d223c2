/** The shapes of requests and replies, with the names they have in the API. */

/** ISO 8601 in UTC, or a Date. */
export type Timestamp = string | Date;

export type Metadata = Record<string, string | number | boolean | null>;

/** `content` is base64; with `content_id` the part is inline. `attachment()` makes one from a file. */
export interface Attachment {
  filename: string;
  content: string;
  content_type?: string;
  content_id?: string;
}

interface MessageOptions {
  html?: string;
  text?: string;
  from?: string;
  domain?: string;
  reply_to?: string;
  track_opens?: boolean;
  track_clicks?: boolean;
  headers?: Record<string, string>;
  tag?: string;
  metadata?: Metadata;
  attachments?: Attachment[];
  stream_type?: "transactional" | "broadcast" | "shared";
  send_at?: Timestamp;
  customer_id?: string;
}

/** One e-mail: `to`, `subject`, and `html` or `text` or both. */
export interface Email extends MessageOptions {
  to: string;
  subject: string;
  cc?: string[];
  bcc?: string[];
  vars?: Record<string, unknown>;
}

/** The mail is on disk at the server. `suppressed`: the address wants no mail, and nothing is sent. */
export interface SendReply {
  id: string;
  message_id: string;
  to: string;
  submitted_at: string;
  status: "queued" | "scheduled" | "suppressed";
  message: string;
}

/** What became of one item; `error` and `errors` say why it was not accepted. */
export interface BatchResult {
  index: number;
  status: string;
  id?: string;
  message_id?: string;
  error?: string;
  message?: string;
  errors?: { field: string; code: string; message: string }[];
}

/** Results are in the order of the request. */
export interface BatchReply {
  total: number;
  queued: number;
  failed: number;
  results: BatchResult[];
}

/** An address and the values of the template's variables for it. */
export interface BulkRecipient {
  email: string;
  vars?: Record<string, unknown>;
  track_opens?: boolean;
  track_clicks?: boolean;
}

/** One template and its recipients; each gets a copy of their own. */
export interface Bulk extends MessageOptions {
  subject: string;
  recipients: BulkRecipient[];
}

/** Why the recipient at `index` gets nothing. */
export interface BulkError {
  index: number;
  email: string;
  error: string;
  message: string;
}

export interface BulkReply {
  bulk_id: string;
  total: number;
  queued: number;
  failed: number;
  suppressed: number;
  errors: BulkError[];
}

export interface RecipientDetails {
  address: string;
  status: string;
  attempts: number;
  last_reply: string | null;
  next_attempt_at: string | null;
}

export interface EmailDetails {
  id: string;
  to: string;
  from: string;
  subject: string;
  tag: string | null;
  metadata: Metadata;
  status: string;
  created_at: string;
  recipients: RecipientDetails[];
}

/** The account of a key; `api_key` is masked. */
export interface Customer {
  id: string;
  name: string;
  email: string;
  status: "active" | "suspended" | "pending";
  monthly_email_limit: number | null;
  max_domains: number;
  current_domains: number;
  emails_sent_this_month: number;
  remaining_emails: number | null;
  webhook_url: string | null;
  tracking_enabled: boolean;
  click_tracking_enabled: boolean;
  open_tracking_enabled: boolean;
  created_at: string;
  api_key: string;
  features: { event_tracking: boolean; event_api: boolean };
  quota_resets_at: string;
}

export interface Profile {
  customer: Customer;
}

export interface ProfileChange {
  name?: string;
  webhook_url?: string | null;
  tracking_enabled?: boolean;
  click_tracking_enabled?: boolean;
  open_tracking_enabled?: boolean;
}

export interface KeyRotation {
  message: string;
  api_key: string;
}

/** `password` is there only in the reply to a rotation: the server does not keep it. */
export interface SmtpCredentials {
  host: string;
  ports: number[];
  recommended_port: number;
  username: string;
  password?: string;
  password_set: boolean;
  created_at: string;
  expires_at: string | null;
}

export interface SmtpCredentialsReply {
  success: boolean;
  smtp_credentials: SmtpCredentials;
}

export interface SmtpRotation extends SmtpCredentialsReply {
  message: string;
  warning: string;
}

/** A record to publish, and what DNS has in its place. */
export interface DnsRecord {
  purpose: "ownership" | "dkim" | "spf" | "dmarc" | "return_path" | "tracking";
  type: string;
  name: string;
  value: string;
  required: boolean;
  status: "pending" | "valid" | "invalid";
  found: string[];
  reason: string | null;
}

export interface Domain {
  id: string;
  domain: string;
  status: "pending" | "verified" | "failed";
  created_at: string;
  verified_at: string | null;
  last_checked_at: string | null;
  tracking_enabled: boolean;
  track_opens: boolean | null;
  track_clicks: boolean | null;
  dkim: { selector: string; algorithm: string[] };
  return_path_domain: string;
  dns_records: DnsRecord[];
}

export interface DomainChange {
  tracking_enabled?: boolean;
  track_opens?: boolean | null;
  track_clicks?: boolean | null;
}

export interface Pagination {
  page: number;
  limit: number;
  total: number;
  pages: number;
}

export interface DomainList {
  domains: Domain[];
  pagination: Pagination;
}
