import { ModuleBuilder, type Callable, type ModuleOptions, type ValueType } from './assembler.js';
import { defineGemm } from './gemmKernels.js';
import { defineGemv } from './gemvKernels.js';
import { defineRowKernels } from './rowKernels.js';
import { defineTrainingKernels } from './trainingKernels.js';
import { defineUpdateKernels } from './updateKernels.js';

/** Most pages of 64 KiB: 2 GiB, so that addresses are positive as signed numbers too. */
export const memoryLimits = { shared: true, maximum: 32_768 };

/** A word that, when not 0, ends the sequences that run, at their next time step. */
export const cancelAddress = 64;
/** Words by which threads are told what to do. */
export const controlAddress = 128;
/** Constants that kernels read, after the words of as many threads as there may be. */
const constantsAddress = 4608;
/** Bytes at the start of the memory that are not handed out. */
export const reservedBytes = 8192;

/** The 32-bit constants of an engine's modules, each with its place in memory while there is room. */
export class Constants {
  readonly #addresses = new Map<number, number>();

  addressOf(bits: number): number | undefined {
    const next = constantsAddress + 4 * this.#addresses.size;
    if (!this.#addresses.has(bits) && next < reservedBytes) this.#addresses.set(bits, next);
    return this.#addresses.get(bits);
  }

  writeTo(memory: Int32Array): void {
    for (const [bits, address] of this.#addresses) memory[address / 4] = bits;
  }
}

const i32 = (count: number): ValueType[] => Array<ValueType>(count).fill('i32');

/** What compiled programs call, with its parameters. */
const called: Readonly<Record<string, readonly ValueType[]>> = {
  gemmPacked: i32(9),
  gemmTransposed: i32(10),
  gemvRows: i32(10),
  gemvTwoRows: i32(15),
  gemvColumns: i32(9),
  fillRows: i32(5),
  gather: i32(7),
  scatter: i32(7),
  columnSums: i32(5),
  normalise: [...i32(6), 'f32'],
  normaliseBack: i32(7),
};

/** The kernels that every program uses, as one module. */
export function coreModule(options: ModuleOptions): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder(memoryLimits, options);
  defineGemm(module);
  defineGemv(module);
  defineRowKernels(module);
  defineTrainingKernels(module);
  defineUpdateKernels(module);
  return module.encode();
}

export const importCore = (module: ModuleBuilder): Record<string, Callable> =>
  Object.fromEntries(
    Object.entries(called).map(([name, parameters]) => [
      name,
      module.importFunction(name, parameters),
    ]),
  );
