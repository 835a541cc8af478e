/**
 * npm run examples: runs the notebooks of examples/ from start to end without an editor, in the order of the course,
 * and writes what they found to docs/examples.md. Ends with an error where a notebook fails or a claim does not hold.
 * What holds is written, notebook by notebook.
 *   node scripts/examples.mjs                      all, in full
 *   node scripts/examples.mjs language-model …     only these; docs/examples.md keeps what it says of the others
 *   node scripts/examples.mjs --short              as the tests run them; docs/examples.md stays as it is
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { format } from 'prettier';
import { startSupervised, stopAll, stopAllOnSignals } from './run/supervised.mjs';
import { ensureBundles } from './setup/bundles.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { SetupError, failWith, say } from './setup/narrate.mjs';

const root = path.resolve(import.meta.dirname, '..');
const page = path.join(root, 'docs', 'examples.md');
const outputs = path.join(root, 'out', 'examples');
const course = JSON.parse(readFileSync(path.join(root, 'examples', 'course.json'), 'utf8'));

async function main() {
  const isShort = process.argv.includes('--short');
  const chosen = chooseExamples(process.argv.slice(2).filter((one) => !one.startsWith('--')));
  await ensureDependencies(root);
  await ensureBundles(root);
  mkdirSync(outputs, { recursive: true });
  const found = [];
  for (const example of chosen) {
    const result = await runExample(example, isShort);
    found.push(result);
    // One by one: a run that is interrupted keeps what it found.
    if (!isShort && result.code === 0) await writePage([result]);
  }
  for (const { name, code, seconds } of found)
    console.log(
      `${name.padEnd(24)} ${code === 0 ? 'holds' : 'FAILS'} ${seconds.toFixed(0).padStart(6)} s`,
    );
  if (found.some(({ code }) => code !== 0)) process.exitCode = 1;
}

/** @throws SetupError for a name that is no example */
function chooseExamples(names) {
  const unknown = names.filter((name) => !course.some((example) => example.name === name));
  if (unknown.length > 0)
    throw new SetupError(
      `npm run examples: there is no ${unknown.join(', ')}; there are ${course.map(({ name }) => name).join(', ')}.`,
    );
  return names.length === 0 ? course : course.filter(({ name }) => names.includes(name));
}

async function runExample({ name, title, claim, short }, isShort) {
  const output = path.join(outputs, `${name}.ipynb`);
  const parameters = Object.entries(isShort ? short : {}).flatMap(([key, value]) => [
    '--param',
    `${key}=${JSON.stringify(value)}`,
  ]);
  say(`${title} (examples/${name}.ipynb)`);
  const began = Date.now();
  const notebook = path.join('examples', `${name}.ipynb`);
  const html = path.join(outputs, `${name}.html`);
  const args = ['dist/cli.js', 'run', notebook, '-o', output, '--html', html, ...parameters];
  const child = startSupervised(process.execPath, args, { cwd: root });
  const code = await child.ended;
  return { name, title, claim, code, seconds: (Date.now() - began) / 1000, table: tableIn(output) };
}

/** The Markdown tables of the last cell that shows one. */
function tableIn(file) {
  const { cells } = JSON.parse(readFileSync(file, 'utf8'));
  const tables = cells.map((cell) =>
    (cell.outputs ?? [])
      .map(({ data }) => [data?.['text/markdown'] ?? ''].flat().join(''))
      .filter((text) => text.startsWith('|')),
  );
  return (tables.findLast((some) => some.length > 0) ?? []).join('\n\n');
}

/** A section for each notebook, between marks by which the next run finds it. */
async function writePage(found) {
  const before = readIfThere(page);
  const sections = course.flatMap(({ name }) => {
    const result = found.find((one) => one.name === name);
    const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const old = before.split(begin)[1]?.split(end)[0]?.trim();
    const text = result ? sectionOf(result) : old;
    return text === undefined ? [] : [`${begin}\n\n${text}\n\n${end}`];
  });
  const head = `# What the examples found

Written by \`npm run examples\`, which runs every notebook of \`examples/\` in full and fails where a claim does not
hold. Numbers with ± are mean and standard deviation over the seeds of the run; the same seeds give the same numbers on
a machine of the same kind, and close ones elsewhere.`;
  writeFileSync(
    page,
    await format([head, ...sections].join('\n\n'), { parser: 'markdown', printWidth: 120 }),
  );
  say(`Wrote ${path.relative(root, page)}`);
}

function sectionOf({ name, title, claim, seconds, table }) {
  const [cpu] = os.cpus();
  const machine = `${os.cpus().length} × ${cpu?.model ?? os.arch()}, Node ${process.versions.node}`;
  // More than there are cores: other programs ran, too, and the notebook alone takes less time.
  const load = os.loadavg()[1].toFixed(1);
  return `## ${title}\n\n[\`${name}.ipynb\`](../examples/${name}.ipynb): ${claim}\n\n${table}\n\n${seconds.toFixed(0)} s on ${machine}, at a load of ${load}.`;
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

stopAllOnSignals();
try {
  await main();
} catch (error) {
  failWith(error);
}
await stopAll();
