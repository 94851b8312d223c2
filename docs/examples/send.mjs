// Sends one e-mail to the simulator and prints its id.
// Needs Node.js 20; reads POSTRIDER_URL, POSTRIDER_KEY and POSTRIDER_DOMAIN from the environment.
import { randomUUID } from "node:crypto";

const { POSTRIDER_URL, POSTRIDER_KEY, POSTRIDER_DOMAIN } = process.env;
if (!POSTRIDER_URL || !POSTRIDER_KEY || !POSTRIDER_DOMAIN) {
  throw new Error("set POSTRIDER_URL, POSTRIDER_KEY and POSTRIDER_DOMAIN");
}

const response = await fetch(`${POSTRIDER_URL}/api/send`, {
  method: "POST",
  headers: {
    Authorization: `Bearer ${POSTRIDER_KEY}`,
    "Content-Type": "application/json",
    "Idempotency-Key": randomUUID(),
  },
  body: JSON.stringify({
    from: `hello@${POSTRIDER_DOMAIN}`,
    to: "delivered@sim.postrider.invalid",
    subject: "Hello from Node.js",
    text: "It works.",
  }),
  signal: AbortSignal.timeout(30_000),
});
const reply = await response.text();
if (!response.ok) throw new Error(`${response.status}: ${reply}`);
console.log(JSON.parse(reply).id);
