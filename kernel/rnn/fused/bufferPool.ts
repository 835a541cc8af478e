import type { NdArray } from '../ndarray.js';
import { createBuffers, releaseBuffers, type Buffers } from './buffers.js';
import type { Compiled } from './compile.js';

/** Most sets of buffers kept for lengths and batch sizes that were seen. */
const mostIdle = 4;

/** The buffers of one layer: taken for a run, given back after it, used again for the next of the same size. */
export class BufferPool {
  readonly #idle: Buffers[] = [];
  #isClosed = false;
  /** Bytes of the sets that are taken. */
  bytesTaken = 0;

  constructor(
    private readonly compiled: Compiled,
    private readonly parameters: readonly NdArray[],
  ) {}

  take(timeSteps: number, batchSize: number): Buffers {
    const fits = (one: Buffers): boolean =>
      one.timeSteps === timeSteps && one.batchSize === batchSize;
    const at = this.#idle.findIndex(fits);
    const buffers =
      at < 0
        ? createBuffers(this.compiled, this.parameters, timeSteps, batchSize)
        : this.#idle.splice(at, 1)[0]!;
    this.bytesTaken += buffers.bytes;
    return buffers;
  }

  giveBack(buffers: Buffers): void {
    this.bytesTaken -= buffers.bytes;
    this.#idle.push(buffers);
    if (this.#isClosed || this.#idle.length > mostIdle) this.#releaseOldest();
  }

  /** Nobody will take any more. */
  close(): void {
    this.#isClosed = true;
    while (this.#idle.length > 0) this.#releaseOldest();
  }

  #releaseOldest(): void {
    releaseBuffers(this.compiled.engine, this.#idle.shift()!);
  }
}
