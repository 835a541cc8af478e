/** The process of a contestant in Node: `node contestantProcess.js <module>`. See protocol.ts. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Contestant, Steps } from './contestant.js';
import { drawToken, lossOf } from './losses.js';
import { readProblem, type Problem } from './problem.js';
import { comparedUpdates, type Answers, type PrepareRequest, type Request } from './protocol.js';
import type { Workload } from './workloads.js';

// Standard output carries answers only.
console.log = console.error;

/** One step of a task, and a loss to compare with others. */
interface Prepared {
  step(): Promise<number>;
  losses: readonly number[];
}
let prepared: Prepared | undefined;

const load = async (file: string): Promise<Contestant> =>
  (await import(pathToFileURL(file).href)) as Contestant;

async function prepare(request: PrepareRequest): Promise<Answers['prepare']> {
  const problem = readProblem(request.problem);
  const contestant = await load(process.argv[2]!);
  const { version, steps } = await contestant.prepare({ ...request, problem });
  prepared = await prepareSteps(steps, problem, request.workload);
  return { version, losses: prepared.losses };
}

async function prepareSteps(steps: Steps, problem: Problem, workload: Workload): Promise<Prepared> {
  if ('train' in steps) {
    const step = async () => steps.train();
    const losses: number[] = [];
    for (let update = 0; update <= comparedUpdates; update++) losses.push(await step());
    return { step, losses: [losses[0]!, losses[comparedUpdates]!] };
  }
  if ('forward' in steps) {
    const step = async () => (await steps.forward()).length;
    return { step, losses: [lossOf(await steps.forward(), problem, workload)] };
  }
  const step = () => sampleTokens(steps, problem['target']!.data);
  return { step, losses: [await step()] };
}

/** → the mean of −ln p of the tokens drawn. */
async function sampleTokens(
  { reset, next }: Extract<Steps, { reset: unknown }>,
  uniforms: Float32Array,
): Promise<number> {
  reset();
  let loss = 0;
  let token = 0;
  let powers: Float64Array | undefined;
  for (const uniform of uniforms) {
    const told = next(token);
    const logits = told instanceof Promise ? await told : told;
    const drawn = drawToken(logits, uniform, (powers ??= new Float64Array(logits.length)));
    token = drawn.token;
    loss += drawn.loss / uniforms.length;
  }
  return loss;
}

async function run(milliseconds: number): Promise<Answers['run']> {
  if (!prepared) throw new Error('run: expected prepare first');
  const ms: number[] = [];
  const end = performance.now() + milliseconds;
  do {
    const start = performance.now();
    await prepared.step();
    ms.push(Number((performance.now() - start).toFixed(4)));
  } while (performance.now() < end);
  return { ms };
}

/** Linux counts per program; the portable number also counts what the parent held at the fork. */
function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

function answer(request: Request): Promise<Answers[keyof Answers]> | Answers['memory'] {
  if (request.do === 'prepare') return prepare(request);
  return request.do === 'run' ? run(request.milliseconds) : { peakBytes: peakBytes() };
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply: object;
  try {
    reply = await answer(JSON.parse(line) as Request);
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
// A contestant's idle threads must not keep the process.
process.exit();
