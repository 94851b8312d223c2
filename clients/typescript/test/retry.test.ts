/** What is sent again, when, and with which key: against a small server that follows a script. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import {
  ApiError,
  BadRequest,
  Conflict,
  ConnectionFailed,
  NotFound,
  Postrider,
  PostriderError,
  RateLimited,
  ServerError,
  VERSION,
} from "@postrider/client";
import { LOST, OK, script } from "./script.js";

const EMAIL = { to: "ada@example.net", subject: "Hello", text: "Hello" };

test("a send is repeated with the same key and body", async (t) => {
  for (const failure of [LOST, ...[408, 409, 429, 500, 502, 503, 504].map((status) => ({ status }))]) {
    const { seen, client } = await script(t, failure, OK);
    assert.equal((await client().send(EMAIL)).id, "1");
    assert.equal(seen.length, 2, JSON.stringify(failure));
    assert.ok(seen[0]?.key);
    assert.deepEqual([seen[0].key, seen[0].body], [seen[1]?.key, seen[1]?.body]);
  }
});

test("batch and bulk are keyed too, and each call has its own key", async (t) => {
  const { seen, client } = await script(t, OK, OK, OK);
  const mail = client();
  await mail.send(EMAIL);
  await mail.batch([EMAIL]);
  await mail.bulkSend({ subject: "Hello", text: "Hello", recipients: [{ email: "ada@example.net" }] });
  assert.deepEqual(seen.map((one) => one.path), ["/api/send", "/api/batch", "/api/bulk-send"]);
  assert.equal(new Set(seen.flatMap((one) => one.key ?? [])).size, 3);
});

test("Retry-After in seconds is honoured", async (t) => {
  const { seen, client } = await script(t, { status: 429, headers: { "Retry-After": "1" } }, OK);
  const began = performance.now();
  await client().send(EMAIL);
  assert.ok(performance.now() - began >= 999);
  assert.equal(seen.length, 2);
});

test("Retry-After as a date is honoured, and nonsense is as if it were not there", async (t) => {
  const inHalfAMinute = new Date(Date.now() + 30_000).toUTCString();
  const cases: [string, (seconds: number | undefined) => boolean][] = [
    [inHalfAMinute, (seconds = 0) => seconds > 25 && seconds <= 30],
    ["Thu, 01 Jan 1970 00:00:00 GMT", (seconds) => seconds === 0],
    ["soon", (seconds) => seconds === undefined],
    ["-3", (seconds) => seconds === undefined],
    ["1.5", (seconds) => seconds === undefined],
  ];
  for (const [value, holds] of cases) {
    const { client } = await script(t, { status: 429, headers: { "Retry-After": value } });
    const call = client({ retries: 0 }).send(EMAIL);
    await assert.rejects(call, (error) => error instanceof RateLimited && holds(error.retryAfter), value);
  }
});

test("a long Retry-After is left to the caller", async (t) => {
  const { seen, client } = await script(t, { status: 429, headers: { "Retry-After": "900" } });
  await assert.rejects(client().send(EMAIL), (error) => {
    assert.ok(error instanceof RateLimited);
    assert.deepEqual([error.retryAfter, error.idempotencyKey], [900, seen[0]?.key]);
    return true;
  });
});

test("other refusals are final", async (t) => {
  for (const status of [400, 401, 403, 404, 413, 422, 501]) {
    const { seen, client } = await script(t, { status }, OK);
    await assert.rejects(client().send(EMAIL), (error) => error instanceof ApiError && error.status === status);
    assert.equal(seen.length, 1, String(status));
  }
});

test("retries end", async (t) => {
  for (const [failure, kind] of [[{ status: 503 }, ServerError], [LOST, ConnectionFailed]] as const) {
    const { seen, client } = await script(t, ...Array.from({ length: 9 }, () => failure));
    await assert.rejects(client().send(EMAIL), (error) => error instanceof kind);
    assert.equal(seen.length, 4);
  }
});

test("what must not happen twice is not repeated once connected", async (t) => {
  for (const failure of [LOST, { status: 503 }, { status: 429 }]) {
    const { seen, client } = await script(t, failure, OK);
    await assert.rejects(client().rotateKey(), PostriderError);
    assert.equal(seen.length, 1, JSON.stringify(failure));
  }
});

test("what must not happen twice is repeated when nobody listened", async () => {
  const url = await unheard();
  const mail = new Postrider({ url, key: "ml_live_old", retry: { retries: 2, waitFirstMs: 200 } });
  const began = performance.now();
  await assert.rejects(mail.rotateKey(), (error) => error instanceof ConnectionFailed && !error.connected);
  assert.ok(performance.now() - began >= 295, "two waits of at least 100 and 200 ms");
});

test("a conflict without a key is final", async (t) => {
  const { seen, client } = await script(t, { status: 409 }, OK);
  await assert.rejects(client().cancelEmail("1"), Conflict);
  assert.equal(seen.length, 1);
});

test("reads are repeated without a key", async (t) => {
  const { seen, client } = await script(t, LOST, { status: 502 }, OK);
  await client().getEmail("1");
  assert.deepEqual(seen.map((one) => one.key), [undefined, undefined, undefined]);
});

test("one connection serves many calls", async (t) => {
  const { seen, client } = await script(t, OK, { status: 404 }, OK);
  const mail = client();
  await mail.profile();
  await assert.rejects(mail.getEmail("1"), NotFound);
  await mail.send(EMAIL);
  // fetch gives a connection back a moment after its reply: a call that comes sooner opens a second one.
  assert.ok(new Set(seen.map((one) => one.port)).size <= 2);
});

test("a silent server is not waited for longer than the timeout", async (t) => {
  const silent = createServer((socket) => t.after(() => socket.destroy()));
  await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
  t.after(() => silent.close());
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const mail = new Postrider({ url, key: "ml_live_old", timeoutMs: 100, retry: { retries: 0 } });
  await assert.rejects(mail.profile(), (error) => error instanceof ConnectionFailed && error.connected);
});

test("the address of the server may have a path, and no other scheme", async (t) => {
  const { seen, url } = await script(t, OK);
  await new Postrider({ url: `${url}/mail/`, key: "ml_live_old" }).profile();
  assert.equal(seen[0]?.path, "/mail/api/customer/profile");
  assert.throws(() => new Postrider({ url: "ftp://127.0.0.1", key: "ml_live_old" }), TypeError);
});

test("a key that cannot be a header is the caller's fault, not the network's", async (t) => {
  const { seen, url } = await script(t);
  await assert.rejects(new Postrider({ url, key: "ml_live_\n" + "old" }).profile(), TypeError);
  assert.equal(seen.length, 0);
});

test("a rotated key is used from then on", async (t) => {
  const { seen, client } = await script(t, OK, OK);
  const mail = client();
  assert.equal((await mail.rotateKey()).api_key, "ml_live_new");
  await mail.profile();
  assert.deepEqual(seen.map((one) => one.authorization), ["Bearer ml_live_old", "Bearer ml_live_new"]);
});

test("an error carries what the server said", async (t) => {
  const errors = [{ field: "/to", code: "invalid_address", message: "is not an address" }];
  const body = JSON.stringify({ error: "validation_failed", code: "validation_failed", message: "1 fault", errors });
  const { client } = await script(t, { status: 400, headers: { "X-Request-Id": "r-1" }, body });
  await assert.rejects(client().send(EMAIL), (error) => {
    assert.ok(error instanceof BadRequest);
    assert.deepEqual([error.name, error.code, error.requestId], ["BadRequest", "validation_failed", "r-1"]);
    assert.equal(error.message, "1 fault; /to: is not an address");
    assert.deepEqual(error.errors, errors);
    return true;
  });
});

test("a page of something else is an error with its status", async (t) => {
  for (const [status, code] of [[501, "http_501"], [302, "http_302"], [200, "unreadable_reply"]] as const) {
    const { client } = await script(t, { status, headers: { Location: "/" }, body: "<html>" });
    await assert.rejects(client().profile(), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.status, error.code], [status, code]);
      return true;
    });
  }
});

test("the version is that of the package", async () => {
  const manifest = await readFile(new URL("../package.json", import.meta.url), "utf8");
  assert.equal((JSON.parse(manifest) as { version: string }).version, VERSION);
});

/** An address on which nobody listens. */
async function unheard(): Promise<string> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return `http://127.0.0.1:${port}`;
}
