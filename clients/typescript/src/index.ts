/** Client of the Postrider sending API: one class, `Postrider`, and the types of what goes in and out. */

export { attachment, type AttachmentOptions } from "./attachment.js";
export { Postrider, type Options, type SendOptions } from "./client.js";
export { type Domains } from "./domains.js";
export {
  ApiError,
  BadRequest,
  Conflict,
  ConnectionFailed,
  Forbidden,
  NotFound,
  PostriderError,
  RateLimited,
  ServerError,
  TooLarge,
  Unauthorized,
  Unprocessable,
  type Fault,
} from "./errors.js";
export { type RetryPolicy } from "./retry.js";
export type * from "./types.js";
export { VERSION } from "./version.js";
