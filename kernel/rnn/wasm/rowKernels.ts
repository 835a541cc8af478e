import type { FunctionBuilder, Local, ModuleBuilder } from './assembler.js';

/**
 * What else recurrent training does to rows of float32; arguments are i32, addresses and leading dimensions in bytes.
 *
 * `add(y, x, count)`: y += x
 * `clear(y, count)`: y = 0
 * `fillRows(y, ldy, x, rows, columns)`: every row of y = x
 * `columnSums(y, x, ldx, rows, columns)`: y += sums over the rows of x, in parts of 32 rows, for the rounding
 * `gather(y, ldy, table, ldt, indices, rows, columns)`: row r of y += row `indices[r]` of the table
 * `scatter(table, ldt, y, ldy, indices, rows, columns)`: row `indices[r]` of the table += row r of y
 * `transpose(y, ldy, x, ldx, rows, columns)`: y = xᵀ, x `[rows, columns]`
 * `normalise(y, inverse, x, ldx, rows, columns, eps)`: y = (x − μ)·s with s = 1/√(σ² + ε) by row, which `inverse`
 * keeps; y has no gaps
 * `normaliseBack(gx, ldx, gy, y, inverse, rows, columns)`: gx += s·(gy − mean gy − y·mean(gy·y))
 */
export function defineRowKernels(module: ModuleBuilder): void {
  const add = defineAdd(module);
  defineClear(module);
  defineFillRows(module);
  defineColumnSums(module, add);
  defineGather(module, add);
  defineTranspose(module);
  defineNormalise(module);
}

const i32 = (count: number) => Array<'i32'>(count).fill('i32');

/** Runs `body` for whole vectors of four, then for single numbers; `at` is the offset in bytes. */
export function eachVector(
  f: FunctionBuilder,
  at: Local,
  count: Local,
  body: (load: 'v128_load' | 'v128_load32_zero', store: () => void) => void,
): void {
  const end = f.local('i32');
  f.i32(0).set(at);
  f.get(count).i32(-4).op('i32_and').i32(4).op('i32_mul').set(end);
  f.countTo(at, end, 16, () => body('v128_load', () => f.memory('v128_store')));
  f.get(count).i32(4).op('i32_mul').set(end);
  f.countTo(at, end, 4, () => body('v128_load32_zero', () => f.storeFirstLane()));
}

function defineAdd(module: ModuleBuilder): FunctionBuilder {
  return module.define('add', i32(3), (f, y, x, count) => {
    const at = f.local('i32');
    eachVector(f, at, count, (load, store) => {
      f.get(y).get(at).op('i32_add');
      f.get(y).get(at).op('i32_add').memory(load);
      f.get(x).get(at).op('i32_add').memory(load).op('f32x4_add');
      store();
    });
  });
}

function defineClear(module: ModuleBuilder): void {
  module.define('clear', i32(2), (f, y, count) => {
    f.get(y).i32(0).get(count).i32(4).op('i32_mul').op('memory_fill');
  });
}

function defineFillRows(module: ModuleBuilder): void {
  module.define('fillRows', i32(5), (f, y, ldy, x, rows, columns) => {
    const row = f.local('i32');
    f.countTo(row, rows, 1, () => {
      f.get(y).get(x).get(columns).i32(4).op('i32_mul').op('memory_copy');
      f.advance(y, ldy);
    });
  });
}

const partRows = 32;
/** Columns that are summed side by side, widest first: a cache line, a vector, a number. */
const columnBlocks = [16, 4, 1] as const;

function defineColumnSums(module: ModuleBuilder, add: FunctionBuilder): void {
  module.define('columnSums', i32(5), (f, y, x, ldx, rows, columns) => {
    const [column, limit] = f.locals('i32', 2) as [Local, Local];
    f.get(rows).i32(1).op('i32_eq');
    f.if(() => f.get(y).get(x).get(columns).call(add).op('return'));
    const pass = createColumnPass(f, { y, x, ldx, rows });
    for (const block of columnBlocks) {
      f.get(columns).i32(-block).op('i32_and').set(limit);
      f.countTo(column, limit, block, () => {
        pass(block);
        f.advance(x, 4 * block);
        f.advance(y, 4 * block);
      });
    }
  });
}

function createColumnPass(
  f: FunctionBuilder,
  { y, x, ldx, rows }: Record<'y' | 'x' | 'ldx' | 'rows', Local>,
) {
  const [row, end, p, from] = f.locals('i32', 4) as [Local, Local, Local, Local];
  const totals = f.locals('v128', 4);
  const parts = f.locals('v128', 4);
  return (columns: number): void => {
    const load = columns > 1 ? 'v128_load' : 'v128_load32_zero';
    const vectors = columns > 4 ? [0, 1, 2, 3] : [0];
    for (const v of vectors)
      f.get(y)
        .memory(load, 16 * v)
        .set(totals[v]!);
    f.get(x).set(p).i32(0).set(row).i32(0).set(from);
    f.countTo(from, rows, partRows, () => {
      f.get(from).i32(partRows).op('i32_add').set(end);
      f.get(rows).get(end).get(end).get(rows).op('i32_gt_s').op('select').set(end);
      for (const v of vectors) f.f32x4(0).set(parts[v]!);
      f.countTo(row, end, 1, () => {
        for (const v of vectors)
          f.get(parts[v]!)
            .get(p)
            .memory(load, 16 * v)
            .op('f32x4_add')
            .set(parts[v]!);
        f.advance(p, ldx);
      });
      for (const v of vectors) f.get(totals[v]!).get(parts[v]!).op('f32x4_add').set(totals[v]!);
    });
    for (const v of vectors) {
      f.get(y).get(totals[v]!);
      if (columns > 1) f.memory('v128_store', 16 * v);
      else f.storeFirstLane();
    }
  };
}

function defineGather(module: ModuleBuilder, add: FunctionBuilder): void {
  const pushTableRow = (f: FunctionBuilder, table: Local, ldt: Local, indices: Local): void => {
    f.get(indices).memory('i32_load').get(ldt).op('i32_mul').get(table).op('i32_add');
  };
  module.define('gather', i32(7), (f, y, ldy, table, ldt, indices, rows, columns) => {
    const row = f.local('i32');
    f.countTo(row, rows, 1, () => {
      f.get(y);
      pushTableRow(f, table, ldt, indices);
      f.get(columns).call(add);
      f.advance(y, ldy);
      f.advance(indices, 4);
    });
  });
  module.define('scatter', i32(7), (f, table, ldt, y, ldy, indices, rows, columns) => {
    const row = f.local('i32');
    f.countTo(row, rows, 1, () => {
      pushTableRow(f, table, ldt, indices);
      f.get(y).get(columns).call(add);
      f.advance(y, ldy);
      f.advance(indices, 4);
    });
  });
}

function defineTranspose(module: ModuleBuilder): void {
  module.define('transpose', i32(6), (f, y, ldy, x, ldx, rows, columns) => {
    const [row, at, end, to] = f.locals('i32', 4) as [Local, Local, Local, Local];
    f.countTo(row, rows, 1, () => {
      f.get(y).set(to).get(x).set(at);
      f.get(columns).i32(4).op('i32_mul').get(x).op('i32_add').set(end);
      f.countTo(at, end, 4, () => {
        f.get(to).get(at).memory('f32_load').memory('f32_store');
        f.advance(to, ldy);
      });
      f.advance(y, 4);
      f.advance(x, ldx);
    });
  });
}

/** Stack: → the mean of what `push` gives for the numbers at each offset of a row, in float64. */
function pushMean(f: FunctionBuilder, columns: Local, at: Local, push: () => void): void {
  const [sum, end] = [f.local('f64'), f.local('i32')];
  f.f64(0).set(sum).i32(0).set(at);
  f.get(columns).i32(4).op('i32_mul').set(end);
  f.countTo(at, end, 4, () => {
    f.get(sum);
    push();
    f.op('f64_add').set(sum);
  });
  f.get(sum).get(columns).op('f64_convert_i32_s').op('f64_div');
}

function defineNormalise(module: ModuleBuilder): void {
  const parameters = [...i32(6), 'f32' as const];
  module.define('normalise', parameters, (f, y, inverse, x, ldx, rows, columns, eps) => {
    const [row, at, end] = f.locals('i32', 3) as [Local, Local, Local];
    const [mean, scale] = f.locals('f64', 2) as [Local, Local];
    const pushCentred = (): void => {
      f.get(x).get(at).op('i32_add').memory('f32_load').op('f64_promote_f32');
      f.get(mean).op('f64_sub');
    };
    f.get(columns).i32(4).op('i32_mul').set(end);
    f.countTo(row, rows, 1, () => {
      f.f64(0).set(mean);
      pushMean(f, columns, at, pushCentred);
      f.set(mean);
      pushMean(f, columns, at, () => {
        pushCentred();
        pushCentred();
        f.op('f64_mul');
      });
      f.get(eps).op('f64_promote_f32').op('f64_add').op('f64_sqrt').set(scale);
      f.f64(1).get(scale).op('f64_div').set(scale);
      f.get(inverse).get(scale).op('f32_demote_f64').memory('f32_store');
      f.i32(0).set(at);
      f.countTo(at, end, 4, () => {
        f.get(y).get(at).op('i32_add');
        pushCentred();
        f.get(scale).op('f64_mul').op('f32_demote_f64').memory('f32_store');
      });
      f.advance(x, ldx);
      f.advance(y, end);
      f.advance(inverse, 4);
    });
  });
  module.define('normaliseBack', i32(7), (f, gx, ldx, gy, y, inverse, rows, columns) => {
    const [row, at, end] = f.locals('i32', 3) as [Local, Local, Local];
    const [mean, product] = f.locals('f64', 2) as [Local, Local];
    const push = (from: Local): void => {
      f.get(from).get(at).op('i32_add').memory('f32_load').op('f64_promote_f32');
    };
    f.get(columns).i32(4).op('i32_mul').set(end);
    f.countTo(row, rows, 1, () => {
      pushMean(f, columns, at, () => push(gy));
      f.set(mean);
      pushMean(f, columns, at, () => {
        push(gy);
        push(y);
        f.op('f64_mul');
      });
      f.set(product).i32(0).set(at);
      f.countTo(at, end, 4, () => {
        f.get(gx).get(at).op('i32_add');
        push(gx);
        push(gy);
        f.get(mean).op('f64_sub');
        push(y);
        f.get(product).op('f64_mul').op('f64_sub');
        f.get(inverse).memory('f32_load').op('f64_promote_f32').op('f64_mul');
        f.op('f64_add').op('f32_demote_f64').memory('f32_store');
      });
      f.advance(gx, ldx);
      f.advance(gy, end);
      f.advance(y, end);
      f.advance(inverse, 4);
    });
  });
}
