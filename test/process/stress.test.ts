import assert from 'node:assert/strict';
import { runStress } from '../stress/stressRun.js';

describe('a hundred cells on three kernels, with interrupts and kills', function () {
  this.timeout(120_000);

  it('lose no result and leave no process behind', async () => {
    const report = await runStress({ cells: 100, kernels: 3, disturbances: 20, seed: 7 });
    assert.equal(report.ok + report.interrupted + report.killed, 100);
    assert.ok(report.ok >= 80, `${String(report.ok)} ended well`);
    assert.equal(report.orphans, 0);
  });
});
