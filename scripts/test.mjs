/**
 * npm test: sets up what is missing, then runs every check and every test suite, and ends with the line
 * `N passed, N failed`. `npm test -- unit lint` runs the suites named. A suite that fails never keeps the
 * others from running.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSupervised, stopAllOnSignals } from './run/supervised.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { SetupError, failWith, say } from './setup/narrate.mjs';

const root = path.resolve(import.meta.dirname, '..');
const reports = path.join(root, 'out', 'reports');
/** A suite that hangs is ended: the extension tests have a shorter limit of their own. */
const suiteLimit = 30 * 60_000;
/** A suite has programs of its own to end, which have 2 s each. */
const suiteEndsWithin = 15_000;

const linesOfFailure = 12;
/** More test suites than these that fail are no accident of a busy machine. */
const tryAgainAtMost = 4;

/**
 * @param runs 'alone', before all others; 'beside' the others, for what writes nothing, whose text is printed at the end;
 *   else one after the other
 */
const check = (title, args, runs) => ({ title, args, runs });
const mocha = (folder, { timeout, before = [], triesAgain = false }) => ({
  title: `Tests in test/${folder}`,
  needs: ['types', 'build'],
  args: [
    ...before,
    'node_modules/mocha/bin/mocha.js',
    ...['--reporter', 'test/host/countingReporter.mjs', '--forbid-only'],
    ...['--timeout', String(timeout)],
    `out/test/${folder}/**/*.test.js`,
  ],
  grep: (pattern) => ({ args: ['--grep', pattern] }),
  tests: path.join(root, 'test', folder),
  triesAgain,
});
const coverage = [
  ...[
    'node_modules/c8/bin/c8.js',
    '--reporter=text-summary',
    '--reporter=html',
    '--exclude-after-remap',
  ],
  ...['--include=kernel/**', '--include=media/**', '--include=src/**'],
  // Tests of memory ask for a collection.
  ...[process.execPath, '--expose-gc'],
];

/**
 * `args` are for Node. With `tests`, the suite leaves a report (`countingReporter.mjs`), and its tests are counted;
 * `grep` is what runs a part of them, and `triesAgain` whether what failed is tried once more.
 */
const suites = {
  types: check('Types (tsc -b)', ['node_modules/typescript/bin/tsc', '-b'], 'alone'),
  lint: check('Lint (eslint)', ['node_modules/eslint/bin/eslint.js', '.'], 'beside'),
  format: check(
    'Format (prettier)',
    ['node_modules/prettier/bin/prettier.cjs', '--check', '.'],
    'beside',
  ),
  build: check('Bundles (esbuild)', ['scripts/build.mjs']),
  arch: mocha('arch', { timeout: 30_000 }),
  unit: mocha('unit', { timeout: 30_000, before: coverage }),
  process: mocha('process', { timeout: 120_000, triesAgain: true }),
  window: mocha('window', { timeout: 120_000, triesAgain: true }),
  extension: {
    title: 'Tests in VS Code (test/extension)',
    // VS Code too: in windows that ask for trust, which VS Code's own test runner does not allow.
    needs: ['types', 'build', 'window'],
    args: ['test/host/runExtensionTests.mjs'],
    grep: (pattern) => ({ env: { UNROLL_TEST_GREP: pattern } }),
    tests: path.join(root, 'test', 'extension'),
    triesAgain: true,
  },
};

async function main() {
  const chosen = chooseSuites(process.argv.slice(2));
  await ensureDependencies(root);
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const [alone, beside, others] = ['alone', 'beside', undefined].map((when) =>
    chosen.filter((name) => suites[name].runs === when),
  );
  const rows = await runInOrder(alone);
  const [otherRows, { rows: rowsBeside, printed }] = await Promise.all([
    runInOrder(others),
    runBeside(beside),
  ]);
  console.log(printed);
  rows.push(...rowsBeside, ...otherRows);
  printFailures(rows);
  printTable(rows);
  const total = (column) => rows.reduce((sum, row) => sum + row[column], 0);
  console.log(`\n${total('passed')} passed, ${total('failed')} failed`);
  if (total('failed') > 0) process.exitCode = 1;
}

/** All suites in their order, or those named and what they need. */
function chooseSuites(names) {
  const unknown = names.filter((name) => !Object.hasOwn(suites, name));
  if (unknown.length > 0) {
    throw new SetupError(
      `npm test: there is no suite ${unknown.join(', ')}; there are ${Object.keys(suites).join(', ')}.`,
    );
  }
  if (names.length === 0) return Object.keys(suites);
  const wanted = new Set(names.flatMap((name) => [name, ...(suites[name].needs ?? [])]));
  return Object.keys(suites).filter((name) => wanted.has(name));
}

async function runInOrder(names) {
  const rows = [];
  for (const name of names) {
    say(suites[name].title);
    rows.push(await timed(name, (suite) => countSuite(name, suite)));
  }
  return rows;
}

/** @returns the rows, and what was printed */
async function runBeside(names) {
  const rows = [];
  const printed = [];
  for (const name of names) {
    rows.push(
      await timed(name, ({ title, args }) => {
        printed.push(`\n${title}\n`);
        return countCheck(args, { output: 'pipe', onText: (text) => printed.push(text) });
      }),
    );
  }
  return { rows, printed: printed.join('') };
}

async function timed(name, count) {
  const began = Date.now();
  const counts = await count(suites[name]);
  return { name, ...counts, seconds: (Date.now() - began) / 1000 };
}

async function countCheck(args, options) {
  const code = await runToEnd(args, options);
  return { passed: Number(code === 0), failed: Number(code !== 0), note: '' };
}

async function countSuite(name, suite) {
  if (suite.tests === undefined) return await countCheck(suite.args);
  if (!hasTests(suite.tests))
    return failed(`there is no test in ${path.relative(root, suite.tests)}`);
  const first = await countTests(name, suite);
  const { failures = [] } = first;
  const titles = [...new Set(failures.map((failure) => failure.suite))];
  if (!suite.triesAgain || titles.length === 0 || titles.length > tryAgainAtMost) return first;
  say(`${suite.title}, once more: ${titles.join(', ')}`);
  const second = await countTests(`${name}-again`, suite, titles);
  return {
    ...second,
    passed: second.passed + first.passes.filter((pass) => !titles.includes(pass.suite)).length,
    skipped: first.skipped,
    retried: failures,
  };
}

function hasTests(folder) {
  return existsSync(folder) && readdirSync(folder, { recursive: true }).some(isTest);
}

function isTest(file) {
  return file.endsWith('.test.ts');
}

const failed = (note) => ({ passed: 0, failed: 1, note });

/** @param titles of the outermost `describe`s to run; all where there are none given */
async function countTests(name, { args, grep }, titles) {
  const report = path.join(reports, `${name}.json`);
  const part = titles && grep(`^(?:${titles.map(escapeRegExp).join('|')})(?: |$)`);
  const code = await runToEnd([...args, ...(part?.args ?? [])], {
    env: { ...part?.env, UNROLL_TEST_REPORT: report },
  });
  const ended =
    code === undefined ? `was ended after ${suiteLimit / 60_000} min` : `exited ${code}`;
  let passes, failures, skipped;
  try {
    ({ passes, failures, skipped } = JSON.parse(readFileSync(report, 'utf8')));
  } catch (error) {
    return failed(`${ended} and left no report (${error.message})`);
  }
  if (passes.length + failures.length === 0) return { ...failed('ran no test'), skipped };
  if (code !== 0 && failures.length === 0)
    return { ...failed(ended), passed: passes.length, skipped };
  return { passed: passes.length, failed: failures.length, skipped, note: '', passes, failures };
}

function escapeRegExp(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/**
 * @param options `env`, `output` and, where that is 'pipe', `onText`
 * @returns the exit code, or undefined when the suite took too long and was ended
 */
async function runToEnd(args, { env = {}, output, onText } = {}) {
  const child = startSupervised(process.execPath, args, {
    cwd: root,
    graceful: suiteEndsWithin,
    env: { ...process.env, ...colour(), ...env },
    output,
  });
  child.stdout?.setEncoding('utf8').on('data', onText);
  child.stderr?.setEncoding('utf8').on('data', onText);
  const code = await Promise.race([child.ended, sleep(suiteLimit, undefined, { ref: false })]);
  await child.stop();
  return code;
}

function colour() {
  return process.stdout.isTTY || process.env.FORCE_COLOR !== undefined ? {} : { NO_COLOR: '1' };
}

/**
 * Names each test that failed, or did at first, with its first lines again at the end, where a log that was cut still has
 * them.
 */
function printFailures(rows) {
  const print = (what, name, { title, error }) => {
    const lines = error.split('\n', linesOfFailure);
    console.log(`\n${what} in ${name}: ${title}\n  ${lines.join('\n  ')}`);
  };
  for (const { name, retried = [], failures = [] } of rows) {
    for (const one of retried) print('RETRIED', name, one);
    for (const one of failures) print('FAILED', name, one);
  }
}

function printTable(rows) {
  const line = (name, passed, failed, skipped, seconds, note) =>
    [
      name.padEnd(10),
      ...[passed, failed, skipped, seconds].map((cell) => String(cell).padStart(8)),
      note === '' ? '' : `  ${note}`,
    ].join('');
  console.log(`\n${line('suite', 'passed', 'failed', 'skipped', 'seconds', '')}`);
  for (const { name, passed, failed, skipped = 0, seconds, note } of rows) {
    console.log(line(name, passed, failed, skipped, seconds.toFixed(1), note));
  }
}

let ending = false;
stopAllOnSignals(async (signal) => {
  ending = true;
  say(`Ended by ${signal}`);
});
try {
  await main();
} catch (error) {
  // What fails because we are ending it is no finding.
  if (!ending) {
    failWith(error);
    console.log('\n0 passed, 1 failed');
  }
}
