/**
 * Stands between a command of ours and a program it starts: runs the program in a process group of its
 * own and ends the whole group when the program ends, when told to, or when the command is gone, however
 * that happened (even SIGKILL: then the IPC channel closes). Started by supervised.mjs only.
 */
import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { forSpawn } from './forSpawn.mjs';

const windows = process.platform === 'win32';
const pollEvery = 50;

/** How long the group has to end by itself, in milliseconds. Then what is left of it is killed. */
const graceful = Number(process.argv[2]);
const { command, args, shell } = forSpawn(process.argv[3], process.argv.slice(4));
const child = spawn(command, args, { stdio: 'inherit', detached: !windows, shell });
let ending;

child.on('error', (error) => {
  console.error(`${command} could not be started: ${error.message}`);
  process.exit(127);
});
child.on('exit', (code, signal) => {
  const status = code ?? (signal === null ? 1 : 128);
  endGroup().then(() => process.exit(status), crash);
});
process.on('disconnect', end);
process.on('message', end);
// The command may have gone while this was loaded, when nobody listened.
if (!process.connected) end();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);

function end() {
  endGroup().then(() => process.exit(143), crash);
}

function crash(error) {
  console.error(error);
  process.exit(1);
}

function endGroup() {
  ending ??= windows ? endTreeOnWindows() : endProcessGroup();
  return ending;
}

async function endProcessGroup() {
  const patience = Date.now() + graceful;
  if (!signalGroup('SIGTERM')) return;
  while (Date.now() < patience) {
    await sleep(pollEvery);
    if (!signalGroup(0)) return;
  }
  signalGroup('SIGKILL');
}

/** @returns whether the group still has a process */
function signalGroup(signal) {
  try {
    process.kill(-child.pid, signal);
    return true;
  } catch (error) {
    // macOS answers EPERM for a group that only has zombies left.
    if (error.code === 'ESRCH' || error.code === 'EPERM') return false;
    throw error;
  }
}

async function endTreeOnWindows() {
  spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
}
