import { add, defineCell, mul, sigmoid, sub, tanh, type Value } from '../../../kernel/rnn/index.js';

/** An LSTM whose input gate is what the forget gate leaves: c′ = f ⊙ c + (1 − f) ⊙ g. */
export const coupledLstm = defineCell({
  name: 'CoupledLSTM',
  parameters: ({ inputSize, hiddenSize }) => ({
    weight_ih: [3 * hiddenSize, inputSize],
    weight_hh: [3 * hiddenSize, hiddenSize],
    bias: [3 * hiddenSize],
  }),
  states: ({ hiddenSize }) => ({ h: hiddenSize, c: hiddenSize }),
  step({ x, h, c }, { weight_ih, weight_hh, bias }) {
    const [af, ag, ao] = add(x.linear(weight_ih, bias), h.linear(weight_hh)).chunk(3) as [
      Value,
      Value,
      Value,
    ];
    const f = sigmoid(af).as('f');
    const cell = add(mul(f, c), mul(sub(1, f), tanh(ag))).as('c');
    return { h: mul(sigmoid(ao), tanh(cell)).as('h'), c: cell };
  },
});
