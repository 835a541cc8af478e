import { closeSync, openSync, readSync } from 'node:fs';
import type { Overflow } from '../contract/overflow.js';
import type { StreamEvent } from '../contract/protocol.js';

const blockSize = 1 << 16;

/** Prints what a cell wrote beyond what notebooks keep: it waits in a file. */
export function printOverflow(
  { file, start, pieces }: Overflow,
  write: (name: StreamEvent['name'], bytes: Uint8Array) => void,
): void {
  if (pieces.length === 0) return;
  const fd = openSync(file, 'r');
  try {
    let at = start;
    for (const [name, bytes] of pieces) {
      const end = at + bytes;
      while (at < end) {
        const block = Buffer.alloc(Math.min(blockSize, end - at));
        const read = readSync(fd, block, 0, block.length, at);
        if (read === 0) return;
        write(name, block.subarray(0, read));
        at += read;
      }
    }
  } finally {
    closeSync(fd);
  }
}
