/** When a request is sent again, and after how long. */

import { ApiError, ConnectionFailed, type PostriderError } from "./errors.js";
import type { Request } from "./transport.js";

/**
 * `retries` tries after the first. Waits double from `waitFirstMs` to `waitMaxMs`, less up to half at random, so that
 * clients that failed together do not come back together. A server that asks for more than `retryAfterMaxMs` is not
 * waited for: the error is thrown, with its `retryAfter`.
 */
export interface RetryPolicy {
  retries: number;
  waitFirstMs: number;
  waitMaxMs: number;
  retryAfterMaxMs: number;
}

export const RETRY_DEFAULT: RetryPolicy = { retries: 3, waitFirstMs: 500, waitMaxMs: 8_000, retryAfterMaxMs: 60_000 };

const RETRIED_STATUSES = new Set([408, 429, 500, 502, 503, 504]);

/** Milliseconds to wait before the next try after `tried` failed ones, or undefined when there is none. */
export function waitMs(
  policy: RetryPolicy,
  request: Request,
  error: PostriderError,
  tried: number,
): number | undefined {
  if (tried > policy.retries || !mayRepeat(request, error)) return undefined;
  const askedMs = (error instanceof ApiError ? (error.retryAfter ?? 0) : 0) * 1000;
  if (askedMs > policy.retryAfterMaxMs) return undefined;
  const backoffMs = Math.min(policy.waitFirstMs * 2 ** (tried - 1), policy.waitMaxMs);
  return Math.max(askedMs, backoffMs * (0.5 + Math.random() / 2));
}

/** RFC 9110 §10.2.3: Retry-After is a number of seconds or a date. Neither: as if it were not there. */
export function retryAfterSeconds(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value);
  // Date.parse takes a lot for a date; all that HTTP means by one begins with the name of a day.
  const date = /^\s*[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

/** Whether sending the request again is useful and cannot do its work twice. */
function mayRepeat(request: Request, error: PostriderError): boolean {
  if (error instanceof ConnectionFailed) return !error.permanent && (request.repeatable || !error.connected);
  if (!request.repeatable || error.status === undefined) return false;
  // With a key, 409 means that the first request with it has not been answered yet.
  return RETRIED_STATUSES.has(error.status) || (error.status === 409 && request.idempotencyKey !== undefined);
}
