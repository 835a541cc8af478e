import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Adam,
  fit,
  Linear,
  loadCheckpoint,
  LSTM,
  manualSeed,
  mse,
  randn,
  saveCheckpoint,
  SGD,
  StateDictError,
  tasks,
  tensor,
  type Batch,
  type FitCallback,
  type FitOptions,
  type TrainingSnapshot,
} from '../../../kernel/unroll.js';
import { runUpTo, type ResumedRun } from './resumedRun.js';

describe('a resumed run', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'unroll-resume-'))));
  after(() => rmSync(folder, { recursive: true }));
  const fileOf = (name: string): string => path.join(folder, name);

  let whole: ResumedRun;
  before(async () => {
    whole = await runUpTo(40);
  });

  for (const at of [13, 20, 27])
    it(`goes on bit for bit after step ${at}: weights, averages, losses, rates, best, random numbers`, async () => {
      const snapshots: TrainingSnapshot[] = [];
      const save = (one: TrainingSnapshot): void => void snapshots.push(one);
      await runUpTo(40, { checkpoint: { save, every: at } });
      assert.equal(snapshots[0]!.step, at);
      assert.deepEqual(await runUpTo(40, { seed: 99, resume: snapshots[0]! }), whole);
    });

  it('goes on bit for bit where a shorter run ended', async () => {
    const file = fileOf('shorter.ckpt');
    const plain = { isPlain: true };
    const full = await runUpTo(40, plain);
    await runUpTo(20, { ...plain, checkpoint: { file } });
    assert.deepEqual(await runUpTo(40, { ...plain, seed: 8, resume: file }), full);
  });

  it('goes on bit for bit from a checkpoint along the way, in another process', async () => {
    const file = fileOf('process.ckpt');
    const snapshots: Uint8Array[] = [];
    await runUpTo(40, {
      checkpoint: {
        every: 20,
        save: (snapshot) => void snapshots.push(saveCheckpoint({ ...snapshot })),
      },
    });
    assert.equal(snapshots.length, 2);
    const { writeFile } = await import('node:fs/promises');
    await writeFile(file, snapshots[0]!);
    const script = fileURLToPath(new URL('./resumedRun.js', import.meta.url));
    const written = fileOf('written.ckpt');
    const output = execFileSync(process.execPath, [script, '40', written, file], {
      encoding: 'utf8',
    });
    assert.deepEqual(JSON.parse(output), JSON.parse(JSON.stringify(whole)));
    assert.ok(existsSync(written));
    const again = await runUpTo(40, { resume: snapshots[0]!, seed: 5 });
    assert.deepEqual(again, whole);
  });

  it('needs each part of the state: without it numbers differ', async () => {
    const snapshots: TrainingSnapshot[] = [];
    await runUpTo(20, { checkpoint: { save: (one) => void snapshots.push(one), every: 1 } });
    const losses = async (at: number, change: Partial<TrainingSnapshot>) => {
      const { loss } = await runUpTo(40, { resume: { ...snapshots[at - 1]!, ...change } });
      return loss;
    };
    const { optimizer, callbacks, random, data } = snapshots[12]!;
    const changed: Record<string, Partial<TrainingSnapshot>> = {
      optimizer: { optimizer: { ...optimizer, steps: optimizer.steps.map(() => 1) } },
      schedule: { callbacks: { ...callbacks, schedule: undefined } },
      random: { random: { ...random, seed: 1 } },
      position: { data: { ...data, position: data.position - 1 } },
      order: { data: { ...data, random: { seed: 8, streams: {} } } },
    };
    assert.deepEqual(await losses(13, {}), whole.loss);
    for (const [part, change] of Object.entries(changed))
      assert.notDeepEqual(await losses(13, change), whole.loss, part);
    assert.notDeepEqual(await losses(20, { carried: undefined }), whole.loss, 'carried');
  });

  const create = () => {
    const model = new Linear({ inFeatures: 1, outFeatures: 1 });
    const batch = (x: number): Batch => ({ input: tensor([[x]]), target: tensor([[x]]) });
    const data = [1, 2, 3, 4].map(batch);
    return { model, data, loss: mse, optimizer: new Adam(model.parameters()) };
  };

  it('counts steps, epochs and callbacks from the very start', async () => {
    const counter = () => {
      let count = 0;
      const calls: string[] = [];
      const callback: FitCallback = {
        name: 'counter',
        onStepEnd: ({ step, epoch }) => void calls.push(`${step} ${epoch} ${++count}`),
        onEpochEnd: ({ epoch }) => void calls.push(`epoch ${epoch}`),
        state: () => count,
        loadState: (state: number) => (count = state),
      };
      return { callback, calls };
    };
    const file = fileOf('epochs.ckpt');
    const first = counter();
    await fit({ ...create(), callbacks: first.callback, checkpoint: { file }, steps: 6 });
    const second = counter();
    const options = { callbacks: second.callback, resume: file, epochs: 3 };
    const history = await fit({ ...create(), ...options });
    assert.deepEqual(
      [...first.calls, ...second.calls],
      [
        ...['1 1 1', '2 1 2', '3 1 3', '4 1 4', 'epoch 1'],
        ...['5 2 5', '6 2 6', '7 2 7', '8 2 8', 'epoch 2'],
        ...['9 3 9', '10 3 10', '11 3 11', '12 3 12', 'epoch 3'],
      ],
    );
    assert.deepEqual(history.step, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert.ok(history.seconds.every((one, k) => k === 0 || one >= history.seconds[k - 1]!));
    const done = await fit({ ...create(), resume: file, steps: 6 });
    assert.equal(done.step.length, 6, 'nothing is left to do');
    assert.throws(
      () => fit({ ...create(), callbacks: [first.callback, second.callback], steps: 1 }),
      /callbacks with names of their own, got 'counter' twice/,
    );
  });

  it('goes on in an endless task where it was, after Stop too', async () => {
    const run = (seed: number, options: Partial<FitOptions<unknown>>) => {
      manualSeed(seed);
      const model = new LSTM({ inputSize: 2, hiddenSize: 3 });
      return fit({
        model,
        data: tasks.adding({ timeSteps: 10, batchSize: 4 }),
        loss: (output, target) => mse(output.slice(0, 9, 10).sum().mul(target.mean()), tensor(1)),
        optimizer: new SGD(model.parameters(), { lr: 0.1 }),
        steps: 12,
        ...options,
      });
    };
    const { loss } = await run(1, {});
    const file = fileOf('stopped.ckpt');
    const onStep: FitOptions<unknown>['onStep'] = (one) =>
      one.history.step.length === 5 && one.stop();
    await run(1, { checkpoint: { file, every: 100 }, onStep });
    assert.deepEqual((await run(2, { resume: file })).loss, loss);
  });

  it('keeps the gradient flow that was recorded, of windows of truncated backpropagation too', async () => {
    const file = fileOf('flow.ckpt');
    const run = async (steps: number, options: Partial<FitOptions<unknown>>) => {
      manualSeed(4);
      const model = new LSTM({ inputSize: 2, hiddenSize: 3 });
      const { gradientFlow } = await fit({
        model,
        data: [{ input: randn([12, 2, 2]), target: randn([12, 2, 3]) }],
        loss: mse,
        optimizer: new SGD(model.parameters(), { lr: 0.1 }),
        tbptt: { k1: 2, k2: 5 },
        inspectEvery: 2,
        steps,
        ...options,
      });
      return gradientFlow!;
    };
    const whole = await run(8, {});
    assert.deepEqual(whole.step, [1, 2, 4, 6, 8]);
    assert.deepEqual(
      whole.norm.map(({ length }) => length),
      [2, 4, 5, 5, 4],
    );
    await run(4, { checkpoint: { file } });
    assert.deepEqual(await run(8, { resume: file }), whole);
  });

  it('keeps settings that were changed on the way', async () => {
    const file = fileOf('changed.ckpt');
    const run = fit({ ...create(), clipNorm: 1, checkpoint: { file }, steps: 4 });
    run.change({ lr: 0.5, clipNorm: 0.25 });
    await run;
    const resumed = fit({ ...create(), clipNorm: 1, resume: file, steps: 5 });
    const { lr } = await resumed;
    assert.equal(lr.at(-1), 0.5);
    assert.equal(resumed.settings.clipNorm, 0.25);
  });

  it('says what does not fit, and leaves the weights as they were', async () => {
    const file = fileOf('linear.ckpt');
    await fit({ ...create(), checkpoint: { file }, steps: 2 });
    const larger = new Linear({ inFeatures: 2, outFeatures: 1 });
    const before = larger.stateDict();
    const optimizer = new Adam(larger.parameters());
    const rejects = (options: Partial<FitOptions<never>>, message: RegExp) =>
      assert.rejects(
        Promise.resolve(fit({ ...create(), steps: 4, ...options })),
        (error) => error instanceof StateDictError && message.test(error.message),
      );
    await rejects(
      { model: larger, optimizer, resume: file },
      /weight is \[1, 1\], expected \[1, 2\]/,
    );
    assert.deepEqual(larger.stateDict(), before);
    const { model } = create();
    const own = model.stateDict();
    const other = new SGD(model.parameters(), { lr: 1 });
    await rejects({ model, optimizer: other, resume: file }, /SGD.loadState: the state is of Adam/);
    assert.deepEqual(model.stateDict(), own);
    await rejects({ resume: saveCheckpoint({ a: 1 }) }, /expected a checkpoint of fit/);
    await rejects(
      { data: create().data.slice(0, 1), resume: file },
      /expected data of 2 batches or more, .* got 1/,
    );
    assert.throws(() => fit({ ...create(), steps: 1, resume: fileOf('none') }), /ENOENT/);
    assert.throws(
      () => fit({ ...create(), steps: 1, checkpoint: { file: '' } }),
      /checkpoint: file must be the path of a file/,
    );
  });

  it('finds a whole file, whatever happens while one is written', async () => {
    const file = fileOf('whole.ckpt');
    await fit({ ...create(), checkpoint: { file, every: 1 }, steps: 3 });
    const names = readdirSync(folder).filter((name) => name.startsWith('whole'));
    assert.deepEqual(names, ['whole.ckpt'], 'nothing partial is left');
    const saved = loadCheckpoint(readFileSync(file));
    assert.equal(saved['step'], 3);
    const { model, optimizer } = create();
    loadCheckpoint(readFileSync(file), { model, optimizer });
    const bytes = readFileSync(file);
    // A log that is no plain data makes the snapshot impossible.
    const callbacks: FitCallback = { name: 'log', state: () => new Date() };
    const failing = fit({ ...create(), callbacks, checkpoint: { file, every: 1 }, steps: 3 });
    await assert.rejects(Promise.resolve(failing), /callbacks.log' is a Date/);
    assert.deepEqual(readFileSync(file), bytes);
    const lost = { file: path.join(folder, 'no', 'such', 'folder.ckpt') };
    await assert.rejects(
      Promise.resolve(fit({ ...create(), checkpoint: lost, steps: 1 })),
      /ENOENT/,
    );
    randn([1]);
  });
});
