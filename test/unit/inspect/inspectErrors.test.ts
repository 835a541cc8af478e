import assert from 'node:assert/strict';
import {
  InspectionError,
  Linear,
  Module,
  noGrad,
  NonFiniteError,
  OptionError,
  tensor,
  zeros,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { inspect } from '../../../kernel/rnn/inspect/inspect.js';
import { meanLoss, taggerAndBatch } from './models.js';

describe('inspect says what is wrong with', () => {
  const { model, input, target } = taggerAndBatch('LSTM');
  const look = (options = {}) => inspect(model, { input, target }, { loss: meanLoss, ...options });
  class Constant extends Module {
    readonly head = new Linear({ inFeatures: 3, outFeatures: 1 });
    forward(given: Tensor) {
      return this.head.forward(given);
    }
  }
  const cases: [string, () => unknown, RegExp, new (message: string) => Error][] = [
    [
      'a loss of several numbers',
      () => inspect(model, { input, target }),
      /^inspect: expected the loss to be a tensor with one element, got shape \[7, 2, 5\]; pass \{ loss/,
      InspectionError,
    ],
    [
      'a loss that is no tensor',
      () => inspect(model, { input, target }, { loss: (() => 3) as unknown as typeof meanLoss }),
      /expected the loss to be a tensor with one element, got number$/,
      InspectionError,
    ],
    [
      'a loss without the model',
      () => inspect(model, { input, target }, { loss: () => tensor(1) }),
      /expected a loss that depends on the model/,
      InspectionError,
    ],
    [
      'a model without a recurrent layer',
      () => inspect(new Constant(), { input }, { loss: (o) => o.sum() }),
      /expected a loss that depends on a recurrent layer/,
      InspectionError,
    ],
    [
      'no time step',
      () => inspect(model, { input: zeros([0, 2, 3]), target }, { loss: meanLoss }),
      /^inspect: input is \[0, 2, 3\], expected at least one time step and one sequence$/,
      InspectionError,
    ],
    [
      'an input that is no tensor',
      () => inspect(model, { input: [1] as unknown as Tensor }),
      /expected a batch \{ input, target \} of tensors/,
      InspectionError,
    ],
    [
      'noGrad',
      () => noGrad(() => look()),
      /expected to run where gradients are recorded, got noGrad/,
      InspectionError,
    ],
    [
      'an unknown layer',
      () => look({ layers: ['gru'] }),
      /^inspect: unknown layer "gru", expected 0 \('net.l0'\)$/,
      InspectionError,
    ],
    [
      'a layer that the trace lacks',
      () => look().ledger({ layer: 4 }),
      /unknown layer 4/,
      InspectionError,
    ],
    [
      'a direction that the layer lacks',
      () => look().jacobians({ direction: 'reverse' }),
      /unknown layer 0, reverse/,
      InspectionError,
    ],
    [
      'an unknown state',
      () => look().ledger({ state: 'z' }),
      /has no state "z", expected h, c/,
      InspectionError,
    ],
    [
      'an unknown value',
      () => look().node({ t: 1, node: 'q' }),
      /has no "q" at t=1/,
      InspectionError,
    ],
    [
      'a step that is not there',
      () => look().node({ t: 7, node: 'c' }),
      /has no "c" at t=7/,
      InspectionError,
    ],
    [
      'too little memory',
      () => look({ memory: 1000 }),
      /the trace would keep .* MiB/,
      InspectionError,
    ],
    ['an unknown option', () => look({ truncated: 3 }), /unknown option 'truncated'/, OptionError],
    [
      'a truncation of zero',
      () => look({ truncate: 0 }),
      /truncate must be a positive integer/,
      OptionError,
    ],
  ];
  for (const [what, act, message, type] of cases)
    it(what, () => {
      assert.throws(act, (error) => error instanceof type && message.test(error.message));
    });

  it('a weight that is not a number', () => {
    const { data } = model.net.parameters()[1]!;
    const before = data[5]!;
    data[5] = NaN;
    assert.throws(
      look,
      (error) =>
        error instanceof NonFiniteError &&
        /parameter net.weight_hh_l0 \[16, 4\] holds NaN at element 5/.test(error.message),
    );
    data[5] = before;
  });
});
