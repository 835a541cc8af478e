/**
 * What threads need of where the runtime runs, looked up so that no environment is assumed: Node's worker threads.
 * Elsewhere there is one thread.
 */
interface NodeProcess {
  getBuiltinModule?(name: 'node:worker_threads'): WorkerThreads | undefined;
  getBuiltinModule?(name: 'node:os'): { availableParallelism(): number } | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

interface WorkerThreads {
  readonly Worker: new (source: string, options: object) => Worker;
  readonly MessageChannel: new () => { port1: Port; port2: Port };
}

interface Worker {
  on(event: 'exit' | 'error', listener: (reason: unknown) => void): void;
  terminate(): Promise<unknown>;
  unref(): void;
}

interface Port {
  postMessage(message: unknown): void;
  unref?(): void;
}

/** One thread beside the main one. */
export interface Thread {
  /** Hands it something to read before its next job. */
  post(message: unknown): void;
  readonly isDead: boolean;
  terminate(): void;
}

export interface ThreadHost {
  /** Cores that this process may use. */
  readonly cores: number;
  /** @param data what the thread's program gets: memory and the address of its control words */
  start(data: { memory: object; control: number }): Thread;
}

/**
 * The program of a thread. Control words from `control` on: request, done, outcome, module, function, five arguments.
 * It waits until the request changes, reads new modules, runs the function, and writes the request to done.
 */
const program = `
const { workerData, receiveMessageOnPort } = process.getBuiltinModule('node:worker_threads');
const { memory, control, port } = workerData;
const words = new Int32Array(memory.buffer, control, 16);
const modules = [];
let core = {};
function readModules() {
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
    const { id, module } = next.message;
    const { exports } = new WebAssembly.Instance(module, { env: { memory, ...core } });
    if (id === 0) core = exports;
    modules[id] = Object.values(exports);
  }
}
for (let seen = 0; ; ) {
  let request = Atomics.load(words, 0);
  for (let spin = 0; request === seen && spin < 4000; spin++) request = Atomics.load(words, 0);
  while (request === seen) {
    Atomics.wait(words, 0, seen);
    request = Atomics.load(words, 0);
  }
  seen = request;
  let outcome = 1;
  try {
    readModules();
    modules[words[3]][words[4]](words[5], words[6], words[7], words[8], words[9]);
  } catch {
    outcome = 2;
  }
  words[2] = outcome;
  Atomics.store(words, 1, seen);
  Atomics.notify(words, 1);
}
`;

const node = (globalThis as { process?: NodeProcess }).process;

/** The number of threads that the environment asks for, if it does. */
export function threadsOfEnvironment(): number | undefined {
  const wanted = Number(node?.env?.['UNROLL_THREADS']);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : undefined;
}

/** Node's worker threads; undefined where there are none. */
export function findThreadHost(): ThreadHost | undefined {
  const threads = node?.getBuiltinModule?.('node:worker_threads');
  const os = node?.getBuiltinModule?.('node:os');
  if (!threads || !os) return undefined;
  return { cores: os.availableParallelism(), start: (data) => startThread(threads, data) };
}

function startThread(
  { Worker, MessageChannel }: WorkerThreads,
  data: { memory: object; control: number },
): Thread {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(program, {
    eval: true,
    workerData: { ...data, port: port2 },
    transferList: [port2],
    execArgv: [],
    name: 'unroll',
  });
  let isDead = false;
  const die = (): void => {
    isDead = true;
  };
  worker.on('exit', die);
  worker.on('error', die);
  worker.unref();
  port1.unref?.();
  return {
    post: (message) => port1.postMessage(message),
    get isDead() {
      return isDead;
    },
    terminate: () => void worker.terminate(),
  };
}
