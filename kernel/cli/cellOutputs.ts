import { basename } from 'node:path';
import type { CellEvent } from '../client/kernelClient.js';
import type { Json, MimeBundle } from '../contract/mime.js';
import type { DisplayEvent } from '../contract/protocol.js';
import { escapeHtml } from '../notebook/escapeHtml.js';
import { overflowOf, withoutOverflow } from '../contract/overflow.js';
import { toLines, type JsonObject, type NotebookOutput } from './nbformat.js';

/**
 * Collects kernel events into the outputs that notebooks keep. Displays with an id are replaced where they
 * stand, also from a later cell, so one collector serves a whole notebook.
 */
export class OutputCollector {
  readonly #displays = new Map<string, Extract<NotebookOutput, { output_type: 'display_data' }>>();
  readonly #clearOnNext = new Set<NotebookOutput[]>();

  /** @param overflowFolder How the notebook names the folder of what it does not hold. */
  constructor(private readonly overflowFolder: string) {}

  add(event: CellEvent, outputs: NotebookOutput[]): void {
    if (event.type === 'clearOutput') {
      if (event.wait) this.#clearOnNext.add(outputs);
      else outputs.length = 0;
      return;
    }
    const output = this.toOutput(event);
    if (!output) return;
    if (this.#clearOnNext.delete(outputs)) outputs.length = 0;
    if (!joinStream(outputs.at(-1), output)) outputs.push(output);
  }

  /** The output that an event adds; undefined where it adds none. */
  private toOutput(event: CellEvent): NotebookOutput | undefined {
    switch (event.type) {
      case 'stream':
        return { output_type: 'stream', name: event.name, text: toLines(event.text) };
      case 'display':
        return this.toDisplay(event);
      case 'result':
        return {
          output_type: 'execute_result',
          execution_count: event.executionCount,
          data: toData(event.data),
          metadata: {},
        };
      case 'error':
        return {
          output_type: 'error',
          ename: event.error.name,
          evalue: event.error.message,
          traceback: event.error.stack.split('\n'),
        };
      default:
        return undefined;
    }
  }

  private toDisplay(event: DisplayEvent): NotebookOutput | undefined {
    const { displayId: id, metadata: given = {} } = event;
    const overflow = overflowOf(given);
    const data = toData(overflow ? this.relinked(event.data, overflow.file) : event.data);
    const metadata = withoutOverflow(given);
    const shown = id === undefined ? undefined : this.#displays.get(id);
    if (shown) {
      shown.data = data;
      shown.metadata = metadata;
      return undefined;
    }
    const output = { output_type: 'display_data' as const, data, metadata };
    if (id !== undefined) this.#displays.set(id, output);
    return output;
  }

  /** The file as the notebook names it, the same on every machine. */
  private relinked(data: MimeBundle, file: string): MimeBundle {
    const name = `${this.overflowFolder}/${basename(file)}`;
    const renamed = Object.entries(data).map(([mime, content]) => [
      mime,
      typeof content === 'string'
        ? content.replaceAll(file, name).replaceAll(escapeHtml(file), escapeHtml(name))
        : content,
    ]);
    return Object.fromEntries(renamed) as MimeBundle;
  }
}

/** Adds text to a stream of the same name; false where the two do not join. */
function joinStream(last: NotebookOutput | undefined, next: NotebookOutput): boolean {
  if (last?.output_type !== 'stream' || next.output_type !== 'stream') return false;
  if (last.name !== next.name) return false;
  const [first = '', ...rest] = next.text;
  const open = last.text.at(-1);
  if (open === undefined || open.endsWith('\n')) last.text.push(...next.text);
  else {
    last.text[last.text.length - 1] = open + first;
    last.text.push(...rest);
  }
  return true;
}

/** Bytes as base64, text as lines, a JSON value as it is. */
function toData(bundle: MimeBundle): JsonObject {
  return Object.fromEntries(
    Object.entries(bundle).map(([mime, content]): [string, Json] => {
      if (content instanceof Uint8Array) return [mime, Buffer.from(content).toString('base64')];
      const isText = typeof content === 'string' && !/^application\/(.*\+)?json$/.test(mime);
      return [mime, isText ? toLines(content) : content];
    }),
  );
}
