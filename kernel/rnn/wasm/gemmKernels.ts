import type { FunctionBuilder, Local, ModuleBuilder } from './assembler.js';
import { definePacking, packColumns, packedLength, panelBytes, panelColumns } from './packing.js';

/** Most rows that one pass of the inner loop computes: with eight columns, twelve sums. */
const mostRows = 6;
/** The same where a product needs a register before it is added. */
const mostRowsUnfused = 4;
/** Passes for the rows that are left, by the bits of their number. */
const restRows = [4, 2, 1] as const;
/** Rows of A and B that one pass of a transposed product takes: a panel of them stays in the first cache. */
export const chunkRows = 128;

/** Bytes for packed columns of A: one cache line more, since whole vectors are stored. */
const packedBytes = chunkRows * 4 * mostRows + 64;

/** Bytes that `gemmTransposed` wants for itself, for a product with n columns. */
export const transposedScratch = (n: number): number =>
  4 * packedLength(n, chunkRows) + packedBytes;

const i32 = (count: number) => Array<'i32'>(count).fill('i32');

/**
 * Adds the matrix products of recurrent training to a module, float32. All arguments are i32; addresses and
 * leading dimensions (ld…) are in bytes.
 *
 * `gemmPacked(c, ldc, a, lda, b, bias, m, n, k)`: C[m, n] = bias + A[m, k]·B, or C += A·B where bias is 0.
 * B lies in panels of eight columns, `[⌈n/8⌉][k][8]`, padded with zeros, and bias is padded likewise. Weights are
 * packed once per training step and used at every time step.
 *
 * `gemmTransposed(c, ldc, a, lda, b, ldb, m, n, k, scratch)`: C[m, n] += Aᵀ·B with A `[k, m]` and B `[k, n]`: a
 * weight's gradient over all time steps. Reads up to 28 bytes beyond the last rows of A and B.
 */
export function defineGemm(module: ModuleBuilder): void {
  definePacked(module);
  defineTransposed(module, definePacking(module));
}

function definePacked(module: ModuleBuilder): void {
  module.define('gemmPacked', i32(9), (f, c, ldc, a, lda, b, bias, m, n, k) => {
    const [j, panel, aRow, cRow] = f.locals('i32', 4) as [Local, Local, Local, Local];
    const block = createBlock(f, module);
    const eachBlock = createRowLoop(f, block, m);
    f.get(k).i32(panelBytes).op('i32_mul').set(panel);
    f.countTo(j, n, panelColumns, () => {
      f.get(a).set(aRow);
      f.get(c).get(j).i32(4).op('i32_mul').op('i32_add').set(cRow);
      loadBias(f, block, bias, j);
      eachBlock((sums) => {
        f.get(aRow).set(block.a).get(b).set(block.b);
        const pointers = rowPointers(f, block, lda, sums.length);
        const operands = { rows: pointers, stepA: 4, b: block.b, stepB: panelBytes };
        innerLoop(f, block, operands, sums, k);
        storeBlock(f, block, sums, { c: cRow, ldc, n, j, bias });
        f.get(lda).i32(sums.length).op('i32_mul').get(aRow).op('i32_add').set(aRow);
        f.get(ldc).i32(sums.length).op('i32_mul').get(cRow).op('i32_add').set(cRow);
      });
      f.advance(b, panel);
    });
  });
}

/** Writes code for the rows of C: as many as a block has at a time, then what is left. */
function createRowLoop(f: FunctionBuilder, { sums }: Block, m: Local) {
  const [i, full] = f.locals('i32', 2) as [Local, Local];
  f.get(m).i32(sums.length).op('i32_div_u').i32(sums.length).op('i32_mul').set(full);
  return (code: (sums: Block['sums']) => void): void => {
    f.i32(0).set(i);
    f.countTo(i, full, sums.length, () => code(sums));
    for (const rows of restRows.filter((one) => one < sums.length)) {
      f.get(m).get(full).op('i32_sub').i32(rows).op('i32_and');
      f.if(() => code(sums.slice(0, rows)));
    }
  };
}

function defineTransposed(module: ModuleBuilder, packPanel: FunctionBuilder): void {
  module.define('gemmTransposed', i32(10), (f, c, ldc, a, lda, b, ldb, m, n, k, scratch) => {
    const [from, rows, panel, j, bPanel] = f.locals('i32', 5) as [
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    const [aBlock, cRow, cPanel, packedA] = f.locals('i32', 4) as [Local, Local, Local, Local];
    const block = createBlock(f, module);
    const eachBlock = createRowLoop(f, block, m);
    const noBias = f.local('i32');
    f.get(scratch).set(packedA);
    f.advance(scratch, packedBytes);
    for (const vector of block.bias) f.f32x4(0).set(vector);
    f.countTo(from, k, chunkRows, () => {
      f.get(k).get(from).op('i32_sub').set(rows);
      f.get(rows).i32(chunkRows).op('i32_ge_s');
      f.if(() => f.i32(chunkRows).set(rows));
      f.get(rows).i32(panelBytes).op('i32_mul').set(panel);
      f.get(scratch).set(bPanel).i32(0).set(j);
      f.countTo(j, n, panelColumns, () => {
        f.get(bPanel).get(b).get(j).i32(4).op('i32_mul').op('i32_add');
        f.get(ldb).get(rows).call(packPanel);
        f.advance(bPanel, panel);
      });
      f.get(a).set(aBlock).get(c).set(cRow);
      eachBlock((sums) => {
        const stepA = 4 * sums.length;
        packColumns(f, packedA, aBlock, { lda, rows, columns: sums.length });
        f.get(cRow).set(cPanel).get(scratch).set(block.b).i32(0).set(j);
        f.countTo(j, n, panelColumns, () => {
          f.get(packedA).set(block.a);
          const pointers = sums.map((_, r) => ({ pointer: block.a, offset: 4 * r }));
          const operands = { rows: pointers, stepA, b: block.b, stepB: panelBytes };
          innerLoop(f, block, operands, sums, rows);
          storeBlock(f, block, sums, { c: cPanel, ldc, n, j, bias: noBias });
          f.advance(cPanel, panelBytes);
        });
        f.advance(aBlock, stepA);
        f.get(ldc).i32(sums.length).op('i32_mul').get(cRow).op('i32_add').set(cRow);
      });
      f.get(lda).get(rows).op('i32_mul').get(a).op('i32_add').set(a);
      f.get(ldb).get(rows).op('i32_mul').get(b).op('i32_add').set(b);
    });
  });
}

// -------------------------------------------------------------------------------------------------
// One block of C: some rows by eight columns

interface Block {
  /** Moved by the inner loop. */
  readonly a: Local;
  readonly b: Local;
  readonly rowPointers: readonly Local[];
  /** Sums by row, two vectors each. */
  readonly sums: readonly (readonly [Local, Local])[];
  /** What sums start from. */
  readonly bias: readonly [Local, Local];
  readonly counter: Local;
  readonly bulk: Local;
  readonly loaded: readonly [Local, Local, Local];
}

function createBlock(f: FunctionBuilder, { isRelaxed }: ModuleBuilder): Block {
  const rows = isRelaxed ? mostRows : mostRowsUnfused;
  const pair = () => f.locals('v128', 2) as [Local, Local];
  return {
    a: f.local('i32'),
    b: f.local('i32'),
    rowPointers: f.locals('i32', rows - 1),
    sums: Array.from({ length: rows }, pair),
    bias: pair(),
    counter: f.local('i32'),
    bulk: f.local('i32'),
    loaded: f.locals('v128', 3) as [Local, Local, Local],
  };
}

/** Eight numbers of the bias from column j on, or zeros where there is none. */
function loadBias(f: FunctionBuilder, { bias }: Block, address: Local, j: Local): void {
  bias.forEach((vector, half) => {
    f.f32x4(0).set(vector);
    f.get(address);
    f.if(() => {
      f.get(address).get(j).i32(4).op('i32_mul').op('i32_add');
      f.memory('v128_load', 16 * half).set(vector);
    });
  });
}

/** How a block finds its operands: where row r of A starts, how far k moves A and B. */
interface Operands {
  /** Address of A's first element for block row r, and the constant offset of one k. */
  readonly rows: readonly { pointer: Local; offset: number }[];
  readonly b: Local;
  /** Bytes from one k to the next. */
  readonly stepA: number;
  readonly stepB: number;
}

function rowPointers(f: FunctionBuilder, block: Block, lda: Local, count: number) {
  const pointers = [block.a, ...block.rowPointers].slice(0, count);
  pointers.slice(1).forEach((pointer, r) => {
    f.get(pointers[r]!).get(lda).op('i32_add').set(pointer);
  });
  return pointers.map((pointer) => ({ pointer, offset: 0 }));
}

const unrolled = 4;

function innerLoop(
  f: FunctionBuilder,
  { bias, counter, bulk, loaded }: Block,
  { rows, stepA, b, stepB }: Operands,
  sums: Block['sums'],
  k: Local,
): void {
  for (const pair of sums) pair.forEach((sum, half) => f.get(bias[half]!).set(sum));
  const [b0, b1, value] = loaded;
  const step = (atA: number, atB: number): void => {
    f.get(b).memory('v128_load', atB).set(b0);
    f.get(b)
      .memory('v128_load', atB + 16)
      .set(b1);
    rows.forEach(({ pointer, offset }, r) => {
      f.get(pointer)
        .memory('v128_load32_splat', offset + atA)
        .set(value);
      multiplyAdd(f, value, b0, sums[r]![0]);
      multiplyAdd(f, value, b1, sums[r]![1]);
    });
  };
  const advance = (times: number): void => {
    for (const pointer of new Set(rows.map((row) => row.pointer)))
      f.advance(pointer, stepA * times);
    f.advance(b, stepB * times);
  };
  f.i32(0).set(counter);
  f.get(k).i32(-unrolled).op('i32_and').set(bulk);
  f.countTo(counter, bulk, unrolled, () => {
    for (let u = 0; u < unrolled; u++) step(u * stepA, u * stepB);
    advance(unrolled);
  });
  f.countTo(counter, k, 1, () => {
    step(0, 0);
    advance(1);
  });
}

/** sum += a·b */
export function multiplyAdd(f: FunctionBuilder, a: Local, b: Local, sum: Local): void {
  f.get(a).get(b);
  f.multiplyAdd(() => f.get(sum)).set(sum);
}

/** C = sums where they began with a bias, else C += sums: whole vectors, then what is left of the last panel. */
function storeBlock(
  f: FunctionBuilder,
  { counter: columns, bulk: p, loaded }: Block,
  sums: Block['sums'],
  { c, ldc, n, j, bias }: { c: Local; ldc: Local; n: Local; j: Local; bias: Local },
): void {
  const [rest, , sum] = loaded;
  const eachRow = (store: (pair: readonly [Local, Local]) => void): void => {
    f.get(c).set(p);
    for (const pair of sums) {
      store(pair);
      f.advance(p, ldc);
    }
  };
  const storeVector = (vector: Local, offset: number): void => {
    f.get(p).memory('v128_load', offset).set(sum);
    f.get(p);
    f.get(vector).get(vector).get(sum).op('f32x4_add').get(bias).op('select');
    f.memory('v128_store', offset);
  };
  const storeLane = (lane: number): void => {
    f.get(columns).i32(lane).op('i32_gt_s');
    f.if(() => {
      f.get(p).get(rest).extractLane(lane);
      f.get(rest)
        .extractLane(lane)
        .get(p)
        .memory('f32_load', 4 * lane)
        .op('f32_add');
      f.get(bias)
        .op('select')
        .memory('f32_store', 4 * lane);
    });
  };
  f.get(n).get(j).op('i32_sub').tee(columns).i32(panelColumns).op('i32_ge_s');
  f.if(
    () => eachRow((pair) => pair.forEach((vector, half) => storeVector(vector, 16 * half))),
    () => {
      f.get(columns).i32(4).op('i32_ge_s');
      f.if(
        () => {
          eachRow(([low]) => storeVector(low, 0));
          f.advance(columns, -4);
          eachRow(([, high]) => {
            f.get(high).set(rest);
            f.advance(p, 16);
            [0, 1, 2].forEach(storeLane);
            f.advance(p, -16);
          });
        },
        () =>
          eachRow(([low]) => {
            f.get(low).set(rest);
            [0, 1, 2].forEach(storeLane);
          }),
      );
    },
  );
}
