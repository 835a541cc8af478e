import assert from 'node:assert/strict';
import {
  ctcLoss,
  gradcheck,
  manualSeed,
  randn,
  tensor,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { RandomStream } from '../../../kernel/rnn/random.js';

const float = (...shape: number[]): Tensor =>
  randn(shape, { dtype: 'float64', requiresGrad: true });

/** −ln of the probability of a target: every one of the C^T paths is walked, collapsed and compared. */
function enumerate(
  logits: Tensor,
  b: number,
  steps: number,
  target: number[],
  blank: number,
): number {
  const [, batchSize, classes] = logits.shape as [number, number, number];
  const probabilities = Array.from({ length: steps }, (_, t) => {
    const from = (t * batchSize + b) * classes;
    const exps = Array.from(logits.data.slice(from, from + classes), Math.exp);
    const sum = exps.reduce((p, q) => p + q, 0);
    return exps.map((e) => e / sum);
  });
  let total = 0;
  for (let path = 0; path < classes ** steps; path++) {
    const symbols = Array.from(
      { length: steps },
      (_, t) => Math.floor(path / classes ** t) % classes,
    );
    const collapsed = symbols.filter((c, t) => c !== blank && c !== symbols[t - 1]);
    if (String(collapsed) !== String(target)) continue;
    total += symbols.reduce((p, c, t) => p * probabilities[t]![c]!, 1);
  }
  return -Math.log(total);
}

const assertClose = (actual: number, expected: number): void =>
  assert.ok(
    actual === expected || Math.abs(actual - expected) < 1e-10,
    `${actual} is not ${expected}`,
  );

describe('ctcLoss', () => {
  beforeEach(() => manualSeed(3));

  it('is the sum over all alignments, whatever the lengths, the blank and the labels', () => {
    const random = new RandomStream(1, 'ctc');
    let infeasible = 0;
    for (let trial = 0; trial < 60; trial++) {
      const classes = random.integer(2, 5);
      const [T, B] = [random.integer(1, 6), random.integer(1, 4)];
      const blank = random.integer(0, classes);
      const labels = [...Array(classes).keys()].filter((c) => c !== blank);
      const targets = Array.from({ length: B }, () =>
        Array.from(
          { length: random.integer(0, 5) },
          () => labels[random.integer(0, labels.length)]!,
        ),
      );
      const inputLengths = targets.map(() => random.integer(1, T + 1));
      const logits = float(T, B, classes);
      const expected = targets.map((target, b) =>
        enumerate(logits, b, inputLengths[b]!, target, blank),
      );
      const options = { inputLengths, blank };
      const each = ctcLoss(logits, targets, { ...options, reduction: 'none' });
      expected.forEach((loss, b) => assertClose(each.data[b]!, loss));
      const finite = expected.map((loss) => (loss === Infinity ? 0 : loss));
      infeasible += expected.filter((loss) => loss === Infinity).length;
      assertClose(
        ctcLoss(logits, targets, { ...options, zeroInfinity: true, reduction: 'sum' }).item(),
        finite.reduce((a, b) => a + b),
      );
      assertClose(
        ctcLoss(logits, targets, { ...options, zeroInfinity: true }).item(),
        finite.reduce((sum, loss, b) => sum + loss / Math.max(1, targets[b]!.length), 0) / B,
      );
    }
    assert.ok(infeasible > 5, `only ${infeasible} infeasible targets were tried`);
  });

  it('backward on logits agrees with central differences: repeats, empty, unequal and infeasible targets', () => {
    const targets = [[1, 1, 2], [], [3, 2], [2, 2, 2, 2]];
    const inputLengths = [6, 4, 2, 6];
    for (const reduction of ['mean', 'sum', 'none'] as const)
      gradcheck(
        (logits) => ctcLoss(logits, targets, { inputLengths, reduction, zeroInfinity: true }),
        [float(6, 4, 4)],
      );
    gradcheck(
      (logits) =>
        ctcLoss(
          logits,
          [
            [0, 2],
            [1, 1],
          ],
          { blank: 3 },
        ),
      [float(5, 2, 4)],
    );
  });

  it('takes padded targets with lengths as well as arrays of labels', () => {
    const logits = float(5, 2, 4);
    const padded = tensor(
      [
        [1, 2, 1],
        [3, 1, 1],
      ],
      { dtype: 'int32' },
    );
    const ragged = ctcLoss(logits, [[1, 2, 1], [3]]).item();
    assert.equal(ctcLoss(logits, padded, { targetLengths: [3, 1] }).item(), ragged);
    for (const targetLengths of [tensor([3, 1], { dtype: 'int32' }), Int32Array.of(3, 1)])
      assert.equal(ctcLoss(logits, padded, { targetLengths }).item(), ragged);
  });

  it('does not read time steps beyond a length; their gradient is exactly 0', () => {
    const logits = float(6, 2, 3);
    const options = { inputLengths: [3, 6] };
    const clean = ctcLoss(logits, [[1, 2], [2]], options).item();
    for (let t = 3; t < 6; t++) logits.data.fill(NaN, t * 6, t * 6 + 3);
    const loss = ctcLoss(logits, [[1, 2], [2]], options);
    assert.equal(loss.item(), clean);
    loss.backward();
    logits.grad!.data.forEach((g, i) => {
      const isPadding = Math.floor(i / 6) >= 3 && i % 6 < 3;
      assert.ok(isPadding ? g === 0 : Number.isFinite(g) && g !== 0, `element ${i}: ${g}`);
    });
  });

  it('a target that no alignment reaches is infinite, and with zeroInfinity exactly nothing', () => {
    const logits = float(3, 2, 3);
    // [1, 1] needs a blank between, so three steps are enough; [1, 1, 2] needs four.
    assert.ok(Number.isFinite(ctcLoss(logits, [[1, 1], [2]]).item()));
    const infinite = ctcLoss(logits, [[1, 1, 2], [2]]);
    assert.equal(infinite.item(), Infinity);
    infinite.backward();
    assert.ok(logits.grad!.data.some(Number.isNaN));
    logits.grad = null;
    ctcLoss(logits, [[1, 1, 2], [2]], { zeroInfinity: true }).backward();
    logits.grad!.data.forEach((g, i) => assert.equal(g === 0, i % 6 < 3));
  });

  it('an empty target is the path of blanks', () => {
    const logits = float(4, 1, 3);
    const blanks = logits.logSoftmax().select(2, 0).sum().item();
    assertClose(ctcLoss(logits, [[]]).item(), -blanks);
    assert.equal(ctcLoss(logits, [[]], { inputLengths: [0] }).item(), 0);
    assert.equal(ctcLoss(logits, [[1]], { inputLengths: [0] }).item(), Infinity);
  });

  it('log-probabilities as logits give the same loss', () => {
    const logits = float(5, 2, 4);
    const targets = [
      [1, 3],
      [2, 2],
    ];
    assertClose(ctcLoss(logits.logSoftmax(), targets).item(), ctcLoss(logits, targets).item());
  });

  it('does not underflow over a thousand time steps, in float32 either', () => {
    const T = 1000;
    const logits = randn([T, 1, 20], { requiresGrad: true });
    const target = Array.from({ length: 300 }, (_, i) => 1 + (i % 19));
    const loss = ctcLoss(logits, [target], { reduction: 'sum' });
    assert.ok(Number.isFinite(loss.item()) && loss.item() > 700, String(loss.item()));
    loss.backward();
    // At every time step the posteriors of the classes sum to 1, as the softmax does.
    logits.grad!.sum(2).data.forEach((sum, t) => {
      assert.ok(Math.abs(sum) < 1e-5, `step ${t}: ${sum}`);
    });
  });

  it('says what does not fit', () => {
    const logits = float(4, 2, 3);
    assert.throws(() => ctcLoss(float(4, 3), [[1]]), /logits are \[4, 3\] float64, expected/);
    assert.throws(() => ctcLoss(logits, [[1]]), /targets are 1 sequences, expected 2 sequences/);
    assert.throws(
      () => ctcLoss(logits, [[0], [1]]),
      /label 0 must be a class .* other than the blank 0/,
    );
    assert.throws(() => ctcLoss(logits, [[3], [1]]), /label 3 must be a class from 0 to 2/);
    assert.throws(
      () => ctcLoss(logits, [[1], [1]], { blank: 3 }),
      /blank must be a class from 0 to 2, got 3/,
    );
    assert.throws(
      () => ctcLoss(logits, [[1], [1]], { inputLengths: [5, 1] }),
      /inputLengths must hold integers from 0 to 4, got 5 for sequence 0/,
    );
    assert.throws(
      () => ctcLoss(logits, [[1], [1, 2]], { targetLengths: [2, 1] }),
      /targetLengths must hold integers from 0 to 1, got 2 for sequence 0/,
    );
  });
});
