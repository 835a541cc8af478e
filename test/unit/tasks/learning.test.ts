import assert from 'node:assert/strict';
import { parseTaskOptions } from '../../tasks/commandLine.js';
import { learningTasks } from '../../tasks/learningTasks.js';
import { isLearnt, toOutcomeTable } from '../../tasks/outcomeTable.js';
import { reaches, runLearner } from '../../tasks/runLearner.js';

/** Half of the way from the baseline to the threshold: `npm run tasks` asks for all of it, over five seeds. */
const half = ({ baseline, threshold }: (typeof learningTasks)[number]): number =>
  (baseline.value + threshold) / 2;

describe('learning', () => {
  for (const title of ['temporal order, 2 symbols, T = 100', 'Mackey–Glass, 84 steps ahead'])
    it(`${title}: a short training goes half of the way`, async function () {
      this.timeout(60_000);
      const task = learningTasks.find((one) => one.title === title)!;
      const short = { ...task, steps: 400, enough: half(task) };
      const { result } = await runLearner(short, 1);
      assert.ok(reaches(task, result, half(task)), `${result}, expected ${half(task)}`);
    });

  it('has every threshold beyond its baseline', () => {
    for (const task of learningTasks)
      assert.ok(!reaches(task, task.baseline.value, task.threshold), task.title);
  });

  it('tells in the table which tasks were reached by their worst seed', () => {
    const task = learningTasks[0]!;
    const outcome = (result: number) => ({ seed: 1, result, steps: 100, seconds: 2 });
    const good = { task, outcomes: [outcome(0.001), outcome(0.003)] };
    const bad = { task, outcomes: [outcome(0.001), outcome(0.02)] };
    assert.deepEqual([good, bad].map(isLearnt), [true, false]);
    const [, , first, second] = toOutcomeTable([good, bad]).split('\n');
    assert.match(
      first!,
      /0\.1667 \(predict the mean\) \| ≤ 0\.0100 \| 0\.0020 \| 0\.0030 \| 100 \| 2\.0 \| yes/,
    );
    assert.match(second!, /0\.0200 \|.* NO \|$/);
  });

  it('takes tasks by name, and writes only what was run whole', () => {
    const parse = (...args: string[]) => parseTaskOptions(args, ['adding', 'copy']);
    assert.deepEqual(parse(), { names: ['adding', 'copy'], seeds: 5, writes: true });
    assert.deepEqual(parse('copy', '--seeds', '1'), { names: ['copy'], seeds: 1, writes: false });
    assert.equal(parse('--seeds', '2').writes, false);
    assert.throws(() => parse('xor'), /expected tasks of adding, copy, got xor/);
    assert.throws(() => parse('--seeds', '0'), /--seeds: expected a whole number/);
    assert.throws(() => parse('--sedes', '1'), { name: 'UsageError' });
  });
});
