/** The running server that the tests talk to, as the environment names it. */

import { randomUUID } from "node:crypto";
import { Postrider, type Email } from "@postrider/client";

const NEEDED = {
  POSTRIDER_URL: "the address of a running server, such as http://127.0.0.1:8080",
  POSTRIDER_KEY: "a live key (ml_live_...)",
  POSTRIDER_TEST_KEY: "a sandbox key (ml_test_...) of the same account",
  POSTRIDER_DOMAIN: "a verified domain of the account",
};

/** Fails, rather than skips, when there is no server to test against. */
export function requireServer(): void {
  const missing = Object.entries(NEEDED).filter(([name]) => !process.env[name]);
  if (missing.length === 0) return;
  const list = missing.map(([name, what]) => `${name}: ${what}`).join("; ");
  throw new Error(`these tests need a running server; set ${list}`);
}

export function variable(name: keyof typeof NEEDED): string {
  return process.env[name] ?? "";
}

export function client(key = variable("POSTRIDER_KEY")): Postrider {
  return new Postrider({ url: variable("POSTRIDER_URL"), key });
}

export function recipient(): string {
  return process.env["POSTRIDER_TO"] || "delivered@sim.postrider.invalid";
}

/** A plain e-mail that is fine in every respect, unlike any other by its subject. */
export function email(change: Partial<Email> = {}): Email {
  return {
    to: recipient(),
    from: `typescript@${variable("POSTRIDER_DOMAIN")}`,
    subject: `TypeScript ${randomUUID()}`,
    html: "<p>Hello</p>",
    text: "Hello",
    ...change,
  };
}
