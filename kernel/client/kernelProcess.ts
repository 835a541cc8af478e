/** One kernel process: spawned, spoken to in typed messages, and its end explained. */
import { type ChildProcess, fork } from 'node:child_process';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import {
  type ControlMessage,
  controlFd,
  type KernelEvent,
  type KernelRequest,
  memoryLimitVariable,
  type ReadyEvent,
  spareArgument,
} from '../contract/protocol.js';
import { kernelEnvironment } from './kernelEnvironment.js';
import { KernelStartError } from './kernelErrors.js';

export interface KernelOptions {
  /** The kernel's bundle, `dist/kernel.js`. */
  kernelPath: string;
  /** The notebook's folder; imports are resolved from there. */
  cwd: string;
  /** The Node (or Electron) to run it with; by default the one that runs the caller. */
  execPath?: string;
  /** Added to the environment. */
  env?: NodeJS.ProcessEnv;
  /** Most memory that the process may have, in megabytes; by default what Node and the system allow. */
  memoryLimit?: number;
  /** Threads that training may use; by default as many as the engine finds fit. */
  threads?: number;
}

export interface KernelExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It had been ready. */
  hasStarted: boolean;
  /** The last lines that the process wrote to its raw stderr: a crash report, if there was one. */
  stderr: string;
  /** The process's limit, in megabytes, where it has one. */
  memoryLimit?: number;
}

export interface KernelProcessListener {
  event(event: KernelEvent): void;
  exit(exit: KernelExit): void;
}

const execArgv = [
  // Keeps Node from aborting when a callback was terminated in the middle (an interrupt): its check of the stack
  // of async ids is a debugging aid.
  '--no-force-async-hooks-checks',
  // Where the inspector is while the user debugs is not to be read from its port by whoever finds that.
  '--inspect-publish-uid=stderr',
];
const startWithinMs = 30_000;
/** Messages that the process sent before it ended may still be on their way. */
const drainWithinMs = 500;
const maxStderr = 4000;

export class KernelProcess {
  /** Rejects with a `KernelStartError` where the process ends before it is ready. */
  readonly ready: Promise<ReadyEvent>;
  /** Resolves when the process is gone, with all that it held, and its listener was told. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  #stderr = '';
  #hasEnded = false;
  #resolveEnded: () => void = () => undefined;
  #startTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: KernelOptions,
    private listener: KernelProcessListener,
    isSpare = false,
  ) {
    this.#child = isSpare
      ? forkKernel({ ...options, cwd: dirname(options.kernelPath) }, [spareArgument])
      : forkKernel(options);
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.ready = this.#listen();
    // Whoever waits for it hears of a failure; nobody has to wait.
    this.ready.catch(() => undefined);
    if (!isSpare) this.#limitStart();
  }

  /** A process that gets warm and waits for `adopt`; `ended` is called where it ends instead. */
  static spare(options: KernelOptions, ended: () => void): KernelProcess {
    return new KernelProcess(options, { event: () => undefined, exit: ended }, true);
  }

  /** A spare process becomes the kernel of a notebook in that folder. */
  adopt(folder: string, listener: KernelProcessListener): void {
    this.listener = listener;
    this.#limitStart();
    this.send({ type: 'adopt', folder });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isConnected(): boolean {
    return this.#child.connected;
  }

  send(request: KernelRequest): void {
    // A channel that closed meanwhile means that the process ended, which is reported as such.
    if (this.#child.connected) this.#child.send(request, () => undefined);
  }

  /** Reaches a kernel that is busy, too. */
  control(message: ControlMessage): void {
    const pipe = this.#child.stdio[controlFd] as Writable | null | undefined;
    if (pipe?.writable === true) pipe.write(`${JSON.stringify(message)}\n`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #limitStart(): void {
    this.#startTimer = setTimeout(() => this.kill(), startWithinMs);
  }

  #listen(): Promise<ReadyEvent> {
    const child = this.#child;
    const keep = (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-maxStderr);
    };
    child.stderr?.on('data', keep);
    child.stdout?.on('data', keep);
    // Writing to a pipe whose reader just ended; the end itself is reported below.
    child.stdio[controlFd]?.on('error', () => undefined);
    return new Promise((resolve, reject) => {
      let hasStarted = false;
      child.on('message', (event) => {
        const message = event as KernelEvent;
        if (message.type === 'ready') {
          hasStarted = true;
          clearTimeout(this.#startTimer);
          resolve(message);
        }
        this.listener.event(message);
      });
      const { memoryLimit } = this.options;
      const limit = memoryLimit === undefined ? {} : { memoryLimit };
      const ended = (exit: KernelExit) => {
        clearTimeout(this.#startTimer);
        reject(new KernelStartError(this.options.kernelPath, exit));
        this.#ended(exit);
      };
      child.on('error', (error) => {
        if (child.pid === undefined)
          ended({ code: null, signal: null, hasStarted, stderr: error.message });
      });
      child.on('exit', (code, signal) => {
        this.#drained(() =>
          ended({ code, signal, hasStarted, stderr: this.#stderr.trim(), ...limit }),
        );
      });
    });
  }

  #drained(done: () => void): void {
    const child = this.#child;
    if (!child.connected) {
      setImmediate(done);
      return;
    }
    const timer = setTimeout(done, drainWithinMs);
    child.once('disconnect', () => {
      clearTimeout(timer);
      setImmediate(done);
    });
  }

  #ended(exit: KernelExit): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.listener.exit(exit);
    this.#resolveEnded();
  }
}

function forkKernel(options: KernelOptions, args: string[] = []): ChildProcess {
  const { kernelPath, cwd, execPath, env, memoryLimit, threads } = options;
  const limits = {
    ...(memoryLimit === undefined ? {} : { [memoryLimitVariable]: String(memoryLimit) }),
    ...(threads === undefined ? {} : { UNROLL_THREADS: String(threads) }),
  };
  return fork(kernelPath, args, {
    cwd,
    env: kernelEnvironment(process.env, { ...limits, ...env }),
    // V8's own limit is of the JavaScript heap alone; the kernel watches over the whole.
    execArgv:
      memoryLimit === undefined
        ? execArgv
        : [...execArgv, `--max-old-space-size=${String(memoryLimit)}`],
    serialization: 'advanced',
    // The last one is `controlFd`.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    ...(execPath === undefined ? {} : { execPath }),
  });
}
