/** What can go wrong: the server said no (`ApiError`), or there was no reply (`ConnectionFailed`). */

/** One fault of a request; `field` is a JSON pointer into it, such as `/recipients/3/email`. */
export interface Fault {
  field: string;
  code: string;
  message: string;
}

/** Every error of this package. `status` and `requestId` are undefined when there was no reply. */
export class PostriderError extends Error {
  readonly code: string;
  status: number | undefined;
  requestId: string | undefined;
  errors: Fault[] = [];
  /** The key the request carried: sending the same body with it again cannot send the mail twice. */
  idempotencyKey: string | undefined;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** No whole reply arrived. `connected` is false when the request cannot have reached the server. */
export class ConnectionFailed extends PostriderError {
  readonly connected: boolean;
  /** The next try would fail the same way: the server's certificate is not trusted. */
  readonly permanent: boolean;

  constructor(message: string, connected: boolean, permanent: boolean, cause: unknown) {
    super("connection_failed", message, { cause });
    this.connected = connected;
    this.permanent = permanent;
  }
}

/** A reply other than 2xx, or one that is not JSON. */
export class ApiError extends PostriderError {
  override status: number;
  /** The seconds the server asks to wait. */
  retryAfter: number | undefined;

  constructor(status: number, code: string, message: string) {
    super(code, message);
    this.status = status;
  }
}

/** 400: the request has faults; `errors` lists all of them. */
export class BadRequest extends ApiError {}

/** 401: the key is missing, unknown, expired or revoked. */
export class Unauthorized extends ApiError {}

/** 403: the account or the domain may not do this, for instance `domain_not_verified`. */
export class Forbidden extends ApiError {}

/** 404: there is no such thing in this account. */
export class NotFound extends ApiError {}

/** 409: it exists already, or it is too late. */
export class Conflict extends ApiError {}

/** 413: the request is larger than the server takes. */
export class TooLarge extends ApiError {}

/** 422: for instance `idempotency_key_reused`, a key that came with another body before. */
export class Unprocessable extends ApiError {}

/** 429: too many requests; `retryAfter` says when to come back. */
export class RateLimited extends ApiError {}

/** 5xx: the server or something before it could not; nothing was accepted. */
export class ServerError extends ApiError {}

const CLASSES = new Map<number, typeof ApiError>([
  [400, BadRequest],
  [401, Unauthorized],
  [403, Forbidden],
  [404, NotFound],
  [409, Conflict],
  [413, TooLarge],
  [422, Unprocessable],
  [429, RateLimited],
]);

/** The error of a reply. A body that is not the API's (a proxy's page) gives the code `http_<status>`. */
export function apiError(status: number, body: unknown): ApiError {
  const fields = record(body);
  const kind = CLASSES.get(status) ?? (status >= 500 ? ServerError : ApiError);
  const code = String(fields["code"] ?? fields["error"] ?? `http_${status}`);
  const faults = Array.isArray(fields["errors"]) ? fields["errors"].map(record).map(fault) : [];
  const message = String(fields["message"] ?? `the server answered ${status}`);
  const error = new kind(status, code, [message, ...faults.map((one) => `${one.field}: ${one.message}`)].join("; "));
  error.errors = faults;
  return error;
}

function fault(fields: Record<string, unknown>): Fault {
  return {
    field: String(fields["field"] ?? ""),
    code: String(fields["code"] ?? ""),
    message: String(fields["message"] ?? ""),
  };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
