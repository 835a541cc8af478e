import type * as Core from '@tensorflow/tfjs-core';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  GRU,
  LSTM,
  manualSeed,
  randint,
  randn,
  RNN,
  type Parameter,
  type Recurrent,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { holdsForAll } from '../rnn/holdsForAll.js';
import {
  gruResetAfter,
  loadPeer,
  ofLayer,
  type KerasWeights,
  type Peer,
  type PeerLayer,
} from './tfjsLayers.js';

/** What is drawn for a case. */
interface Drawn {
  seed: number;
  timeSteps: number;
  batchSize: number;
  inputSize: number;
  hiddenSize: number;
  numLayers: number;
  bidirectional: boolean;
  ragged: boolean;
  dtype: 'float32' | 'float64';
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  seed: fc.nat(),
  // The gradient of its unstack fails for one time step.
  timeSteps: fc.integer({ min: 2, max: 7 }),
  batchSize: fc.integer({ min: 1, max: 6 }),
  inputSize: fc.integer({ min: 1, max: 6 }),
  hiddenSize: fc.integer({ min: 1, max: 9 }),
  numLayers: fc.integer({ min: 1, max: 2 }),
  bidirectional: fc.boolean(),
  ragged: fc.boolean(),
  dtype: fc.constantFrom('float32' as const, 'float64' as const),
});

interface Kind {
  ours: (options: Drawn) => Recurrent;
  theirs: PeerLayer;
  states: readonly string[];
  /** Block k of a kernel of Keras is our block at place k. */
  gates: readonly number[];
  /** Whether the bias of Keras is two vectors. */
  pairedBias?: boolean;
}

const recurrentActivation = 'sigmoid';
const kinds: Record<string, Kind> = {
  LSTM: {
    ours: (options) => new LSTM(sizesOf(options)),
    theirs: ofLayer(({ layers }, options) =>
      layers.layers.lstm({ ...options, recurrentActivation }),
    ),
    states: ['h', 'c'],
    gates: [0, 1, 2, 3],
  },
  'GRU with its reset before the product': {
    ours: (options) => new GRU({ ...sizesOf(options), resetAfter: false }),
    theirs: ofLayer(({ layers }, options) =>
      layers.layers.gru({ ...options, recurrentActivation }),
    ),
    states: ['h'],
    gates: [1, 0, 2],
  },
  'GRU with its reset after the product, of operations': {
    ours: (options) => new GRU(sizesOf(options)),
    theirs: gruResetAfter,
    states: ['h'],
    gates: [1, 0, 2],
    pairedBias: true,
  },
  'RNN with tanh': {
    ours: (options) => new RNN(sizesOf(options)),
    theirs: ofLayer(({ layers }, options) => layers.layers.simpleRNN(options)),
    states: ['h'],
    gates: [0],
  },
  'RNN with relu': {
    ours: (options) => new RNN({ ...sizesOf(options), nonlinearity: 'relu' }),
    theirs: ofLayer(({ layers }, options) =>
      layers.layers.simpleRNN({ ...options, activation: 'relu' }),
    ),
    states: ['h'],
    gates: [0],
  },
};

const sizesOf = ({ inputSize, hiddenSize, numLayers, bidirectional, dtype }: Drawn) => ({
  inputSize,
  hiddenSize,
  numLayers,
  bidirectional,
  dtype,
  batchFirst: true,
});

/** Numbers of ours `[G·H, inputs]` as a kernel of Keras `[inputs, G·H]`; a vector is a matrix of one column. */
function toKernel({ data, shape }: Tensor, gates: readonly number[]): number[][] {
  const [rows, inputs = 1] = shape as [number, number?];
  const size = rows / gates.length;
  return Array.from({ length: inputs }, (_, i) =>
    gates.flatMap((block) =>
      Array.from({ length: size }, (_, j) => data[(block * size + j) * inputs + i]!),
    ),
  );
}

interface Problem {
  layer: Recurrent;
  input: Tensor;
  states: Record<string, Tensor>;
  lengths: readonly number[];
  /** Weights of a sum over all outputs and final states, which is the loss. */
  outputWeights: Tensor;
  stateWeights: Record<string, Tensor>;
}

/** Everything random, so that no two gates, steps or sequences are alike. */
function drawProblem(kind: Kind, options: Drawn): Problem {
  manualSeed(options.seed);
  const { timeSteps, batchSize, inputSize, hiddenSize, numLayers, bidirectional, dtype } = options;
  const directions = bidirectional ? 2 : 1;
  const layer = kind.ours(options);
  for (const parameter of layer.parameters())
    parameter.data.set(randn(parameter.shape).mul(0.5).data);
  const stateOf = () => randn([numLayers * directions, batchSize, hiddenSize], { dtype });
  const each = (make: () => Tensor) =>
    Object.fromEntries(kind.states.map((name) => [name, make()]));
  const input = randn([batchSize, timeSteps, inputSize], { dtype });
  const states = each(stateOf);
  for (const one of [input, ...Object.values(states)]) one.requiresGrad = true;
  const lengths = options.ragged
    ? [...randint(1, timeSteps + 1, [batchSize]).data]
    : Array<number>(batchSize).fill(timeSteps);
  const outputWeights = randn([batchSize, timeSteps, directions * hiddenSize], { dtype });
  return { layer, input, states, lengths, outputWeights, stateWeights: each(stateOf) };
}

const suffixes = ({ numLayers, bidirectional }: Recurrent): string[] =>
  Array.from({ length: numLayers }, (_, l) =>
    bidirectional ? [`_l${l}`, `_l${l}_reverse`] : [`_l${l}`],
  ).flat();

/** Our output, final states and, in the layout of Keras, all gradients. */
function runOurs(kind: Kind, problem: Problem): Record<string, unknown> {
  const { layer, input, states, lengths, outputWeights, stateWeights } = problem;
  const result = layer.forward(input, states, { lengths });
  let loss = result.output.mul(outputWeights).sum();
  for (const name of kind.states)
    loss = loss.add(result.state[name]!.mul(stateWeights[name]!).sum());
  loss.backward();
  const found: Record<string, unknown> = {
    output: result.output.toNested(),
    'gradient of input': input.grad!.toNested(),
  };
  for (const name of kind.states) {
    found[`final ${name}`] = result.state[name]!.toNested();
    found[`gradient of first ${name}`] = states[name]!.grad!.toNested();
  }
  for (const suffix of suffixes(layer)) {
    const gradient = (name: string) =>
      toKernel((layer as unknown as Record<string, Parameter>)[name + suffix]!.grad!, kind.gates);
    found[`gradient of kernel${suffix}`] = gradient('weight_ih');
    found[`gradient of recurrent kernel${suffix}`] = gradient('weight_hh');
    const biases = [gradient('bias_ih')[0], gradient('bias_hh')[0]];
    // The sum's gradient is that of either part.
    if (!kind.pairedBias) assert.deepEqual(biases[0], biases[1]);
    found[`gradient of bias${suffix}`] = kind.pairedBias ? biases : biases[0];
  }
  return found;
}

function kerasWeights({ tf }: Peer, kind: Kind, layer: Recurrent, suffix: string): KerasWeights {
  const parameter = (name: string) =>
    toKernel((layer as unknown as Record<string, Parameter>)[name + suffix]!, kind.gates);
  const [first, second] = [parameter('bias_ih')[0]!, parameter('bias_hh')[0]!];
  const bias = kind.pairedBias ? [first, second] : first.map((one, k) => one + second[k]!);
  return {
    kernel: tf.variable(tf.tensor(parameter('weight_ih'))),
    recurrent: tf.variable(tf.tensor(parameter('weight_hh'))),
    bias: tf.variable(tf.tensor(bias)),
  };
}

/** The same of TensorFlow.js. */
function runTheirs(peer: Peer, kind: Kind, problem: Problem): Record<string, unknown> {
  const { tf } = peer;
  const { layer, lengths, outputWeights, stateWeights } = problem;
  const input = tf.variable(tf.tensor(problem.input.toNested()));
  const states = kind.states.map((name) =>
    tf.variable(tf.tensor(problem.states[name]!.toNested())),
  );
  const weights = suffixes(layer).map((suffix) => kerasWeights(peer, kind, layer, suffix));
  const variables: Core.Variable[] = [
    input,
    ...states,
    ...weights.flatMap(({ kernel, recurrent, bias }) => [kernel, recurrent, bias]),
  ];
  const mask = tf.tensor(
    lengths.map((n) => Array.from({ length: input.shape[1]! }, (_, t) => Number(t < n))),
  );
  const result: Record<string, Core.Tensor> = {};
  const { grads } = tf.variableGrads(() => {
    const { output, finals } = runStack(peer, kind, {
      input,
      states,
      mask,
      weights,
      directions: layer.bidirectional ? 2 : 1,
    });
    result['output'] = tf.keep(tf.mul(output, tf.expandDims(mask, 2)));
    let loss = tf.sum(tf.mul(result['output'], tf.tensor(outputWeights.toNested())));
    kind.states.forEach((name, k) => {
      result[`final ${name}`] = tf.keep(finals[k]!);
      loss = tf.add(loss, tf.sum(tf.mul(finals[k]!, tf.tensor(stateWeights[name]!.toNested()))));
    });
    return loss as Core.Scalar;
  }, variables);
  const labels = [
    'input',
    ...kind.states.map((name) => `first ${name}`),
    ...suffixes(layer).flatMap((suffix) =>
      ['kernel', 'recurrent kernel', 'bias'].map((name) => name + suffix),
    ),
  ];
  variables.forEach(({ name }, k) => (result[`gradient of ${labels[k]!}`] = grads[name]!));
  return Object.fromEntries(Object.entries(result).map(([name, one]) => [name, one.arraySync()]));
}

/** Layers and directions of theirs put together as ours are. */
function runStack(
  peer: Peer,
  kind: Kind,
  call: {
    input: Core.Tensor;
    states: readonly Core.Tensor[];
    mask: Core.Tensor;
    weights: readonly KerasWeights[];
    directions: number;
  },
) {
  const { tf } = peer;
  const { states, mask, weights, directions } = call;
  const finals: Core.Tensor[][] = states.map(() => []);
  let output = call.input;
  for (let at = 0; at < weights.length; at += directions) {
    const sides = Array.from({ length: directions }, (_, side) =>
      kind.theirs(peer, {
        input: output,
        mask,
        states: states.map((one) => tf.squeeze(tf.slice(one, at + side, 1), [0])),
        weights: weights[at + side]!,
        reverse: side === 1,
      }),
    );
    for (const side of sides) side.states.forEach((one, k) => finals[k]!.push(one));
    output = tf.concat(
      sides.map((side) => side.output),
      2,
    );
  }
  return { output, finals: finals.map((of) => tf.stack(of)) };
}

/** Alike to 1e-5 of the largest number, absolute below 1: sums of large numbers of both signs round in float32. */
function assertAlike(actual: unknown, expected: unknown, owner: string): void {
  const flat = (one: unknown): number[] => (Array.isArray(one) ? one.flatMap(flat) : [Number(one)]);
  const [a, b] = [flat(actual), flat(expected)];
  assert.equal(a.length, b.length, `${owner}: count`);
  const tolerance = 1e-5 * Math.max(1, ...b.map(Math.abs));
  for (let i = 0; i < a.length; i++)
    assert.ok(
      Math.abs(a[i]! - b[i]!) <= tolerance,
      `${owner}[${i}]: ${a[i]}, tfjs has ${b[i]}, tolerance ${tolerance}`,
    );
}

describe('gradients beside TensorFlow.js', () => {
  let peer: Peer;
  before(async () => {
    peer = await loadPeer();
  });

  for (const [name, kind] of Object.entries(kinds))
    it(`${name}: output, final states and every gradient agree to 1e-5`, () => {
      holdsForAll(
        drawn,
        (options) => {
          const problem = drawProblem(kind, options);
          const ours = runOurs(kind, problem);
          const { tf } = peer;
          tf.engine().startScope();
          const theirs = runTheirs(peer, kind, problem);
          tf.engine().endScope();
          tf.disposeVariables();
          assert.deepEqual(Object.keys(ours).sort(), Object.keys(theirs).sort());
          for (const what of Object.keys(ours)) assertAlike(ours[what], theirs[what], what);
        },
        15,
      );
    });

  it('a wrong gate order is seen', () => {
    const options: Drawn = {
      seed: 1,
      timeSteps: 3,
      batchSize: 2,
      inputSize: 2,
      hiddenSize: 3,
      numLayers: 1,
      bidirectional: false,
      ragged: false,
      dtype: 'float32',
    };
    const kind = kinds['LSTM']!;
    const problem = drawProblem(kind, options);
    const wrong = runTheirs(peer, { ...kind, gates: [1, 0, 2, 3] }, problem);
    assert.throws(
      () => assertAlike(runOurs(kind, problem)['output'], wrong['output'], 'output'),
      /tfjs has/,
    );
  });
});
