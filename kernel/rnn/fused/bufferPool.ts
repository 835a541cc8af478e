import type { Compiled } from './compile.js';
import { createBuffers, releaseBuffers, type RunBuffers } from './runBuffers.js';

/** Most sets of buffers kept for lengths and batch sizes that were seen. */
const mostIdle = 4;

/**
 * Runs that are dropped without going back give their memory back: the engine's is not seen by the garbage collector.
 * What is registered must not be reachable from what is done then, so no closures here.
 */
const droppedRuns = new FinalizationRegistry<{ pool: BufferPool; buffers: RunBuffers }>(
  ({ pool, buffers }) => pool.giveBack(buffers),
);

/** The buffers of one layer: taken for a run, given back after it, used again for the next of the same size. */
export class BufferPool {
  readonly #idle: RunBuffers[] = [];
  #isClosed = false;
  /** The run that was begun last, while it has not gone back. Watched only when the next begins: that is rare. */
  #latest: { run: object; buffers: RunBuffers } | undefined;
  /** Bytes of the sets that are taken. */
  bytesTaken = 0;

  constructor(private readonly compiled: Compiled) {}

  take(timeSteps: number, batchSize: number, parts: number): RunBuffers {
    this.#watchLatest();
    for (let k = this.#idle.length - 1; k >= 0; k--) {
      const one = this.#idle[k]!;
      if (one.timeSteps !== timeSteps || one.batchSize !== batchSize) continue;
      if (one.parts.length !== parts) continue;
      this.#idle.splice(k, 1);
      return this.#count(one);
    }
    return this.#count(createBuffers(this.compiled, timeSteps, batchSize, parts));
  }

  #count(buffers: RunBuffers): RunBuffers {
    this.bytesTaken += buffers.bytes;
    return buffers;
  }

  /** The run has the buffers until they are given back, or until it is garbage. */
  lend(run: object, buffers: RunBuffers): void {
    this.#latest = { run, buffers };
  }

  giveBack(buffers: RunBuffers): void {
    if (this.#latest?.buffers === buffers) this.#latest = undefined;
    else droppedRuns.unregister(buffers);
    this.bytesTaken -= buffers.bytes;
    this.#idle.push(buffers);
    if (this.#isClosed || this.#idle.length > mostIdle) this.#releaseOldest();
  }

  /** Nobody will take any more. */
  close(): void {
    this.#isClosed = true;
    this.#watchLatest();
    while (this.#idle.length > 0) this.#releaseOldest();
  }

  #watchLatest(): void {
    if (!this.#latest) return;
    const { run, buffers } = this.#latest;
    droppedRuns.register(run, { pool: this, buffers }, buffers);
    this.#latest = undefined;
  }

  #releaseOldest(): void {
    releaseBuffers(this.compiled.engine, this.#idle.shift()!);
  }
}
