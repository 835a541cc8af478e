/**
 * Console text beyond what a cell may show goes to a file. Where it stands, a display says how much and links
 * the file, and its metadata say, under `overflowKey`, what was added to the file since the last time: who has
 * no use for a link (a terminal) reads the text there.
 */
import type { Json } from './mime.js';
import type { StreamEvent } from './protocol.js';

export const overflowKey = 'unroll.overflow';

export interface Overflow {
  /** Absolute path; text in UTF-8. */
  file: string;
  /** Bytes of the file that came before `pieces`. */
  start: number;
  /** Which stream wrote how many bytes, in order, from `start` on. */
  pieces: [name: StreamEvent['name'], bytes: number][];
}

export function overflowOf(metadata: Record<string, Json> | undefined): Overflow | undefined {
  return metadata?.[overflowKey] as Overflow | undefined;
}

/** What of a display's metadata is worth keeping in a notebook. */
export function withoutOverflow(metadata: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== overflowKey));
}
