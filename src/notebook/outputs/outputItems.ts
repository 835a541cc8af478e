/** What an output shows, as bytes under media types, and as Jupyter's file format names it. */
import type { Json, MimeBundle } from '../../../kernel/contract/mime.js';
import { withoutOverflow } from '../../../kernel/contract/overflow.js';
import { toShownError } from './errorText.js';
import type { OutputContent } from './outputPlan.js';

export interface OutputItem {
  mime: string;
  data: Uint8Array;
}

/** VS Code's own media types for text and errors. */
const streamMime = {
  stdout: 'application/vnd.code.notebook.stdout',
  stderr: 'application/vnd.code.notebook.stderr',
};
const errorMime = 'application/vnd.code.notebook.error';
const ownMime = 'application/vnd.unroll.';
const encoder = new TextEncoder();

export function toOutputItems(content: OutputContent): OutputItem[] {
  switch (content.kind) {
    case 'stream':
      return [{ mime: streamMime[content.name], data: encoder.encode(content.text) }];
    case 'error':
      return [
        { mime: errorMime, data: encoder.encode(JSON.stringify(toShownError(content.error))) },
      ];
    case 'display':
    case 'result':
      return toMimeItems(content.data);
  }
}

/** VS Code draws the first item that it has a renderer for, so a picture of ours comes first. */
function toMimeItems(bundle: MimeBundle): OutputItem[] {
  const items = Object.entries(bundle).map(([mime, value]) => ({
    mime,
    data: toBytes(mime, value),
  }));
  const isOwn = ({ mime }: OutputItem) => mime.startsWith(ownMime);
  return [...items.filter(isOwn), ...items.filter((item) => !isOwn(item))];
}

function toBytes(mime: string, value: Json | Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (isJsonMime(mime) || typeof value !== 'string') return encoder.encode(JSON.stringify(value));
  // Jupyter's convention for pictures and sound where text is all that can be sent.
  return isBinaryMime(mime) ? Buffer.from(value, 'base64') : encoder.encode(value);
}

function isJsonMime(mime: string): boolean {
  return mime === 'application/json' || mime.endsWith('+json');
}

function isBinaryMime(mime: string): boolean {
  return /^(image|audio|video)\//.test(mime) && mime !== 'image/svg+xml';
}

/** What VS Code's notebook serializer reads to write an output into an `.ipynb` file. */
export function toOutputMetadata(content: OutputContent): Record<string, unknown> {
  switch (content.kind) {
    case 'stream':
      return { outputType: 'stream' };
    case 'display':
      return { outputType: 'display_data', metadata: withoutOverflow(content.metadata) };
    case 'result':
      return {
        outputType: 'execute_result',
        executionCount: content.executionCount,
        metadata: {},
      };
    case 'error': {
      const { name, message, stack } = toShownError(content.error);
      return {
        outputType: 'error',
        originalError: {
          output_type: 'error',
          ename: name,
          evalue: message,
          traceback: stack.split('\n'),
        },
      };
    }
  }
}
