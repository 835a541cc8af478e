import assert from 'node:assert/strict';
import {
  Linear,
  manualSeed,
  mse,
  SGD,
  tensor,
  type Batch,
  type FitCallback,
} from '../../../kernel/rnn/index.js';
import { fit } from '../../../kernel/rnn/train/fit.js';

const batch = (x: number): Batch => ({ input: tensor([[x]]), target: tensor([[2 * x]]) });

function createTask() {
  manualSeed(1);
  const model = new Linear({ inFeatures: 1, outFeatures: 1 });
  return { model, loss: mse, optimizer: new SGD(model.parameters(), { lr: 0.1 }) };
}

describe('callbacks of fit', () => {
  it('are called in the documented order, with what they are told', async () => {
    const calls: string[] = [];
    const log: FitCallback = {
      onStart: ({ step, epoch }) => void calls.push(`start ${step} ${epoch}`),
      onBatchStart: ({ step, epoch, batch: own }) =>
        void calls.push(`batch ${step} ${epoch} ${own!.input.item()}`),
      onGradients: ({ optimizer }) =>
        void calls.push(`gradients ${optimizer.parameters.every(({ grad }) => grad !== null)}`),
      onStepEnd: ({ step, epoch, validation }) =>
        void calls.push(`step ${step} ${epoch} ${validation === undefined ? '-' : 'validated'}`),
      onValidate: ({ step }) => void calls.push(`validate ${step}`),
      onEpochEnd: ({ epoch, step }) => void calls.push(`epoch ${epoch} ${step}`),
      onEnd: ({ step, error }) => void calls.push(`end ${step} ${String(error)}`),
    };
    const data = [1, 2].map(batch);
    const options = { data, validation: { data, every: 2 }, steps: 3 };
    await fit({ ...createTask(), ...options, callbacks: log });
    assert.deepEqual(calls, [
      'start 0 0',
      ...['batch 1 1 1', 'gradients true', 'step 1 1 -'],
      ...['batch 2 1 2', 'gradients true', 'validate 2', 'step 2 1 validated', 'epoch 1 2'],
      ...['batch 3 2 1', 'gradients true', 'validate 3', 'step 3 2 validated'],
      'end 3 undefined',
    ]);
  });

  it('are waited for where they are asynchronous, one after the other', async () => {
    const calls: string[] = [];
    const slow = (name: string): FitCallback => ({
      async onStepEnd({ step }) {
        calls.push(`${name} ${step} begins`);
        await new Promise((resolve) => setTimeout(resolve, 1));
        calls.push(`${name} ${step} ends`);
      },
    });
    await fit({ ...createTask(), data: [batch(1)], steps: 2, callbacks: [slow('a'), slow('b')] });
    const expected = [1, 2].flatMap((step) =>
      ['a', 'b'].flatMap((name) => [`${name} ${step} begins`, `${name} ${step} ends`]),
    );
    assert.deepEqual(calls, expected);
  });

  it('can stop the run and steer it', async () => {
    const history = await fit({
      ...createTask(),
      data: [batch(1)],
      steps: 100,
      callbacks: {
        onStepEnd({ step }, { run }) {
          if (step === 2) run.change({ lr: 0.01 });
          if (step === 4) run.stop();
        },
      },
    });
    assert.deepEqual(history.lr, [0.1, 0.1, 0.01, 0.01]);
  });

  it('may change gradients before the update', async () => {
    const task = createTask();
    const before = task.model.stateDict();
    await fit({
      ...task,
      data: [batch(1)],
      steps: 3,
      callbacks: { onGradients: ({ optimizer }) => optimizer.zeroGrad() },
    });
    assert.deepEqual(task.model.stateDict(), before);
  });

  it('that throw end the run with their error, and all hear of the end', async () => {
    const errors: unknown[] = [];
    const run = fit({
      ...createTask(),
      data: [batch(1)],
      steps: 3,
      callbacks: [
        {
          onStepEnd() {
            throw new RangeError('enough');
          },
        },
        { onEnd: ({ error }) => void errors.push(error) },
      ],
    });
    await assert.rejects(Promise.resolve(run), { name: 'RangeError', message: 'enough' });
    assert.equal(run.status, 'failed');
    assert.equal((errors[0] as Error).message, 'enough');
    assert.throws(
      () => fit({ ...createTask(), data: [], steps: 1, callbacks: (() => 1) as never }),
      /fit: callbacks must be a callback \(an object with hooks such as onStepEnd\)/,
    );
  });
});

describe('data of fit', () => {
  const ended = async (data: Parameters<typeof fit>[0]['data'], epochs = 2) => {
    const read: number[] = [];
    const { epochs: ends } = await fit({
      ...createTask(),
      data,
      epochs,
      callbacks: { onBatchStart: ({ batch: one }) => void read.push(one!.input.item()) },
    });
    return { read, ends: ends.map(({ epoch, step }) => `${epoch}:${step}`) };
  };

  it('may be an array, an iterable, a function, a generator function, and asynchronous', async () => {
    const numbers = [1, 2, 3];
    const expected = { read: [1, 2, 3, 1, 2, 3], ends: ['1:3', '2:6'] };
    const array = numbers.map(batch);
    assert.deepEqual(await ended(array), expected);
    assert.deepEqual(await ended(new Set(array)), expected);
    assert.deepEqual(await ended(() => array), expected);
    assert.deepEqual(await ended(() => Promise.resolve(array)), expected);
    assert.deepEqual(
      await ended(function* () {
        yield* array;
      }),
      expected,
    );
    assert.deepEqual(
      await ended(async function* () {
        for (const one of array) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield one;
        }
      }),
      expected,
    );
    const asked: number[] = [];
    await ended((epoch) => {
      asked.push(epoch);
      return array;
    });
    assert.deepEqual(asked, [1, 2]);
  });

  it('that is one batch is all there is in an epoch: a function draws one for each step', async () => {
    const task = createTask();
    const one = batch(1);
    const again = await fit({ ...task, data: one, epochs: 3 });
    assert.equal(again.step.length, 3);
    const asked: number[] = [];
    await fit({
      ...task,
      data: async (epoch) => {
        asked.push(epoch);
        return Promise.resolve(one);
      },
      steps: 4,
    });
    assert.deepEqual(asked, [1, 2, 3, 4]);
  });

  it('that is no batch is refused by what it is and where it came', async () => {
    const wrong = async (data: unknown): Promise<unknown> =>
      await fit({ ...createTask(), data: data as never, steps: 3 });
    const one = batch(1);
    await assert.rejects(wrong({ x: 1 }), {
      name: 'OptionError',
      message: /^fit: data must be a batch \{ input, target \} of tensors, an iterable/,
    });
    await assert.rejects(
      wrong(() => 3),
      /^OptionError: fit: data\(1\) gave 3, expected a batch \{ input, target \} of tensors, an/,
    );
    await assert.rejects(
      wrong([one, [one.input, one.target]]),
      /^OptionError: fit: batch 2 of epoch 1 is an array of length 2, expected \{ input, target \} of tensors/,
    );
    await assert.rejects(
      wrong([{ input: [1, 2], target: [3] }]),
      /batch 1 of epoch 1 is an object of input, target, expected \{ input, target \} of tensors/,
    );
  });

  it('that can be read only once says so in the second epoch', async () => {
    const once = (function* () {
      yield batch(1);
    })();
    await assert.rejects(
      ended(once),
      /the data gave no batch in epoch 2; a generator can be read once/,
    );
    await assert.rejects(ended(42 as never), /fit: data must be a batch/);
  });

  it('that does not arrive does not keep a run from being stopped', async () => {
    let isClosed = false;
    const run = fit({
      ...createTask(),
      async *data() {
        try {
          yield batch(1);
          await new Promise(() => undefined);
        } finally {
          isClosed = true;
        }
      },
      steps: 5,
    });
    setTimeout(() => run.stop(), 5);
    const history = await run;
    assert.equal(run.status, 'stopped');
    assert.equal(history.step.length, 1);
    assert.equal(isClosed, false);
  });

  it('is closed when the run ends, and its errors end the run', async () => {
    let isClosed = false;
    await fit({
      ...createTask(),
      *data() {
        try {
          while (true) yield batch(1);
        } finally {
          isClosed = true;
        }
      },
      steps: 2,
    });
    assert.equal(isClosed, true);
    const failing = fit({
      ...createTask(),
      // eslint-disable-next-line @typescript-eslint/require-await -- a stream that fails
      async *data() {
        yield batch(1);
        throw new Error('connection lost');
      },
      steps: 2,
    });
    await assert.rejects(Promise.resolve(failing), /connection lost/);
    assert.equal(failing.history.step.length, 1);
  });

  it('ends at the number of steps or epochs that comes first', async () => {
    const data = [1, 2, 3].map(batch);
    const steps = async (limits: { steps?: number; epochs?: number }) =>
      (await fit({ ...createTask(), data, ...limits })).step.length;
    assert.equal(await steps({ epochs: 2 }), 6);
    assert.equal(await steps({ epochs: 2, steps: 4 }), 4);
    assert.equal(await steps({ epochs: 1, steps: 4 }), 3);
    const { validation } = await fit({ ...createTask(), data, epochs: 3, validation: { data } });
    assert.deepEqual(validation.step, [3, 6, 9]);
    const last = await fit({ ...createTask(), data, epochs: 2, validation: { data, every: 4 } });
    assert.deepEqual(last.validation.step, [4, 6]);
  });
});
