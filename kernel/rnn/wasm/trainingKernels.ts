import type { Local, ModuleBuilder, ValueType } from './assembler.js';
import { eachVector } from './rowKernels.js';
import { pushExp } from './vectorMath.js';

/**
 * What a training step does besides the network: softmax of the logits, the gradient's norm. Float32 in
 * memory, addresses in bytes, counts in numbers.
 *
 * `softmax(p, normaliser, x, rows, columns)`: p = softmax of each row of x; `normaliser` gets, for each row, the
 * maximum m and Σ e^(x − m)
 * `sumOfSquares(x, count)` → Σ x² as float64
 * `scale(x, count, factor)`: x ← factor·x
 */
export function defineTrainingKernels(module: ModuleBuilder): void {
  defineSoftmax(module);
  defineNorm(module);
}

const types = (addresses: number, numbers: number): ValueType[] => [
  ...Array<'i32'>(addresses).fill('i32'),
  ...Array<'f32'>(numbers).fill('f32'),
];

function defineSoftmax(module: ModuleBuilder): void {
  module.define('softmax', types(5, 0), (f, p, normaliser, x, rows, columns) => {
    const [row, at, bytes] = f.locals('i32', 3) as [Local, Local, Local];
    const [max, value, sum, singles] = f.locals('v128', 4) as [Local, Local, Local, Local];
    const total = f.local('f32');
    f.get(columns).i32(4).op('i32_mul').set(bytes);
    f.countTo(row, rows, 1, () => {
      f.get(x).memory('v128_load32_splat').set(max);
      eachVector(f, at, columns, (load) => {
        f.get(x)
          .get(at)
          .op('i32_add')
          .memory(load === 'v128_load' ? load : 'v128_load32_splat');
        f.get(max).op('f32x4_max').set(max);
      });
      f.get(max).get(max).shuffle(2, 3, 0, 1).get(max).op('f32x4_max').tee(max);
      f.get(max).shuffle(1, 0, 3, 2).get(max).op('f32x4_max').set(max);
      f.f32x4(0).set(sum).f32x4(0).set(singles);
      eachVector(f, at, columns, (load, store) => {
        f.get(x).get(at).op('i32_add').memory(load).get(max).op('f32x4_sub').set(value);
        f.get(p).get(at).op('i32_add');
        pushExp(f, value);
        f.tee(value);
        store();
        const into = load === 'v128_load' ? sum : singles;
        f.get(into).get(value).op('f32x4_add').set(into);
      });
      f.get(singles).extractLane(0);
      for (const lane of [0, 1, 2, 3]) f.get(sum).extractLane(lane).op('f32_add');
      f.set(total);
      f.get(normaliser).get(max).extractLane(0).memory('f32_store');
      f.get(normaliser).get(total).memory('f32_store', 4);
      f.f32(1).get(total).op('f32_div').op('f32x4_splat').set(value);
      eachVector(f, at, columns, (load, store) => {
        f.get(p).get(at).op('i32_add');
        f.get(p).get(at).op('i32_add').memory(load).get(value).op('f32x4_mul');
        store();
      });
      f.advance(normaliser, 8);
      f.advance(p, bytes);
      f.advance(x, bytes);
    });
  });
}

function defineNorm(module: ModuleBuilder): void {
  module.define(
    'sumOfSquares',
    types(2, 0),
    (f, x, count) => {
      const at = f.local('i32');
      const [value, low, high] = f.locals('v128', 3) as [Local, Local, Local];
      eachVector(f, at, count, (load) => {
        f.get(x).get(at).op('i32_add').memory(load).set(value);
        f.get(value).op('f64x2_promote_low_f32x4').tee(low).get(low).op('f64x2_mul').set(low);
        f.get(value).get(value).shuffle(2, 3, 0, 1).op('f64x2_promote_low_f32x4').tee(value);
        f.get(value).op('f64x2_mul').get(low).op('f64x2_add').get(high).op('f64x2_add').set(high);
      });
      f.get(high).extractDouble(0).get(high).extractDouble(1).op('f64_add');
    },
    ['f64'],
  );
  module.define('scale', types(2, 1), (f, x, count, factor) => {
    const at = f.local('i32');
    const factors = f.local('v128');
    f.get(factor).op('f32x4_splat').set(factors);
    eachVector(f, at, count, (load, store) => {
      f.get(x).get(at).op('i32_add');
      f.get(x).get(at).op('i32_add').memory(load).get(factors).op('f32x4_mul');
      store();
    });
  });
}
