import { MemoryError, OptionError } from '../errors.js';
import type { NumberArray } from '../ndarray.js';
import { ModuleBuilder, type ModuleOptions } from './assembler.js';
import { Constants, coreModule, memoryLimits, reservedBytes } from './core.js';
import { findThreadHost, threadsOfEnvironment } from './threadHost.js';
import { mostThreads, ThreadPool } from './threadPool.js';

/** The part of the JavaScript API that is used; the runtime assumes no environment's types. */
interface WasmMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}
type KernelFunction = (...arguments_: number[]) => number;
type Exports = Readonly<Record<string, KernelFunction>>;
interface WasmApi {
  Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object, imports: object) => { exports: Exports };
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

/** A compiled module: its number among the engine's, and its functions. */
export interface EngineModule {
  readonly id: number;
  readonly exports: Exports;
  /** The exports' names in the order by which threads know them. */
  readonly names: readonly string[];
}

const pageBytes = 65_536;
/** Memory grows by at least this part of what there is. */
const growth = 1 / 4;

/**
 * Memory for numbers and the modules that compute on it. Shared memory: views stay valid when it grows, and threads
 * see it.
 */
export class Engine {
  readonly isRelaxed: boolean;
  /** The kernels that every program uses. */
  readonly core: Exports;
  readonly #api: WasmApi;
  readonly #memory: WasmMemory;
  /** Every buffer object that the memory had: views made before it grew are of an older one. */
  readonly #buffers = new Set<ArrayBufferLike>();
  readonly #modules: object[] = [];
  readonly #constants = new Constants();
  readonly #options: ModuleOptions;
  /** Free pieces of memory by size in bytes. */
  readonly #free = new Map<number, number[]>();
  readonly #dropped = new FinalizationRegistry<{ address: number; bytes: number }>((piece) =>
    this.#giveBack(piece.address, piece.bytes),
  );
  #end = reservedBytes;
  #heap: Float32Array;
  #scratch: { address: number; bytes: number } | undefined;
  #pool: ThreadPool | undefined;

  /** @param mayRelax whether relaxed SIMD is used where there is some */
  constructor(api: WasmApi, mayRelax = true) {
    this.#api = api;
    this.#memory = new api.Memory({ initial: 16, ...memoryLimits });
    this.#buffers.add(this.#memory.buffer);
    this.#heap = new Float32Array(this.#memory.buffer);
    this.isRelaxed = mayRelax && api.validate(coreModule({ isRelaxed: true }));
    const constants = this.#constants;
    this.#options = {
      isRelaxed: this.isRelaxed,
      constantAt: (bits) => constants.addressOf(bits),
    };
    this.core = this.#instantiate(coreModule(this.#options), {}).exports;
  }

  /** Compiles what `define` writes, over this memory and with the core's functions to import. */
  compile(define: (module: ModuleBuilder) => void): EngineModule {
    const module = new ModuleBuilder(memoryLimits, this.#options);
    define(module);
    return this.#instantiate(module.encode(), this.core);
  }

  #instantiate(bytes: Uint8Array<ArrayBuffer>, imports: Exports): EngineModule {
    const { Module, Instance } = this.#api;
    this.#constants.writeTo(new Int32Array(this.#memory.buffer));
    const module = new Module(bytes);
    const { exports } = new Instance(module, { env: { memory: this.#memory, ...imports } });
    this.#modules.push(module);
    return { id: this.#modules.length - 1, exports, names: Object.keys(exports) };
  }

  // -----------------------------------------------------------------------------------------------
  // Memory

  /** Room for float32 numbers, holding zeros or what was there. Freed by `release`. @throws MemoryError */
  allocate(length: number): Float32Array {
    const address = this.#take(roomFor(length));
    return new Float32Array(this.#memory.buffer, address, length);
  }

  allocateWords(length: number): Int32Array {
    const address = this.#take(roomFor(length));
    return new Int32Array(this.#memory.buffer, address, length);
  }

  /** Room for float32 zeros that is given back when the array is garbage. */
  keep(length: number): Float32Array {
    const numbers = this.clear(this.allocate(length));
    this.#dropped.register(numbers, { address: numbers.byteOffset, bytes: roomFor(length) });
    return numbers;
  }

  /** Fills an array in the engine's memory with zeros: quicker than the array's own `fill`, as the memory is shared. */
  clear<Numbers extends NumberArray>(numbers: Numbers): Numbers {
    this.core['clear']!(numbers.byteOffset, numbers.length);
    return numbers;
  }

  release(numbers: Float32Array | Int32Array): void {
    this.#giveBack(numbers.byteOffset, roomFor(numbers.length));
  }

  /** Whether an array stands in the engine's memory. */
  owns(numbers: ArrayBufferView): boolean {
    if (numbers.byteOffset < reservedBytes) return false;
    const { buffer } = numbers;
    return buffer === this.#heap.buffer || this.#buffers.has(buffer);
  }

  /** The whole memory as numbers: for copies without a view of their own. Made anew when memory grows. */
  get heap(): Float32Array {
    return this.#heap;
  }

  /** Address of room for as many numbers, whose content is lost at the next call: for the time of one operation. */
  scratch(length: number): number {
    const bytes = roomFor(length);
    if (!this.#scratch || this.#scratch.bytes < bytes) {
      if (this.#scratch) this.#giveBack(this.#scratch.address, this.#scratch.bytes);
      this.#scratch = { address: this.#take(bytes), bytes };
    }
    return this.#scratch.address;
  }

  /** Where numbers can be read: in their own place, or in a copy that lasts until the next use of `scratch`. */
  addressOf(numbers: NumberArray): number {
    if (this.owns(numbers)) return numbers.byteOffset;
    return this.copy(numbers, this.scratch(numbers.length));
  }

  /** Copies numbers to an address, which is returned. */
  copy(numbers: NumberArray, address: number): number {
    this.#heap.set(numbers, address / 4);
    return address;
  }

  /** Bytes that were ever handed out at the same time. */
  get size(): number {
    return this.#end;
  }

  #take(bytes: number): number {
    return this.#free.get(bytes)?.pop() ?? this.#extend(bytes);
  }

  #giveBack(address: number, bytes: number): void {
    const list = this.#free.get(bytes);
    if (list) list.push(address);
    else this.#free.set(bytes, [address]);
  }

  #extend(bytes: number): number {
    const address = this.#end;
    const held = this.#memory.buffer.byteLength;
    if (address + bytes > held) this.#grow(address + bytes - held, held);
    this.#end = address + bytes;
    return address;
  }

  #grow(missing: number, held: number): void {
    const most = memoryLimits.maximum * pageBytes;
    const wanted = Math.min(Math.max(missing, held * growth), most - held);
    try {
      if (wanted < missing) throw new RangeError('beyond the most that can be addressed');
      this.#memory.grow(Math.ceil(wanted / pageBytes));
    } catch (error) {
      const mega = (count: number): string => `${Math.ceil(count / 2 ** 20)} MB`;
      throw new MemoryError(
        `the engine's memory: ${mega(missing)} more needed beside ${mega(held)} in use, expected at most ${mega(most)} together; use a smaller batch, fewer time steps or a smaller hidden size`,
        { cause: error },
      );
    }
    this.#buffers.add(this.#memory.buffer);
    this.#heap = new Float32Array(this.#memory.buffer);
  }

  // -----------------------------------------------------------------------------------------------
  // Threads

  /** Runs one function with several lists of arguments side by side, one thread each. @throws ThreadError */
  runParallel(module: EngineModule, name: string, calls: readonly (readonly number[])[]): void {
    const run = module.exports[name]!;
    const own = (): void => void run(...calls[0]!);
    const index = module.names.indexOf(name);
    const others = calls
      .slice(1)
      .map((call) => ({ module: module.id, function: index, arguments: call }));
    if (others.length === 0) own();
    else this.#threads().run(own, others, this.#modules);
  }

  #threads(): ThreadPool {
    this.#pool ??= new ThreadPool(threadHost!, this.#memory);
    return this.#pool;
  }

  /** Ends the threads; the next parallel run starts new ones. */
  closeThreads(): void {
    this.#pool?.close();
  }
}

/**
 * Bytes to reserve: one cache line more, because kernels may read a little beyond the end, and rounded up to one of four
 * sizes in each octave, so that a piece that comes back serves others of about its length too.
 */
function roomFor(length: number): number {
  const bytes = 4 * length + 64;
  const step = Math.max(64, 2 ** (29 - Math.clz32(bytes - 1)));
  return Math.ceil(bytes / step) * step;
}

let engine: Engine | undefined | null = null;

/** The engine of this thread; undefined where WebAssembly SIMD or shared memory is missing. */
export function findEngine(): Engine | undefined {
  if (engine === null) engine = createEngine();
  return engine;
}

/** An engine of its own; undefined where WebAssembly SIMD or shared memory is missing. */
export function createEngine(mayRelax = true): Engine | undefined {
  const api = (globalThis as { WebAssembly?: WasmApi }).WebAssembly;
  if (!api || typeof SharedArrayBuffer === 'undefined' || !api.validate(coreModule({})))
    return undefined;
  return new Engine(api, mayRelax);
}

const threadHost = findThreadHost();
let threads: number | undefined;

/**
 * How many threads a training step may use: as `setThreads` said, else as the environment variable UNROLL_THREADS
 * says, else one for each core, at most 8.
 */
export function getThreads(): number {
  if (!threadHost) return 1;
  threads ??= Math.min(threadsOfEnvironment() ?? Math.min(threadHost.cores, 8), mostThreads);
  return threads;
}

/**
 * Caps the threads that recurrent layers use. Small layers use fewer than the cap.
 * At one number of threads, training repeats itself bit for bit; between numbers the last bits differ.
 * @throws OptionError unless it is a whole number from 1 to 64
 */
export function setThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > mostThreads)
    throw new OptionError(
      `setThreads: expected a whole number from 1 to ${mostThreads}, got ${count}`,
    );
  threads = count;
  if (count === 1) engine?.closeThreads();
}
