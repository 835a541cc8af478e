/**
 * The arithmetic peak of one core as WebAssembly can reach it: independent chains of x ← x·a + b on vectors of
 * four float32, fused where the machine has relaxed SIMD. Run as a program, it prints what it measured.
 */
import { fileURLToPath } from 'node:url';

export interface Peak {
  readonly gflops: number;
  /** Relaxed SIMD's fused multiply-add, or a multiplication and an addition. */
  readonly simd: 'relaxed' | 'plain';
}

/** Enough to hide the latency of a multiply-add; with a and b they fit sixteen registers. */
const chains = 12;
const flopsPerRound = chains * 4 * 2;

const op = { loop: 0x03, end: 0x0b, brIf: 0x0d, get: 0x20, set: 0x21, tee: 0x22, i32: 0x41 };
const simd = {
  constant: [0xfd, 0x0c],
  firstLane: [0xfd, 0x1f, 0],
  add: [0xfd, 0xe4, 0x01],
  mul: [0xfd, 0xe6, 0x01],
  multiplyAdd: [0xfd, 0x85, 0x02],
};
const [i32, f32, v128] = [0x7f, 0x7d, 0x7b];

const leb = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)];
const sized = (bytes: number[]): number[] => [...leb(bytes.length), ...bytes];
const section = (id: number, bytes: number[]): number[] => [id, ...sized(bytes)];
const splat = (value: number): number[] => [
  ...simd.constant,
  ...new Uint8Array(Float32Array.of(value, value, value, value).buffer),
];

/** Exports `run(rounds: i32) → f32`. */
function peakModule(kind: Peak['simd']): Uint8Array<ArrayBuffer> {
  const [rounds, a, b, first] = [0, 1, 2, 3];
  const accumulators = Array.from({ length: chains }, (_, k) => first + k);
  const multiplyAdd = (x: number): number[] =>
    kind === 'relaxed'
      ? [op.get, x, op.get, a, op.get, b, ...simd.multiplyAdd, op.set, x]
      : [op.get, x, op.get, a, ...simd.mul, op.get, b, ...simd.add, op.set, x];
  const body = [
    ...[1, chains + 2, v128],
    // The chains stay at b / (1 − a) = 1.
    ...[...splat(0.9375), op.set, a, ...splat(0.0625), op.set, b],
    ...accumulators.flatMap((x) => [...splat(x), op.set, x]),
    ...[op.loop, 0x40, ...accumulators.flatMap(multiplyAdd)],
    // −1 in LEB128 is 0x7f.
    ...[op.get, rounds, op.i32, 0x7f, 0x6a, op.tee, rounds, op.brIf, 0, op.end],
    ...[op.get, first, ...accumulators.slice(1).flatMap((x) => [op.get, x, ...simd.add])],
    ...[...simd.firstLane, op.end],
  ];
  const name = [...new TextEncoder().encode('run')];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, i32, 1, f32]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...sized(name), 0, 0]),
    ...section(10, [1, ...sized(body)]),
  ]);
}

/** The best of many short runs: what else happens on the machine only ever takes away. */
export function measurePeak(milliseconds: number): Peak {
  const relaxed = peakModule('relaxed');
  const kind = WebAssembly.validate(relaxed) ? 'relaxed' : 'plain';
  const module = new WebAssembly.Module(kind === 'relaxed' ? relaxed : peakModule('plain'));
  const { run } = new WebAssembly.Instance(module).exports as { run: (rounds: number) => number };
  const rounds = 100_000;
  let best = Infinity;
  for (const end = performance.now() + milliseconds; performance.now() < end;) {
    const start = performance.now();
    run(rounds);
    best = Math.min(best, performance.now() - start);
  }
  return { gflops: (flopsPerRound * rounds) / best / 1e6, simd: kind };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify(measurePeak(600)));
