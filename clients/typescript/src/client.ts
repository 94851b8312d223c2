/** The client: a method per operation of the API. */

import { randomUUID } from "node:crypto";
import { Caller } from "./caller.js";
import { Domains } from "./domains.js";
import { RETRY_DEFAULT, type RetryPolicy } from "./retry.js";
import type {
  BatchReply,
  Bulk,
  BulkReply,
  Email,
  EmailDetails,
  KeyRotation,
  Profile,
  ProfileChange,
  SendReply,
  SmtpCredentialsReply,
  SmtpRotation,
  Timestamp,
} from "./types.js";

export interface Options {
  /** The address of the server: `https://mail.example.org`. */
  url: string;
  /** `ml_live_…`, or `ml_test_…` for the sandbox. */
  key: string;
  /** For each try, from its beginning to the end of its reply. Default: 30 000. */
  timeoutMs?: number;
  retry?: Partial<RetryPolicy>;
}

export interface SendOptions {
  /** With a key of your own the same request is carried out once, however often you call within 24 hours. */
  idempotencyKey?: string;
}

/** An account at a server. */
export class Postrider {
  readonly domains: Domains;
  readonly #caller: Caller;

  constructor({ url, key, timeoutMs = 30_000, retry = {} }: Options) {
    this.#caller = new Caller(url, key, timeoutMs, { ...RETRY_DEFAULT, ...retry });
    this.domains = new Domains(this.#caller);
  }

  /** Sends one e-mail. */
  send(email: Email, { idempotencyKey = randomUUID() }: SendOptions = {}): Promise<SendReply> {
    return this.#caller.keyed("/api/send", email, idempotencyKey);
  }

  /** Sends up to 500 e-mails. Each is judged alone: look at `results`. */
  batch(emails: Email[], { idempotencyKey = randomUUID() }: SendOptions = {}): Promise<BatchReply> {
    return this.#caller.keyed("/api/batch", { emails }, idempotencyKey);
  }

  /** Sends one template to up to 10 000 recipients. Each is judged alone: look at `errors`. */
  bulkSend(bulk: Bulk, { idempotencyKey = randomUUID() }: SendOptions = {}): Promise<BulkReply> {
    return this.#caller.keyed("/api/bulk-send", bulk, idempotencyKey);
  }

  /** Where an e-mail stands, recipient by recipient. */
  getEmail(id: string): Promise<EmailDetails> {
    return this.#caller.repeatable("GET", `/api/emails/${encodeURIComponent(id)}`);
  }

  /**
   * Stops what has not left. `Conflict` when nothing can be stopped any more, or when an earlier try whose reply was
   * lost has stopped it: `getEmail` tells.
   */
  async cancelEmail(id: string): Promise<void> {
    await this.#caller.repeatable("DELETE", `/api/emails/${encodeURIComponent(id)}`);
  }

  profile(): Promise<Profile> {
    return this.#caller.repeatable("GET", "/api/customer/profile");
  }

  updateProfile(change: ProfileChange): Promise<Profile> {
    return this.#caller.repeatable("PATCH", "/api/customer/profile", change);
  }

  /** A new key; the old one is dead at once. This client goes on with the new one: store it before anything else. */
  async rotateKey(): Promise<KeyRotation> {
    const rotation = await this.#caller.once<KeyRotation>("POST", "/api/customer/rotate-key");
    this.#caller.key = rotation.api_key;
    return rotation;
  }

  smtpCredentials(): Promise<SmtpCredentialsReply> {
    return this.#caller.repeatable("GET", "/api/smtp-credentials");
  }

  /** A new SMTP password, shown only here; the old one is dead at once. */
  rotateSmtpCredentials({ expiresAt }: { expiresAt?: Timestamp } = {}): Promise<SmtpRotation> {
    const body = expiresAt === undefined ? undefined : { expires_at: expiresAt };
    return this.#caller.once("POST", "/api/smtp-credentials/rotate", body);
  }
}
