import assert from 'node:assert/strict';
import { KernelDebugger } from './kernelDebugger.js';
import { TestKernel } from './kernelClient.js';

/**
 * As js-debug does for all variables of a scope, in one call. V8 ends it at whatever it takes for a side effect, and then
 * the debugger describes none of them.
 */
const describeAll = `function (symbols) {
  const found = {};
  for (const name of Object.keys(this)) {
    const value = this[name];
    let text;
    for (const symbol of symbols) {
      if (typeof value[symbol] !== 'function') continue;
      text = value[symbol](2);
      break;
    }
    if (!text && !String(value.toString).includes('[native code]')) text = String(value);
    found[name] = text ?? 'as V8 has it';
  }
  return found;
}`;

const cell = `
import * as u from 'unroll';
u.manualSeed(1);
class Echo extends u.Module {
  lstm = new u.LSTM({ inputSize: 4, hiddenSize: 6 });
  head = new u.Linear({ inFeatures: 6, outFeatures: 4 });
  forward(x: u.Tensor) { return this.head.forward(this.lstm.forward(x).output); }
}
const model = new Echo();
const input = u.tensor([[[1, 2, 3, 4], [5, 6, 7, 8]], [[0, 0, 0, 0], [0, 0, 0, 0]]]);
const trace = u.inspect(model, { input, target: input }, { loss: u.mse });
const stepper = trace.stepper();
let value: unknown;
const traced = u.defineCell({
  name: 'Traced',
  parameters: ({ inputSize, hiddenSize }) => ({ w: [hiddenSize, inputSize] }),
  states: ({ hiddenSize }) => ({ h: hiddenSize }),
  step: ({ x, h }, { w }) => { value ??= x; return { h: h.add(x.linear(w)) }; },
});
new u.Recurrent({ cell: traced, inputSize: 3, hiddenSize: 2 });
const run = u.fit({
  model, data: [{ input, target: input }], loss: u.mse, chart: false,
  optimizer: new u.Adam(model.parameters(), { lr: 0.01 }), steps: 2,
});
await run;
const shown = {
  input, scalar: u.tensor(0.5), none: u.zeros([0, 3]), row: u.arange(9), weight: model.head.weight,
  model, lstm: model.lstm, stack: new u.Sequential(model.lstm, model.head),
  run, history: run.history, optimizer: new u.Adam(model.parameters()),
  summary: model.summary(),
  trace, stepper, stop: stepper.current, node: stepper.next().node,
  ledger: trace.ledger(), jacobians: trace.jacobians(), verdict: trace.verdict(), checks: trace.check(),
  truncation: trace.truncation(1), comparison: u.compare(trace, trace.truncation(1).trace),
  value, promise: Promise.resolve(1), progress: u.progress([1, 2], { label: 'bar' }),
};
`;

describe('what a debugger shows of the library’s values', () => {
  let kernel: TestKernel;
  let inspector: KernelDebugger;
  before(async () => {
    kernel = new TestKernel();
    const { reply, error } = await kernel.run(cell);
    assert.equal(reply.status, 'ok', JSON.stringify(error));
    inspector = await KernelDebugger.attach((await kernel.client.debug('open'))!.url!);
  });
  after(() => kernel.dispose());

  interface Answer {
    result: { objectId?: string; value?: Record<string, string> };
    exceptionDetails?: { exception?: { description?: string } };
  }
  const evaluate = (expression: string) =>
    inspector.send<Answer>('Runtime.evaluate', { expression, replMode: true });

  /** Of the object of that name, by key. */
  async function descriptions(name: string): Promise<Record<string, string>> {
    const names = ['debug.description', 'nodejs.util.inspect.custom'];
    const symbols = await evaluate(`[${names.map((one) => `Symbol.for('${one}')`).join()}]`);
    const { objectId } = (await evaluate(name)).result;
    const { result, exceptionDetails } = await inspector.send<Answer>('Runtime.callFunctionOn', {
      objectId,
      functionDeclaration: describeAll,
      arguments: [{ objectId: symbols.result.objectId }],
      throwOnSideEffect: true,
      returnByValue: true,
    });
    assert.equal(exceptionDetails?.exception?.description, undefined);
    return result.value!;
  }

  it('is a line with what they are, in a scope with all kinds of them', async () => {
    const { verdict, ...shown } = await descriptions('shown');
    assert.match(verdict!, /^lstm/);
    assert.deepEqual(shown, {
      input: 'Tensor [2, 2, 4] float32 [[[1, 2, 3, 4], …], …]',
      scalar: 'Tensor [] float32 0.5000',
      none: 'Tensor [0, 3] float32 []',
      row: 'Tensor [9] float32 [0, 1, 2, …, 6, 7, 8]',
      weight: 'Tensor [4, 6] float32 [[0.2835, 0.0144, 0.2317, 0.2750, -0.0457, 0.1451], …]',
      model: 'as V8 has it',
      lstm: 'as V8 has it',
      stack: 'as V8 has it',
      run: 'Run, done, 2 of 2 steps',
      history: 'TrainingHistory of 2 steps: loss 13.2969',
      optimizer: 'Adam, 6 parameters, lr 0.001',
      summary: 'Summary: 316 parameters',
      trace: 'Trace of 2 time steps, 2 sequences, float64: loss 13.4991',
      stepper: 'Stepper at stop 2 of 66',
      stop: 'Stop 1 of 66, forward: lstm.l0, t=0',
      node: 'NodeAt lstm.l0, t=0, linear',
      ledger: 'Ledger',
      jacobians: 'Jacobians',
      checks: 'Checks',
      truncation: 'Truncation',
      comparison: 'Comparison of first and second',
      value: 'Value [B, 3]',
      promise: 'as V8 has it',
      progress: 'Progress bar 0 of 2',
    });
  });

  it('has the names of their classes and fields as they are written', async () => {
    const { result } = await evaluate('shown.optimizer');
    assert.equal((result as { className?: string }).className, 'Adam');
  });
});
