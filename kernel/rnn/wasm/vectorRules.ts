import type { OpName } from '../ops/table.js';
import type { FunctionBuilder, Local } from './assembler.js';
import { pushExp, pushSigmoid, pushTanh } from './vectorMath.js';

/**
 * The elementwise primitives as instructions on four float32 at once: the same functions as in `ops/`, which
 * tests compare them with.
 */
export interface VectorRule {
  /** Stack: → the result. */
  forward(f: FunctionBuilder, operands: readonly Local[]): void;
  /** Stack: → adjoint · ∂result/∂operand. */
  backward(
    f: FunctionBuilder,
    operand: number,
    values: { adjoint: Local; operands: readonly Local[]; result: Local },
  ): void;
  /** Costs much more than loading its result: keep the result for backward. */
  isCostly: boolean;
  /** What `backward` reads besides the adjoint. */
  reads: 'nothing' | 'operands' | 'result' | 'both';
}

const comparison = (opcode: 'f32x4_gt' | 'f32x4_ge' | 'f32x4_eq'): VectorRule => ({
  isCostly: false,
  reads: 'nothing',
  forward: (f, [a, b]) => f.get(a!).get(b!).op(opcode).f32x4(1).op('v128_and'),
  backward: (f) => f.f32x4(0),
});

export const vectorRules: { readonly [K in OpName]?: VectorRule } = {
  neg: {
    isCostly: false,
    reads: 'nothing',
    forward: (f, [x]) => f.get(x!).op('f32x4_neg'),
    backward: (f, _, { adjoint }) => f.get(adjoint).op('f32x4_neg'),
  },
  exp: {
    isCostly: true,
    reads: 'result',
    forward: (f, [x]) => pushExp(f, x!),
    backward: (f, _, { adjoint, result }) => f.get(adjoint).get(result).op('f32x4_mul'),
  },
  sqrt: {
    isCostly: true,
    reads: 'result',
    forward: (f, [x]) => f.get(x!).op('f32x4_sqrt'),
    backward: (f, _, { adjoint, result }) =>
      f.get(adjoint).f32x4(0.5).op('f32x4_mul').get(result).op('f32x4_div'),
  },
  sigmoid: {
    isCostly: true,
    reads: 'result',
    forward: (f, [x]) => pushSigmoid(f, x!),
    backward: (f, _, { adjoint, result }) => {
      f.get(adjoint).get(result).op('f32x4_mul');
      f.f32x4(1).get(result).op('f32x4_sub').op('f32x4_mul');
    },
  },
  tanh: {
    isCostly: true,
    reads: 'result',
    forward: (f, [x]) => pushTanh(f, x!),
    backward: (f, _, { adjoint, result }) => {
      f.get(adjoint).f32x4(1).get(result).get(result).op('f32x4_mul').op('f32x4_sub');
      f.op('f32x4_mul');
    },
  },
  abs: {
    isCostly: false,
    reads: 'operands',
    forward: (f, [x]) => f.get(x!).op('f32x4_abs'),
    backward: (f, _, { adjoint, operands }) => {
      // The derivative at 0 is 0.
      f.get(adjoint).get(operands[0]!).f32x4(0).op('f32x4_gt').op('v128_and');
      f.get(adjoint).f32x4(0).get(operands[0]!).op('f32x4_gt').op('v128_and').op('f32x4_sub');
    },
  },
  relu: {
    isCostly: false,
    reads: 'operands',
    forward: (f, [x]) => f.get(x!).f32x4(0).op('f32x4_pmax'),
    backward: (f, _, { adjoint, operands }) =>
      f.get(adjoint).get(operands[0]!).f32x4(0).op('f32x4_gt').op('v128_and'),
  },
  add: {
    isCostly: false,
    reads: 'nothing',
    forward: (f, [a, b]) => f.get(a!).get(b!).op('f32x4_add'),
    backward: (f, _, { adjoint }) => f.get(adjoint),
  },
  sub: {
    isCostly: false,
    reads: 'nothing',
    forward: (f, [a, b]) => f.get(a!).get(b!).op('f32x4_sub'),
    backward: (f, operand, { adjoint }) => {
      f.get(adjoint);
      if (operand === 1) f.op('f32x4_neg');
    },
  },
  mul: {
    isCostly: false,
    reads: 'operands',
    forward: (f, [a, b]) => f.get(a!).get(b!).op('f32x4_mul'),
    backward: (f, operand, { adjoint, operands }) =>
      f
        .get(adjoint)
        .get(operands[1 - operand]!)
        .op('f32x4_mul'),
  },
  div: {
    isCostly: true,
    reads: 'both',
    forward: (f, [a, b]) => f.get(a!).get(b!).op('f32x4_div'),
    backward: (f, operand, { adjoint, operands, result }) => {
      f.get(adjoint);
      if (operand === 1) f.get(result).op('f32x4_mul').op('f32x4_neg');
      f.get(operands[1]!).op('f32x4_div');
    },
  },
  gt: comparison('f32x4_gt'),
  ge: comparison('f32x4_ge'),
  eq: comparison('f32x4_eq'),
  where: {
    isCostly: false,
    reads: 'operands',
    // Of the two, the second where the condition is 0.
    forward: (f, [condition, a, b]) =>
      f.get(b!).get(a!).get(condition!).f32x4(0).op('f32x4_eq').op('v128_bitselect'),
    backward: (f, operand, { adjoint, operands }) => {
      if (operand === 0) return f.f32x4(0);
      f.get(adjoint).get(operands[0]!).f32x4(0);
      return f.op(operand === 1 ? 'f32x4_ne' : 'f32x4_eq').op('v128_and');
    },
  },
};
