import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  exportOnnx,
  FileFormatError,
  GRU,
  importOnnx,
  InterchangeError,
  LayerNorm,
  Linear,
  LSTM,
  manualSeed,
  randint,
  randn,
  Sequential,
  softmax,
  tanh,
  type Tensor,
} from '../../../kernel/unroll.js';
import {
  toOnnxBytes,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
} from '../../../kernel/io/interchange/onnxProto.js';
import { assertClose, runOnnx } from './runOnnx.js';

const node = (
  op: string,
  inputs: string[],
  outputs: string[],
  attributes: Record<string, OnnxAttribute> = {},
): OnnxNode => ({ op, domain: '', name: `${op}_${outputs[0]!}`, inputs, outputs, attributes });

const model = (graph: Partial<OnnxGraph>): Uint8Array =>
  toOnnxBytes({
    irVersion: 8,
    opset: 17,
    producer: 'test',
    metadata: {},
    graph: { name: 'test', nodes: [], initializers: [], inputs: [], outputs: [], ...graph },
  });

const floats = (name: string, shape: number[]): OnnxTensor => {
  const { data } = randn(shape);
  return { name, type: 'float', shape, data: data.map((one) => one / 2) };
};

const value = (name: string, shape: (number | string)[], type: 'float' | 'int32' = 'float') => ({
  name,
  type,
  shape,
});

interface LayerCase {
  op: 'LSTM' | 'GRU' | 'RNN';
  direction: 'forward' | 'reverse' | 'bidirectional';
  attributes: Record<string, OnnxAttribute>;
  hidden: number;
  hasBias: boolean;
  hasLengths: boolean;
  hasState: boolean;
  hasPeepholes: boolean;
}

/** A graph of one operator with random weights, no two gates alike. */
function layerModel({ op, direction, attributes, hidden, ...has }: LayerCase): Uint8Array {
  const directions = direction === 'bidirectional' ? 2 : 1;
  const rows = { LSTM: 4, GRU: 3, RNN: 1 }[op] * hidden;
  const isLstm = op === 'LSTM';
  const states = has.hasState ? (isLstm ? ['h_0', 'c_0'] : ['h_0']) : [];
  const outputs = isLstm ? ['Y', 'h_n', 'c_n'] : ['Y', 'h_n'];
  const padded = [...states, ...(isLstm ? ['', ''] : [''])].slice(0, isLstm ? 2 : 1);
  const peepholes = isLstm && has.hasPeepholes ? [floats('P', [directions, 3 * hidden])] : [];
  const activation = 'strings' in (attributes['activations'] ?? {}) ? directions : 0;
  return model({
    nodes: [
      node(
        op,
        [
          'x',
          'W',
          'R',
          has.hasBias ? 'B' : '',
          has.hasLengths ? 'lengths' : '',
          ...padded,
          ...peepholes.map(({ name }) => name),
        ],
        outputs,
        {
          hidden_size: { int: hidden },
          direction: { string: direction },
          ...attributes,
          ...(activation && {
            activations: { strings: new Array<string>(directions).fill('Relu') },
          }),
        },
      ),
    ],
    initializers: [
      floats('W', [directions, rows, 3]),
      floats('R', [directions, rows, hidden]),
      ...(has.hasBias ? [floats('B', [directions, 2 * rows])] : []),
      ...peepholes,
    ],
    inputs: [
      value('x', ['T', 'N', 3]),
      ...(has.hasLengths ? [value('lengths', ['N'], 'int32')] : []),
      ...states.map((name) => value(name, [directions, 'N', hidden])),
    ],
    outputs: [
      value('Y', ['T', directions, 'N', hidden]),
      ...outputs.slice(1).map((name) => value(name, [directions, 'N', hidden])),
    ],
  });
}

describe('importOnnx', function () {
  this.timeout(60_000);
  beforeEach(() => manualSeed(7));

  it('runs RNN, LSTM and GRU as ONNX Runtime does, with every direction and option', () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          layer: fc.constantFrom<Pick<LayerCase, 'op' | 'attributes'>>(
            { op: 'LSTM', attributes: {} },
            { op: 'GRU', attributes: { linear_before_reset: { int: 1 } } },
            { op: 'GRU', attributes: {} },
            { op: 'RNN', attributes: {} },
            { op: 'RNN', attributes: { activations: { strings: ['Relu'] } } },
          ),
          direction: fc.constantFrom(
            'forward' as const,
            'reverse' as const,
            'bidirectional' as const,
          ),
          hidden: fc.integer({ min: 1, max: 5 }),
          hasBias: fc.boolean(),
          hasLengths: fc.boolean(),
          hasState: fc.boolean(),
          hasPeepholes: fc.boolean(),
          steps: fc.integer({ min: 1, max: 6 }),
          batch: fc.integer({ min: 1, max: 4 }),
        }),
        async ({ layer, steps, batch, ...options }) => {
          const bytes = layerModel({ ...layer, ...options });
          const directions = options.direction === 'bidirectional' ? 2 : 1;
          const state = (): Tensor => randn([directions, batch, options.hidden]);
          const inputs: Record<string, Tensor> = {
            x: randn([steps, batch, 3]),
            ...(options.hasLengths && { lengths: randint(1, steps + 1, [batch]) }),
            ...(options.hasState && { h_0: state() }),
            ...(options.hasState && layer.op === 'LSTM' && { c_0: state() }),
          };
          const results = await runOnnx(bytes, inputs);
          for (const [name, ours] of Object.entries(importOnnx(bytes).run(inputs)))
            assertClose(results[name], ours, name);
        },
      ),
      { numRuns: 60 },
    ));

  it('brings back what exportOnnx wrote, to be trained on', () => {
    const original = new Sequential(
      new Linear({ inFeatures: 3, outFeatures: 4 }),
      tanh,
      new LSTM({
        inputSize: 4,
        hiddenSize: 5,
        numLayers: 2,
        bidirectional: true,
        batchFirst: true,
      }),
      new LayerNorm({ normalizedShape: 10 }),
      new GRU({ inputSize: 10, hiddenSize: 4 }),
      new Linear({ inFeatures: 4, outFeatures: 2, bias: false }),
      softmax,
    );
    const imported = importOnnx(exportOnnx(original, randn([2, 3, 3])));
    const input = randn([4, 6, 3]);
    const { output } = imported.forward(input);
    assertClose(output, original.forward(input), 'output');
    output.sum().backward();
    assert.ok(imported.parameters().every(({ grad }) => grad !== null));
    assert.ok(Object.keys(imported.stateDict()).includes('5.weight'));
  });

  it('gives modules that are exported again', async () => {
    const gru = new GRU({ inputSize: 3, hiddenSize: 4, numLayers: 2 });
    const imported = importOnnx(exportOnnx(gru, randn([2, 3, 3])));
    const bytes = exportOnnx(imported, randn([2, 3, 3]));
    const [input, h] = [randn([5, 4, 3]), randn([2, 4, 4])];
    const [results, expected] = [
      await runOnnx(bytes, { input, h_0: h }),
      gru.forward(input, { h }),
    ];
    assertClose(results['output'], expected.output, 'output');
    assertClose(results['h_n'], expected.state.h, 'h');
  });

  it('hands the state on by its names, zeros where there is none', () => {
    const original = new LSTM({ inputSize: 3, hiddenSize: 2, numLayers: 2 });
    const imported = importOnnx(
      exportOnnx(original, [randn([2, 2, 3]), undefined, { lengths: [1, 2] }]),
    );
    const [input, lengths] = [randn([5, 3, 3]), randint(1, 6, [3])];
    const [first, expected] = [
      imported.forward(input, {}, { lengths }),
      original.forward(input, undefined, { lengths }),
    ];
    const [next, after] = [
      imported.forward(input, first.state, { lengths }),
      original.forward(input, expected.state, { lengths }),
    ];
    assertClose(next.output, after.output, 'output');
    assertClose(next.state['c'], after.state.c, 'c');
  });

  it('computes the operators that exporters of other frameworks write', async () => {
    const ints = (name: string, data: number[]): OnnxTensor => ({
      name,
      type: 'int64',
      shape: [data.length],
      data,
    });
    const bytes = model({
      nodes: [
        node('Shape', ['x'], ['shape']),
        node('Constant', [], ['one'], { value: { tensor: { ...ints('', [1]), shape: [] } } }),
        node('Gather', ['shape', 'one'], ['batch']),
        node('Unsqueeze', ['batch', 'first'], ['batches']),
        node('Concat', ['batches', 'rest'], ['target'], { axis: { int: 0 } }),
        node('Transpose', ['x'], ['turned'], { perm: { ints: [1, 0, 2] } }),
        node('Reshape', ['turned', 'target'], ['flat']),
        node('Split', ['flat'], ['left', 'right'], { axis: { int: 1 } }),
        node('Mul', ['left', 'right'], ['product']),
        node('ConstantOfShape', ['shape'], ['threes'], {
          value: { tensor: { name: '', type: 'float', shape: [1], data: [3] } },
        }),
        node('ReduceSum', ['threes', 'axes'], ['sums'], { keepdims: { int: 0 } }),
        node('Expand', ['gain', 'wide'], ['gains']),
        node('Gemm', ['product', 'W', 'gains'], ['y'], {
          alpha: { float: 0.5 },
          beta: { float: 2 },
          transB: { int: 1 },
        }),
        node('Add', ['y', 'sums'], ['z']),
        node('Flatten', ['z'], ['out'], { axis: { int: 0 } }),
      ],
      initializers: [
        ints('first', [0]),
        ints('rest', [-1]),
        ints('axes', [0, 1, 2]),
        ints('wide', [1, 4]),
        floats('W', [4, 6]),
        floats('gain', [1]),
      ],
      inputs: [value('x', [4, 'N', 3])],
      outputs: [value('out', [1, 'M'])],
    });
    const x = randn([4, 2, 3]);
    const imported = importOnnx(bytes);
    assertClose((await runOnnx(bytes, { x }))['out'], imported.run({ x })['out']!, 'out');
    assert.deepEqual(Object.keys(imported.stateDict()), ['W', 'gain']);
  });

  it('runs comparisons, choices and extremes of others', async () => {
    const bytes = model({
      nodes: [
        node('Less', ['x', 'half'], ['isLess']),
        node('LessOrEqual', ['x', 'zero'], ['isLow']),
        node('Clip', ['x', 'zero', 'half'], ['clipped']),
        node('Clip', ['x', '', 'half'], ['below']),
        node('Pow', ['x', 'half'], ['power']),
        node('ReduceMin', ['x'], ['least'], { axes: { ints: [1] } }),
        node('Where', ['isLow', 'below', 'power'], ['chosen']),
        node('Where', ['isLess', 'chosen', 'clipped'], ['either']),
        node('Cast', ['isLess'], ['count'], { to: { int: 7 } }),
        node('Cast', ['count'], ['number'], { to: { int: 1 } }),
        node('Add', ['either', 'number'], ['sum']),
        node('Add', ['sum', 'least'], ['out']),
      ],
      initializers: [
        { name: 'half', type: 'float', shape: [], data: [0.5] },
        { name: 'zero', type: 'float', shape: [], data: [0] },
      ],
      inputs: [value('x', ['N', 3])],
      outputs: [value('out', ['N', 3])],
    });
    const x = randn([6, 3]);
    assertClose((await runOnnx(bytes, { x }))['out'], importOnnx(bytes).run({ x })['out']!, 'out');
  });

  describe('refuses', () => {
    const layer: LayerCase = {
      op: 'LSTM',
      direction: 'forward',
      attributes: {},
      hidden: 2,
      hasBias: true,
      hasLengths: false,
      hasState: false,
      hasPeepholes: false,
    };
    const options: Record<string, [Record<string, OnnxAttribute>, RegExp]> = {
      clipping: [{ clip: { float: 3 } }, /LSTM 'LSTM_Y' has clip 3/],
      'coupled gates': [{ input_forget: { int: 1 } }, /input_forget 1/],
      'batch before time': [{ layout: { int: 1 } }, /layout 1/],
      'an unknown direction': [{ direction: { string: 'sideways' } }, /direction 'sideways'/],
    };
    for (const [name, [attributes, message]] of Object.entries(options))
      it(name, () => {
        assert.throws(
          () => importOnnx(layerModel({ ...layer, attributes })),
          (error) => error instanceof InterchangeError && message.test(error.message),
        );
      });

    it('other activation functions', () => {
      const nodes = [
        node('RNN', ['x', 'W', 'R'], ['Y'], { activations: { strings: ['HardSigmoid'] } }),
      ];
      const initializers = [floats('W', [1, 2, 3]), floats('R', [1, 2, 2])];
      assert.throws(
        () => importOnnx(model({ nodes, initializers })),
        /activations HardSigmoid, expected tanh or relu/,
      );
    });

    it('weights of other shapes, or that depend on the input', () => {
      const nodes = [node('GRU', ['x', 'W', 'R'], ['Y'])];
      const recurrent = floats('R', [1, 6, 2]);
      assert.throws(
        () => importOnnx(model({ nodes, initializers: [floats('W', [1, 8, 3]), recurrent] })),
        /W is \[1, 8, 3\], expected \[1, 6, 3\]/,
      );
      assert.throws(
        () => importOnnx(model({ nodes, initializers: [recurrent] })),
        /reads its weights from 'W', expected a constant/,
      );
    });

    it('unknown operators by their names', () => {
      assert.throws(
        () => importOnnx(model({ nodes: [node('Einsum', ['x'], ['y'])] })),
        /operator Einsum \('Einsum_y'\) has no form here/,
      );
    });

    it('missing and unknown inputs', () => {
      const imported = importOnnx(layerModel(layer));
      assert.throws(() => imported.run({ y: randn([1, 1, 3]) }), /x is missing, y; expected x/);
    });

    it('damaged files, wherever they are cut off', () => {
      const bytes = layerModel(layer);
      for (const length of [0, 1, 7, 20, bytes.length >> 1, bytes.length - 1])
        assert.throws(() => importOnnx(bytes.subarray(0, length)), FileFormatError);
      assert.throws(() => importOnnx(new Uint8Array(100).fill(255)), FileFormatError);
    });
  });
});
