import type { FunctionBuilder, Local, ModuleBuilder } from './assembler.js';

/** Columns of one panel of packed weights: two vectors of four float32. */
export const panelColumns = 8;
const panelBytes = panelColumns * 4;
/** Rows that one pass of the inner loop computes; with eight columns, eight sums stay in registers. */
const blockRows = 4;

export interface KernelOptions {
  /** Use relaxed SIMD's fused multiply-add. */
  relaxed: boolean;
  /** Address of 32 bytes for columns beyond the last full panel. */
  scratch: number;
}

/** How a block finds its operands: where row r of A starts, how far k moves A and B. */
interface Operands {
  /** Address of A's first element for block row r, and the constant offset of one k. */
  rows: readonly { pointer: Local; offset: number }[];
  /** Bytes from one k to the next: a constant, which lets the loop be unrolled, or a local. */
  stepA: number | Local;
  b: Local;
  stepB: number | Local;
}

/**
 * Adds the two products of recurrent training to a module, float32:
 *
 * `gemmPacked(c, ldc, a, lda, b, m, n, k)`: C[m, n] += A[m, k]·B, B in panels of eight columns, `[⌈n/8⌉][k][8]`,
 * padded with zeros. Weights are packed once per training step and used at every time step.
 *
 * `gemmTransposed(c, ldc, a, lda, b, ldb, m, n, k)`: C[m, n] += Aᵀ·B with A `[k, m]` and B `[k, n]`: a weight's
 * gradient over all time steps. Reads up to 28 bytes beyond B's last row.
 *
 * All arguments are i32; addresses and leading dimensions (ld…) are in bytes.
 */
export function defineGemm(module: ModuleBuilder, options: KernelOptions): void {
  module.define('gemmPacked', Array<'i32'>(8).fill('i32'), (f, c, ldc, a, lda, b, m, n, k) => {
    const bytesOfPanel = f.local('i32');
    f.get(k).i32(panelBytes).op('i32_mul').set(bytesOfPanel);
    eachBlock(
      f,
      { c: c, ldc: ldc, a: a, rowStep: lda, b: b, panelStep: bytesOfPanel, m: m, n: n },
      options,
      (block) => {
        const rows = rowPointers(f, block.a, lda, block.rows);
        innerLoop(f, { rows, stepA: 4, b: block.b, stepB: panelBytes }, block.sums, k, options);
      },
    );
  });
  module.define(
    'gemmTransposed',
    Array<'i32'>(9).fill('i32'),
    (f, c, ldc, a, lda, b, ldb, m, n, k) => {
      const [rowStep, panelStep] = [f.local('i32'), f.local('i32')];
      f.i32(4).set(rowStep).i32(panelBytes).set(panelStep);
      eachBlock(
        f,
        { c: c, ldc: ldc, a: a, rowStep, b: b, panelStep, m: m, n: n },
        options,
        (block) => {
          const rows = Array.from({ length: block.rows }, (_, r) => ({
            pointer: block.a,
            offset: 4 * r,
          }));
          innerLoop(f, { rows, stepA: lda, b: block.b, stepB: ldb }, block.sums, k, options);
        },
      );
    },
  );
}

interface Blocks {
  c: Local;
  ldc: Local;
  a: Local;
  /** Bytes from one row of the product to the next in A. */
  rowStep: Local;
  b: Local;
  /** Bytes from one panel of columns to the next in B. */
  panelStep: Local;
  m: Local;
  n: Local;
}

interface Block {
  rows: number;
  /** Copies that the inner loop may move. */
  a: Local;
  b: Local;
  /** Sums by row, two vectors each. */
  sums: readonly (readonly [Local, Local])[];
}

/** Walks over C panel by panel, four rows at a time and then one at a time. */
function eachBlock(
  f: FunctionBuilder,
  { c, ldc, a, rowStep, b, panelStep, m, n }: Blocks,
  options: KernelOptions,
  compute: (block: Block) => void,
): void {
  const [i, j, fullRows] = [f.local('i32'), f.local('i32'), f.local('i32')];
  const [aRow, cRow, aCopy, bCopy] = [
    f.local('i32'),
    f.local('i32'),
    f.local('i32'),
    f.local('i32'),
  ];
  const sums = Array.from({ length: blockRows }, () => [f.local('v128'), f.local('v128')] as const);
  const rowsOfBlock = (rows: number): void => {
    f.get(aRow).set(aCopy).get(b).set(bCopy);
    const block = { rows, a: aCopy, b: bCopy, sums: sums.slice(0, rows) };
    compute(block);
    addToC(f, block.sums, cRow, ldc, n, j, options);
    f.get(aRow).get(rowStep).i32(rows).op('i32_mul').op('i32_add').set(aRow);
    f.get(cRow).get(ldc).i32(rows).op('i32_mul').op('i32_add').set(cRow);
  };
  f.get(m).i32(-blockRows).op('i32_and').set(fullRows);
  f.countTo(j, n, panelColumns, () => {
    f.get(a).set(aRow);
    f.get(c).get(j).i32(4).op('i32_mul').op('i32_add').set(cRow);
    f.i32(0).set(i);
    f.countTo(i, fullRows, blockRows, () => rowsOfBlock(blockRows));
    f.countTo(i, m, 1, () => rowsOfBlock(1));
    f.advance(b, panelStep);
  });
}

function rowPointers(f: FunctionBuilder, a: Local, lda: Local, count: number) {
  const pointers = [{ pointer: a, offset: 0 }];
  for (let r = 1; r < count; r++) {
    const pointer = f.local('i32');
    f.get(pointers[r - 1]!.pointer)
      .get(lda)
      .op('i32_add')
      .set(pointer);
    pointers.push({ pointer, offset: 0 });
  }
  return pointers;
}

const unrolled = 4;

function innerLoop(
  f: FunctionBuilder,
  operands: Operands,
  sums: Block['sums'],
  k: Local,
  options: KernelOptions,
): void {
  const { rows, stepA, b, stepB } = operands;
  for (const pair of sums) for (const sum of pair) f.f32x4(0).set(sum);
  const [l, bulk] = [f.local('i32'), f.local('i32')];
  const [b0, b1, value] = [f.local('v128'), f.local('v128'), f.local('v128')];
  const step = (atA: number, atB: number): void => {
    f.get(b)
      .memory('v128_load', atB)
      .set(b0)
      .get(b)
      .memory('v128_load', atB + 16)
      .set(b1);
    rows.forEach(({ pointer, offset }, r) => {
      f.get(pointer)
        .memory('v128_load32_splat', offset + atA)
        .set(value);
      multiplyAdd(f, value, b0, sums[r]![0], options);
      multiplyAdd(f, value, b1, sums[r]![1], options);
    });
  };
  const advance = (times: number): void => {
    for (const pointer of new Set(rows.map((row) => row.pointer)))
      f.advance(pointer, typeof stepA === 'number' ? stepA * times : stepA);
    f.advance(b, typeof stepB === 'number' ? stepB * times : stepB);
  };
  f.i32(0).set(l);
  if (typeof stepA === 'number' && typeof stepB === 'number') {
    f.get(k).i32(-unrolled).op('i32_and').set(bulk);
    f.countTo(l, bulk, unrolled, () => {
      for (let u = 0; u < unrolled; u++) step(u * stepA, u * stepB);
      advance(unrolled);
    });
  }
  f.countTo(l, k, 1, () => {
    step(0, 0);
    advance(1);
  });
}

/** sum += a·b */
function multiplyAdd(
  f: FunctionBuilder,
  a: Local,
  b: Local,
  sum: Local,
  options: KernelOptions,
): void {
  if (options.relaxed) f.get(a).get(b).get(sum).op('f32x4_relaxed_madd').set(sum);
  else f.get(a).get(b).op('f32x4_mul').get(sum).op('f32x4_add').set(sum);
}

/** C += sums: whole vectors where eight columns are left, else column by column. */
function addToC(
  f: FunctionBuilder,
  sums: Block['sums'],
  cRow: Local,
  ldc: Local,
  n: Local,
  j: Local,
  { scratch }: KernelOptions,
): void {
  const [p, column, columns] = [f.local('i32'), f.local('i32'), f.local('i32')];
  f.get(cRow).set(p);
  f.get(n).get(j).op('i32_sub').tee(columns).i32(panelColumns).op('i32_ge_s');
  f.if(
    () => {
      for (const pair of sums) {
        pair.forEach((sum, half) => {
          f.get(p)
            .get(p)
            .memory('v128_load', 16 * half)
            .get(sum)
            .op('f32x4_add');
          f.memory('v128_store', 16 * half);
        });
        f.advance(p, ldc);
      }
    },
    () => {
      f.get(columns).i32(4).op('i32_mul').set(columns);
      for (const pair of sums) {
        pair.forEach((sum, half) =>
          f
            .i32(scratch)
            .get(sum)
            .memory('v128_store', 16 * half),
        );
        f.i32(0).set(column);
        f.countTo(column, columns, 4, () => {
          f.get(p).get(column).op('i32_add');
          f.get(p).get(column).op('i32_add').memory('f32_load');
          f.get(column).memory('f32_load', scratch).op('f32_add').memory('f32_store');
        });
        f.advance(p, ldc);
      }
    },
  );
}
