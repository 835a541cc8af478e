/** Mocha's spec output for people, and its JSON report in the file UNROLL_TEST_REPORT for counting. */
import { reporters } from 'mocha';

export default class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const output = process.env.UNROLL_TEST_REPORT;
    if (output !== undefined) {
      new reporters.JSON(runner, { ...options, reporterOption: { output } });
    }
  }
}
