/** One HTTP exchange with the global fetch. It never retries; it says whether the request can have arrived. */

import { ConnectionFailed } from "./errors.js";
import { VERSION } from "./version.js";

export interface Request {
  method: string;
  path: string;
  body: string | undefined;
  /** Carrying it out twice is the same as once. */
  repeatable: boolean;
  idempotencyKey: string | undefined;
}

export interface Reply {
  status: number;
  headers: Headers;
  body: string;
}

/** Sends the request and reads the whole reply. */
export async function exchange(url: string, key: string, timeoutMs: number, request: Request): Promise<Reply> {
  try {
    const response = await fetch(url + request.path, {
      method: request.method,
      headers: headers(key, request),
      body: request.body ?? null,
      redirect: "manual", // the key goes to this server and to no other
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, headers: response.headers, body: await response.text() };
  } catch (error) {
    // fetch wraps what the network did; a TypeError of its own is a wrong argument, such as a line end in the key.
    if (error instanceof TypeError && error.cause === undefined) throw error;
    throw connectionFailed(url, error);
  }
}

function headers(key: string, request: Request): Record<string, string> {
  return {
    Authorization: `Bearer ${key}`,
    Accept: "application/json",
    "User-Agent": `postrider-typescript/${VERSION}`,
    ...(request.body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(request.idempotencyKey === undefined ? {} : { "Idempotency-Key": request.idempotencyKey }),
  };
}

interface SystemError {
  code?: string;
  syscall?: string;
  message?: string;
  errors?: SystemError[];
}

function connectionFailed(url: string, error: unknown): ConnectionFailed {
  const failure = error as Error & { cause?: SystemError };
  const cause: SystemError = failure.cause ?? failure;
  // A name with several addresses fails with the failures of all of them.
  const causes = cause.errors?.length ? cause.errors : [cause];
  const untrusted = causes.every((one) => /CERT|VERIFY|ERR_TLS/.test(String(one.code)));
  const reached = !untrusted && !causes.every(isBeforeConnection);
  const reason = causes.map((one) => one.message || one.code).join("; ");
  return new ConnectionFailed(`no reply from ${new URL(url).host}: ${reason}`, reached, untrusted, error);
}

function isBeforeConnection(error: SystemError): boolean {
  return error.syscall === "connect" || error.syscall === "getaddrinfo" || error.code === "UND_ERR_CONNECT_TIMEOUT";
}
