/** Certificates are verified, and one that is not trusted is not asked for again. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ConnectionFailed, Postrider } from "@postrider/client";

test("an unknown certificate is refused once", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "postrider-"));
  t.after(() => rm(folder, { recursive: true }));
  const [keyFile, certificateFile] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost";
  execFileSync("openssl", [...command.split(" "), "-keyout", keyFile, "-out", certificateFile], { stdio: "ignore" });

  let connections = 0;
  let requests = 0;
  const server = createServer({ key: await readFile(keyFile), cert: await readFile(certificateFile) }, (_, response) => {
    requests++;
    response.end("{}");
  });
  server.on("connection", () => connections++);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());

  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const mail = new Postrider({ url, key: "ml_live_old", retry: { waitFirstMs: 1 } });
  await assert.rejects(mail.profile(), (error) => error instanceof ConnectionFailed && error.permanent && !error.connected);
  assert.deepEqual([connections, requests], [1, 0]);
});
