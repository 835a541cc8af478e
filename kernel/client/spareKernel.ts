/**
 * One process that waits, warm, for the next notebook or the next restart: the compiler is loaded and has compiled.
 * There is none before a kernel has answered a cell, and never more than one.
 */
import { KernelProcess, type KernelOptions, type KernelProcessListener } from './kernelProcess.js';

/** The cells that follow the first come before a process that nobody waits for. */
const startAfterMs = 1000;

export class SpareKernel {
  #spare: { process: KernelProcess; kind: string } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  /** Of the process that waits, if there is one. */
  get pid(): number | undefined {
    return this.#spare?.process.pid;
  }

  /** A kernel answered: the next one of its kind is made ready soon, unless one is. */
  prepare(options: KernelOptions): void {
    if (this.#isDisposed || this.#spare || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#start(options);
    }, startAfterMs);
    this.#timer.unref();
  }

  /**
   * The process that waits, which goes to the notebook's folder and belongs to the caller from now on. Undefined where
   * there is none, or one with other limits, another environment or another Node, which is then ended.
   */
  take(options: KernelOptions, listener: KernelProcessListener): KernelProcess | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare === undefined) return undefined;
    if (spare.kind !== kindOf(options) || !spare.process.isConnected) {
      spare.process.kill();
      return undefined;
    }
    spare.process.adopt(options.cwd, listener);
    return spare.process;
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#spare?.process.kill();
    this.#spare = undefined;
  }

  #start(options: KernelOptions): void {
    const process: KernelProcess = KernelProcess.spare(options, () => {
      if (this.#spare?.process === process) this.#spare = undefined;
    });
    this.#spare = { process, kind: kindOf(options) };
  }
}

/** What a process has from its start on; its folder it can change. */
function kindOf({ kernelPath, execPath, env, memoryLimit, threads }: KernelOptions): string {
  return JSON.stringify([kernelPath, execPath, process.env, env, memoryLimit, threads]);
}
