/**
 * Loaded by mocha before the tests (`.mocharc.json`): which cases fast-check draws. The same ones in each run, so that a run
 * that fails can be repeated, and tells of a change rather than of luck; UNROLL_TEST_SEED=random draws others.
 */
import fc from 'fast-check';

const wanted = process.env.UNROLL_TEST_SEED ?? '1';
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
