/** A kernel for a test: the built bundle in a fresh process, every event kept in order. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { CellEvent, KernelOptions } from '../../kernel/client/kernelClient.js';
import {
  type KernelClient,
  type SpareKernel,
  startKernel,
} from '../../kernel/client/kernelClient.js';
import type { MimeBundle } from '../../kernel/contract/mime.js';
import type { ErrorReport, ExecuteReply } from '../../kernel/contract/protocol.js';

/** This file runs from `out/test/process`. */
const root = new URL('../../../', import.meta.url);

export const kernelPath = fileURLToPath(new URL('dist/kernel.js', root));

export interface CellRun {
  events: CellEvent[];
  reply: ExecuteReply;
  stdout: string;
  stderr: string;
  /** `text/plain` of the last expression's value. */
  result: string | undefined;
  error: ErrorReport | undefined;
  /** What happened, in order: `stdout a`, `display`, `result 3`, `error TypeError`. */
  order: string[];
}

export class TestKernel {
  readonly client: KernelClient;
  readonly strays: CellEvent[] = [];
  /** The request that was sent last. */
  lastId = '';
  #cells = 0;

  constructor(options: Partial<KernelOptions> = {}, spare?: SpareKernel) {
    // Another Node than the one that runs the tests, e.g. to try a newer one.
    const execPath = process.env.UNROLL_TEST_NODE;
    const all = {
      kernelPath,
      cwd: fileURLToPath(root),
      ...(execPath === undefined ? {} : { execPath }),
      ...options,
    };
    this.client = startKernel(all, spare);
    this.client.onStray((event) => this.strays.push(event));
  }

  /** Runs a cell to its reply; `watch` sees each event as it comes. */
  async run(code: string, watch?: (event: CellEvent) => void): Promise<CellRun> {
    const index = this.#cells++;
    const events: CellEvent[] = [];
    this.lastId = randomUUID();
    const request = { id: this.lastId, cell: { id: `cell-${String(index)}`, index }, code };
    const reply = await this.client.execute(request, (event) => {
      events.push(event);
      watch?.(event);
    });
    return toRun(events, reply);
  }

  /** Runs a cell that must succeed, and gives its result's text. */
  async value(code: string): Promise<string | undefined> {
    const { reply, error, result } = await this.run(code);
    if (reply.status !== 'ok') throw new Error(`the cell failed: ${error?.stack ?? reply.status}`);
    return result;
  }

  /** Runs a cell and stops it once it has printed `started`. */
  async runAndInterrupt(code: string): Promise<CellRun> {
    let isStopped = false;
    return await this.run(code, (event) => {
      const hasStarted = event.type === 'stream' && event.text.includes('started');
      if (!hasStarted || isStopped) return;
      isStopped = true;
      this.client.interrupt();
    });
  }

  async dispose(): Promise<void> {
    await this.client.shutdown();
  }
}

function toRun(events: CellEvent[], reply: ExecuteReply): CellRun {
  const text = (name: 'stdout' | 'stderr') =>
    events
      .flatMap((one) => (one.type === 'stream' && one.name === name ? [one.text] : []))
      .join('');
  const result = events.find((one) => one.type === 'result');
  return {
    events,
    reply,
    stdout: text('stdout'),
    stderr: text('stderr'),
    result: result && plainText(result.data),
    error: events.find((one) => one.type === 'error')?.error,
    order: joined(events).flatMap(orderOf),
  };
}

/** Pieces of one stream that follow each other, as one: the kernel is free to split them. */
function joined(events: CellEvent[]): CellEvent[] {
  const all: CellEvent[] = [];
  for (const event of events) {
    const last = all.at(-1);
    const isMore = event.type === 'stream' && last?.type === 'stream' && last.name === event.name;
    if (isMore) all[all.length - 1] = { ...last, text: last.text + event.text };
    else all.push(event);
  }
  return all;
}

function orderOf(event: CellEvent): string[] {
  switch (event.type) {
    case 'stream':
      return [`${event.name} ${event.text.trimEnd()}`];
    case 'result':
      return [`result ${plainText(event.data)}`];
    case 'error':
      return [`error ${event.error.name}`];
    case 'display':
    case 'clearOutput':
    case 'inputRequest':
      return [event.type];
    default:
      return [];
  }
}

function plainText(data: MimeBundle): string {
  const text = data['text/plain'];
  return typeof text === 'string' ? text : JSON.stringify(text);
}
