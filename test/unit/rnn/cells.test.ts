import assert from 'node:assert/strict';
import {
  defineCell,
  gruCell,
  lstmCell,
  printProgram,
  rnnCell,
  type Cell,
  type Value,
  zeros,
} from '../../../kernel/rnn/index.js';
import { coupledLstm } from './coupledLstm.js';
import { assertGolden } from './golden.js';

const sizes = { inputSize: 3, hiddenSize: 2, bias: true };

describe('cell programs', () => {
  const cells: [string, Cell][] = [
    ['rnn-tanh', rnnCell('tanh')],
    ['rnn-relu', rnnCell('relu')],
    ['lstm', lstmCell],
    ['gru-reset-after', gruCell(true)],
    ['gru-reset-before', gruCell(false)],
    ['coupled-lstm', coupledLstm],
  ];
  for (const [name, cell] of cells)
    it(`${name} prints as its equations`, () => {
      assertGolden('programs', name, printProgram(cell.program(sizes)));
    });

  it('leave out what a layer without bias does not have', () => {
    const text = printProgram(lstmCell.program({ ...sizes, bias: false }));
    assert.ok(!text.includes('bias'), text);
  });

  const step = (
    equations: (x: Value, h: Value, w: Value) => Record<string, Value>,
  ): (() => unknown) => {
    const cell = defineCell({
      name: 'Wrong',
      parameters: ({ inputSize, hiddenSize }) => ({ w: [hiddenSize, inputSize] }),
      states: ({ hiddenSize }) => ({ h: hiddenSize }),
      step: ({ x, h }, { w }) => equations(x, h, w) as { h: Value },
    });
    return () => cell.program(sizes);
  };
  const mistakes: [string, () => unknown, RegExp][] = [
    [
      'a state that is not used',
      step((x, _h, w) => ({ h: x.linear(w) })),
      /Wrong: state 'h' is not used/,
    ],
    [
      'a parameter that is not used',
      step((_x, h) => ({ h: h.tanh() })),
      /Wrong: parameter 'w' is not used/,
    ],
    [
      'a state that changes its shape',
      step((x, h, w) => ({ h: h.mul(x.linear(w)).sum(-1, true) })),
      /Wrong: state 'h' is \[B, 2\], but its next value is \[B, 1\]/,
    ],
    [
      'a state without a next value',
      step((x, h, w) => ({ y: h.mul(x.linear(w)) })),
      /must return the next value of state 'h', got undefined/,
    ],
    [
      'a parameter that is not there',
      step((x) => ({ h: x.linear(undefined as never) })),
      /Wrong: linear got undefined, expected a number or a value of this cell \(x, h, w\)/,
    ],
    [
      'a tensor among its values',
      step((_x, h) => ({ h: h.add(zeros([2]) as never) })),
      /Wrong: add got a value of class Tensor, expected .*; tensors enter a cell as parameters/,
    ],
    [
      'a result that nobody knows',
      step((x, h, w) => ({ h: h.mul(x.linear(w)), y: h })),
      /Wrong: step returned 'y', expected output, h only/,
    ],
    [
      'sequences of a batch mixed',
      step((x, h, w) => ({ h: h.sum(0).add(x.linear(w)) })),
      /Wrong: sum gives \[2\], but a cell keeps the batch as first axis/,
    ],
    [
      'shapes that do not fit',
      step((x, h, w) => ({ h: h.add(x.mul(w.sum())) })),
      /add: shapes \[B, 2\] and \[B, 3\] do not broadcast/,
    ],
  ];
  for (const [name, make, message] of mistakes)
    it(`refuse ${name}`, () => {
      assert.throws(make, message);
    });
});
