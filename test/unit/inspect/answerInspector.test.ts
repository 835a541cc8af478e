import assert from 'node:assert/strict';
import {
  parseInspectorAnswer,
  type InspectorAnswerData,
  type WhatIfEdit,
  type WhatIfResultOf,
} from '../../../kernel/contract/inspectorMessages.js';
import type { FloatArray } from '../../../kernel/contract/trace.js';
import { parseTrace, PayloadError } from '../../../kernel/contract/parsePayload.js';
import { answerInspector } from '../../../kernel/notebook/answerInspector.js';
import { LiveTraces } from '../../../kernel/notebook/liveTraces.js';
import { inspect } from '../../../kernel/notebook/inspector.js';
import { toPicture } from '../../../kernel/notebook/tracePayload.js';
import {
  crossEntropy,
  Embedding,
  Linear,
  LSTM,
  manualSeed,
  Module,
  randint,
  randn,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { assertHold, meanLoss, taggerAndBatch } from './models.js';

type Result = WhatIfResultOf<FloatArray>;

/** A trace as a notebook shows it, and what it answers. */
function shown(trace: Parameters<typeof toPicture>[0]) {
  const known = new LiveTraces();
  const { payload, plan } = toPicture(trace, { title: 'shown' });
  known.add('id', { trace, options: { title: 'shown' }, plan });
  const ask = (edits: WhatIfEdit[]): InspectorAnswerData =>
    parseInspectorAnswer(
      JSON.parse(
        JSON.stringify(answerInspector(known, { kind: 'whatIf', trace: 'id', request: 7, edits })),
      ),
    );
  return {
    known,
    trace,
    payload: parseTrace(JSON.parse(JSON.stringify(payload))),
    ask,
    result: (edits: WhatIfEdit[]): Result => {
      const answer = ask(edits);
      assert.ok('result' in answer && answer.kind === 'whatIf', JSON.stringify(answer));
      return answer.result;
    },
  };
}

function shownLstm() {
  const { model, input, target } = taggerAndBatch('LSTM', { numLayers: 2 });
  return shown(inspect(model, { input, target }, { loss: meanLoss }));
}

const nodeOf = ({ payload }: ReturnType<typeof shown>, layer: number, label: string): number =>
  payload.layers[layer]!.nodes.findIndex(({ id }) => id === label);

describe('what-if requests of the inspector', () => {
  it('change nothing where nothing is edited, in the layout of the trace that was asked about', () => {
    const one = shownLstm();
    const { loss, gradient, trace } = one.result([]);
    assert.equal(loss.before, loss.after);
    assert.ok(Math.abs(gradient.cosine! - 1) < 1e-12 && Math.abs(gradient.ratio! - 1) < 1e-12);
    const { checks, ...same } = trace;
    const { checks: before, ...payload } = one.payload;
    assert.deepEqual(same, payload);
    // What the model's own engine computed is known of the first trace only.
    assert.deepEqual(checks.slice(1), before.slice(1));
  });

  it('change a weight as the trace itself does', () => {
    const one = shownLstm();
    const { trace, loss } = one.result([
      { kind: 'weight', parameter: 'net.weight_hh_l0', index: 4 * 5 + 2, value: 1.5 },
    ]);
    const { after } = one.trace.whatIf({
      parameter: 'net.weight_hh_l0',
      index: [5, 2],
      set: 1.5,
    });
    assert.equal(loss.after, after.loss.total);
    assert.equal(trace.gradient.norm, after.gradientNorm);
    const weight = trace.gradient.parameters.find(({ name }) => name === 'net.weight_hh_l0')!;
    assert.deepEqual(weight.value!.shape, [16, 4]);
    assert.equal(weight.value!.data[22], 1.5);
  });

  it('change a gate of one sequence, and what lies downstream of it only', () => {
    const one = shownLstm();
    const node = nodeOf(one, 0, 'f');
    const { trace } = one.result([
      { kind: 'node', layer: 0, node, t: 3, sequence: 1, unit: 2, value: 1 },
    ]);
    const [, { next }] = one.payload.layers[0]!.states as [unknown, { next: number }];
    const value = (of: typeof trace, t: number, b: number, name: 'f' | 'c'): number[] => {
      const { shape, data } = of.layers[0]!.nodes[name === 'f' ? node : next]!.value!;
      const width = shape[2]!;
      const from = (t * shape[1]! + b) * width;
      return [...data.slice(from, from + width)];
    };
    assert.equal(value(trace, 3, 1, 'f')[2], 1);
    assert.deepEqual(value(trace, 3, 0, 'f'), value(one.payload, 3, 0, 'f'));
    assert.deepEqual(value(trace, 2, 1, 'c'), value(one.payload, 2, 1, 'c'));
    assert.notDeepEqual(value(trace, 3, 1, 'c'), value(one.payload, 3, 1, 'c'));
    assert.notDeepEqual(value(trace, 6, 1, 'c'), value(one.payload, 6, 1, 'c'));
  });

  it('set what a layer reads: nothing flows back from there to the layer below', () => {
    const one = shownLstm();
    const x = nodeOf(one, 1, 'x');
    const units = [0, 1, 2, 3];
    const { trace } = one.result(
      units.map((unit) => ({ kind: 'node', layer: 1, node: x, t: 6, unit, value: 0.5 })),
    );
    const numbers = trace.layers[1]!.nodes[x]!.value!;
    assert.deepEqual([...numbers.data.slice(-8)], Array<number>(8).fill(0.5));
    assert.ok(one.payload.layers[0]!.fromAbove.data[6]! > 0);
    assert.equal(trace.layers[0]!.fromAbove.data[6], 0);
    const [ledger] = trace.layers[0]!.ledgers;
    assert.equal(ledger!.matrix.data.at(-1), 0);
    assertHold(trace.checks);
  });

  it('change the input, which the payload carries', () => {
    const one = shownLstm();
    assert.deepEqual(one.payload.input!.shape, [2, 3]);
    const { trace } = one.result([
      { kind: 'input', t: 4, sequence: 1, unit: 2, value: 9 },
      { kind: 'input', t: 0, unit: 1, value: -9 },
    ]);
    const at = (t: number, b: number, unit: number) =>
      trace.input!.value.data[(t * 2 + b) * 3 + unit];
    assert.deepEqual([at(4, 1, 2), at(0, 0, 1), at(0, 1, 1)], [9, -9, -9]);
    assert.notEqual(at(4, 0, 2), 9);
    const x = trace.layers[0]!.nodes[nodeOf(one, 0, 'x')]!;
    assert.deepEqual(x.value!.data, trace.input!.value.data);
  });

  it('change a token of a model that takes the batch first', () => {
    class Reader extends Module {
      readonly embedding = new Embedding({ numEmbeddings: 6, embeddingDim: 3 });
      readonly lstm = new LSTM({ inputSize: 3, hiddenSize: 4, batchFirst: true });
      readonly head = new Linear({ inFeatures: 4, outFeatures: 5 });
      forward(input: Tensor) {
        const { output, state } = this.lstm.forward(this.embedding.forward(input));
        return { output: this.head.forward(output), state };
      }
    }
    manualSeed(3);
    const batch = { input: randint(0, 6, [2, 5]), target: randint(0, 5, [2, 5]) };
    const loss = (output: Tensor, target: Tensor) => crossEntropy(output, target);
    const one = shown(inspect(new Reader(), batch, { loss }));
    const { isInteger, value, shape } = one.payload.input!;
    assert.deepEqual([isInteger, shape, value.shape], [true, [2], [5, 2, 1]]);
    assert.equal(value.data[2 * 4 + 1], batch.input.data[1 * 5 + 4]);
    const token = (value.data[2 * 4 + 1]! + 1) % 6;
    const { trace } = one.result([{ kind: 'input', t: 4, sequence: 1, unit: 0, value: token }]);
    assert.equal(trace.input!.value.data[9], token);
    const answer = one.ask([{ kind: 'input', t: 4, sequence: 1, unit: 0, value: 6 }]);
    assert.ok(
      'error' in answer && /index 6 is out of range, expected 0 to 5/.test(answer.error.message),
    );
    const half = one.ask([{ kind: 'input', t: 4, sequence: 1, unit: 0, value: 0.5 }]);
    assert.ok('error' in half && /whole numbers, got 0\.5/.test(half.error.message));
  });

  it('say what is wrong with an edit', () => {
    const one = shownLstm();
    const node = { kind: 'node', layer: 0, t: 0, unit: 0, value: 0 } as const;
    const refused: [edit: WhatIfEdit, message: RegExp][] = [
      [{ kind: 'weight', parameter: 'w', index: 0, value: 1 }, /has no parameter 'w'/],
      [
        { kind: 'weight', parameter: 'head.bias', index: 5, value: 1 },
        /head\.bias has 5 numbers, got index 5/,
      ],
      [{ ...node, node: 0, layer: 2 }, /layer must be from 0 to 1, got 2/],
      [{ ...node, node: 99 }, /node must be from 0 to \d+, got 99/],
      [
        { ...node, node: 1 },
        /expected a value that is computed or read .* got 'h' of net\.l0 \(state\)/,
      ],
      [{ ...node, node: 0, t: 7 }, /t must be from 0 to 6, got 7/],
      [{ ...node, node: 0, unit: 3 }, /unit must be from 0 to 2, got 3/],
      [{ ...node, node: 0, sequence: 2 }, /sequence must be from 0 to 1, got 2/],
      [{ kind: 'input', t: 7, unit: 0, value: 0 }, /index must be from 0 to 6, got 7/],
    ];
    for (const [edit, message] of refused) {
      const answer = one.ask([edit]);
      assert.ok('error' in answer, JSON.stringify(edit));
      assert.deepEqual([answer.trace, answer.request, answer.error.reason], ['id', 7, 'edit']);
      assert.match(answer.error.message, message);
    }
  });

  it('say whether a trace is known', () => {
    const { known } = shownLstm();
    const ask = (trace: string) => answerInspector(known, { kind: 'live', trace, request: 1 });
    assert.deepEqual(ask('id'), { kind: 'live', trace: 'id', request: 1, result: { live: true } });
    const other = ask('another');
    assert.ok('error' in other && other.error.reason === 'forgotten');
    assert.throws(() => answerInspector(known, { kind: 'eval', code: '1' }), PayloadError);
  });
});

describe('live traces', () => {
  it('are kept, the newest of them, within a bound on memory', () => {
    const { model, input, target } = taggerAndBatch('RNN');
    const known = new LiveTraces();
    const trace = () => inspect(model, { input, target }, { loss: meanLoss });
    const { plan } = toPicture(trace(), {});
    const large = trace();
    Object.defineProperty(large, 'bytes', { value: 200 * 2 ** 20 });
    const larger = trace();
    Object.defineProperty(larger, 'bytes', { value: 300 * 2 ** 20 });
    for (const [id, one] of [
      ['small', trace()],
      ['large', large],
      ['larger', larger],
    ] as const)
      known.add(id, { trace: one, options: {}, plan });
    assert.deepEqual(known.keptIds, ['small', 'large']);
    // Too large to be kept, but known as long as somebody else holds it.
    assert.equal(known.get('larger')!.trace, larger);
    for (let k = 0; k < 40; k++) known.add(`n${k}`, { trace: trace(), options: {}, plan });
    assert.equal(known.keptIds.length, 32);
    assert.equal(known.keptIds.at(-1), 'n39');
  });

  it('survive with new numbers: an edit leaves the trace and the model as they were', () => {
    const { model, input, target } = taggerAndBatch('GRU reset after');
    manualSeed(5);
    const weights = [...model.parameters()].map(({ data }) => data.slice());
    const one = shown(inspect(model, { input, target }, { loss: meanLoss }));
    const edits: WhatIfEdit[] = [
      { kind: 'weight', parameter: 'net.weight_hh_l0', index: 0, value: 3 },
    ];
    const first = one.result(edits);
    assert.deepEqual(one.result(edits), first);
    assert.equal(one.result([]).loss.after, first.loss.before);
    assert.deepEqual(
      [...model.parameters()].map(({ data }) => data),
      weights,
    );
    assert.equal(randn([1]).item(), (manualSeed(5), randn([1]).item()));
  });
});
