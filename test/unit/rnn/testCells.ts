import {
  add,
  defineCell,
  gruCell,
  layerNormLstmCell,
  lstmCell,
  minGruCell,
  mul,
  peepholeLstmCell,
  projectedLstmCell,
  rnnCell,
  sigmoid,
  sub,
  tanh,
  where,
  type Cell,
  type Value,
} from '../../../kernel/rnn/index.js';
import { coupledLstm } from './coupledLstm.js';

/** Smooth elementwise primitives, an output that is no state, and a division. */
const motley = defineCell({
  name: 'Motley',
  parameters: ({ inputSize, hiddenSize }) => ({
    weight_ih: [2 * hiddenSize, inputSize],
    weight_hh: [hiddenSize, hiddenSize],
    weight_m: [hiddenSize, hiddenSize],
    scale: [hiddenSize],
  }),
  states: ({ hiddenSize }) => ({ h: hiddenSize }),
  step({ x, h }, { weight_ih, weight_hh, weight_m, scale }) {
    const [a, b] = x.linear(weight_ih).chunk(2) as [Value, Value];
    const m = mul(a.neg().exp().add(1).sqrt(), h.relu());
    const n = tanh(add(m.linear(weight_m), h.linear(weight_hh)));
    const next = add(n.div(m.add(2)), mul(scale, b));
    return { h: next, output: mul(next, n) };
  },
});

/** A state that is another state's last value, one that is the input, and a product that is the output. */
const delayed = defineCell({
  name: 'Delayed',
  parameters: ({ inputSize, hiddenSize }) => ({
    weight_ih: [hiddenSize, inputSize],
    weight_d: [hiddenSize, hiddenSize],
    weight_p: [hiddenSize, inputSize],
    weight_o: [hiddenSize, hiddenSize],
  }),
  states: ({ inputSize, hiddenSize }) => ({ h: hiddenSize, d: hiddenSize, p: inputSize }),
  step({ x, h, d, p }, { weight_ih, weight_d, weight_p, weight_o }) {
    const a = add(add(x.linear(weight_ih), d.linear(weight_d)), p.linear(weight_p));
    const next = tanh(a);
    return { h: next, d: h, p: x, output: next.linear(weight_o) };
  },
});

/** A learnt leak σ(α), weights of low rank, and a part of a state as a product's operand. */
const leaky = defineCell({
  name: 'Leaky',
  parameters: ({ inputSize, hiddenSize }) => ({
    weight_ih: [hiddenSize, inputSize],
    weight_u: [hiddenSize, 2],
    weight_v: [2, hiddenSize],
    weight_s: [hiddenSize, 1],
    alpha: [hiddenSize],
  }),
  states: ({ hiddenSize }) => ({ h: hiddenSize }),
  step({ x, h }, { weight_ih, weight_u, weight_v, weight_s, alpha }) {
    const recurrent = h.linear(weight_v).linear(weight_u);
    const a = add(add(x.linear(weight_ih), recurrent), h.slice(1, 0, 1).linear(weight_s));
    const leak = sigmoid(alpha);
    return { h: add(mul(leak, h), mul(sub(1, leak), tanh(a))) };
  },
});

/** A gate that is clamped to 0 … 1, the larger of two values, and comparisons. */
export const clampedCell = defineCell({
  name: 'Clamped',
  parameters: ({ inputSize, hiddenSize }) => ({
    weight_ih: [2 * hiddenSize, inputSize],
    weight_hh: [2 * hiddenSize, hiddenSize],
  }),
  states: ({ hiddenSize }) => ({ h: hiddenSize }),
  step({ x, h }, { weight_ih, weight_hh }) {
    const [a, b] = add(x.linear(weight_ih), h.linear(weight_hh)).chunk(2) as [Value, Value];
    const z = a.mul(0.2).add(0.5).clamp(0, 1);
    const n = mul(where(a.ge(b), a, b).abs().neg().exp(), b.eq(b));
    return { h: add(mul(z, h), mul(sub(1, z), n)) };
  },
});

/** Cells of every structure that plans know. */
export const testCells: Record<string, Cell> = {
  'rnn-tanh': rnnCell('tanh'),
  'rnn-relu': rnnCell('relu'),
  lstm: lstmCell,
  'lstm-peephole': peepholeLstmCell,
  'lstm-projected': projectedLstmCell(3),
  'lstm-layer-norm': layerNormLstmCell,
  'gru-reset-after': gruCell(true),
  'gru-reset-before': gruCell(false),
  'min-gru': minGruCell,
  'coupled-lstm': coupledLstm,
  motley,
  delayed,
  leaky,
  clamped: clampedCell,
};
