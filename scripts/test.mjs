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

const check = (title, args) => ({ title, args });
const mocha = (folder, { timeout, before = [], retries = 0 }) => ({
  title: `Tests in test/${folder}`,
  needs: ['types', 'build'],
  args: [
    ...before,
    'node_modules/mocha/bin/mocha.js',
    ...['--reporter', 'test/host/countingReporter.mjs', '--forbid-only'],
    ...['--timeout', String(timeout), '--retries', String(retries)],
    `out/test/${folder}/**/*.test.js`,
  ],
  tests: path.join(root, 'test', folder),
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

/** `args` are for Node. With `tests`, the suite leaves a mocha report, and its tests are counted. */
const suites = {
  types: check('Types (tsc -b)', ['node_modules/typescript/bin/tsc', '-b']),
  lint: check('Lint (eslint)', ['node_modules/eslint/bin/eslint.js', '.']),
  format: check('Format (prettier)', ['node_modules/prettier/bin/prettier.cjs', '--check', '.']),
  build: check('Bundles (esbuild)', ['scripts/build.mjs']),
  arch: mocha('arch', { timeout: 30_000 }),
  unit: mocha('unit', { timeout: 30_000, before: coverage }),
  process: mocha('process', { timeout: 120_000, retries: 1 }),
  window: mocha('window', { retries: 1, timeout: 120_000 }),
  extension: {
    title: 'Tests in VS Code (test/extension)',
    // VS Code too: in windows that ask for trust, which VS Code's own test runner does not allow.
    needs: ['types', 'build', 'window'],
    args: ['test/host/runExtensionTests.mjs'],
    tests: path.join(root, 'test', 'extension'),
  },
};

async function main() {
  const chosen = chooseSuites(process.argv.slice(2));
  await ensureDependencies(root);
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const rows = [];
  for (const name of chosen) rows.push(await runSuite(name));
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

async function runSuite(name) {
  const { title, args, tests } = suites[name];
  say(title);
  const began = Date.now();
  const counts =
    tests === undefined || hasTests(tests)
      ? await countSuite(name, args, tests !== undefined)
      : { passed: 0, failed: 1, note: `there is no test in ${path.relative(root, tests)}` };
  return { name, ...counts, seconds: (Date.now() - began) / 1000 };
}

function hasTests(folder) {
  return existsSync(folder) && readdirSync(folder, { recursive: true }).some(isTest);
}

function isTest(file) {
  return file.endsWith('.test.ts');
}

async function countSuite(name, args, leavesReport) {
  const report = path.join(reports, `${name}.json`);
  const code = await runToEnd(args, report);
  if (!leavesReport) return { passed: Number(code === 0), failed: Number(code !== 0), note: '' };
  return countReport(report, code);
}

/** @returns the exit code, or undefined when the suite took too long and was ended */
async function runToEnd(args, report) {
  const child = startSupervised(process.execPath, args, {
    cwd: root,
    graceful: suiteEndsWithin,
    env: { ...process.env, ...colour(), UNROLL_TEST_REPORT: report },
  });
  const code = await Promise.race([child.ended, sleep(suiteLimit, undefined, { ref: false })]);
  await child.stop();
  return code;
}

function colour() {
  return process.stdout.isTTY || process.env.FORCE_COLOR !== undefined ? {} : { NO_COLOR: '1' };
}

function countReport(report, code) {
  const ended =
    code === undefined ? `was ended after ${suiteLimit / 60_000} min` : `exited ${code}`;
  let stats, failures;
  try {
    ({ stats, failures } = JSON.parse(readFileSync(report, 'utf8')));
  } catch (error) {
    return { passed: 0, failed: 1, note: `${ended} and left no report (${error.message})` };
  }
  const { passes: passed, failures: failed, pending: skipped } = stats;
  if (passed + failed === 0) return { passed, failed: 1, skipped, note: 'ran no test' };
  if (code !== 0 && failed === 0) return { passed, failed: 1, skipped, note: ended };
  return { passed, failed, skipped, note: '', failures };
}

/** Names each failed test with its first lines again at the end, where a log that was cut still has them. */
function printFailures(rows) {
  for (const { name, failures = [] } of rows) {
    for (const { fullTitle, err } of failures) {
      const lines = String(err.stack ?? err.message).split('\n', linesOfFailure);
      console.log(`\nFAILED in ${name}: ${fullTitle}\n  ${lines.join('\n  ')}`);
    }
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
