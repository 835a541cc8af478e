import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  gradcheck,
  GRU,
  LSTM,
  manualSeed,
  randn,
  Recurrent,
  RNN,
  Tensor,
  type RecurrentState,
} from '../../../kernel/rnn/index.js';
import { isPlan } from '../../../kernel/rnn/fused/plan.js';
import { planProgram } from '../../../kernel/rnn/fused/planProgram.js';
import { holdsForAll } from '../rnn/holdsForAll.js';
import { zoneoutOf, stackedReference, assertClose } from './stackedReference.js';

/** Every option of a layer at once. */
interface Drawn {
  kind: 'LSTM' | 'GRU' | 'RNN';
  variant: 'plain' | 'peepholes' | 'projection';
  numLayers: number;
  bidirectional: boolean;
  bias: boolean;
  batchFirst: boolean;
  dropout: number;
  variationalDropout: { input: number; layers: number; hidden: number; output: number };
  zoneout: number;
  learnInitialState: boolean;
  hasState: boolean;
  isRagged: boolean;
  isAlone: boolean;
  reverse: boolean;
  timeSteps: number;
  batchSize: number;
  seed: number;
}

const rate = fc.constantFrom(0, 0.3, 0.5);

const drawn: fc.Arbitrary<Drawn> = fc.record({
  kind: fc.constantFrom('LSTM', 'GRU', 'RNN'),
  variant: fc.constantFrom('plain', 'peepholes', 'projection'),
  numLayers: fc.integer({ min: 1, max: 3 }),
  bidirectional: fc.boolean(),
  bias: fc.boolean(),
  batchFirst: fc.boolean(),
  dropout: rate,
  variationalDropout: fc.record({ input: rate, layers: rate, hidden: rate, output: rate }),
  zoneout: fc.constantFrom(0, 0.2, 0.6),
  learnInitialState: fc.boolean(),
  hasState: fc.boolean(),
  isRagged: fc.boolean(),
  isAlone: fc.boolean(),
  reverse: fc.boolean(),
  timeSteps: fc.integer({ min: 1, max: 4 }),
  batchSize: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat(),
});

const sizes = { inputSize: 2, hiddenSize: 3 };

function createLayer(options: Drawn, dtype: 'float32' | 'float64'): Recurrent {
  const { kind, variant, numLayers, bidirectional, bias, batchFirst, dropout } = options;
  const { variationalDropout, zoneout, learnInitialState } = options;
  const shared = {
    ...sizes,
    ...{ numLayers, bidirectional, bias, batchFirst, dropout },
    ...{ variationalDropout, zoneout, learnInitialState, dtype },
  };
  manualSeed(options.seed);
  const layer: unknown =
    kind === 'LSTM'
      ? new LSTM({
          ...shared,
          peepholes: variant === 'peepholes',
          projSize: variant === 'projection' ? 2 : 0,
        })
      : kind === 'GRU'
        ? new GRU(shared)
        : new RNN(shared);
  for (const [name, parameter] of (layer as Recurrent).namedParameters())
    if (name.startsWith('initial_')) parameter.data.set(randn(parameter.shape, { dtype }).data);
  return layer as Recurrent;
}

/** Input, states and lengths of a call, the same numbers in either precision. */
function createCall(layer: Recurrent, options: Drawn, dtype: 'float32' | 'float64') {
  const { timeSteps, batchSize, isAlone, seed } = options;
  manualSeed(seed + 1);
  const create = (shape: readonly number[]): Tensor => {
    const { data } = randn(shape, { dtype: 'float32' });
    const numbers = dtype === 'float32' ? data : Float64Array.from(data);
    return new Tensor(numbers, shape, { requiresGrad: true });
  };
  const batch = isAlone ? [] : [batchSize];
  const leading = isAlone
    ? [timeSteps]
    : options.batchFirst
      ? [batchSize, timeSteps]
      : [timeSteps, batchSize];
  const input = create([...leading, sizes.inputSize]);
  const count = layer.numLayers * (layer.bidirectional ? 2 : 1);
  const state: RecurrentState | undefined = options.hasState
    ? Object.fromEntries(
        layer.programs[0]!.states.map(({ name, size }) => [name, create([count, ...batch, size])]),
      )
    : undefined;
  const lengths =
    options.isRagged && !isAlone
      ? Array.from({ length: batchSize }, (_, b) => 1 + ((seed + 3 * b) % timeSteps))
      : undefined;
  const call = { reverse: options.reverse, ...(lengths && { lengths }) };
  const run = () => {
    // The same masks at every call.
    manualSeed(seed + 2);
    return layer.forward(input, state, call);
  };
  return { input, state, lengths, run };
}

describe('recurrent layers with all options together', () => {
  it('gradients agree with central differences, node by node in float64', () => {
    holdsForAll(
      drawn.map((one) => ({
        ...one,
        numLayers: Math.min(one.numLayers, 2),
        timeSteps: Math.min(one.timeSteps, 3),
        batchSize: Math.min(one.batchSize, 2),
      })),
      (options) => {
        const layer = createLayer(options, 'float64');
        const { input, state, run } = createCall(layer, options, 'float64');
        const given = Object.values(state ?? {});
        gradcheck(() => {
          const result = run();
          return [result.output, ...Object.values(result.state)];
        }, [input, ...given, ...layer.parameters()]);
      },
      12,
    );
  });

  it('fused in float32 agrees with node by node in float64, values and gradients', () => {
    holdsForAll(
      drawn.map((one) => ({
        ...one,
        timeSteps: one.timeSteps * 3,
        batchSize: one.batchSize * 3 - 2,
      })),
      (options) => {
        const results = (['float64', 'float32'] as const).map((dtype) => {
          const layer = createLayer(options, dtype);
          if (dtype === 'float32')
            for (const program of layer.programs) assert.ok(isPlan(planProgram(program)));
          const { input, state, run } = createCall(layer, options, dtype);
          const result = run();
          const loss = [result.output, ...Object.values(result.state)]
            .map((one, k) => one.mul(k + 1).sum())
            .reduce((a, b) => a.add(b));
          loss.backward();
          const inputs = [input, ...Object.values(state ?? {}), ...layer.parameters()];
          return [
            result.output,
            ...Object.values(result.state),
            ...inputs.flatMap(({ grad }) => (grad ? [grad] : [])),
          ];
        });
        const [exact, single] = results as [Tensor[], Tensor[]];
        assert.equal(exact.length, single.length);
        exact.forEach((tensor, k) => {
          assert.deepEqual(tensor.shape, single[k]!.shape);
          tensor.data.forEach((value, i) => {
            const error = Math.abs(value - single[k]!.data[i]!) / Math.max(1, Math.abs(value));
            assert.ok(error < 2e-4, `tensor ${k}, element ${i}: ${value}, ${single[k]!.data[i]!}`);
          });
        });
      },
      60,
    );
  });

  it('values agree with loops over plain numbers that are given the same masks', () => {
    holdsForAll(
      drawn.map((one) => ({
        ...one,
        ...{ dropout: 0, isAlone: false, batchFirst: false, reverse: false },
        timeSteps: one.timeSteps + 2,
      })),
      (options) => {
        const layer = createLayer(options, 'float64');
        const { input, state, lengths } = createCall(layer, options, 'float64');
        const masks = layer.drawMasks(options.batchSize);
        const result = layer.forward(input, state, { masks, ...(lengths && { lengths }) });
        const expected = stackedReference(layer, input, state, lengths, masks, zoneoutOf(result));
        assertClose(result.output, expected.output);
        for (const [name, values] of Object.entries(expected.state))
          assertClose(result.state[name]!, values);
      },
      60,
    );
  });
});
