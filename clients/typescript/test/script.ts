/** A server on the loopback that gives the answers of a script one after the other and keeps what it saw. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { Postrider, type RetryPolicy } from "@postrider/client";

/** `status` undefined closes the connection without a reply. */
export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface Seen {
  method: string | undefined;
  path: string | undefined;
  key: string | undefined;
  authorization: string | undefined;
  body: string;
  port: number | undefined;
}

export const OK: Answer = { status: 200 };
export const LOST: Answer = {};

export interface Script {
  seen: Seen[];
  url: string;
  /** A client that hardly waits between tries. */
  client(retry?: Partial<RetryPolicy>): Postrider;
}

export async function script(context: TestContext, ...answers: Answer[]): Promise<Script> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const key = request.headers["idempotency-key"];
    seen.push({
      method: request.method,
      path: request.url,
      key: typeof key === "string" ? key : undefined,
      authorization: request.headers.authorization,
      body: Buffer.concat(chunks).toString(),
      port: request.socket.remotePort,
    });
    const { status, headers = {}, body = '{"id": "1", "api_key": "ml_live_new"}' } = answers.shift() ?? { status: 599 };
    if (status === undefined) request.socket.destroy();
    else response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = (retry: Partial<RetryPolicy> = {}) =>
    new Postrider({ url, key: "ml_live_old", retry: { waitFirstMs: 1, waitMaxMs: 1, ...retry } });
  return { seen, url, client };
}
