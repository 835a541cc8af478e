import assert from 'node:assert/strict';
import {
  Adam,
  FileFormatError,
  GRU,
  InterchangeError,
  Linear,
  loadCheckpoint,
  manualSeed,
  mse,
  randn,
  saveCheckpoint,
  saveSafetensors,
  StateDictError,
  StepLR,
  tensor,
  type Tensor,
} from '../../../kernel/unroll.js';

function createRun() {
  const model = new Linear({ inFeatures: 4, outFeatures: 2 });
  const optimizer = new Adam(model.parameters(), { lr: 0.1 });
  const schedule = new StepLR(optimizer, { stepSize: 2 });
  const step = (x: Tensor, y: Tensor): number => {
    optimizer.zeroGrad();
    const loss = mse(model.forward(x), y);
    loss.backward();
    optimizer.step();
    schedule.step();
    return loss.item();
  };
  return { model, optimizer, schedule, step };
}

describe('checkpoints', () => {
  beforeEach(() => manualSeed(5));

  it('continue training with the very same numbers', () => {
    const batches = Array.from({ length: 6 }, () => [randn([3, 4]), randn([3, 2])] as const);
    const run = createRun();
    for (const [x, y] of batches.slice(0, 3)) run.step(x, y);
    const { model, optimizer, schedule } = run;
    const bytes = saveCheckpoint({ model, optimizer, schedule, step: 3 });
    const rest = batches.slice(3).map(([x, y]) => run.step(x, y));
    const other = createRun();
    const parts = { model: other.model, optimizer: other.optimizer, schedule: other.schedule };
    const saved = loadCheckpoint(bytes, parts);
    assert.equal(saved['step'], 3);
    assert.deepEqual(
      batches.slice(3).map(([x, y]) => other.step(x, y)),
      rest,
    );
  });

  it('hold plain data of every kind', () => {
    const data = {
      numbers: [1, 0.1, NaN, -Infinity, -0, 2 ** 60],
      arrays: { f: Float64Array.of(0.1), i: Int32Array.of(7), e: new Float32Array() },
      text: 'ü',
      nothing: [null, undefined],
      big: 2n ** 70n,
      dollar: { $tensor: 'x', $number: { $object: [] } },
    };
    const saved = loadCheckpoint(saveCheckpoint({ data, state: { h: tensor([[1.5]]) } }));
    assert.deepEqual(saved['data'], data);
    assert.deepEqual((saved['state'] as { h: Tensor }).h.toNested(), [[1.5]]);
  });

  it('are restored whole or not at all', () => {
    const saved = createRun();
    const bytes = saveCheckpoint({ model: saved.model, optimizer: saved.optimizer });
    const { model } = createRun();
    const before = model.stateDict();
    const larger = new Adam(new Linear({ inFeatures: 5, outFeatures: 2 }).parameters());
    assert.throws(() => loadCheckpoint(bytes, { model, optimizer: larger }), StateDictError);
    assert.deepEqual(model.stateDict(), before);
    assert.throws(
      () => loadCheckpoint(bytes, { model, schedule: saved.schedule }),
      /schedule not found/,
    );
    assert.deepEqual(model.stateDict(), before);
  });

  it('hold models that have no PyTorch names', () => {
    const options = { inputSize: 2, hiddenSize: 3, resetAfter: false };
    const [model, other] = [new GRU(options), new GRU(options)];
    loadCheckpoint(saveCheckpoint({ model }), { model: other });
    assert.deepEqual(other.stateDict(), model.stateDict());
  });

  it('refuse what they cannot hold, and files that are none or were cut off', () => {
    assert.throws(
      () => saveCheckpoint({ log: { at: new Date() } }),
      (error) => error instanceof InterchangeError && /'log.at' is a Date/.test(error.message),
    );
    const { model } = createRun();
    assert.throws(() => loadCheckpoint(saveSafetensors(model)), FileFormatError);
    const bytes = saveCheckpoint({ model });
    assert.throws(() => loadCheckpoint(bytes.subarray(0, bytes.length - 1)), /cut off/);
  });
});
