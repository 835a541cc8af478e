import { cat, permute, reshape, slice, type SliceAttributes } from './arrange.js';
import { add, div, mul, sub } from './binary.js';
import { eq, ge, gt, where } from './compare.js';
import { conv1d, type Conv1dAttributes } from './conv1d.js';
import { embedding, type EmbeddingAttributes } from './gather.js';
import { layerNorm, type LayerNormAttributes } from './layerNorm.js';
import { linear, matmul } from './products.js';
import { logSoftmax, max, softmax, sum, type ReduceAttributes } from './reduce.js';
import type { None, Rule } from './rule.js';
import { abs, exp, log, neg, pow, relu, sigmoid, sqrt, tanh, type PowAttributes } from './unary.js';
import type { Shape } from '../ndarray.js';

/** The primitive operations and what each takes besides its operands. */
export interface OpAttributes {
  neg: None;
  exp: None;
  log: None;
  sqrt: None;
  sigmoid: None;
  tanh: None;
  relu: None;
  abs: None;
  pow: PowAttributes;
  add: None;
  sub: None;
  mul: None;
  div: None;
  gt: None;
  ge: None;
  eq: None;
  where: None;
  linear: None;
  matmul: None;
  slice: SliceAttributes;
  cat: { axis: number };
  reshape: { shape: Shape };
  permute: { order: readonly number[] };
  sum: ReduceAttributes;
  max: ReduceAttributes;
  softmax: None;
  logSoftmax: None;
  layerNorm: LayerNormAttributes;
  conv1d: Conv1dAttributes;
  embedding: EmbeddingAttributes;
}

export type OpName = keyof OpAttributes;

/** Complete by type: an operation without a rule, or a rule without a derivative, does not compile. */
export const rules: { readonly [K in OpName]: Rule<OpAttributes[K]> } = {
  neg,
  exp,
  log,
  sqrt,
  sigmoid,
  tanh,
  relu,
  abs,
  pow,
  add,
  sub,
  mul,
  div,
  gt,
  ge,
  eq,
  where,
  linear,
  matmul,
  slice,
  cat,
  reshape,
  permute,
  sum,
  max,
  softmax,
  logSoftmax,
  layerNorm,
  conv1d,
  embedding,
};

/** The rule of an operation whose name is known only at run time; its attributes travel with it. */
export const ruleOf = (op: OpName): Rule<unknown> => rules[op];

/** Operations that compute each number from the numbers at its own place, with broadcasting. */
export const elementwise: ReadonlySet<OpName> = new Set([
  'neg',
  'exp',
  'log',
  'sqrt',
  'sigmoid',
  'tanh',
  'relu',
  'abs',
  'pow',
  'add',
  'sub',
  'mul',
  'div',
  'gt',
  'ge',
  'eq',
  'where',
]);
