import assert from 'node:assert/strict';
import { compiled, contestants } from '../../bench/contestants.js';
import { LossMismatchError, race, type Absence, type Entrant } from '../../bench/race.js';
import { workloads, type Workload } from '../../bench/workloads.js';

const small = { timeSteps: 3, batchSize: 2, inputSize: 4, hiddenSize: 5, outputSize: 3 };
const tiny: Workload = { ...workloads['W2']!, ...small };
const options = { rounds: 2, turn: 1 };

const unroll = (workload: Workload): Entrant => ({
  name: 'unroll',
  label: 'Unroll',
  threads: 1,
  workload,
  command: contestants.unroll.command,
});
/** A process of its own that says of itself what the title tells it. */
const fake = (title: string): Entrant => ({
  ...unroll({ ...tiny, title }),
  label: title,
  command: () =>
    Promise.resolve([
      process.execPath,
      compiled('contestantProcess.js'),
      compiled('../unit/bench/fakeContestant.js'),
    ]),
});
const reasonOf = (outcome: unknown): string => (outcome as Absence).reason;

describe('a race', () => {
  it('times Unroll on training, forward passes and sampling', async () => {
    const entrants = [
      unroll(tiny),
      unroll({ ...tiny, cell: 'coupledLstm', loss: 'mse', lossAt: 'lastStep' }),
      unroll({ ...tiny, cell: 'rnn', task: 'forward' }),
      unroll({ ...tiny, cell: 'gru', task: 'sample', vocabulary: 3, batchSize: 1 }),
    ];
    for (const outcome of await race(entrants, options)) {
      assert.ok('rounds' in outcome, reasonOf(outcome));
      assert.equal(outcome.rounds.length, 2);
      assert.ok(outcome.rounds.every((ms) => ms > 0));
      assert.ok(outcome.peakBytes > 10 * 2 ** 20);
      assert.equal(outcome.losses.length, outcome.entrant.workload.task === 'train' ? 2 : 1);
    }
  });

  it('reports who is missing or dies, with the reason, and goes on', async () => {
    const nowhere: Entrant = {
      ...fake('here 1'),
      command: () => Promise.resolve(['no-such-program']),
    };
    const outcomes = await race([fake('absent'), nowhere, fake('dies 1'), fake('here 1')], options);
    assert.equal(reasonOf(outcomes[0]), 'it has no such layer');
    assert.match(reasonOf(outcomes[1]), /ENOENT/);
    assert.match(reasonOf(outcomes[2]), /ended \(3\)/);
    assert.ok('rounds' in outcomes[3]!);
  });

  it('fails where contestants of one workload compute different losses', async () => {
    const one = fake('here 1.5');
    const other = { ...one, command: contestants.unroll.command };
    await assert.rejects(race([one, other], options), LossMismatchError);
  });
});
