import { add, mul, sigmoid, sub, tanh } from '../expression.js';
import { defineCell, type Cell, type CellSizes } from './defineCell.js';
import type { ParameterInitializer } from './program.js';
import type { Value } from './traceCell.js';

/**
 * The parameters that PyTorch gives a recurrent layer: weights for the input and for the hidden state, and
 * a bias vector for each, with the gates' blocks of `hiddenSize` rows one below the other.
 */
const gated =
  (gates: number) =>
  ({ inputSize, hiddenSize, bias }: CellSizes) => ({
    weight_ih: [gates * hiddenSize, inputSize],
    weight_hh: [gates * hiddenSize, hiddenSize],
    bias_ih: bias ? [gates * hiddenSize] : undefined,
    bias_hh: bias ? [gates * hiddenSize] : undefined,
  });

interface Parameters {
  weight_ih: Value;
  weight_hh: Value;
  bias_ih?: Value;
  bias_hh?: Value;
}

/**
 * Elman's network, h′ = φ(W_ih·x + b_ih + W_hh·h + b_hh) with φ = tanh or relu.
 * Source: J. L. Elman, "Finding structure in time", Cognitive Science 14, 1990.
 */
export const rnnCell = (nonlinearity: 'tanh' | 'relu'): Cell =>
  defineCell({
    name: 'RNN',
    parameters: gated(1),
    states: ({ hiddenSize }) => ({ h: hiddenSize }),
    step({ x, h }, { weight_ih, weight_hh, bias_ih, bias_hh }: Parameters) {
      const a = add(x.linear(weight_ih, bias_ih), h.linear(weight_hh, bias_hh));
      return { h: a[nonlinearity]().as('h') };
    },
  });

/**
 * Long short-term memory with forget gate, gate order i f g o:
 *
 *     i = σ(W_ii·x + b_ii + W_hi·h + b_hi)    g = tanh(W_ig·x + b_ig + W_hg·h + b_hg)
 *     f = σ(W_if·x + b_if + W_hf·h + b_hf)    o = σ(W_io·x + b_io + W_ho·h + b_ho)
 *     c′ = f ⊙ c + i ⊙ g                      h′ = o ⊙ tanh(c′)
 *
 * Source: S. Hochreiter, J. Schmidhuber, Neural Computation 9(8), 1997; forget gate: F. Gers et al., 2000.
 */
export const lstmCell: Cell = defineCell({
  name: 'LSTM',
  parameters: gated(4),
  states: ({ hiddenSize }) => ({ h: hiddenSize, c: hiddenSize }),
  step({ x, h, c }, { weight_ih, weight_hh, bias_ih, bias_hh }: Parameters) {
    const a = add(x.linear(weight_ih, bias_ih), h.linear(weight_hh, bias_hh));
    const [ai, af, ag, ao] = a.chunk(4) as [Value, Value, Value, Value];
    const i = sigmoid(ai).as('i');
    const f = sigmoid(af).as('f');
    const g = tanh(ag).as('g');
    const o = sigmoid(ao).as('o');
    const cell = add(mul(f, c), mul(i, g)).as('c');
    return { h: mul(o, tanh(cell)).as('h'), c: cell };
  },
});

/**
 * LSTM whose gates see the cell state through a vector each, i and f the one before, o the new one:
 *
 *     i = σ(… + p_i ⊙ c)    f = σ(… + p_f ⊙ c)    o = σ(… + p_o ⊙ c′)
 *
 * `weight_peephole` is `[3·hiddenSize]` in the order i f o and starts as the other weights do.
 * Source: F. Gers, J. Schmidhuber, "Recurrent nets that time and count", IJCNN 2000.
 */
export const peepholeLstmCell: Cell = defineCell({
  name: 'PeepholeLSTM',
  parameters: (sizes) => ({ ...gated(4)(sizes), weight_peephole: [3 * sizes.hiddenSize] }),
  states: ({ hiddenSize }) => ({ h: hiddenSize, c: hiddenSize }),
  step({ x, h, c }, p: Parameters & { weight_peephole: Value }) {
    const a = add(x.linear(p.weight_ih, p.bias_ih), h.linear(p.weight_hh, p.bias_hh));
    const [ai, af, ag, ao] = a.chunk(4) as [Value, Value, Value, Value];
    const [pi, pf, po] = p.weight_peephole.chunk(3, 0) as [Value, Value, Value];
    const i = sigmoid(add(ai, mul(pi, c))).as('i');
    const f = sigmoid(add(af, mul(pf, c))).as('f');
    const cell = add(mul(f, c), mul(i, tanh(ag).as('g'))).as('c');
    const o = sigmoid(add(ao, mul(po, cell))).as('o');
    return { h: mul(o, tanh(cell)).as('h'), c: cell };
  },
});

/**
 * LSTM whose hidden state is a projection of o ⊙ tanh(c′) to `projSize` numbers: h′ = W_hr·(o ⊙ tanh(c′)), with
 * `weight_hr` `[projSize, hiddenSize]` and no bias, as PyTorch's `proj_size`.
 * Source: H. Sak, A. Senior, F. Beaufays, "Long short-term memory recurrent neural network architectures for large
 * scale acoustic modeling", Interspeech 2014.
 */
export const projectedLstmCell = (projSize: number): Cell =>
  defineCell({
    name: 'ProjectedLSTM',
    parameters: (sizes) => ({
      ...gated(4)(sizes),
      weight_hh: [4 * sizes.hiddenSize, projSize],
      weight_hr: [projSize, sizes.hiddenSize],
    }),
    states: ({ hiddenSize }) => ({ h: projSize, c: hiddenSize }),
    step({ x, h, c }, { weight_ih, weight_hh, bias_ih, bias_hh, weight_hr }) {
      const a = add(x.linear(weight_ih, bias_ih), h.linear(weight_hh, bias_hh));
      const [ai, af, ag, ao] = a.chunk(4) as [Value, Value, Value, Value];
      const [i, f] = [sigmoid(ai).as('i'), sigmoid(af).as('f')];
      const [g, o] = [tanh(ag).as('g'), sigmoid(ao).as('o')];
      const cell = add(mul(f, c), mul(i, g)).as('c');
      return { h: mul(o, tanh(cell)).linear(weight_hr).as('h'), c: cell };
    },
  });

const startAt =
  (value: number): ParameterInitializer =>
  (data) => {
    for (let k = 0; k < data.length; k++) data[k] = value;
  };

/**
 * LSTM with layer normalisation of both products and of the cell state:
 *
 *     [a_i a_f a_g a_o] = LN(W_ih·x) + LN(W_hh·h) + b
 *     c′ = σ(a_f) ⊙ c + σ(a_i) ⊙ tanh(a_g)      h′ = σ(a_o) ⊙ tanh(LN(c′))
 *
 * Each LN has a gain (`weight_ln_ih`, `weight_ln_hh`, `weight_ln_c`, ones at first); b is `bias_ih`, and LN(c′) adds
 * `bias_ln_c`.
 * Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016, section 6 of the supplement.
 */
export const layerNormLstmCell: Cell = defineCell({
  name: 'LayerNormLSTM',
  parameters: ({ inputSize, hiddenSize, bias }) => ({
    weight_ih: [4 * hiddenSize, inputSize],
    weight_hh: [4 * hiddenSize, hiddenSize],
    weight_ln_ih: { shape: [4 * hiddenSize], init: startAt(1) },
    weight_ln_hh: { shape: [4 * hiddenSize], init: startAt(1) },
    weight_ln_c: { shape: [hiddenSize], init: startAt(1) },
    bias_ih: bias ? { shape: [4 * hiddenSize], init: startAt(0) } : undefined,
    bias_ln_c: bias ? { shape: [hiddenSize], init: startAt(0) } : undefined,
  }),
  states: ({ hiddenSize }) => ({ h: hiddenSize, c: hiddenSize }),
  step({ x, h, c }, p) {
    const fromInput = x.linear(p.weight_ih).layerNorm(p.weight_ln_ih, p.bias_ih);
    const a = add(fromInput, h.linear(p.weight_hh).layerNorm(p.weight_ln_hh));
    const [ai, af, ag, ao] = a.chunk(4) as [Value, Value, Value, Value];
    const [i, f] = [sigmoid(ai).as('i'), sigmoid(af).as('f')];
    const [g, o] = [tanh(ag).as('g'), sigmoid(ao).as('o')];
    const cell = add(mul(f, c), mul(i, g)).as('c');
    return { h: mul(o, tanh(cell.layerNorm(p.weight_ln_c, p.bias_ln_c))).as('h'), c: cell };
  },
});

/**
 * A GRU whose gate and candidate read the input only:
 *
 *     z = σ(W_z·x + b_z)      h′ = (1 − z) ⊙ h + z ⊙ (W_h·x + b_h)
 *
 * `weight_ih` is `[2·hiddenSize, inputSize]`, rows z first.
 * Source: L. Feng, F. Tung, M. O. Ahmed, Y. Bengio, H. Hajimirsadeghi, "Were RNNs all we needed?", 2024.
 */
export const minGruCell: Cell = defineCell({
  name: 'minGRU',
  parameters: ({ inputSize, hiddenSize, bias }) => ({
    weight_ih: [2 * hiddenSize, inputSize],
    bias_ih: bias ? [2 * hiddenSize] : undefined,
  }),
  states: ({ hiddenSize }) => ({ h: hiddenSize }),
  step({ x, h }, { weight_ih, bias_ih }) {
    const [az, n] = x.linear(weight_ih, bias_ih).chunk(2) as [Value, Value];
    const z = sigmoid(az).as('z');
    return { h: add(mul(sub(1, z), h), mul(z, n)).as('h') };
  },
});

/**
 * Gated recurrent unit, gate order r z n:
 *
 *     r = σ(W_ir·x + b_ir + W_hr·h + b_hr)    z = σ(W_iz·x + b_iz + W_hz·h + b_hz)
 *     n = tanh(W_in·x + b_in + r ⊙ (W_hn·h + b_hn))      reset after the product (PyTorch, cuDNN)
 *     n = tanh(W_in·x + b_in + W_hn·(r ⊙ h) + b_hn)      reset before it (the paper)
 *     h′ = (1 − z) ⊙ n + z ⊙ h
 *
 * Source: K. Cho et al., "Learning phrase representations using RNN encoder–decoder", EMNLP 2014.
 */
export const gruCell = (resetAfter: boolean): Cell =>
  defineCell({
    name: 'GRU',
    parameters: gated(3),
    states: ({ hiddenSize }) => ({ h: hiddenSize }),
    step: resetAfter ? resetAfterProduct : resetBeforeProduct,
  });

function resetAfterProduct({ x, h }: Record<'x' | 'h', Value>, p: Parameters) {
  const [xr, xz, xn] = x.linear(p.weight_ih, p.bias_ih).chunk(3) as [Value, Value, Value];
  const [hr, hz, hn] = h.linear(p.weight_hh, p.bias_hh).chunk(3) as [Value, Value, Value];
  const r = sigmoid(add(xr, hr)).as('r');
  const z = sigmoid(add(xz, hz)).as('z');
  const n = tanh(add(xn, mul(r, hn))).as('n');
  return { h: add(mul(sub(1, z), n), mul(z, h)).as('h') };
}

function resetBeforeProduct({ x, h }: Record<'x' | 'h', Value>, p: Parameters) {
  const split = 2 * h.shape[1]!;
  const gates = (parameter: Value) => parameter.slice(0, 0, split);
  const candidate = (parameter: Value) => parameter.slice(0, split, parameter.shape[0]!);
  const [xr, xz, xn] = x.linear(p.weight_ih, p.bias_ih).chunk(3) as [Value, Value, Value];
  const [hr, hz] = h.linear(gates(p.weight_hh), p.bias_hh && gates(p.bias_hh)).chunk(2) as [
    Value,
    Value,
  ];
  const r = sigmoid(add(xr, hr)).as('r');
  const z = sigmoid(add(xz, hz)).as('z');
  const hn = mul(r, h).linear(candidate(p.weight_hh), p.bias_hh && candidate(p.bias_hh));
  const n = tanh(add(xn, hn)).as('n');
  return { h: add(mul(sub(1, z), n), mul(z, h)).as('h') };
}
