import type { FunctionBuilder, Local, ModuleBuilder } from './assembler.js';

/** Columns of one panel of packed weights: two vectors of four float32. */
export const panelColumns = 8;
const panelBytes = panelColumns * 4;
/** Rows that one pass of the inner loop computes; with eight columns, eight sums stay in registers. */
const blockRows = 4;
/** Rows of A and B that one pass of a transposed product takes: a panel of them stays in the first cache. */
export const chunkRows = 128;

/** Columns of A that a transposed product packs at once: a cache line, so that each is read once. */
const packedColumns = 16;

/** Bytes that `gemmTransposed` wants for itself, for a product with n columns. */
export const transposedScratch = (n: number): number =>
  chunkRows * (Math.ceil(n / panelColumns) * panelBytes + 4 * packedColumns);

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
 * weight's gradient over all time steps. Reads up to 28 bytes beyond B's last row, and up to 48 beyond A's.
 *
 * `packTransposed(target, w, ldw, rows, depth)`: Wᵀ `[depth, rows]` in panels, for x·Wᵀ.
 * `packStraight(target, w, ldw, rows, depth)`: W `[rows, depth]` in panels, for g·W.
 */
export function defineGemm(module: ModuleBuilder): void {
  definePacked(module);
  const packPanel = definePackPanel(module);
  defineTransposed(module, packPanel);
  definePackStraight(module, packPanel);
  definePackTransposed(module);
}

function definePacked(module: ModuleBuilder): void {
  module.define('gemmPacked', i32(9), (f, c, ldc, a, lda, b, bias, m, n, k) => {
    const [i, j, fullRows, panel] = f.locals('i32', 4);
    const [aRow, cRow] = f.locals('i32', 2);
    const block = createBlock(f);
    f.get(k).i32(panelBytes).op('i32_mul').set(panel!);
    f.get(m).i32(-blockRows).op('i32_and').set(fullRows!);
    f.countTo(j!, n, panelColumns, () => {
      f.get(a).set(aRow!);
      f.get(c).get(j!).i32(4).op('i32_mul').op('i32_add').set(cRow!);
      loadBias(f, block, bias, j!);
      const rowsOfBlock = (rows: number): void => {
        f.get(aRow!).set(block.a).get(b).set(block.b);
        const sums = block.sums.slice(0, rows);
        const pointers = rowPointers(f, block, lda, rows);
        const operands = { rows: pointers, stepA: 4, b: block.b, stepB: panelBytes };
        innerLoop(f, block, operands, sums, k);
        storeBlock(f, block, sums, { c: cRow!, ldc, n, j: j!, bias });
        f.get(lda).i32(rows).op('i32_mul').get(aRow!).op('i32_add').set(aRow!);
        f.get(ldc).i32(rows).op('i32_mul').get(cRow!).op('i32_add').set(cRow!);
      };
      f.i32(0).set(i!);
      f.countTo(i!, fullRows!, blockRows, () => rowsOfBlock(blockRows));
      f.countTo(i!, m, 1, () => rowsOfBlock(1));
      f.advance(b, panel!);
    });
  });
}

/** `(target, source, ld, rows)`: eight columns of `rows` rows, one row after another. */
function definePackPanel(module: ModuleBuilder): FunctionBuilder {
  return module.define(undefined, i32(4), (f, target, source, ld, rows) => {
    const row = f.local('i32');
    f.countTo(row, rows, 1, () => {
      for (const half of [0, 16])
        f.get(target).get(source).memory('v128_load', half).memory('v128_store', half);
      f.advance(target, panelBytes);
      f.advance(source, ld);
    });
  });
}

function defineTransposed(module: ModuleBuilder, packPanel: FunctionBuilder): void {
  module.define('gemmTransposed', i32(10), (f, c, ldc, a, lda, b, ldb, m, n, k, scratch) => {
    const [from, rows, panel, j, i, fullRows] = f.locals('i32', 6);
    const [aBlock, cRow, cPanel, bPanel, packedA, packedBlock] = f.locals('i32', 6);
    const block = createBlock(f);
    const noBias = f.local('i32');
    f.get(m).i32(-blockRows).op('i32_and').set(fullRows!);
    f.get(scratch).set(packedA!);
    f.advance(scratch, chunkRows * 4 * packedColumns);
    for (const vector of block.bias) f.f32x4(0).set(vector);
    f.countTo(from!, k, chunkRows, () => {
      f.get(k).get(from!).op('i32_sub').set(rows!);
      f.get(rows!).i32(chunkRows).op('i32_ge_s');
      f.if(() => f.i32(chunkRows).set(rows!));
      f.get(rows!).i32(panelBytes).op('i32_mul').set(panel!);
      f.get(scratch).set(bPanel!).i32(0).set(j!);
      f.countTo(j!, n, panelColumns, () => {
        f.get(bPanel!).get(b).get(j!).i32(4).op('i32_mul').op('i32_add');
        f.get(ldb).get(rows!).call(packPanel);
        f.advance(bPanel!, panel!);
      });
      f.get(a).set(aBlock!).get(c).set(cRow!).i32(0).set(i!);
      const rowsOfBlock = (count: number): void => {
        if (count === blockRows) {
          f.get(i!)
            .i32(packedColumns - 1)
            .op('i32_and')
            .op('i32_eqz');
          f.if(() => packColumns(f, packedA!, aBlock!, lda, rows!));
          // Where the present four of the packed columns begin.
          f.get(i!)
            .i32(packedColumns - 1)
            .op('i32_and');
          f.i32(4 * chunkRows)
            .op('i32_mul')
            .get(packedA!)
            .op('i32_add')
            .set(packedBlock!);
        }
        f.get(cRow!).set(cPanel!).get(scratch).set(block.b).i32(0).set(j!);
        f.countTo(j!, n, panelColumns, () => {
          const sums = block.sums.slice(0, count);
          const isPacked = count === blockRows;
          f.get(isPacked ? packedBlock! : aBlock!).set(block.a);
          const pointers = sums.map((_, r) => ({ pointer: block.a, offset: 4 * r }));
          const stepA = isPacked ? 4 * blockRows : lda;
          const operands = { rows: pointers, stepA, b: block.b, stepB: panelBytes };
          innerLoop(f, block, operands, sums, rows!);
          storeBlock(f, block, sums, { c: cPanel!, ldc, n, j: j!, bias: noBias });
          f.advance(cPanel!, panelBytes);
        });
        f.advance(aBlock!, 4 * count);
        f.get(ldc).i32(count).op('i32_mul').get(cRow!).op('i32_add').set(cRow!);
      };
      f.countTo(i!, fullRows!, blockRows, () => rowsOfBlock(blockRows));
      f.countTo(i!, m, 1, () => rowsOfBlock(1));
      f.get(lda).get(rows!).op('i32_mul').get(a).op('i32_add').set(a);
      f.get(ldb).get(rows!).op('i32_mul').get(b).op('i32_add').set(b);
    });
  });
}

/** Sixteen columns of `rows` rows in four parts of four columns, `chunkRows` apart; a part has one row after another. */
function packColumns(f: FunctionBuilder, target: Local, a: Local, lda: Local, rows: Local): void {
  const [to, from, row] = f.locals('i32', 3);
  f.get(target).set(to!).get(a).set(from!).i32(0).set(row!);
  f.countTo(row!, rows, 1, () => {
    for (let part = 0; part < packedColumns / blockRows; part++)
      f.get(to!)
        .get(from!)
        .memory('v128_load', 16 * part)
        .memory('v128_store', 16 * chunkRows * part);
    f.advance(to!, 16);
    f.advance(from!, lda);
  });
}

function definePackStraight(module: ModuleBuilder, packPanel: FunctionBuilder): void {
  module.define('packStraight', i32(5), (f, target, w, ldw, rows, depth) => {
    const [j, full, column, to, from, row] = f.locals('i32', 6);
    f.get(depth).i32(-panelColumns).op('i32_and').set(full!);
    f.countTo(j!, full!, panelColumns, () => {
      f.get(target).get(w).get(ldw).get(rows).call(packPanel);
      f.get(rows).i32(panelBytes).op('i32_mul').get(target).op('i32_add').set(target);
      f.advance(w, panelBytes);
    });
    // Columns beyond the last full panel; its other columns stay zero.
    f.get(full!).set(column!);
    f.countTo(column!, depth, 1, () => {
      f.get(target).set(to!).get(w).set(from!).i32(0).set(row!);
      f.countTo(row!, rows, 1, () => {
        f.get(to!).get(from!).memory('f32_load').memory('f32_store');
        f.advance(to!, panelBytes);
        f.advance(from!, ldw);
      });
      f.advance(target, 4);
      f.advance(w, 4);
    });
  });
}

function definePackTransposed(module: ModuleBuilder): void {
  module.define('packTransposed', i32(5), (f, target, w, ldw, rows, depth) => {
    const [j, full, column, to, from, end] = f.locals('i32', 6);
    const pointers = f.locals('i32', panelColumns);
    const [low, high] = f.locals('v128', 2);
    f.get(rows).i32(-panelColumns).op('i32_and').set(full!);
    f.countTo(j!, full!, panelColumns, () => {
      pointers.forEach((pointer, r) => {
        if (r === 0) f.get(w);
        else
          f.get(pointers[r - 1]!)
            .get(ldw)
            .op('i32_add');
        f.set(pointer);
      });
      f.i32(0).set(column!);
      f.countTo(column!, depth, 1, () => {
        for (const [half, vector] of [low!, high!].entries()) {
          f.get(pointers[4 * half]!).memory('v128_load32_zero');
          f.set(vector);
          for (const lane of [1, 2, 3])
            f.get(pointers[4 * half + lane]!)
              .get(vector)
              .loadLane(lane)
              .set(vector);
          f.get(target)
            .get(vector)
            .memory('v128_store', 16 * half);
        }
        f.advance(target, panelBytes);
        for (const pointer of pointers) f.advance(pointer, 4);
      });
      f.get(ldw).i32(panelColumns).op('i32_mul').get(w).op('i32_add').set(w);
    });
    f.get(full!).set(j!);
    f.countTo(j!, rows, 1, () => {
      f.get(target).set(to!).get(w).set(from!);
      f.get(depth).i32(4).op('i32_mul').get(w).op('i32_add').set(end!);
      f.countTo(from!, end!, 4, () => {
        f.get(to!).get(from!).memory('f32_load').memory('f32_store');
        f.advance(to!, panelBytes);
      });
      f.advance(target, 4);
      f.advance(w, ldw);
    });
  });
}

// -------------------------------------------------------------------------------------------------
// One block of C: four rows (or one) by eight columns

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

function createBlock(f: FunctionBuilder): Block {
  const pair = () => f.locals('v128', 2) as [Local, Local];
  return {
    a: f.local('i32'),
    b: f.local('i32'),
    rowPointers: f.locals('i32', blockRows - 1),
    sums: Array.from({ length: blockRows }, pair),
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
  /** Bytes from one k to the next: a constant, which lets the loop be unrolled, or a local. */
  readonly stepA: number | Local;
  readonly b: Local;
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
      f.advance(pointer, typeof stepA === 'number' ? stepA * times : stepA);
    f.advance(b, stepB * times);
  };
  f.i32(0).set(counter);
  if (typeof stepA === 'number') {
    f.get(k).i32(-unrolled).op('i32_and').set(bulk);
    f.countTo(counter, bulk, unrolled, () => {
      for (let u = 0; u < unrolled; u++) step(u * stepA, u * stepB);
      advance(unrolled);
    });
  }
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
