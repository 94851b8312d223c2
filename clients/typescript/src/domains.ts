/** The sending domains of an account. */

import type { Caller } from "./caller.js";
import type { Domain, DomainChange, DomainList } from "./types.js";

const PATH = "/api/customer/domains";

/** `Postrider.domains`. */
export class Domains {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  list({ page = 1, limit = 50 }: { page?: number; limit?: number } = {}): Promise<DomainList> {
    return this.#caller.repeatable("GET", `${PATH}?page=${page}&limit=${limit}`);
  }

  /** The reply has the DNS records to publish. 409 when the account has the domain already. */
  add(domain: string): Promise<Domain> {
    return this.#caller.once<{ domain: Domain }>("POST", PATH, { domain }).then(inside);
  }

  get(id: string): Promise<Domain> {
    return this.#caller.repeatable<{ domain: Domain }>("GET", one(id)).then(inside);
  }

  update(id: string, change: DomainChange): Promise<Domain> {
    return this.#caller.repeatable<{ domain: Domain }>("PATCH", one(id), change).then(inside);
  }

  /** `NotFound` may also mean that an earlier try deleted it and its reply was lost. */
  async delete(id: string): Promise<void> {
    await this.#caller.repeatable("DELETE", one(id));
  }

  /** Looks the DNS records up now; each one in the reply says what was found and what to do. */
  verify(id: string): Promise<Domain> {
    return this.#caller.repeatable<{ domain: Domain }>("POST", `${one(id)}/verify`).then(inside);
  }

  /** Makes keys under a new selector; they are used as soon as DNS has them. */
  rotateDkim(id: string): Promise<Domain> {
    return this.#caller.once<{ domain: Domain }>("POST", `${one(id)}/rotate-dkim`).then(inside);
  }
}

function one(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}

function inside(reply: { domain: Domain }): Domain {
  return reply.domain;
}
