/** Starts programs so that they, and all they start, never outlive the command that started them. */
import { fork } from 'node:child_process';
import os from 'node:os';
import { PassThrough } from 'node:stream';
import { setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';

const supervisor = fileURLToPath(new URL('supervisor.mjs', import.meta.url));
/** setup/lock.mjs relies on it. */
const endsWithin = 2_000;
const running = new Set();
const parentLookEvery = 1_000;
/** Once a signal has come, nothing more is started: the process is about to exit. */
let isStopping = false;

/**
 * @param options `cwd`, `env`, `output`: 'inherit' (default) or 'pipe', and `graceful`: how long the program
 *   has for ending itself when it is stopped, in milliseconds
 * @returns `{ stdout, stderr, ended, stop }`; `ended` resolves to the exit code, `stop` resolves when the
 *   program and everything it started are gone. After a signal nothing starts, and `ended` stays open until the
 *   command exits
 */
export function startSupervised(
  command,
  args,
  { cwd, env, output = 'inherit', graceful = endsWithin } = {},
) {
  if (isStopping) return notStarted();
  const child = fork(supervisor, [String(graceful), command, ...args], {
    cwd,
    env: env ?? process.env,
    execArgv: [],
    stdio: ['ignore', output, output, 'ipc'],
  });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    // Not 'exit': what the program printed last is to be read first.
    child.on('close', (code) => resolve(code ?? 1));
  });
  const one = {
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    stop: () => {
      // Not disconnect(): after that Node 20 never emits 'close'.
      if (child.connected) child.send('stop', () => {});
      return ended;
    },
  };
  running.add(one);
  ended.then(
    () => running.delete(one),
    () => running.delete(one),
  );
  return one;
}

const notStarted = () => ({
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  ended: new Promise(() => {}),
  stop: async () => {},
});

/** Ends everything that was started and not stopped yet. */
export async function stopAll() {
  await Promise.all([...running].map((one) => one.stop()));
}

/**
 * On Ctrl-C, SIGTERM, a closed terminal, or when the process that started us is gone (npm killed alone):
 * runs `first`, ends everything started, and exits as a shell expects it (128 + signal).
 */
export function stopAllOnSignals(first = async () => {}) {
  const stop = (signal) => {
    if (isStopping) return;
    isStopping = true;
    const status = 128 + os.constants.signals[signal];
    endEverything(first, signal).finally(() => process.exit(status));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && stop('SIGHUP'), parentLookEvery);
  watch.unref();
}

async function endEverything(first, signal) {
  try {
    await first(signal);
  } catch (error) {
    console.error(error);
  }
  await stopAll();
}
