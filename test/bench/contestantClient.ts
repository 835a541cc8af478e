/** The driver's side of a contestant's process. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Answers, Request } from './protocol.js';

/** A contestant's process ended, or said why it can't go on. */
export class ContestantError extends Error {
  override readonly name = 'ContestantError';
}

type RequestTo<K> = Extract<Request, { readonly do: K }>;

export interface ContestantClient {
  ask<K extends keyof Answers>(request: RequestTo<K>): Promise<Answers[K]>;
  /** Ends the process. */
  dispose(): void;
}

/** For building a model and four steps of the largest workload on a slow machine; a contestant that hangs ends too. */
const answerLimitMs = 15 * 60_000;

/** Numerical libraries read their number of threads from the environment. */
const threadVariables = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'];

export function startContestant(command: readonly string[], threads: number): ContestantClient {
  const limits = Object.fromEntries(threadVariables.map((name) => [name, String(threads)]));
  const child = spawn(command[0]!, command.slice(1), { env: { ...process.env, ...limits } });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-2000);
  });
  const end = new Promise<never>((_, reject) => {
    child.on('error', (error) => reject(new ContestantError(error.message)));
    child.on('close', (code, signal) => {
      const last = complaints.trim().split('\n').at(-1) ?? '';
      reject(new ContestantError(`its process ended (${signal ?? String(code)}) ${last}`.trim()));
    });
  });
  // Nobody may be asking when it ends.
  end.catch(() => undefined);
  // A write to a process that is gone fails; `end` tells why it is.
  child.stdin.on('error', () => undefined);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask<K extends keyof Answers>(request: RequestTo<K>): Promise<Answers[K]> {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const limit = setTimeout(() => child.kill(), answerLimitMs);
      const line = await Promise.race([answers.next(), end]).finally(() => clearTimeout(limit));
      if (line.done) return end;
      const answer = JSON.parse(line.value) as { error?: string };
      if (answer.error !== undefined) throw new ContestantError(answer.error);
      return answer as Answers[K];
    },
    dispose: () => child.kill(),
  };
}
