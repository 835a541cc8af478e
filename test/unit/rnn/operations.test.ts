import assert from 'node:assert/strict';
import {
  gradcheck,
  manualSeed,
  randn,
  tensor,
  where,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { ruleOf, rules, type OpAttributes, type OpName } from '../../../kernel/rnn/ops/table.js';
import { applyOp } from '../../../kernel/rnn/tensor.js';

const float = (...shape: number[]): Tensor =>
  randn(shape, { dtype: 'float64', requiresGrad: true });
const positive = (...shape: number[]): Tensor =>
  tensor(
    Array.from(float(...shape).data, (x) => 0.5 + Math.abs(x)),
    { dtype: 'float64' },
  ).reshape(shape);
/** 0 or 1 each. */
const bits = (...shape: number[]): Tensor => randn(shape, { dtype: 'float64' }).gt(0);
const trainable = (x: Tensor): Tensor => {
  x.requiresGrad = true;
  return x;
};
const indices = (values: number[][]): Tensor => tensor(values, { dtype: 'int32' });

type Case<K extends OpName> = { operands: () => Tensor[]; attributes: OpAttributes[K] };

/** Operands on which each derivative is checked; complete by type, so a new operation needs its case. */
const cases: { [K in OpName]: Case<K>[] } = {
  neg: [{ operands: () => [float(3, 4)], attributes: {} }],
  exp: [{ operands: () => [float(3, 4)], attributes: {} }],
  log: [{ operands: () => [trainable(positive(3, 4))], attributes: {} }],
  sqrt: [{ operands: () => [trainable(positive(3, 4))], attributes: {} }],
  sigmoid: [{ operands: () => [float(3, 4)], attributes: {} }],
  tanh: [{ operands: () => [float(3, 4)], attributes: {} }],
  relu: [{ operands: () => [float(3, 4)], attributes: {} }],
  abs: [{ operands: () => [float(3, 4)], attributes: {} }],
  pow: [
    { operands: () => [float(3, 4)], attributes: { exponent: 3 } },
    { operands: () => [float(3, 4)], attributes: { exponent: 0 } },
    { operands: () => [trainable(positive(3, 4))], attributes: { exponent: -1.5 } },
  ],
  add: broadcastCases(),
  sub: broadcastCases(),
  mul: broadcastCases(),
  div: [
    { operands: () => [float(3, 4), trainable(positive(3, 4))], attributes: {} },
    { operands: () => [float(3, 4), trainable(positive(4))], attributes: {} },
  ],
  gt: broadcastCases(),
  ge: broadcastCases(),
  eq: broadcastCases(),
  where: [
    { operands: () => [bits(3, 4), float(3, 4), float(3, 4)], attributes: {} },
    { operands: () => [bits(4), float(3, 1), float(3, 4)], attributes: {} },
    { operands: () => [bits(2, 3, 1), float(), float(3, 4)], attributes: {} },
    { operands: () => [bits(1), float(3, 4), float(2, 1, 4)], attributes: {} },
  ],
  linear: [
    { operands: () => [float(5, 3), float(6, 3), float(6)], attributes: {} },
    { operands: () => [float(2, 5, 3), float(4, 3)], attributes: {} },
    { operands: () => [float(1, 7), float(9, 7), float(9)], attributes: {} },
  ],
  matmul: [
    { operands: () => [float(5, 3), float(3, 6)], attributes: {} },
    { operands: () => [float(4, 9), float(9, 1)], attributes: {} },
    { operands: () => [float(2, 3, 4, 5), float(2, 3, 5, 2)], attributes: {} },
  ],
  slice: [
    { operands: () => [float(3, 6)], attributes: { axis: -1, start: 2, end: 5 } },
    { operands: () => [float(3, 6, 2)], attributes: { axis: 0, start: 1, end: 3 } },
    { operands: () => [float(3, 6, 2)], attributes: { axis: 1, start: 0, end: 4 } },
  ],
  cat: [
    { operands: () => [float(2, 3), float(4, 3)], attributes: { axis: 0 } },
    { operands: () => [float(2, 3), float(2, 1), float(2, 2)], attributes: { axis: -1 } },
  ],
  reshape: [{ operands: () => [float(2, 6)], attributes: { shape: [3, 4] } }],
  permute: [{ operands: () => [float(2, 3, 4)], attributes: { order: [2, 0, 1] } }],
  sum: [
    { operands: () => [float(2, 3, 4)], attributes: {} },
    { operands: () => [float(2, 3, 4)], attributes: { axes: [1] } },
    { operands: () => [float(2, 3, 4)], attributes: { axes: [0, -1], keepDims: true } },
  ],
  max: [
    { operands: () => [float(2, 3, 4)], attributes: {} },
    { operands: () => [float(2, 3, 4)], attributes: { axes: [1] } },
    { operands: () => [float(2, 3, 4)], attributes: { axes: [0, -1], keepDims: true } },
  ],
  softmax: [{ operands: () => [float(3, 5)], attributes: {} }],
  logSoftmax: [{ operands: () => [float(3, 5)], attributes: {} }],
  layerNorm: [
    { operands: () => [float(3, 5)], attributes: { eps: 1e-5, axes: 1 } },
    { operands: () => [float(2, 3, 4), float(4)], attributes: { eps: 1e-5, axes: 1 } },
    {
      operands: () => [float(2, 3, 4), float(3, 4), float(3, 4)],
      attributes: { eps: 0.1, axes: 2 },
    },
  ],
  conv1d: [
    {
      operands: () => [float(2, 3, 7), float(4, 3, 3), float(4)],
      attributes: { stride: 1, padding: [0, 0], dilation: 1, groups: 1 },
    },
    {
      operands: () => [float(2, 4, 9), float(6, 2, 3)],
      attributes: { stride: 2, padding: [3, 1], dilation: 2, groups: 2 },
    },
    {
      operands: () => [float(1, 3, 5), float(3, 1, 5), float(3)],
      attributes: { stride: 3, padding: [5, 5], dilation: 1, groups: 3 },
    },
  ],
  embedding: [
    {
      operands: () => [
        float(5, 3),
        indices([
          [0, 4, 0],
          [2, 2, 0],
        ]),
      ],
      attributes: {},
    },
    { operands: () => [float(5, 3), indices([[0, 4, 0]])], attributes: { paddingIdx: 1 } },
  ],
};

function broadcastCases(): { operands: () => Tensor[]; attributes: OpAttributes['add'] }[] {
  const shapes: [number[], number[]][] = [
    [
      [3, 4],
      [3, 4],
    ],
    [[3, 4], [4]],
    [[4], [3, 4]],
    [
      [3, 1],
      [1, 4],
    ],
    [
      [2, 3, 4],
      [3, 1],
    ],
    [[3, 4], []],
    [
      [2, 1, 3, 1, 2],
      [1, 4, 3, 2, 1],
    ],
    [
      [2, 3, 1],
      [2, 3, 4],
    ],
    [
      [1, 1],
      [1, 1],
    ],
  ];
  return shapes.map(([a, b]) => ({ operands: () => [float(...a), float(...b)], attributes: {} }));
}

describe('operations', () => {
  beforeEach(() => manualSeed(7));

  for (const op of Object.keys(rules) as OpName[])
    cases[op].forEach(({ operands, attributes }, k) => {
      it(`${op}: backward agrees with central differences (${k + 1})`, () => {
        gradcheck((...inputs) => applyOp(op, inputs, attributes), operands());
      });
    });

  it('a derivative that is wrong is noticed', () => {
    const x = float(2, 2);
    const rule = ruleOf('tanh');
    const right = rule.backward.bind(rule);
    rule.backward = (gradients, adjoint, inputs, output, attributes) => {
      right(gradients, adjoint, inputs, output, attributes);
      gradients[0]!.data[3]! += 1e-3;
    };
    try {
      assert.throws(() => gradcheck((y) => y.tanh(), [x]), {
        name: 'GradcheckError',
        message:
          /input 0 \[2, 2\], element 3: backward gives .*, expected .* from central differences/,
      });
    } finally {
      rule.backward = right;
    }
  });

  it('compares with tensors and numbers; nothing holds for NaN but that it differs', () => {
    const x = tensor([-1, 0, 1, NaN]);
    const y = tensor([0, 0, 0, 0]);
    const all = (other: Tensor | number): unknown[] =>
      (['gt', 'ge', 'lt', 'le', 'eq', 'ne'] as const).map((name) => x[name](other).toNested());
    assert.deepEqual(all(y), [
      [0, 0, 1, 0],
      [0, 1, 1, 0],
      [1, 0, 0, 0],
      [1, 1, 0, 0],
      [0, 1, 0, 0],
      [1, 0, 1, 1],
    ]);
    assert.deepEqual(all(0), all(y));
    assert.equal(tensor([1, 2], { dtype: 'int32' }).eq(2).dtype, 'int32');
  });

  it('where: what is not chosen does not count, be it NaN, forward and backward', () => {
    const x = trainable(tensor([-1, 4], { dtype: 'float64' }));
    const y = where(x.gt(0), x.sqrt(), x.mul(3));
    assert.deepEqual(y.toNested(), [-3, 2]);
    where(x.gt(0), x, x.mul(3)).sum().backward();
    assert.deepEqual(x.grad!.toNested(), [3, 1]);
    const isPadding = tensor([[3, 0]], { dtype: 'int32' }).eq(0);
    assert.deepEqual(where(isPadding, 0, tensor([[5, NaN]])).toNested(), [[5, 0]]);
    assert.deepEqual(where(isPadding, 0.5, -0.5).toNested(), [[-0.5, 0.5]]);
  });

  it('clamp, pow, max and min are what they are called', () => {
    const x = trainable(tensor([[-2, 0.5, 3, 3]], { dtype: 'float64' }));
    assert.deepEqual(x.clamp(-1, 1).toNested(), [[-1, 0.5, 1, 1]]);
    assert.deepEqual(x.clamp(0).toNested(), [[0, 0.5, 3, 3]]);
    assert.deepEqual(x.pow(2).toNested(), [[4, 0.25, 9, 9]]);
    assert.deepEqual(x.min(1).toNested(), [-2]);
    assert.ok(Number.isNaN(tensor([1, NaN, 2]).max().item()));
    assert.equal(tensor([-Infinity, -Infinity]).max().item(), -Infinity);
    x.max(-1).add(x.clamp(-1, 1).sum()).sum().backward();
    assert.deepEqual(x.grad!.toNested(), [[0, 1, 0.5, 0.5]]);
  });

  it('sigmoid and softmax stay finite for huge logits', () => {
    const x = tensor([[-1000, 0, 1000]], { dtype: 'float64' });
    assert.deepEqual(x.sigmoid().toNested(), [[0, 0.5, 1]]);
    assert.deepEqual(x.softmax().toNested(), [[0, 0, 1]]);
  });

  it('NaN is passed on, not hidden', () => {
    const x = tensor([-Infinity, NaN, -Infinity], { dtype: 'float64' });
    assert.ok(x.softmax().data.every(Number.isNaN));
    assert.ok(Number.isNaN(tensor([NaN]).relu().item()));
  });

  const misuses: [string, () => unknown, RegExp][] = [
    [
      'broadcast',
      () => float(2, 3).add(float(2, 4)),
      /add: shapes \[2, 3\] and \[2, 4\] do not broadcast/,
    ],
    [
      'inner size',
      () => float(2, 3).matmul(float(2, 3)),
      /matmul: shapes \[2, 3\] and \[2, 3\] do not fit, expected \[3, 3\] on the right/,
    ],
    [
      'linear',
      () => float(2, 3).linear(float(5, 4)),
      /linear: input is \[2, 3\], expected last dimension 4/,
    ],
    [
      'bias',
      () => float(2, 3).linear(float(5, 3), float(4)),
      /linear: bias is \[4\], expected \[5\]/,
    ],
    ['slice', () => float(2, 3).slice(1, 2, 5), /slice: range 2 to 5/],
    ['chunk', () => float(2, 5).chunk(2), /chunk: 5 elements do not split into 2 equal parts/],
    ['axis', () => float(2, 5).sum(3), /sum: axis 3 is out of range, expected -2 to 1/],
    [
      'reshape',
      () => float(2, 5).reshape([3, 3]),
      /reshape: \[2, 5\] has 10 elements, \[3, 3\] needs 9/,
    ],
    ['types', () => float(2).add(tensor([1, 2])), /add: operands are float64 and float32/],
    ['max', () => float(2, 0).max(1), /max: there is no number in \[2, 0\]/],
    ['clamp', () => float(2).clamp(1, -1), /clamp: min is 1, expected at most max = -1/],
    [
      'where',
      () => where(float(3).gt(0), float(2), float(2)),
      /where: shapes \[3\] and \[2\] do not broadcast/,
    ],
    [
      'index',
      () => applyOp('embedding', [float(3, 2), indices([[3]])], {}),
      /embedding: index 3 is out of range, expected 0 to 2/,
    ],
  ];
  for (const [name, misuse, message] of misuses)
    it(`a misfit says what was expected and what came: ${name}`, () => {
      assert.throws(misuse, message);
    });
});
