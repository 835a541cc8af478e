/**
 * What a debugger needs: the inspector's port, open while the user debugs, and in each script where its text is from.
 *
 * A cell is seen as a file that is on no disk: its text comes along with the source map.
 */
import { close, open, url } from 'node:inspector';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cellSourceName } from '../contract/cellSource.js';
import type { CellReference, DebugReply, DebugRequest } from '../contract/protocol.js';

/** No such folder is made. */
const cellFolder = join(tmpdir(), 'unroll-cells');

export class Debugging {
  #isOpen = false;

  /** Cells are compiled for debugging. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  handle({ id, action }: DebugRequest): DebugReply {
    const reply = { type: 'debugReply', id } as const;
    if (action === 'close') {
      if (this.#isOpen) close();
      this.#isOpen = false;
      return reply;
    }
    try {
      // A cell may have opened it.
      if (url() === undefined) {
        open(0, '127.0.0.1');
        this.#isOpen = true;
      }
    } catch (error) {
      return { ...reply, problem: (error as Error).message };
    }
    const address = url();
    if (address === undefined)
      return { ...reply, problem: 'Node opened no port for its inspector.' };
    return { ...reply, url: address, cellFolder };
  }
}

/** @returns the comment that tells a debugger of the cell's text */
export function cellMapComment(map: string, { id }: CellReference, source: string): string {
  const path = join(cellFolder, cellSourceName(id, source));
  return mapComment(map, pathToFileURL(path).href, source);
}

/** The same for a file, which can be read. */
export function fileMapComment(map: string, path: string): string {
  return mapComment(map, pathToFileURL(path).href);
}

function mapComment(map: string, source: string, content?: string): string {
  const { version, names, mappings } = JSON.parse(map) as Record<string, unknown>;
  const sourcesContent = content === undefined ? {} : { sourcesContent: [content] };
  const whole = JSON.stringify({ version, sources: [source], ...sourcesContent, names, mappings });
  const data = Buffer.from(whole).toString('base64');
  return `\n//# sourceMappingURL=data:application/json;base64,${data}`;
}
