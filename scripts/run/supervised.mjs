/** Starts programs so that they, and all they start, never outlive the command that started them. */
import { fork } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';

const supervisor = fileURLToPath(new URL('supervisor.mjs', import.meta.url));
const running = new Set();

/**
 * @param options `cwd`, `env`, and `output`: 'inherit' (default) or 'pipe'
 * @returns `{ stdout, stderr, ended, stop }`; `ended` resolves to the exit code, `stop` resolves when the
 *   program and everything it started are gone
 */
export function startSupervised(command, args, { cwd, env, output = 'inherit' } = {}) {
  const child = fork(supervisor, [command, ...args], {
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

/** Ends everything that was started and not stopped yet. */
export async function stopAll() {
  await Promise.all([...running].map((one) => one.stop()));
}

/**
 * On Ctrl-C, SIGTERM or a closed terminal: runs `first`, ends everything started, and exits as a shell
 * expects it (128 + signal).
 */
export function stopAllOnSignals(first = async () => {}) {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      const status = 128 + os.constants.signals[signal];
      first(signal)
        .then(stopAll)
        .then(
          () => process.exit(status),
          (error) => {
            console.error(error);
            process.exit(status);
          },
        );
    });
  }
}
