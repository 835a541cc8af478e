import assert from 'node:assert/strict';
import type {
  InspectorAnswer,
  InspectorRequest,
  WhatIfRequest,
} from '../../../kernel/contract/inspectorMessages.js';
import { parseInspectorRequest } from '../../../kernel/contract/inspectorMessages.js';
import { parseTrace } from '../../../kernel/contract/parseTrace.js';
import type { TraceData, TracePayload } from '../../../kernel/contract/trace.js';
import { inspect } from '../../../kernel/notebook/inspector.js';
import { toTracePayload } from '../../../kernel/notebook/tracePayload.js';
import { areAlike, toDifference } from '../../../media/inspector/difference.js';
import { type Editable, editText, placeIn, toEditable } from '../../../media/inspector/edits.js';
import { toStripEditing } from '../../../media/inspector/editing.js';
import { KernelLine } from '../../../media/inspector/kernelLine.js';
import { parseTyped } from '../../../media/inspector/numberField.js';
import { readChange, readStop } from '../../../media/inspector/reading.js';
import { type OperationPlace, Walk } from '../../../media/inspector/walk.js';
import { WhatIf } from '../../../media/inspector/whatIf.js';
import { toFigures } from '../../../media/inspector/whatIfBar.js';
import { meanLoss, taggerAndBatch } from '../inspect/models.js';

const { model, input, target } = taggerAndBatch('LSTM');
const trace = inspect(model, { input, target }, { loss: meanLoss });
const before = toTracePayload(trace, {});
const beforeData = parseTrace(before);
const edited = trace.whatIf({ parameter: 'net.weight_hh_l0', index: [2, 3], set: 0.5 });
const after = toTracePayload(edited.after, {});
const afterData = parseTrace(after);

const nodeOf = (data: TraceData, id: string) => {
  const node = data.layers[0]!.nodes.findIndex((one) => one.id === id);
  assert.ok(node >= 0, id);
  return node;
};
const editable = (data: TraceData, place: Partial<OperationPlace>, node: number, unit: number) =>
  toEditable(data, { phase: 'forward', layer: 0, t: 3, node: 0, ...place }, node, unit, 1);

function edit(found: Editable | string): Editable {
  if (typeof found === 'string') assert.fail(found);
  return found;
}

function refused(found: Editable | string): string {
  if (typeof found !== 'string') assert.fail(found.name);
  return found;
}

/** A page on which a kernel answers what the test says. */
function page(answer: (request: InspectorRequest) => unknown) {
  const posted: InspectorRequest[] = [];
  const listeners: ((message: unknown) => void)[] = [];
  const line = new KernelLine({
    postMessage: (message) => {
      const request = parseInspectorRequest(message);
      posted.push(request);
      const answered = answer(request);
      if (answered !== undefined)
        queueMicrotask(() => listeners.forEach((listener) => listener(answered)));
    },
    onDidReceiveMessage: (listener) => {
      listeners.push(listener);
      return { dispose: () => undefined };
    },
  });
  return { line, posted, send: (message: unknown) => listeners.forEach((one) => one(message)) };
}

const withId: TraceData = { ...beforeData, id: 'a1' };
const live = ({ trace: id, request }: InspectorRequest): InspectorAnswer => ({
  kind: 'live',
  trace: id,
  request,
  result: { live: true },
});
const changedTo = (payload: TracePayload, { trace: id, request }: InspectorRequest) => ({
  kind: 'whatIf',
  trace: id,
  request,
  result: {
    loss: { before: before.loss.value, after: payload.loss.value },
    gradient: { cosine: 0.9, ratio: 1.1 },
    trace: payload,
  },
});
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('what-if edits of the inspector', () => {
  const weight = nodeOf(beforeData, 'weight_hh');
  const f = nodeOf(beforeData, 'f');

  it('of a weight go to the parameter, for every time step', () => {
    const found = edit(editable(beforeData, {}, weight, 11));
    assert.equal(found.name, 'net.weight_hh_l0[2, 3]');
    assert.deepEqual(found.toEdit(0.5), {
      kind: 'weight',
      parameter: 'net.weight_hh_l0',
      index: 11,
      value: 0.5,
    });
    assert.equal(found.at, undefined);
  });

  it('of a gate go to its unit at the time step, of the sequence that is shown', () => {
    const found = edit(editable(beforeData, {}, f, 2));
    assert.deepEqual(found.toEdit(1), {
      kind: 'node',
      layer: 0,
      node: f,
      t: 3,
      sequence: 1,
      unit: 2,
      value: 1,
    });
    assert.deepEqual(found.at, { layer: 0, t: 3 });
    assert.equal(
      editText({ editable: found, was: 0.48, value: 1 }),
      'lstm.l0 f[2] at t = 3: 0.4800 → 1.000'.replace('lstm.l0', beforeData.layers[0]!.name),
    );
  });

  it('of a state that enters a step go to where it was computed, one step before', () => {
    const { states, nodes } = beforeData.layers[0]!;
    const c = states.find(({ name }) => name === 'c')!;
    assert.equal(nodes[c.node]!.kind, 'state');
    assert.deepEqual(edit(editable(beforeData, {}, c.node, 0)).toEdit(0), {
      kind: 'node',
      layer: 0,
      node: c.next,
      t: 2,
      sequence: 1,
      unit: 0,
      value: 0,
    });
    assert.match(refused(editable(beforeData, { t: 0 }, c.node, 0)), /initial state cannot/);
  });

  it("of what the layer reads go to the model's input where that is the same", () => {
    const input = beforeData.layers[0]!.nodes.findIndex(({ kind }) => kind === 'input');
    const kinds = (data: TraceData) => edit(editable(data, {}, input, 1)).toEdit(2).kind;
    assert.equal(kinds(beforeData), beforeData.input ? 'input' : 'node');
    const value = { shape: [7, 2, 2], data: new Float32Array(28) };
    const numbers = { shape: [2, 2], isInteger: false, units: [0, 1], value };
    assert.equal(kinds({ ...beforeData, input: numbers }), 'input');
    assert.equal(kinds({ ...beforeData, input: { ...numbers, isInteger: true } }), 'node');
  });

  it('are refused in a sentence where there is nothing to edit', () => {
    const strip = readStop(new Walk(beforeData), 0, 0).strips[0]!;
    const whyNot = (whatIf: WhatIf | undefined, phase: 'forward' | 'backward') => {
      const place = { phase, layer: 0, t: 1, node: f } as const;
      return refused(toStripEditing(whatIf, place, 0, () => undefined).editable(strip, 0));
    };
    assert.match(whyNot(undefined, 'forward'), /stands alone/);
    const closed = new WhatIf(withId, new KernelLine({}), () => undefined);
    assert.match(whyNot(closed, 'forward'), /need the kernel .* no connection/);
    closed.isLive = true;
    assert.match(whyNot(closed, 'backward'), /on the way forward/);
  });

  it('say places as the reader counts them', () => {
    assert.equal(placeIn([4, 3], 11), '3, 2');
    assert.equal(placeIn([7], 5), '5');
    assert.equal(placeIn([2, 3, 4], 23), '1, 2, 3');
  });

  it('take numbers as people type them, and nothing else', () => {
    for (const [text, value] of [
      ['0.5', 0.5],
      [' −1e-3 ', -0.001],
      ['0,25', 0.25],
      ['1e400', undefined],
      ['', undefined],
      ['alert(1)', undefined],
      ['0x10', 16],
    ] as const)
      assert.equal(parseTyped(text), value, text);
  });
});

describe('the change that an edit makes', () => {
  const difference = toDifference(beforeData, afterData);

  it('is after − before, in every number that is carried', () => {
    const h = nodeOf(beforeData, 'h′');
    const [was, now, change] = [beforeData, afterData, difference].map(
      ({ layers }) => layers[0]!.nodes[h]!,
    );
    change!.value!.data.forEach((number, index) =>
      assert.equal(number, Math.fround(now!.value!.data[index]! - was!.value!.data[index]!)),
    );
    const [, sequences, units] = change!.value!.shape as [number, number, number];
    const t = 4;
    const own = change!.value!.data.subarray(t * sequences * units, (t + 1) * sequences * units);
    assert.ok(Math.abs(change!.valueNorm.data[t]! - Math.hypot(...own)) < 1e-6);
    assert.ok(change!.valueNorm.data[t]! > 1e-4);
  });

  it('agrees with the norms that the kernel gives for states', () => {
    for (const { name, next } of beforeData.layers[0]!.states) {
      const expected = edited.states.get(beforeData.layers[0]!.name)!.get(name)!;
      difference.layers[0]!.nodes[next]!.valueNorm.data.forEach((norm, t) =>
        assert.ok(Math.abs(norm - expected[t]!) < 1e-6, `${name} ${t}: ${norm} ${expected[t]}`),
      );
    }
  });

  it('is at least the difference of norms where no numbers are carried', () => {
    const bare = (data: TraceData): TraceData => {
      const copy = structuredClone(data);
      for (const node of copy.layers[0]!.nodes) delete node.value;
      return copy;
    };
    const h = nodeOf(beforeData, 'h′');
    const norms = toDifference(bare(beforeData), bare(afterData)).layers[0]!.nodes[h]!.valueNorm;
    norms.data.forEach((norm, t) => {
      const [was, now] = [beforeData, afterData].map((one) => one.layers[0]!.nodes[h]!.valueNorm);
      assert.equal(norm, Math.fround(Math.abs(now!.data[t]! - was!.data[t]!)));
    });
  });

  it('is nothing where nothing changed', () => {
    const none = toDifference(beforeData, beforeData);
    for (const { valueNorm, adjointNorm } of none.layers[0]!.nodes)
      for (const norm of [...valueNorm.data, ...adjointNorm.data]) assert.equal(norm, 0);
  });

  it('is told from that of another trace', () => {
    assert.ok(areAlike(beforeData, afterData));
    assert.ok(!areAlike(beforeData, { ...afterData, timeSteps: 4 }));
    assert.ok(!areAlike(beforeData, { ...afterData, layers: [] }));
  });

  it('is read at a stop: what was before stands in strips and parts', () => {
    const walks = [new Walk(beforeData), new Walk(afterData)] as const;
    const back = walks[0].indexOf({
      phase: 'backward',
      layer: 0,
      t: 2,
      node: nodeOf(beforeData, 'c′'),
    });
    const reading = readChange(...walks, back, 0);
    const was = readStop(walks[0], back, 0);
    assert.deepEqual(
      reading.strips.map(({ before: one }) => one?.norm),
      was.strips.map(({ norm }) => norm),
    );
    assert.deepEqual(
      reading.parts.map((part) => part.before),
      was.parts.map(({ norm }) => norm),
    );
    assert.match(readChange(...walks, walks[0].loss, 0).notes[0]!, /^Before: L = /);
  });
});

describe('the kernel at the other end', () => {
  it('is asked whether it knows the trace; what it says decides', async () => {
    let calls = 0;
    const { line, posted } = page(live);
    const whatIf = new WhatIf(withId, line, () => calls++);
    await settled();
    assert.deepEqual(posted, [{ kind: 'live', trace: 'a1', request: 1 }]);
    assert.deepEqual([whatIf.isLive, whatIf.idle, calls], [true, '', 1]);
  });

  it('is not needed to step: a sentence says what is missing', async () => {
    const none = new WhatIf(withId, new KernelLine({}), () => undefined);
    assert.match(none.idle, /need the kernel .*; stepping does not/);
    const { line } = page(({ trace: id, request }) => ({
      kind: 'live',
      trace: id,
      request,
      error: { reason: 'noKernel', message: 'No kernel runs for this notebook.' },
    }));
    const asleep = new WhatIf(withId, line, () => undefined);
    await settled();
    assert.equal(asleep.isLive, false);
    assert.match(asleep.idle, /No kernel runs for this notebook\./);
    const nameless = new WhatIf(beforeData, line, () => undefined);
    assert.match(nameless.idle, beforeData.id === undefined ? /does not name/ : /^$/);
  });

  it('gets all edits together, and its answer makes the change', async () => {
    const { line, posted } = page((request) =>
      request.kind === 'live' ? live(request) : changedTo(after, request),
    );
    const whatIf = new WhatIf(withId, line, () => undefined);
    await settled();
    const one = edit(editable(beforeData, {}, nodeOf(beforeData, 'weight_hh'), 11));
    const two = edit(editable(beforeData, {}, nodeOf(beforeData, 'f'), 2));
    await whatIf.set(one, 0.1, 0.5);
    await whatIf.set(two, 0.4, 1);
    assert.deepEqual((posted.at(-1) as WhatIfRequest).edits, [one.toEdit(0.5), two.toEdit(1)]);
    assert.equal(whatIf.change?.after.loss.value, after.loss.value);
    const figures = toFigures(withId, whatIf.change);
    assert.match(figures.find(({ name }) => name === 'loss')!.text, /^\S+ → \S+ \([+−]?\S+\)$/);
    await whatIf.set(one, 0.1, 0.1);
    assert.deepEqual((posted.at(-1) as WhatIfRequest).edits, [two.toEdit(1)], 'back is no edit');
    await whatIf.remove(two.key);
    assert.deepEqual([whatIf.edits.length, whatIf.change], [0, undefined]);
  });

  const refusals: Record<string, [answer: object, message: RegExp]> = {
    'an error': [{ error: { reason: 'edit', message: 'There is no unit 9.' } }, /no unit 9/],
    'what is not an answer': [{ result: { trace: 5 } }, /not as expected: result/],
    'another trace': [
      changedTo({ ...after, timeSteps: 3 }, { kind: 'live', trace: 'a1', request: 0 }),
      /expected|another trace/,
    ],
  };
  for (const [what, [answer, message]] of Object.entries(refusals))
    it(`may answer with ${what}: said in words, earlier edits stand`, async () => {
      let good = true;
      const { line } = page((request) => {
        if (request.kind === 'live') return live(request);
        if (good) return changedTo(after, request);
        return { ...answer, kind: 'whatIf', trace: request.trace, request: request.request };
      });
      const whatIf = new WhatIf(withId, line, () => undefined);
      const f = edit(editable(beforeData, {}, nodeOf(beforeData, 'f'), 2));
      await whatIf.set(f, 0.4, 1);
      good = false;
      await whatIf.set({ ...f, key: 'other' }, 0.4, 2);
      assert.match(whatIf.message, message);
      assert.equal(whatIf.edits.length, 1);
      assert.ok(whatIf.change);
      assert.equal(whatIf.isWaiting, false);
    });

  it('is heard out of order: the last edit counts, and a reset ends the wait', async () => {
    const { line, posted, send } = page((request) =>
      request.kind === 'live' ? live(request) : undefined,
    );
    const whatIf = new WhatIf(withId, line, () => undefined);
    const f = edit(editable(beforeData, {}, nodeOf(beforeData, 'f'), 2));
    void whatIf.set(f, 0.4, 1);
    assert.equal(whatIf.isWaiting, true);
    whatIf.reset();
    assert.equal(whatIf.isWaiting, false);
    send(changedTo(after, posted.at(-1)!));
    await settled();
    assert.equal(whatIf.change, undefined);
  });

  it('is told from others: answers to other traces and hostile messages are let pass', async () => {
    const { line, send } = page(() => undefined);
    const whatIf = new WhatIf(withId, line, () => undefined);
    for (const message of [
      null,
      5,
      'x',
      {},
      { trace: 'b', request: 1 },
      { trace: 'a1', request: '1' },
    ])
      send(message);
    await settled();
    assert.equal(whatIf.isLive, false);
    whatIf.dispose();
  });

  it('is asked again where a message was lost', async () => {
    let isOpening = true;
    const { line, posted } = page((request) => (isOpening ? undefined : live(request)));
    const whatIf = new WhatIf(withId, line, () => undefined);
    isOpening = false;
    await new Promise((resolve) => setTimeout(resolve, 900));
    assert.deepEqual([posted.length, whatIf.isLive], [2, true]);
  });
});

describe('a model that reads tokens', () => {
  it('has nothing of them in strips where the input is no index', () => {
    const walk = new Walk(beforeData);
    assert.ok(readStop(walk, 0, 0).strips.every(({ of }) => of !== 'input'));
    const value = { shape: [7, 2, 1], data: Float32Array.from({ length: 14 }, (_, at) => at + 4) };
    const tokens = { shape: [2], isInteger: true, units: [0], value };
    const reading = readStop(new Walk({ ...beforeData, input: tokens }), 0, 0);
    const strip = reading.strips.find(({ of }) => of === 'input')!;
    assert.deepEqual(strip.numbers, new Float32Array([4]));
  });
});
