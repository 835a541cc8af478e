/**
 * npm run mutations: puts each bug of mutations/table.mjs into a copy of the compiled sources, runs the tests that must
 * notice it, and prints which did. Exits with 1 where one does not, or where a bug no longer fits the sources.
 *   node scripts/mutations.mjs [word …]     only bugs whose group or text holds one of the words
 */
import esbuild from 'esbuild';
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { failWith, SetupError, say } from './setup/narrate.mjs';
import { mutations } from './mutations/table.mjs';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..');
/** Bugs tried at a time, each in a copy of its own. */
const lanes = 2;
/** A bug may make tests hang. */
const testsEndWithin = 120_000;

async function main() {
  const words = process.argv.slice(2);
  const chosen = mutations.filter(
    ({ group, bug }) =>
      words.length === 0 || words.some((word) => group === word || bug.includes(word)),
  );
  if (chosen.length === 0) throw new SetupError(`mutations: no bug is about ${words.join(', ')}.`);
  say('Compiling');
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'test'], { cwd: root });
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'unroll-mutations-'));
  try {
    const copies = await Promise.all(
      Array.from({ length: lanes }, (_, lane) => createCopy(path.join(folder, String(lane)))),
    );
    await checkTestsPass(copies[0], chosen);
    say(`${chosen.length} bugs`);
    const waiting = [...chosen];
    const results = new Map();
    await Promise.all(
      copies.map(async (copy) => {
        for (let next = waiting.shift(); next; next = waiting.shift())
          results.set(next, await tryMutation(copy, next));
      }),
    );
    report(chosen.map((mutation) => [mutation, results.get(mutation)]));
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

/** What compiled tests need around them. */
async function createCopy(folder) {
  await fs.mkdir(folder);
  for (const part of ['out/kernel', 'out/test/unit', 'out/media', 'out/src'])
    await fs.cp(path.join(root, part), path.join(folder, part), { recursive: true });
  for (const name of ['node_modules', 'test', 'docs', 'package.json'])
    await fs.symlink(path.join(root, name), path.join(folder, name), 'junction');
  return folder;
}

/** A test that fails anyway, or is not there, would notice everything. */
async function checkTestsPass(copy, chosen) {
  const tests = [
    ...new Map(
      chosen.flatMap(({ tests }) => tests).map((test) => [test.join(': '), test]),
    ).values(),
  ];
  const { passed, failed } = await runTests(copy, tests);
  for (const [name, title] of tests) {
    if (!passed.some((one) => isTest(one, name, title)))
      throw new SetupError(`mutations: no test of ${name} with '${title}' passes without a bug.`);
    if (failed.some((one) => isTest(one, name, title)))
      throw new SetupError(`mutations: ${name}: '${title}' fails without a bug.`);
  }
}

/** @returns for each of its tests whether it failed with the bug */
async function tryMutation(copy, mutation) {
  const compiled = path.join(copy, 'out', mutation.file.replace(/\.ts$/, '.js'));
  const original = await fs.readFile(compiled);
  await fs.writeFile(compiled, await compileMutant(mutation));
  try {
    const { failed, crashed } = await runTests(copy, mutation.tests);
    return mutation.tests.map(
      ([name, title]) =>
        crashed ?? (failed.some((one) => isTest(one, name, title)) ? 'noticed' : 'missed'),
    );
  } finally {
    await fs.writeFile(compiled, original);
  }
}

/** @throws SetupError where the source no longer holds what is to be replaced, once */
async function compileMutant({ bug, file, find, replace }) {
  const source = await fs.readFile(path.join(root, file), 'utf8');
  const count = source.split(find).length - 1;
  if (count !== 1)
    throw new SetupError(
      `mutations: ${file} holds what '${bug}' replaces ${count} times, expected once.`,
    );
  const { code } = await esbuild.transform(
    source.replace(find, () => replace),
    {
      loader: 'ts',
      target: 'es2022',
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    },
  );
  return code;
}

const isTest = ({ file, fullTitle }, name, title) =>
  file.replaceAll(path.sep, '/').endsWith(`out/test/unit/${name}.test.js`) &&
  fullTitle.includes(title);

/** Runs the tests named, and no others of their files. */
async function runTests(copy, tests) {
  const files = [...new Set(tests.map(([name]) => `out/test/unit/${name}.test.js`))];
  const titles = tests.map(([, title]) => title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const report = path.join(copy, 'report.json');
  await fs.rm(report, { force: true });
  const outcome = await run(
    process.execPath,
    [
      ...['node_modules/mocha/bin/mocha.js', '--reporter', 'json'],
      ...['--reporter-option', `output=${report}`, '--timeout', '60000'],
      ...['--grep', titles.join('|'), ...files],
    ],
    { cwd: copy, timeout: testsEndWithin, maxBuffer: 2 ** 26 },
  ).catch((error) => error);
  try {
    const { passes, failures } = JSON.parse(await fs.readFile(report, 'utf8'));
    return { passed: passes, failed: failures };
  } catch {
    const crashed = outcome.killed ? 'hung' : 'crashed';
    return { passed: [], failed: [], crashed };
  }
}

function report(rows) {
  console.log('\n| | bug | test | |\n| --- | --- | --- | --- |');
  for (const [{ group, bug, tests }, found] of rows)
    tests.forEach(([name, title], k) =>
      console.log(`| ${group} | ${bug} | ${name}: ${title} | ${found[k]} |`),
    );
  const survived = rows.filter(([, found]) => found.some((one) => one !== 'noticed'));
  console.log(`\n${rows.length - survived.length} bugs noticed, ${survived.length} not`);
  if (survived.length > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  failWith(error);
}
