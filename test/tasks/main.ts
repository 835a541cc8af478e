/** `npm run tasks`: trains the tasks over several seeds, prints the table, and writes docs/tasks.md. */
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import * as prettier from 'prettier';
import { getThreads } from '../../kernel/rnn/index.js';
import { parseTaskOptions, usage, UsageError } from './commandLine.js';
import { learningTasks } from './learningTasks.js';
import { isLearnt, toOutcomeTable, type TaskOutcomes } from './outcomeTable.js';
import { runLearner, type Outcome } from './runLearner.js';

/** From out/test/tasks/. */
const docs = new URL('../../../docs/tasks.md', import.meta.url);
const names = [...new Set(learningTasks.map(({ name }) => name))];

async function main(): Promise<void> {
  const options = parseTaskOptions(process.argv.slice(2), names);
  const began = performance.now();
  const rows: TaskOutcomes[] = [];
  for (const task of learningTasks.filter(({ name }) => options.names.includes(name))) {
    console.log(`${task.title}, ${task.cell}`);
    const outcomes: Outcome[] = [];
    for (let seed = 1; seed <= options.seeds; seed++) {
      const outcome = await runLearner(task, seed);
      const { result, steps, seconds } = outcome;
      console.log(
        `  seed ${seed}: ${task.quantity} ${result.toFixed(4)} after ${steps} steps, ${seconds.toFixed(1)} s`,
      );
      outcomes.push(outcome);
    }
    rows.push({ task, outcomes });
  }
  const seconds = (performance.now() - began) / 1000;
  const circumstances = `Seeds 1 to ${options.seeds}, ${seconds.toFixed(0)} s in all. ${describeMachine()}.`;
  const table = toOutcomeTable(rows);
  console.log(`\n${circumstances}\n\n${table}`);
  if (options.writes) await writeTable(`${circumstances}\n\n${table}`);
  const failed = rows.filter((one) => !isLearnt(one)).map(({ task }) => task.title);
  if (failed.length === 0) return;
  console.error(`\nNot reached: ${failed.join('; ')}`);
  process.exitCode = 1;
}

function describeMachine(): string {
  const [first] = os.cpus();
  return `${first?.model.trim() ?? 'unknown processor'}, at most ${getThreads()} threads, Node ${process.versions.node}`;
}

/** The table goes behind the last heading. */
async function writeTable(text: string): Promise<void> {
  const heading = '\n## Results\n';
  const document = await readFile(docs, 'utf8');
  const at = document.indexOf(heading);
  if (at < 0) throw new Error(`docs/tasks.md: expected the heading '${heading.trim()}'`);
  const config = await prettier.resolveConfig(fileURLToPath(docs));
  const whole = `${document.slice(0, at)}${heading}\n${text}\n`;
  await writeFile(docs, await prettier.format(whole, { ...config, parser: 'markdown' }));
}

main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? `${error.message}\n\n${usage(names)}` : error);
  process.exitCode = 1;
});
