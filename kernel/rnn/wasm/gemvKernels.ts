import type { FunctionBuilder, Local, ModuleBuilder } from './assembler.js';
import { multiplyAdd } from './gemmKernels.js';

/**
 * Products of a few rows with weights as they lie in memory, for batches too small to make packing pay. The weights
 * are read once per row, from the cache.
 *
 * `gemvRows(y, ldy, x, ldx, w, ldw, bias, m, n, k)`: Y[m, n] = bias + X[m, k]·Wᵀ with W `[n, k]`, or Y += where
 * bias is 0: sums along the rows of W.
 * `gemvTwoRows(y, ldy, x, ldx, w, ldw, bias, m, n, k, x₂, ldx₂, w₂, ldw₂, k₂)`: the same + X₂[m, k₂]·W₂ᵀ, in one pass.
 * `gemvColumns(y, ldy, g, ldg, w, ldw, m, n, k)`: Y[m, n] += G[m, k]·W with W `[k, n]`: sums of rows of W.
 */
export function defineGemv(module: ModuleBuilder): void {
  module.define('gemvRows', i32(10), (f, ...parameters) => {
    const [y, ldy, x, ldx, w, ldw, bias, m, n, k] = parameters as Locals<10>;
    writeRows(f, { y, ldy, bias, m, n }, [{ x, ldx, w, ldw, k }]);
  });
  module.define('gemvTwoRows', i32(15), (f, ...parameters) => {
    const [y, ldy, x, ldx, w, ldw, bias, m, n, k, ...second] = parameters as Locals<15>;
    const [x2, ldx2, w2, ldw2, k2] = second;
    writeRows(f, { y, ldy, bias, m, n }, [
      { x, ldx, w, ldw, k },
      { x: x2, ldx: ldx2, w: w2, ldw: ldw2, k: k2 },
    ]);
  });
  defineColumns(module);
}

const i32 = (count: number) => Array<'i32'>(count).fill('i32');

type Locals<Count extends number, Rest extends Local[] = []> = Rest['length'] extends Count
  ? Rest
  : Locals<Count, [...Rest, Local]>;

/** Rows of W whose sums run side by side: enough to hide the latency of a multiply-add. */
const rowsAtOnce = 8;
/** Vectors of x that are held while the rows pass. */
const vectorsAtOnce = 4;

/** Where the result stands, what it starts from, and its extents. */
interface Result {
  readonly y: Local;
  readonly ldy: Local;
  readonly bias: Local;
  readonly m: Local;
  readonly n: Local;
}

/** One product of the sum: X[m, k]·Wᵀ. */
interface Term {
  readonly x: Local;
  readonly ldx: Local;
  readonly w: Local;
  readonly ldw: Local;
  readonly k: Local;
}

function writeRows(f: FunctionBuilder, { y, ldy, bias, m, n }: Result, terms: Term[]): void {
  const [i, j, full, from] = f.locals('i32', 4) as Locals<4>;
  const walks = terms.map((term) => ({ ...term, row: f.local('i32') }));
  const dot = createDot(f, walks);
  f.get(n).i32(-rowsAtOnce).op('i32_and').set(full);
  f.countTo(i, m, 1, () => {
    for (const { w, row } of walks) f.get(w).set(row);
    f.get(y).set(from).i32(0).set(j);
    f.countTo(j, full, rowsAtOnce, () => {
      const sums = dot(rowsAtOnce);
      for (let r = 0; r < rowsAtOnce; r += 4) {
        pushSums(f, sums.slice(r, r + 4));
        f.set(sums[r]!);
        addBias(f, sums[r]!, from, bias, j, 4 * r);
        f.get(from)
          .get(sums[r]!)
          .memory('v128_store', 4 * r);
      }
      f.advance(from, 4 * rowsAtOnce);
      for (const { ldw, row } of walks)
        f.get(ldw).i32(rowsAtOnce).op('i32_mul').get(row).op('i32_add').set(row);
    });
    f.countTo(j, n, 1, () => {
      const [sum] = dot(1) as Locals<1>;
      f.get(from);
      pushLanes(f, sum);
      f.get(bias).get(j).i32(4).op('i32_mul').op('i32_add');
      f.get(from).get(bias).op('select').memory('f32_load');
      f.op('f32_add').memory('f32_store');
      f.advance(from, 4);
      for (const { ldw, row } of walks) f.advance(row, ldw);
    });
    for (const { x, ldx } of walks) f.advance(x, ldx);
    f.advance(y, ldy);
  });
}

/** Writes loops of each x against some rows of its W; gives a vector of partial sums for each row. */
function createDot(f: FunctionBuilder, terms: readonly (Term & { row: Local })[]) {
  const [at, end] = f.locals('i32', 2) as Locals<2>;
  const pointers = f.locals('i32', rowsAtOnce);
  const sums = f.locals('v128', rowsAtOnce);
  const values = f.locals('v128', vectorsAtOnce);
  const weight = f.local('v128');
  /** Row by row: loads side by side from several would get in each other's way in the cache. */
  const step = (rows: Local[], load: Load, vectors: number, bytes: number): void => {
    const held = values.slice(0, vectors);
    held.forEach((value, v) =>
      f
        .get(at)
        .memory(load, 16 * v)
        .set(value),
    );
    rows.forEach((pointer, r) =>
      held.forEach((value, v) => {
        f.get(pointer)
          .memory(load, 16 * v)
          .set(weight);
        multiplyAdd(f, value, weight, sums[r]!);
      }),
    );
    for (const pointer of rows) f.advance(pointer, bytes);
  };
  const add = ({ x, row, ldw, k }: Term & { row: Local }, rows: Local[]): void => {
    rows.forEach((pointer, r) => {
      if (r === 0) f.get(row);
      else
        f.get(rows[r - 1]!)
          .get(ldw)
          .op('i32_add');
      f.set(pointer);
    });
    f.get(x).set(at);
    const upTo = (vectors: number): void => {
      f.get(k)
        .i32(-4 * vectors)
        .op('i32_and')
        .i32(4)
        .op('i32_mul')
        .get(x)
        .op('i32_add')
        .set(end);
      f.countTo(at, end, 16 * vectors, () => step(rows, 'v128_load', vectors, 16 * vectors));
    };
    upTo(vectorsAtOnce);
    upTo(1);
    f.get(k).i32(4).op('i32_mul').get(x).op('i32_add').set(end);
    f.countTo(at, end, 4, () => step(rows, 'v128_load32_zero', 1, 4));
  };
  return (count: number): Local[] => {
    const used = sums.slice(0, count);
    for (const sum of used) f.f32x4(0).set(sum);
    for (const term of terms) add(term, pointers.slice(0, count));
    return used;
  };
}

type Load = 'v128_load' | 'v128_load32_zero';

/** Stack: → the sums over the lanes of four vectors, as one vector. */
function pushSums(f: FunctionBuilder, sums: readonly Local[]): void {
  const [a, b, c, d] = sums as [Local, Local, Local, Local];
  const [ab, cd] = f.locals('v128', 2) as [Local, Local];
  const interleave = (p: Local, q: Local): FunctionBuilder =>
    f.get(p).get(q).shuffle(0, 4, 1, 5).get(p).get(q).shuffle(2, 6, 3, 7).op('f32x4_add');
  interleave(a, b).set(ab);
  interleave(c, d).set(cd);
  f.get(ab).get(cd).shuffle(0, 1, 4, 5).get(ab).get(cd).shuffle(2, 3, 6, 7).op('f32x4_add');
}

/** Stack: → the sum over the lanes, a float32. */
function pushLanes(f: FunctionBuilder, vector: Local): void {
  f.get(vector).extractLane(0).get(vector).extractLane(1).op('f32_add');
  f.get(vector).extractLane(2).get(vector).extractLane(3).op('f32_add').op('f32_add');
}

/** sums += bias from j on, or what stands in y where there is no bias. */
function addBias(
  f: FunctionBuilder,
  sums: Local,
  y: Local,
  bias: Local,
  j: Local,
  r: number,
): void {
  f.get(sums);
  f.get(bias).get(j).i32(4).op('i32_mul').op('i32_add').get(y).get(bias).op('select');
  f.memory('v128_load', r).op('f32x4_add').set(sums);
}

/** Columns that stay in registers while the rows of W pass: widest first. */
const columnBlocks = [32, 4, 1] as const;

function defineColumns(module: ModuleBuilder): void {
  module.define('gemvColumns', i32(9), (f, y, ldy, g, ldg, w, ldw, m, n, k) => {
    const [i, j, end, to, from] = f.locals('i32', 5) as [Local, Local, Local, Local, Local];
    const [row, at, l] = f.locals('i32', 3) as [Local, Local, Local];
    const [value, weight] = f.locals('v128', 2) as [Local, Local];
    const sums = f.locals('v128', 8);
    const pass = (columns: number): void => {
      const [load, width] =
        columns > 1 ? (['v128_load', 4] as const) : (['v128_load32_zero', 1] as const);
      const vectors = sums.slice(0, columns / width);
      vectors.forEach((sum, v) =>
        f
          .get(to)
          .memory(load, 16 * v)
          .set(sum),
      );
      f.get(from).set(row).get(g).set(at).i32(0).set(l);
      f.countTo(l, k, 1, () => {
        f.get(at).memory('v128_load32_splat').set(value);
        vectors.forEach((sum, v) => {
          f.get(row)
            .memory(load, 16 * v)
            .set(weight);
          multiplyAdd(f, value, weight, sum);
        });
        f.advance(at, 4);
        f.advance(row, ldw);
      });
      vectors.forEach((sum, v) => {
        f.get(to).get(sum);
        if (columns > 1) f.memory('v128_store', 16 * v);
        else f.storeFirstLane();
      });
      f.advance(to, 4 * columns);
      f.advance(from, 4 * columns);
    };
    f.countTo(i, m, 1, () => {
      f.get(y).set(to).get(w).set(from).i32(0).set(j);
      for (const columns of columnBlocks) {
        f.get(n).i32(-columns).op('i32_and').set(end);
        f.countTo(j, end, columns, () => pass(columns));
      }
      f.advance(g, ldg);
      f.advance(y, ldy);
    });
  });
}
