/** What is said of a kernel process that ended. */
import { type ErrorReport, memoryEndMark, type MemoryEnd } from '../contract/protocol.js';
import type { KernelExit } from './kernelProcess.js';

/** The process could not be started, or ended before it was ready. */
export class KernelStartError extends Error {
  override name = 'KernelStartError';

  constructor(kernelPath: string, exit: KernelExit) {
    super(`The kernel (${kernelPath}) did not start: the process ${describeExit(exit)}.`);
  }
}

/** The process ended while a cell ran. */
export class KernelDiedError extends Error {
  override name = 'KernelDiedError';

  constructor(exit: KernelExit) {
    super(
      `The kernel ${describeExit(exit)} while this cell ran. ` +
        'Its variables are gone; the next cell starts a fresh kernel.',
    );
  }
}

/** The kernel was restarted or shut down while the cell ran. */
export class KernelReplacedError extends Error {
  override name = 'KernelReplacedError';

  constructor(action: 'restarted' | 'shut down') {
    super(`The kernel was ${action} while this cell ran. Its variables are gone.`);
  }
}

/** Node says this at its end, because interrupts go through its inspector; it explains nothing. */
const inspectorNotice = /^(Debugger attached|Waiting for the debugger to disconnect)\b/;

/** `was killed by SIGKILL`, with what a crash report says first. */
function describeExit({ code, signal, stderr, memoryLimit }: KernelExit): string {
  const memory = describeMemoryEnd(stderr, memoryLimit);
  if (memory !== undefined) return memory;
  const how =
    signal !== null
      ? `was killed by ${signal}`
      : code === null
        ? 'could not be run'
        : `ended with exit code ${String(code)}`;
  const lines = stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !inspectorNotice.test(line));
  const telling = lines.find((line) => /error|assert|fatal|cannot/i.test(line)) ?? lines.at(-1);
  return telling === undefined ? how : `${how} (${telling.trim()})`;
}

/** `ran out of memory: it had 1.1 GB of the 1 GB it may. Largest: x Float32Array [1000], 4 kB, …` */
function describeMemoryEnd(stderr: string, memoryLimit: number | undefined): string | undefined {
  const line = stderr.split('\n').find((one) => one.startsWith(memoryEndMark));
  if (line === undefined && !/heap out of memory/.test(stderr)) return undefined;
  const cap = memoryLimit === undefined ? undefined : `${String(memoryLimit)} MB`;
  if (line === undefined) {
    const limit = cap === undefined ? "Node's limit for JavaScript objects" : `the cap of ${cap}`;
    return `ran out of memory (${limit}; the setting is unroll.kernel.memoryLimit)`;
  }
  const { usedBytes, largest } = JSON.parse(line.slice(memoryEndMark.length)) as MemoryEnd;
  const used = `${String(Math.round(usedBytes / 2 ** 20))} MB`;
  const all = largest.length === 0 ? '' : `; the largest variables: ${largest.join(', ')}`;
  return (
    `ran out of memory (it used ${used}, and its cap is ${cap ?? 'unknown'}, ` +
    `setting unroll.kernel.memoryLimit${all})`
  );
}

export function toReport(error: Error): ErrorReport {
  const { name, message } = error;
  return { name, message, frames: [], stack: `${name}: ${message}` };
}
