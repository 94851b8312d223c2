/** From a call to its JSON: encodes, sends, sends again when that is safe, decodes, throws. */

import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, PostriderError, apiError } from "./errors.js";
import { retryAfterSeconds, waitMs, type RetryPolicy } from "./retry.js";
import { exchange, type Reply, type Request } from "./transport.js";

/** A server and a key. `key` may be replaced while in use. */
export class Caller {
  key: string;
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #retry: RetryPolicy;

  constructor(url: string, key: string, timeoutMs: number, retry: RetryPolicy) {
    const { protocol, origin, pathname } = new URL(url);
    if (protocol !== "https:" && protocol !== "http:") {
      throw new TypeError(`the URL of the server must begin with https:// or http://, not: ${url}`);
    }
    this.#url = origin + pathname.replace(/\/+$/, "");
    this.key = key;
    this.#timeoutMs = timeoutMs;
    this.#retry = retry;
  }

  /** A call that may be carried out twice. */
  repeatable<T>(method: string, path: string, body?: object): Promise<T> {
    return this.#perform({ method, path, body: encoded(body), repeatable: true, idempotencyKey: undefined });
  }

  /** A call that must not be carried out twice. */
  once<T>(method: string, path: string, body?: object): Promise<T> {
    return this.#perform({ method, path, body: encoded(body), repeatable: false, idempotencyKey: undefined });
  }

  /** A POST that the server carries out once however often it arrives. */
  keyed<T>(path: string, body: object, idempotencyKey: string): Promise<T> {
    return this.#perform({ method: "POST", path, body: encoded(body), repeatable: true, idempotencyKey });
  }

  async #perform<T>(request: Request): Promise<T> {
    for (let tried = 1; ; tried++) {
      try {
        return decoded(await exchange(this.#url, this.key, this.#timeoutMs, request)) as T;
      } catch (error) {
        if (!(error instanceof PostriderError)) throw error;
        error.idempotencyKey = request.idempotencyKey;
        const wait = waitMs(this.#retry, request, error, tried);
        if (wait === undefined) throw error;
        await sleep(wait);
      }
    }
  }
}

function encoded(body: object | undefined): string | undefined {
  return body === undefined ? undefined : JSON.stringify(body);
}

function decoded(reply: Reply): unknown {
  const body = parsed(reply.body);
  const accepted = reply.status >= 200 && reply.status < 300;
  if (accepted && body !== UNREADABLE) return body;
  const error = accepted
    ? new ApiError(reply.status, "unreadable_reply", "the reply is not JSON: is this a Postrider server?")
    : apiError(reply.status, body);
  error.requestId = reply.headers.get("X-Request-Id") ?? undefined;
  error.retryAfter = retryAfterSeconds(reply.headers.get("Retry-After"));
  throw error;
}

const UNREADABLE = Symbol("unreadable");

function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return UNREADABLE;
  }
}
