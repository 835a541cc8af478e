import assert from 'node:assert/strict';
import { traceMime, type Json } from '../../kernel/contract/mime.js';
import { inspectorTarget, parseInspectorAnswer } from '../../kernel/contract/inspectorMessages.js';
import { parseTrace } from '../../kernel/contract/parseTrace.js';
import type { TracePayload } from '../../kernel/contract/trace.js';
import { TestKernel } from './kernelClient.js';

const modelCell = `
  import { crossEntropy, inspect, Linear, LSTM, manualSeed, Module, randint, randn, type Tensor } from 'unroll';
  class Tagger extends Module {
    net = new LSTM({ inputSize: 3, hiddenSize: 4 });
    head = new Linear({ inFeatures: 4, outFeatures: 5 });
    forward(input: Tensor) { return { output: this.head.forward(this.net.forward(input).output) }; }
  }
  manualSeed(1);
  const tagger = new Tagger();
  const batch = { input: randn([7, 2, 3]), target: randint(0, 5, [7, 2]) };
  const look = () => inspect(tagger, batch, { loss: (o, t) => crossEntropy(o, t) });`;

const whatIf = (trace: string, request: number): Json => ({
  kind: 'whatIf',
  trace,
  request,
  edits: [{ kind: 'weight', parameter: 'net.weight_hh_l0', index: 0, value: 2 }],
});

describe('requests of the inspector to its kernel', () => {
  let kernel: TestKernel;
  let payload: TracePayload;
  before(async () => {
    kernel = new TestKernel();
    await kernel.value(modelCell);
  });
  after(() => kernel.dispose());

  const answerTo = async (request: Json) => {
    const outcome = await kernel.client.request(inspectorTarget, request);
    assert.ok(outcome.kind === 'answer', JSON.stringify(outcome));
    return parseInspectorAnswer(outcome.data);
  };
  const show = async (code: string): Promise<TracePayload> => {
    const { events, error } = await kernel.run(code);
    assert.equal(error, undefined);
    const [result] = events.flatMap((one) => (one.type === 'result' ? [one.data[traceMime]] : []));
    parseTrace(result);
    return result as unknown as TracePayload;
  };

  it('are nobody’s before a trace was shown', async () => {
    const request: Json = { kind: 'live', trace: 'x', request: 0 };
    assert.deepEqual(await kernel.client.request(inspectorTarget, request), { kind: 'unknown' });
    assert.deepEqual(await kernel.client.request('another', request), { kind: 'unknown' });
  });

  it('are answered by a trace whose numbers changed, though no variable holds the trace', async () => {
    payload = await show('look()');
    const before = await kernel.value('tagger.net.parameters()[1].data[0]');
    const answer = await answerTo(whatIf(payload.id!, 5));
    assert.ok('result' in answer && answer.kind === 'whatIf');
    assert.deepEqual([answer.trace, answer.request], [payload.id, 5]);
    const { loss, trace } = answer.result;
    assert.equal(loss.before, payload.loss.value);
    assert.equal(loss.after, trace.loss.value);
    assert.notEqual(loss.after, loss.before);
    assert.equal(trace.id, undefined);
    assert.equal(await kernel.value('tagger.net.parameters()[1].data[0]'), before);
  });

  it('know the same trace made again by the same name, and another by another', async () => {
    assert.equal((await show('look()')).id, payload.id);
    const { id } = await show('tagger.net.parameters()[1].data[0] += 0.1; look()');
    assert.notEqual(id, payload.id);
  });

  it('are answered while a cell awaits, and once a cell that does not has let go', async () => {
    let asked: (id: string) => void = () => undefined;
    const question = new Promise<string>((resolve) => (asked = resolve));
    const waiting = kernel.run(`import { input } from 'unroll'; await input('?')`, (event) => {
      if (event.type === 'inputRequest') asked(event.id);
    });
    const id = await question;
    assert.ok('result' in (await answerTo({ kind: 'live', trace: payload.id!, request: 1 })));
    kernel.client.replyInput(id, 'answered');
    assert.equal((await waiting).result, "'answered'");
    let begun: () => void = () => undefined;
    const busy = new Promise<void>((resolve) => (begun = resolve));
    const code = 'console.log("busy"); for (const end = Date.now() + 300; Date.now() < end; );';
    const run = kernel.run(code, (event) => {
      if (event.type === 'stream') begun();
    });
    await busy;
    assert.ok('result' in (await answerTo(whatIf(payload.id!, 2))));
    assert.equal((await run).reply.status, 'ok');
  });

  it('are refused, and the kernel goes on, where they are not what they should be', async () => {
    for (const request of [null, 'run', { kind: 'eval', code: 'process.exit()' }] as Json[]) {
      const outcome = await kernel.client.request(inspectorTarget, request);
      assert.ok(outcome.kind === 'failed', JSON.stringify(outcome));
    }
    const unknown = await answerTo(whatIf('0000', 3));
    assert.ok('error' in unknown && unknown.error.reason === 'forgotten');
    assert.equal(await kernel.value('1 + 1'), '2');
  });

  it('are forgotten by a fresh kernel, and start none', async () => {
    await kernel.client.restart();
    const request = whatIf(payload.id!, 4);
    assert.deepEqual(await kernel.client.request(inspectorTarget, request), { kind: 'unknown' });
    await kernel.client.shutdown();
    assert.deepEqual(await kernel.client.request(inspectorTarget, request), { kind: 'ended' });
    assert.equal(kernel.client.pid, undefined);
  });

  it('end with the process that should have answered', async () => {
    const other = new TestKernel();
    await other.value(modelCell);
    await other.run('look()');
    const dying = other.run(
      'await 0; for (const end = Date.now() + 300; Date.now() < end; ); process.kill(process.pid, "SIGKILL")',
    );
    await new Promise((go) => setTimeout(go, 100));
    const outcome = await other.client.request(inspectorTarget, {
      kind: 'live',
      trace: 'x',
      request: 0,
    });
    assert.deepEqual(outcome, { kind: 'ended' });
    await dying;
    await other.dispose();
  });
});
