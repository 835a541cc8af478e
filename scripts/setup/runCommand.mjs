/** Runs a program to its end, quietly: its output is shown only when it fails. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { startSupervised } from '../run/supervised.mjs';
import { SetupError } from './narrate.mjs';

const windows = process.platform === 'win32';
const shownOnFailure = 40;

/** The full path of a program on PATH, or undefined. */
export function findOnPath(name) {
  const endings = windows ? ['.exe', '.cmd', '.bat'] : [''];
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const ending of endings) {
      const candidate = path.join(folder, name + ending);
      if (folder !== '' && isExecutable(candidate)) return candidate;
    }
  }
  return undefined;
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: both mean "look on".
    return false;
  }
}

/**
 * Resolves to what the program printed on stdout.
 * @throws SetupError with the command and the end of its output when it can't start or exits non-zero.
 */
export async function runCommand(command, args, { cwd, env } = {}) {
  const shown = [path.basename(command), ...args].join(' ');
  const child = startSupervised(command, args, {
    cwd,
    env: { ...process.env, ...env },
    output: 'pipe',
  });
  const printed = { stdout: '', both: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed.stdout += text;
    printed.both += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (printed.both += text));
  const code = await child.ended;
  if (code === 0) return printed.stdout;
  const tail = printed.both.trimEnd().split('\n').slice(-shownOnFailure).join('\n');
  const where = cwd === undefined ? '' : ` in ${cwd}`;
  throw new SetupError(`${tail}\n\n\`${shown}\`${where} ended with exit code ${code}.`);
}

/**
 * Runs npm: the very npm that runs us where there is one, with the Node given (ours by default).
 * The flags keep a user's own npm configuration from changing what is installed.
 */
export function npm(args, { node = process.execPath, ...options } = {}) {
  const own = process.env.npm_execpath;
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--engine-strict=false'];
  if (own !== undefined && path.basename(own) === 'npm-cli.js') {
    return runCommand(node, [own, ...args, ...quiet], options);
  }
  const found = findOnPath('npm');
  if (found === undefined) throw new SetupError('npm is not on PATH. Install Node.js with npm.');
  return runCommand(found, [...args, ...quiet], options);
}
