import type { FunctionBuilder, Local, ModuleBuilder, ValueType } from './assembler.js';
import { eachVector } from './rowKernels.js';

/** Four numbers that are yet to be computed: puts them on the stack. */
type Vector = () => void;

/** What an update of four parameters is written with. Arrays and numbers by their position. */
interface Update {
  /** Four numbers of the n-th array. */
  read(array: number): Vector;
  /** The n-th number, four times. */
  number(position: number): Vector;
  constant(value: number): Vector;
  /** Computes now, to be used more than once. */
  keep(vector: Vector): Vector;
  write(array: number, vector: Vector): void;
  add(a: Vector, b: Vector): Vector;
  sub(a: Vector, b: Vector): Vector;
  mul(a: Vector, b: Vector): Vector;
  div(a: Vector, b: Vector): Vector;
  max(a: Vector, b: Vector): Vector;
  sqrt(a: Vector): Vector;
  /** −1, 0 or 1; NaN for NaN and for infinity. */
  sign(a: Vector): Vector;
}

/**
 * The optimisers' updates. Arguments are addresses of the arrays (θ and its gradient g first), the count, then numbers.
 * Each is what the optimiser of the name does to one number in a loop; formulas stand there.
 *
 * `sgd(θ, g, v, count, lr, μ, λ, look)`, where look is 1 for Nesterov's
 * `adam(θ, g, m, v, count, β₁, 1−β₁, β₂, 1−β₂, a, c, ε, λ)`: θ ← θ − a·m / (c·√v + ε)
 * `adagrad(θ, g, v, count, lr, λ, ε)`
 * `adadelta(θ, g, v, u, count, lr, ρ, 1−ρ, λ, ε)`
 * `lion(θ, g, m, count, lr, β₁, 1−β₁, β₂, 1−β₂, λ)`
 * `rmsprop`, and with a mean, a momentum or both: `(θ, g, v, [mean], [buffer], count, lr, α, 1−α, inside, outside, λ, μ)`
 */
export function defineUpdateKernels(module: ModuleBuilder): void {
  define(module, 'sgd', 3, 4, (u) => {
    const [lr, mu, lambda, look] = [0, 1, 2, 3].map((k) => u.number(k)) as Four;
    const g = u.keep(u.add(u.read(1), u.mul(lambda, u.read(0))));
    const v = u.keep(u.add(u.mul(mu, u.read(2)), g));
    u.write(2, v);
    const ahead = u.add(u.mul(mu, v), g);
    const step = u.add(v, u.mul(look, u.sub(ahead, v)));
    u.write(0, u.sub(u.read(0), u.mul(lr, step)));
  });
  define(module, 'adam', 4, 8, (u) => {
    const [a, c, eps, lambda] = [4, 5, 6, 7].map((k) => u.number(k)) as Four;
    const g = u.keep(u.add(u.read(1), u.mul(lambda, u.read(0))));
    const m = u.keep(mean(u, 0, u.read(2), g));
    const v = u.keep(mean(u, 2, u.read(3), u.mul(g, g)));
    u.write(2, m);
    u.write(3, v);
    const size = u.add(u.mul(u.sqrt(v), c), eps);
    u.write(0, u.sub(u.read(0), u.div(u.mul(m, a), size)));
  });
  define(module, 'adagrad', 3, 3, (u) => {
    const [lr, lambda, eps] = [0, 1, 2].map((k) => u.number(k)) as Three;
    const g = u.keep(u.add(u.read(1), u.mul(lambda, u.read(0))));
    const v = u.keep(u.add(u.read(2), u.mul(g, g)));
    u.write(2, v);
    u.write(0, u.sub(u.read(0), u.div(u.mul(lr, g), u.add(u.sqrt(v), eps))));
  });
  define(module, 'adadelta', 4, 5, (u) => {
    const [lr, lambda, eps] = [0, 3, 4].map((k) => u.number(k)) as Three;
    const g = u.keep(u.add(u.read(1), u.mul(lambda, u.read(0))));
    const v = u.keep(mean(u, 1, u.read(2), u.mul(g, g)));
    const ratio = u.div(u.sqrt(u.add(u.read(3), eps)), u.sqrt(u.add(v, eps)));
    const d = u.keep(u.mul(ratio, g));
    u.write(2, v);
    u.write(3, mean(u, 1, u.read(3), u.mul(d, d)));
    u.write(0, u.sub(u.read(0), u.mul(lr, d)));
  });
  define(module, 'lion', 3, 6, (u) => {
    const [lr, lambda] = [u.number(0), u.number(5)];
    const [g, m] = [u.keep(u.read(1)), u.keep(u.read(2))];
    const direction = u.sign(u.keep(mean(u, 1, m, g)));
    u.write(0, u.sub(u.read(0), u.mul(lr, u.add(direction, u.mul(lambda, u.read(0))))));
    u.write(2, mean(u, 3, m, g));
  });
  for (const isCentered of [false, true])
    for (const hasMomentum of [false, true]) defineRmsprop(module, isCentered, hasMomentum);
}

type Three = [Vector, Vector, Vector];
type Four = [Vector, Vector, Vector, Vector];

/** ρ·old + (1−ρ)·new, where ρ and 1−ρ are the numbers from a position on. */
const mean = (u: Update, position: number, old: Vector, next: Vector): Vector =>
  u.add(u.mul(u.number(position), old), u.mul(u.number(position + 1), next));

export const rmspropKernel = (isCentered: boolean, hasMomentum: boolean): string =>
  `rmsprop${isCentered ? 'Centered' : ''}${hasMomentum ? 'Momentum' : ''}`;

function defineRmsprop(module: ModuleBuilder, isCentered: boolean, hasMomentum: boolean): void {
  const [average, buffer] = [3, isCentered ? 4 : 3];
  const arrays = 3 + Number(isCentered) + Number(hasMomentum);
  define(module, rmspropKernel(isCentered, hasMomentum), arrays, 7, (u) => {
    const [inside, outside, lambda, mu] = [3, 4, 5, 6].map((k) => u.number(k)) as Four;
    const g = u.keep(u.add(u.read(1), u.mul(lambda, u.read(0))));
    const v = u.keep(mean(u, 1, u.read(2), u.mul(g, g)));
    u.write(2, v);
    let spread = v;
    if (isCentered) {
      const a = u.keep(mean(u, 1, u.read(average), g));
      u.write(average, a);
      // Rounding may leave a variance just below 0.
      spread = u.max(u.constant(0), u.sub(v, u.mul(a, a)));
    }
    let d = u.div(g, u.add(u.sqrt(u.add(spread, inside)), outside));
    if (hasMomentum) {
      d = u.keep(u.add(u.mul(mu, u.read(buffer)), d));
      u.write(buffer, d);
    }
    u.write(0, u.sub(u.read(0), u.mul(u.number(0), d)));
  });
}

function define(
  module: ModuleBuilder,
  name: string,
  arrays: number,
  numbers: number,
  write: (update: Update) => void,
): void {
  const types: ValueType[] = [
    ...Array<'i32'>(arrays + 1).fill('i32'),
    ...Array<'f32'>(numbers).fill('f32'),
  ];
  module.define(name, types, (f, ...parameters) => {
    const splats = parameters.slice(arrays + 1).map((number) => {
      const splat = f.local('v128');
      f.get(number).op('f32x4_splat').set(splat);
      return splat;
    });
    const at = f.local('i32');
    eachVector(f, at, parameters[arrays]!, (load, store) =>
      write(updateAt(f, { bases: parameters, splats, at, load, store })),
    );
  });
}

interface Place {
  readonly bases: readonly Local[];
  readonly splats: readonly Local[];
  readonly at: Local;
  readonly load: 'v128_load' | 'v128_load32_zero';
  readonly store: () => void;
}

function updateAt(f: FunctionBuilder, { bases, splats, at, load, store }: Place): Update {
  const address = (array: number) => f.get(bases[array]!).get(at).op('i32_add');
  const binary =
    (op: 'f32x4_add' | 'f32x4_sub' | 'f32x4_mul' | 'f32x4_div' | 'f32x4_max') =>
    (a: Vector, b: Vector): Vector =>
    () => {
      a();
      b();
      f.op(op);
    };
  const constant =
    (value: number): Vector =>
    () =>
      void f.f32x4(value);
  const above = (a: Vector, b: Vector): Vector => {
    return () => {
      a();
      b();
      f.op('f32x4_gt').f32x4(1).op('v128_and');
    };
  };
  const [add, sub] = [binary('f32x4_add'), binary('f32x4_sub')];
  const zero = constant(0);
  return {
    read: (array) => () => void address(array).memory(load),
    number: (position) => () => void f.get(splats[position]!),
    constant,
    keep(vector) {
      const kept = f.local('v128');
      vector();
      f.set(kept);
      return () => void f.get(kept);
    },
    write(array, vector) {
      address(array);
      vector();
      store();
    },
    add,
    sub,
    mul: binary('f32x4_mul'),
    div: binary('f32x4_div'),
    max: binary('f32x4_max'),
    sqrt: (a) => () => {
      a();
      f.op('f32x4_sqrt');
    },
    // a − a is 0 for a number, and spreads what is none.
    sign: (a) => add(sub(a, a), sub(above(a, zero), above(zero, a))),
  };
}
