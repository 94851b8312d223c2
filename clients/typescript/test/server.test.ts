/** Every operation against a running server. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { BadRequest, Conflict, NotFound, Unauthorized, Unprocessable, attachment } from "@postrider/client";
import { client, email, recipient, requireServer, variable } from "./account.js";

before(requireServer);

/** The error of the expected kind that the call ends in. */
async function failure<E extends Error>(kind: new (...never: never[]) => E, call: Promise<unknown>): Promise<E> {
  const error = await call.then(
    () => assert.fail(`expected ${kind.name}`),
    (error: unknown) => error,
  );
  if (!(error instanceof kind)) throw error;
  return error;
}

test("html and text", async () => {
  const mail = client();
  const one = email();
  const sent = await mail.send(one);
  assert.equal(sent.status, "queued");
  const found = await mail.getEmail(sent.id);
  assert.deepEqual([found.id, found.subject], [sent.id, one.subject]);
  assert.deepEqual(found.recipients.map((each) => each.address), [recipient()]);
});

test("text alone or html alone", async () => {
  for (const leftOut of ["html", "text"] as const) {
    const one = email();
    delete one[leftOut];
    assert.equal((await client().send(one)).status, "queued", `without ${leftOut}`);
  }
});

test("attachments from files", async () => {
  const folder = await mkdtemp(join(tmpdir(), "postrider-"));
  try {
    const path = join(folder, "Übersicht.pdf");
    await writeFile(path, Buffer.alloc(20_000, "%PDF"));
    const attachments = [
      await attachment(path, { contentType: "application/pdf" }),
      await attachment(path, { filename: "logo.png", contentType: "image/png", contentId: "logo" }),
    ];
    assert.equal(attachments[0]?.filename, "Übersicht.pdf");
    assert.equal((await client().send(email({ attachments }))).status, "queued");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("characters outside ASCII", async () => {
  const one = email({
    subject: `Grüße, 你好, 🐎 ${randomUUID()}`,
    from: `Jürgen Groß <juergen@${variable("POSTRIDER_DOMAIN")}>`,
    text: "Schöne Grüße\n再见",
    metadata: { größe: "übergroß", anzahl: 3 },
  });
  const mail = client();
  const found = await mail.getEmail((await mail.send(one)).id);
  assert.deepEqual([found.subject, found.metadata], [one.subject, one.metadata]);
});

test("every fault is named with its field", async () => {
  const bad = email({ to: "nobody", reply_to: "no one", tag: "t".repeat(256) });
  const error = await failure(BadRequest, client().send(bad));
  assert.equal(error.status, 400);
  assert.deepEqual(new Set(error.errors.map((fault) => fault.field)), new Set(["/to", "/reply_to", "/tag"]));
  for (const fault of error.errors) assert.ok(fault.code && fault.message, JSON.stringify(fault));
  assert.ok(error.requestId);
});

test("an unknown field is refused by name", async () => {
  const misspelt = { ...email(), track_open: true };
  const error = await failure(BadRequest, client().send(misspelt));
  assert.match(error.message, /track_open/);
});

test("a wrong key is unauthorized", async () => {
  const error = await failure(Unauthorized, client(`ml_live_${"0".repeat(64)}`).send(email()));
  assert.equal(error.status, 401);
});

test("the sandbox takes mail too", async () => {
  const sandbox = client(variable("POSTRIDER_TEST_KEY"));
  const sent = await sandbox.send(email());
  assert.equal((await sandbox.getEmail(sent.id)).id, sent.id);
});

test("a batch takes the good and names the bad", async () => {
  const reply = await client().batch([email(), email({ to: "nobody" }), email()]);
  assert.deepEqual([reply.total, reply.queued, reply.failed], [3, 2, 1]);
  assert.deepEqual(reply.results.map((result) => result.index), [0, 1, 2]);
  assert.deepEqual(reply.results.map((result) => Boolean(result.id)), [true, false, true]);
  assert.ok(reply.results[1]?.error);
});

test("a missing variable fails its recipient only", async () => {
  const reply = await client().bulkSend({
    from: `news@${variable("POSTRIDER_DOMAIN")}`,
    subject: "Hello {{name}}",
    html: "<p>Hello {{name}}</p>",
    recipients: [
      { email: recipient(), vars: { name: "Ada" } },
      { email: recipient().replace("@", "+two@"), vars: {} },
    ],
  });
  assert.deepEqual([reply.total, reply.queued, reply.failed], [2, 1, 1]);
  assert.deepEqual(reply.errors.map((error) => error.index), [1]);
  assert.ok(reply.bulk_id);
});

test("a scheduled mail can be cancelled once", async () => {
  const mail = client();
  const sent = await mail.send(email({ send_at: new Date(Date.now() + 3_600_000) }));
  assert.equal(sent.status, "scheduled");
  assert.equal((await mail.getEmail(sent.id)).status, "scheduled");
  await mail.cancelEmail(sent.id);
  assert.equal((await mail.getEmail(sent.id)).status, "canceled");
  await failure(Conflict, mail.cancelEmail(sent.id));
});

test("an unknown mail is not found", async () => {
  await failure(NotFound, client().getEmail(randomUUID()));
});

test("the same key and body give the first reply", async () => {
  const mail = client();
  const one = email();
  const idempotencyKey = randomUUID();
  assert.deepEqual(await mail.send(one, { idempotencyKey }), await mail.send(one, { idempotencyKey }));
});

test("without a key every call is a mail", async () => {
  const mail = client();
  const one = email();
  assert.notEqual((await mail.send(one)).id, (await mail.send(one)).id);
});

test("the same key with another body is refused", async () => {
  const mail = client();
  const idempotencyKey = randomUUID();
  await mail.send(email(), { idempotencyKey });
  const error = await failure(Unprocessable, mail.send(email(), { idempotencyKey }));
  assert.equal(error.code, "idempotency_key_reused");
  assert.equal(error.idempotencyKey, idempotencyKey);
});

test("domains come and go", async () => {
  const { domains } = client();
  const name = `t-${randomUUID().slice(0, 8)}.client-test.example.org`;
  const domain = await domains.add(name);
  assert.deepEqual([domain.domain, domain.status], [name, "pending"]);
  assert.ok(domain.dns_records.some((record) => record.purpose === "dkim"));
  await failure(Conflict, domains.add(name));
  assert.ok((await domains.list({ limit: 500 })).domains.some((one) => one.domain === name));
  assert.equal((await domains.get(domain.id)).domain, name);
  assert.equal((await domains.update(domain.id, { track_opens: true })).track_opens, true);
  await domains.delete(domain.id);
  await failure(NotFound, domains.get(domain.id));
});

test("the profile shows the account and no key", async () => {
  const { customer } = await client().profile();
  assert.equal(customer.status, "active");
  assert.ok(!JSON.stringify(customer).includes(variable("POSTRIDER_KEY")));
});

test("the name of the account can be changed", async () => {
  const mail = client();
  const { name } = (await mail.profile()).customer;
  try {
    assert.equal((await mail.updateProfile({ name: "Zoë" })).customer.name, "Zoë");
    assert.equal((await mail.profile()).customer.name, "Zoë");
  } finally {
    await mail.updateProfile({ name });
  }
});

test("SMTP credentials have no password", async () => {
  const credentials = (await client().smtpCredentials()).smtp_credentials;
  assert.ok(credentials.ports.includes(credentials.recommended_port));
  assert.ok(!("password" in credentials));
});
