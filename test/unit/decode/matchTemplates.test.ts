import assert from 'node:assert/strict';
import fc from 'fast-check';
import { manualSeed, matchTemplates, randn, tensor } from '../../../kernel/rnn/index.js';

const row = (values: number[]) => tensor(values.map((value) => [value]));
const a = { label: 1, features: row([1, 2, 3]) };
const b = { label: 2, features: row([9, 9]) };

/** The least cost of all ways to read a sequence as templates, as the definition says. */
function leastCost(sequence: number[], templates: number[][], penalty: number): number {
  let best = Infinity;
  const visit = (t: number, k: number, j: number, cost: number): void => {
    const now = cost + Math.abs(sequence[t]! - templates[k]![j]!);
    const isEnd = j === templates[k]!.length - 1;
    if (t === sequence.length - 1) {
      if (isEnd) best = Math.min(best, now);
      return;
    }
    for (let step = 0; step <= 2; step++)
      if (j + step < templates[k]!.length) visit(t + 1, k, j + step, now);
    if (isEnd) templates.forEach((_, next) => visit(t + 1, next, 0, now + penalty));
  };
  templates.forEach((_, k) => visit(0, k, 0, penalty));
  return best;
}

describe('matchTemplates', () => {
  it('finds templates that stand one behind the other, at other speeds', () => {
    const { matches, cost } = matchTemplates(row([1, 1, 2, 2, 3, 9, 9, 9, 1, 3]), [a, b]);
    assert.equal(cost, 0);
    assert.deepEqual(matches, [
      { label: 1, template: 0, from: 0, to: 5 },
      { label: 2, template: 1, from: 5, to: 8 },
      { label: 1, template: 0, from: 8, to: 10 },
    ]);
  });

  it('has the least cost of all ways', () => {
    const values = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 6 }),
        fc.array(values, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 3 }),
        (sequence, templates, penalty) => {
          const found = matchTemplates(
            row(sequence),
            templates.map((one, label) => ({ label, features: row(one) })),
            { penalty },
          );
          assert.equal(found.cost, leastCost(sequence, templates, penalty));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('measures Euclidean distances of all features', () => {
    const { cost } = matchTemplates(tensor([[3, 4]]), [{ label: 0, features: tensor([[0, 0]]) }]);
    assert.equal(cost, 5);
  });

  it('finds fewer templates where each costs a penalty', () => {
    manualSeed(1);
    const sequence = randn([40, 3]);
    const templates = [4, 7, 12].map((size, label) => ({ label, features: randn([size, 3]) }));
    const count = (penalty: number) =>
      matchTemplates(sequence, templates, { penalty }).matches.length;
    assert.ok(count(-5) > count(0) && count(0) > count(20), `${count(0)}`);
  });

  it('refuses what it cannot read', () => {
    assert.throws(() => matchTemplates(row([1]), []), { name: 'OptionError' });
    assert.throws(() => matchTemplates(row([1]), [{ label: 0, features: row([1, 2, 3, 4]) }]), {
      name: 'OptionError',
      message: 'matchTemplates: 1 time steps are too few for any of the templates',
    });
    assert.throws(() => matchTemplates(tensor([1, 2]), [a]), { name: 'ShapeError' });
    assert.throws(() => matchTemplates(row([1]), [{ label: 0, features: randn([2, 2]) }]), {
      name: 'ShapeError',
      message: /template 0 is \[2, 2\], expected \[S, 1\]/,
    });
  });
});
