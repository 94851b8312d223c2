/** An attachment from a file. */

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Attachment } from "./types.js";

export interface AttachmentOptions {
  /** Default: the name of the file. */
  filename?: string;
  contentType?: string;
  /** Makes the part inline: `<img src="cid:…">`. */
  contentId?: string;
}

/** Reads the file whole. */
export async function attachment(path: string, options: AttachmentOptions = {}): Promise<Attachment> {
  const part: Attachment = {
    filename: options.filename ?? basename(path),
    content: (await readFile(path)).toString("base64"),
  };
  if (options.contentType !== undefined) part.content_type = options.contentType;
  if (options.contentId !== undefined) part.content_id = options.contentId;
  return part;
}
