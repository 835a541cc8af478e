/**
 * Mocha's spec output for people, and its JSON report in the file UNROLL_TEST_REPORT for counting. A test that was tried
 * again is named with what failed at first, at once and at the end: passing then hides nothing.
 */
import { reporters } from 'mocha';

export default class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const retried = [];
    const tell = (line) => reporters.Base.consoleLog(line);
    runner.on('retry', (test, error) => {
      retried.push(`RETRIED ${test.fullTitle()}: ${error.message}`);
      tell(`    ${retried.at(-1)}`);
    });
    runner.once('end', () => retried.forEach(tell));
    const output = process.env.UNROLL_TEST_REPORT;
    if (output !== undefined) {
      new reporters.JSON(runner, { ...options, reporterOption: { output } });
    }
  }
}
