/**
 * Mocha's spec output for people, and in the file UNROLL_TEST_REPORT what passed, failed and was skipped, each with the
 * outermost `describe` that it is in: what `scripts/test.mjs` counts, and tries again.
 */
import { writeFileSync } from 'node:fs';
import { reporters } from 'mocha';

export default class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const output = process.env.UNROLL_TEST_REPORT;
    if (output === undefined) return;
    const report = { passes: [], failures: [], skipped: 0 };
    const named = (test) => ({ suite: test.titlePath()[0], title: test.fullTitle() });
    runner.on('pass', (test) => report.passes.push(named(test)));
    runner.on('fail', (test, { stack, message }) =>
      report.failures.push({ ...named(test), error: String(stack ?? message) }),
    );
    runner.on('pending', () => report.skipped++);
    runner.once('end', () => writeFileSync(output, JSON.stringify(report)));
  }
}
