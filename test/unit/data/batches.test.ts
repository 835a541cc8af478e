import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  bucketBatches,
  manualSeed,
  slidingWindows,
  streamBatches,
  streamLanes,
  tensor,
  tensorBatches,
  textLanes,
  zeros,
  type Batch,
  type PaddedBatch,
} from '../../../kernel/rnn/index.js';

/** Sample k: k + 1 repeated `length` times, its target k. */
const makeSamples = (lengths: readonly number[]) =>
  lengths.map((length, k) => ({ input: new Int32Array(length).fill(k + 1), target: k }));
const targetsOf = (batches: readonly Batch[]) => batches.map(({ target }) => [...target.data]);
const padding = (batches: readonly PaddedBatch[]) =>
  batches.reduce((sum, { mask }) => sum + mask.data.filter((one) => one === 0).length, 0);

describe('tensorBatches', () => {
  // Sample k is full of k + 1, its target k.
  const count = 7;
  const input = tensor(Array.from({ length: count }, (_, k) => [[k + 1], [k + 1]]));
  const target = tensor(Array.from({ length: count }, (_, k) => k));

  it('gives every sample with its target once each time, in another order, repeated under one seed', () => {
    const read = (): number[][][] => {
      manualSeed(2);
      const batches = tensorBatches({ input, target }, { batchSize: 3 });
      return [targetsOf([...batches]), targetsOf([...batches])];
    };
    const [first, second] = read() as [number[][], number[][]];
    assert.deepEqual(read(), [first, second]);
    assert.notDeepEqual(first, second);
    assert.deepEqual(first.flat().sort(), [0, 1, 2, 3, 4, 5, 6]);
    assert.deepEqual(
      first.map(({ length }) => length),
      [3, 3, 1],
    );
    for (const batch of tensorBatches({ input, target }, { batchSize: 3 })) {
      assert.deepEqual(batch.input.shape.slice(1), [2, 1]);
      assert.deepEqual(
        [...batch.input.sum([1, 2]).data],
        [...batch.target.data].map((k) => 2 * (k + 1)),
      );
    }
  });

  it('takes samples along other axes, in order and without a part of a batch where asked', () => {
    const options = { batchSize: 3, shuffle: false, dropLast: true, axis: 1 };
    const timeMajor = input.transpose(0, 1);
    const [first, ...rest] = [...tensorBatches({ input: timeMajor, target }, options)];
    assert.equal(rest.length, 1);
    assert.deepEqual(first!.input.toNested(), [
      [[1], [2], [3]],
      [[1], [2], [3]],
    ]);
    assert.deepEqual(first!.target.toNested(), [0, 1, 2]);
    const wide = tensorBatches({ input: timeMajor, target: timeMajor }, options);
    assert.deepEqual([...wide][1]!.target.shape, [2, 3, 1]);
    assert.equal(wide.count, count);
  });

  it('refuses what does not belong together', () => {
    const few = { input, target: target.slice(0, 0, 5) };
    assert.throws(
      () => tensorBatches(few, { batchSize: 2 }),
      /target is \[5\], expected 7 samples along axis 0 as in the input \[7, 2, 1\]/,
    );
    const none = { input: zeros([0, 2]), target: zeros([0]) };
    assert.throws(() => tensorBatches(none, { batchSize: 2 }), /at least one sample, got none/);
    assert.throws(
      () => tensorBatches({ input, target }, { batchSize: 2, axis: 3 }),
      /axis 3 is out of range/,
    );
    assert.throws(
      () => tensorBatches({ input, target: [1] as never }, { batchSize: 2 }),
      /target is an array of length 1, expected a tensor/,
    );
  });
});

describe('bucketBatches', () => {
  const lengths = Array.from({ length: 200 }, (_, k) => 1 + ((k * 37) % 50));
  const samples = makeSamples(lengths);

  it('gives every sample once each time, in another order, repeated under one seed', () => {
    const read = () => {
      manualSeed(5);
      const batches = bucketBatches(samples, { batchSize: 16, poolSize: 4 });
      return [targetsOf([...batches]), targetsOf([...batches])];
    };
    const [first, second] = read();
    const sorted = (epoch: number[][]) => epoch.flat().sort((a, b) => a - b);
    assert.deepEqual(
      sorted(first!),
      samples.map((_, k) => k),
    );
    assert.deepEqual(sorted(second!), sorted(first!));
    assert.notDeepEqual(second, first);
    assert.deepEqual(read(), [first, second]);
    assert.notDeepEqual(
      first!.map((batch) => batch.length),
      [...first!.map((batch) => batch.length)].sort((a, b) => b - a),
      'the batch that is not full is not always the last',
    );
  });

  it('pads less the larger its pools, least when sorted throughout', () => {
    manualSeed(6);
    const [none, some, all] = [1, 4, 100].map((poolSize) =>
      padding([...bucketBatches(samples, { batchSize: 16, poolSize })]),
    );
    assert.ok(none! > 2 * some! && some! > 2 * all!, `${none} > ${some} > ${all}`);
    const batches = [...bucketBatches(samples, { batchSize: 16, shuffle: false })];
    const longest = batches.map(({ input }) => input.shape[0]!);
    assert.deepEqual(
      longest,
      [...longest].sort((a, b) => a - b),
    );
  });

  it('can leave out batches that are not full, and refuses to have nothing', () => {
    const batches = [...bucketBatches(samples, { batchSize: 16, dropLast: true })];
    assert.deepEqual(
      batches.map(({ lengths: { length } }) => length),
      new Array(12).fill(16),
    );
    assert.throws(
      () => bucketBatches([], { batchSize: 1 }),
      /expected at least one sample, got none/,
    );
    assert.throws(
      () => bucketBatches(samples, { batchSize: 1.5 }),
      /batchSize must be a positive integer, got 1.5/,
    );
  });
});

describe('slidingWindows', () => {
  const series = Array.from({ length: 10 }, (_, t) => [t, 100 + t]);

  it('pairs a window with the value some steps after it', () => {
    const windows = slidingWindows(series, {
      windowLength: 3,
      horizon: 2,
      batchSize: 4,
      targetColumns: [1],
    });
    assert.equal(windows.count, 6);
    const [first, second] = [...windows];
    assert.deepEqual(first!.input.shape, [3, 4, 2]);
    assert.deepEqual(first!.input.select(1, 1).toNested(), [
      [1, 101],
      [2, 102],
      [3, 103],
    ]);
    assert.deepEqual(first!.target.toNested(), [[104], [105], [106], [107]]);
    assert.deepEqual(second!.target.toNested(), [[108], [109]]);
  });

  it('gives a target at each step, or the span that follows', () => {
    const each = [
      ...slidingWindows(series, { windowLength: 4, horizon: 3, target: 'each', batchSize: 1 }),
    ];
    assert.deepEqual(each[0]!.target.select(2, 0).toNested(), [[3], [4], [5], [6]]);
    assert.equal(each.length, 4);
    const span = [
      ...slidingWindows(series, {
        windowLength: 4,
        horizon: 3,
        target: 'span',
        batchSize: 1,
        batchFirst: true,
      }),
    ];
    assert.deepEqual(span[0]!.target.select(2, 0).toNested(), [[4, 5, 6]]);
    assert.deepEqual(span[0]!.input.shape, [1, 4, 2]);
  });

  it('stays within the series and uses all of it, for any sizes', () => {
    const sizes = fc.record({
      length: fc.integer({ min: 2, max: 40 }),
      windowLength: fc.integer({ min: 1, max: 10 }),
      horizon: fc.integer({ min: 1, max: 10 }),
      stride: fc.integer({ min: 1, max: 5 }),
      target: fc.constantFrom('last' as const, 'each' as const, 'span' as const),
      batchSize: fc.integer({ min: 1, max: 7 }),
    });
    fc.assert(
      fc.property(sizes, ({ length, ...options }) => {
        fc.pre(length >= options.windowLength + options.horizon);
        const windows = slidingWindows(
          Array.from({ length }, (_, t) => t),
          options,
        );
        const batches = [...windows];
        const starts = batches.flatMap(({ input }) => [...input.select(0, 0).data]);
        assert.deepEqual(
          starts,
          starts.map((_, k) => k * options.stride),
        );
        assert.equal(starts.length, windows.count);
        const last = batches.at(-1)!;
        const largest = Math.max(...last.target.data, ...last.input.data);
        assert.ok(largest <= length - 1 && largest + options.stride > length - 1);
        const firstTargets = batches.flatMap(({ target }) => [
          ...(options.target === 'last' ? target : target.select(0, 0)).data,
        ]);
        const ahead = {
          last: options.windowLength + options.horizon - 1,
          each: options.horizon,
          span: options.windowLength,
        };
        assert.deepEqual(
          firstTargets,
          starts.map((start) => start + ahead[options.target]),
        );
      }),
      { seed: 1 },
    );
  });

  it('shuffles windows under the seed, and takes tensors and plain numbers', () => {
    const read = () => {
      manualSeed(3);
      return targetsOf([
        ...slidingWindows(tensor([...Array(30).keys()]), { windowLength: 2, shuffle: true }),
      ]);
    };
    assert.deepEqual(read(), read());
    const targets = read().flat();
    assert.notDeepEqual(
      targets,
      [...targets].sort((a, b) => a - b),
    );
    assert.deepEqual(
      [...targets].sort((a, b) => a - b),
      [...Array(30).keys()].slice(2),
    );
    const precise = slidingWindows(Float64Array.of(0.1, 0.2, 0.3), {
      windowLength: 2,
      dtype: 'float64',
    });
    assert.deepEqual([...precise][0]!.target.data, Float64Array.of(0.3));
  });

  it('refuses a series that is too short, and columns that are not there', () => {
    assert.throws(() => slidingWindows([1, 2, 3], { windowLength: 3 }), {
      name: 'OptionError',
      message:
        'slidingWindows: 3 time steps are too few, expected 4 or more for a window of 3 and a target 1 ahead',
    });
    assert.throws(
      () => slidingWindows(series, { windowLength: 3, targetColumns: [2] }),
      /there is no column 2, expected 0 to 1/,
    );
  });
});

async function* arriving<T>(values: Iterable<T>): AsyncGenerator<T> {
  for (const value of values) {
    await Promise.resolve();
    yield value;
  }
}
async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of source) all.push(value);
  return all;
}

describe('streamBatches', () => {
  const samples = makeSamples([3, 1, 2, 4, 1]);

  it('batches samples as they arrive, the rest at the end', async () => {
    const batches = await collect(streamBatches(arriving(samples), { batchSize: 2 }));
    assert.deepEqual(targetsOf(batches), [[0, 1], [2, 3], [4]]);
    assert.deepEqual(
      batches.map(({ lengths }) => [...lengths!]),
      [[3, 1], [2, 4], [1]],
    );
    const full = await collect(streamBatches(samples, { batchSize: 2, dropLast: true }));
    assert.deepEqual(targetsOf(full), [
      [0, 1],
      [2, 3],
    ]);
  });

  it('reads no further than it needs, and closes the source when it is left', async () => {
    let read = 0;
    let isClosed = false;
    async function* source() {
      try {
        for (; ; read++) {
          await Promise.resolve();
          yield read;
        }
      } finally {
        isClosed = true;
      }
    }
    const collate = (values: number[]): Batch => ({
      input: tensor(values),
      target: tensor(values),
    });
    for await (const { input } of streamBatches(source(), { batchSize: 3, collate })) {
      assert.deepEqual([...input.data], [0, 1, 2]);
      break;
    }
    assert.equal(read, 2);
    assert.ok(isClosed);
  });

  it('mixes within its buffer: every sample once, none long before its turn', async () => {
    const numbers = Array.from({ length: 500 }, (_, i) => i);
    const collate = (values: number[]): Batch => ({
      input: tensor(values),
      target: tensor(values),
    });
    const read = async () => {
      manualSeed(8);
      const options = { batchSize: 10, collate, shuffleBuffer: 50 };
      return targetsOf(await collect(streamBatches(arriving(numbers), options))).flat();
    };
    const mixed = await read();
    assert.deepEqual(await read(), mixed);
    assert.notDeepEqual(mixed, numbers);
    assert.deepEqual(
      [...mixed].sort((a, b) => a - b),
      numbers,
    );
    mixed.forEach((value, place) => assert.ok(value <= place + 50, `${value} at place ${place}`));
  });

  it('hands on what the source throws', async () => {
    async function* failing() {
      yield* arriving(samples);
      throw new Error('the disk is gone');
    }
    await assert.rejects(collect(streamBatches(failing(), { batchSize: 2 })), /the disk is gone/);
    assert.throws(
      () => streamBatches(samples, { batchSize: 0 }),
      /batchSize must be a positive integer/,
    );
  });
});

describe('streamLanes', () => {
  it('reads each lane on where it stopped, across pieces of any size', async () => {
    const pieces = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        pieces,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        async (sizes, batchSize, sequenceLength) => {
          let next = 0;
          const list = sizes.map((size) => Array.from({ length: size }, () => next++));
          const batches = await collect(streamLanes(arriving(list), { batchSize, sequenceLength }));
          const lanes = Array.from({ length: batchSize }, (_, b) =>
            batches.flatMap(({ input }) => [...input.select(1, b).data]),
          );
          const isStart = new Set(list.filter(({ length }) => length > 0).map(([first]) => first));
          batches.forEach(({ input, target, continues }, k) => {
            assert.equal(continues, k > 0);
            assert.deepEqual(input.shape, [sequenceLength, batchSize]);
            for (let b = 0; b < batchSize; b++) {
              const after = lanes[b]!.slice(k * sequenceLength + 1, (k + 1) * sequenceLength + 1);
              assert.deepEqual([...target.select(1, b).data].slice(0, after.length), after);
            }
          });
          for (const lane of lanes)
            lane
              .slice(1)
              .forEach((symbol, i) => assert.ok(symbol === lane[i]! + 1 || isStart.has(symbol)));
          assert.equal(new Set(lanes.flat()).size, lanes.flat().length, 'no symbol is read twice');
        },
      ),
      { seed: 2, numRuns: 100 },
    );
  });

  it('is textLanes for one lane and one piece', async () => {
    const sequence = Array.from({ length: 21 }, (_, i) => i);
    const options = { batchSize: 1, sequenceLength: 4 };
    assert.deepEqual(await collect(streamLanes([sequence], options)), [
      ...textLanes(sequence, { ...options, dropLast: true }),
    ]);
  });
});
