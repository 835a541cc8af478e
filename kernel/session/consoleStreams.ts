/** `console` and `process.stdout` of cells: their text becomes events instead of going to the pipes. */
import { Console } from 'node:console';
import { StringDecoder } from 'node:string_decoder';
import type { StreamEvent } from '../contract/protocol.js';

import { redirectChildOutput } from './childOutput.js';

/** @returns Whether somebody took the text; if not, it goes to the process's own stream. */
export type WriteText = (name: StreamEvent['name'], text: string) => boolean;

type Written = (error?: Error | null) => void;

export function installConsole(write: WriteText): void {
  redirect(process.stdout, 'stdout', write);
  redirect(process.stderr, 'stderr', write);
  redirectChildOutput();
  // Node's own console would also keep every logged value for an inspector.
  const console = new Console({
    stdout: process.stdout,
    stderr: process.stderr,
    colorMode: false,
    inspectOptions: { maxArrayLength: 100, maxStringLength: 10_000 },
  });
  Object.assign(console, { Console });
  globalThis.console = console;
}

function redirect(stream: NodeJS.WriteStream, name: StreamEvent['name'], take: WriteText): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its stream below
  const { write } = stream;
  const decoder = new StringDecoder('utf8');
  const redirected = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | Written,
    written?: Written,
  ): boolean => {
    const done = typeof encoding === 'function' ? encoding : written;
    const text = typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
    if (!take(name, text)) write.call(stream, text, 'utf8');
    if (done) process.nextTick(done);
    return true;
  };
  stream.write = redirected;
}
