import assert from 'node:assert/strict';
import { manualSeed, tasks, type Batch } from '../../../kernel/rnn/index.js';

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(
    Math.abs(actual - expected) <= tolerance,
    `${actual}, expected ${expected} ± ${tolerance}`,
  );
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
/** What is in column b of a tensor `[T, B]`. */
const column = ({ input, target }: Batch, which: 'input' | 'target', b: number): number[] => {
  const { data, shape } = which === 'input' ? input : target;
  return Array.from({ length: shape[0]! }, (_, t) => data[t * shape[1]! + b]!);
};

describe('tasks', () => {
  beforeEach(() => manualSeed(1));

  const makers = {
    adding: () => tasks.adding(),
    copy: () => tasks.copy(),
    temporalOrder: () => tasks.temporalOrder(),
    reber: () => tasks.reber(),
    embeddedReber: () => tasks.embeddedReber(),
    anbn: () => tasks.anbn(),
  };
  for (const [name, make] of Object.entries(makers))
    it(`${name} repeats itself under one seed, never within it, and on streams of its own`, () => {
      const task = make();
      const first = task.batch();
      assert.notDeepEqual(task.batch().input.data, first.input.data);
      manualSeed(1);
      assert.deepEqual(task.batch(), first);
      manualSeed(1);
      tasks.copy({ stream: 'another' }).take(3);
      const [again] = task;
      assert.deepEqual(again, first);
      manualSeed(2);
      assert.notDeepEqual(task.batch().input.data, first.input.data);
    });

  it('refuse options by name', () => {
    assert.throws(
      () => tasks.adding({ timeSteps: 1 }),
      /tasks.adding: timeSteps must be 2 or more, got 1/,
    );
    assert.throws(
      () => tasks.copy({ batchSize: 0 }),
      /tasks.copy: batchSize must be a positive integer, got 0/,
    );
    assert.throws(
      () => tasks.temporalOrder({ timeSteps: 5 }),
      /timeSteps must be 20 or more, got 5/,
    );
    assert.throws(() => tasks.anbn({ minN: 5, maxN: 4 }), /minN must be at most maxN = 4, got 5/);
    assert.throws(() => tasks.reber({ batchsize: 3 } as object), /unknown option 'batchsize'/);
    assert.throws(() => tasks.adding().take(0), /take needs a positive integer, got 0/);
  });
});

describe('tasks.adding', () => {
  it('marks one number in each half and asks for their sum; saying the mean has MSE 1/6', () => {
    manualSeed(2);
    const task = tasks.adding({ timeSteps: 7, batchSize: 4000, dtype: 'float64' });
    const { input, target } = task.batch();
    assert.deepEqual(
      [input.shape, target.shape],
      [
        [7, 4000, 2],
        [4000, 1],
      ],
    );
    const positions = new Set<string>();
    for (let b = 0; b < 4000; b++) {
      const at = (t: number, k: number) => input.data[(t * 4000 + b) * 2 + k]!;
      const marked = [0, 1, 2, 3, 4, 5, 6].filter((t) => at(t, 1) === 1);
      assert.ok(marked.length === 2 && marked[0]! < 3 && marked[1]! >= 3, String(marked));
      assert.equal(at(marked[0]!, 0) + at(marked[1]!, 0), target.data[b]);
      positions.add(String(marked));
    }
    assert.equal(positions.size, 3 * 4);
    const squares = Array.from(target.data, (sum) => (sum - 1) ** 2);
    near(mean(squares), task.baselines['predict the mean']!, 0.01);
    near(task.baselines['predict the mean']!, 0.16667, 1e-5);
  });
});

describe('tasks.copy', () => {
  it('shows a message, waits, and asks for it; guessing has 10·ln 8/(T + 20) nats', () => {
    const task = tasks.copy({ delay: 5, batchSize: 3 });
    const batch = task.batch();
    assert.deepEqual(
      [batch.input.shape, batch.target.shape],
      [
        [25, 3],
        [25, 3],
      ],
    );
    for (let b = 0; b < 3; b++) {
      const input = column(batch, 'input', b);
      const message = input.slice(0, 10);
      assert.ok(message.every((symbol) => symbol >= 0 && symbol < 8));
      assert.deepEqual(input.slice(10), [8, 8, 8, 8, 9, ...Array<number>(10).fill(8)]);
      assert.deepEqual(column(batch, 'target', b), [...Array<number>(15).fill(8), ...message]);
    }
    // Blanks are certain, each of the ten symbols is one of eight: the loss of who knows only that.
    const losses = column(batch, 'target', 0).map((symbol) => (symbol === 8 ? 0 : Math.log(8)));
    near(mean(losses), task.baselines['no memory']!, 1e-12);
    near(tasks.copy({ delay: 100 }).baselines['no memory']!, (10 * Math.log(8)) / 120, 1e-12);
  });
});

describe('tasks.temporalOrder', () => {
  for (const relevant of [2, 3] as const)
    it(`hides ${relevant} symbols far apart; their order is one of ${2 ** relevant} classes, all alike`, () => {
      const task = tasks.temporalOrder({ relevant, batchSize: 4000, timeSteps: 40 });
      const batch = task.batch();
      assert.equal(task.symbols, 'abcdXYBE');
      const counts = new Array<number>(2 ** relevant).fill(0);
      for (let b = 0; b < 4000; b++) {
        const text = column(batch, 'input', b)
          .map((index) => task.symbols[index])
          .join('');
        const pattern =
          relevant === 2
            ? /^E[a-d]*[XY][a-d]*[XY][a-d]*B$/
            : /^E[a-d]*[XY][a-d]*[XY][a-d]*[XY][a-d]*B$/;
        assert.match(text, pattern);
        const order = text.replace(/[^XY]/g, '').replaceAll('X', '0').replaceAll('Y', '1');
        assert.equal(batch.target.data[b], Number.parseInt(order, 2));
        const gap = text.slice(text.search(/[XY]/) + 1).search(/[XY]/);
        assert.ok(gap >= (relevant === 2 ? 12 : 5), `${gap} steps between them`);
        counts[batch.target.data[b]!]!++;
      }
      for (const count of counts) near(count / 4000, 1 / 2 ** relevant, 0.03);
      near(task.baselines.chance!, Math.log(2 ** relevant), 1e-12);
    });
});

describe('tasks.reber and tasks.embeddedReber', () => {
  type Reber = ReturnType<typeof tasks.reber>;
  /** How many symbols the grammar allows at t, all alike. */
  const legal =
    (task: Reber) =>
    (text: string, t: number): number =>
      task.next(text.slice(0, t)).length;

  /** Mean ln of the number of choices, over all predictions of many strings. */
  function entropy(task: Reber, choicesAt: (text: string, t: number) => number): number {
    let nats = 0;
    let predictions = 0;
    for (let i = 0; i < 6000; i++) {
      const text = task.string();
      for (let t = 1; t < text.length; t++) nats += Math.log(choicesAt(text, t));
      predictions += text.length - 1;
    }
    return nats / predictions;
  }

  it('follow the grammar: known strings are of the language, others are not', () => {
    const task = tasks.reber();
    // Strings of Cleeremans et al. 1989 and of Hochreiter & Schmidhuber 1997.
    for (const text of ['BTSSXXTVVE', 'BPVVE', 'BTXXVPSE', 'BPVPXVPXVPXVVE', 'BTSXXVPSE'])
      assert.ok(task.accepts(text), text);
    for (const text of ['', 'B', 'BTSSPXSE', 'BPTVVB', 'BTXXVVSE', 'BPVVEE', 'BPVPXVPXVPXVVXSE'])
      assert.ok(!task.accepts(text), text);
    const embedded = tasks.embeddedReber();
    assert.ok(embedded.accepts('BTBPVVETE') && embedded.accepts('BPBTXSEPE'));
    for (const text of [
      'BTBPVVEPE',
      'BPBTXSETE',
      'BTBPVVE',
      'BTBPVVET',
      'BTBPVVETEE',
      'TTBPVVETE',
      'BTBPVEETE',
    ])
      assert.ok(!embedded.accepts(text), text);
    assert.equal(embedded.next('BPBTXSE'), 'P');
    assert.equal(embedded.next('BPBTXSEP'), 'E');
    assert.equal(embedded.next('BPBTXSEPE'), '');
  });

  it('draw strings of the language, input and target shifted by one and padded', () => {
    for (const task of [tasks.reber({ batchSize: 50 }), tasks.embeddedReber({ batchSize: 50 })]) {
      const batch = task.batch();
      for (let b = 0; b < 50; b++) {
        const length = batch.lengths[b]!;
        const [input, target] = [column(batch, 'input', b), column(batch, 'target', b)];
        const text = task.decode([...input.slice(0, length), target[length - 1]!]);
        assert.ok(task.accepts(text), text);
        assert.deepEqual(target.slice(0, length), [...task.encode(text).subarray(1)]);
        assert.ok(target.slice(length).every((index) => index === -100));
        assert.ok(
          column({ ...batch, input: batch.mask }, 'input', b).every(
            (one, t) => one === Number(t < length),
          ),
        );
      }
    }
  });

  it('have the entropies of their baselines', () => {
    const embedded = tasks.embeddedReber();
    near(entropy(embedded, legal(embedded)), embedded.baselines.optimum!, 0.004);
    near(embedded.baselines.optimum!, 0.4411, 5e-5);
    const plain = tasks.reber();
    near(entropy(plain, legal(plain)), plain.baselines.optimum!, 0.005);
  });

  it('without the outer symbol in mind one more choice of two is left', () => {
    const task = tasks.embeddedReber();
    const forgetful = (text: string, t: number) =>
      t === text.length - 2 ? 2 : legal(task)(text, t);
    near(entropy(task, forgetful), task.baselines['no outer memory']!, 0.004);
    near(task.baselines['no outer memory']!, 0.5041, 5e-5);
  });

  it('refuse symbols that are none', () => {
    assert.throws(() => tasks.reber().encode('BQ'), {
      name: 'VocabularyError',
      message: /"Q" is no symbol/,
    });
    assert.throws(() => tasks.reber().decode([7]), /index 7 is out of range, expected 0 to 6/);
  });
});

describe('tasks.anbn', () => {
  it('gives as many b as a, and knows what may follow', () => {
    const task = tasks.anbn({ minN: 2, maxN: 5, batchSize: 200 });
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) seen.add(task.string());
    assert.deepEqual([...seen].sort(), [2, 3, 4, 5].map(task.ofLength).sort());
    assert.ok(task.accepts('SabT') && task.accepts(task.ofLength(40)));
    for (const text of ['ST', 'SaabT', 'SabbT', 'SbaT', 'Saabb', 'SaabbTT'])
      assert.ok(!task.accepts(text), text);
    assert.deepEqual(['', 'S', 'Sa', 'Saab', 'Saabb', 'SaabbT', 'Sabb'].map(task.next), [
      'S',
      'a',
      'ab',
      'b',
      'T',
      '',
      '',
    ]);
    const batch = task.batch();
    assert.ok(batch.lengths.every((length) => length % 2 === 1 && length >= 5 && length <= 11));
  });

  it('has the entropy of its baseline, the length being all that is uncertain', () => {
    const [minN, maxN] = [1, 10];
    const task = tasks.anbn({ minN, maxN });
    let nats = 0;
    let predictions = 0;
    for (let n = minN; n <= maxN; n++) {
      // P(another a | i of them) = P(n > i) / P(n ≥ i), over all n alike.
      for (let i = minN; i < n; i++) nats -= Math.log((maxN - i) / (maxN - i + 1));
      nats -= Math.log(1 / (maxN - n + 1));
      predictions += task.ofLength(n).length - 1;
    }
    near(nats / predictions, task.baselines.optimum!, 1e-12);
  });
});
