/** One set-up of a thing at a time, across processes. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder } from './cacheFolder.mjs';
import { say } from './narrate.mjs';

const pollEvery = 250;
/** A lock without a readable owner is being written right now, or was torn: give it this long. */
const tornAfter = 5_000;
/** What a killed process was running is ended by its supervisor within 2 s. */
const orphansEndWithin = 3_000;

/**
 * Holds the lock `name` while the work runs. A lock whose process is gone is taken over, so a set-up
 * that was killed never blocks the next one, nor goes on beside it.
 */
export async function withLock(name, work) {
  const folder = path.join(cacheFolder(), 'locks');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.lock`);
  let waitingFor;
  let takenOver = false;
  while (!tryTake(file)) {
    const owner = readOwner(file);
    if (owner.gone) {
      removeStale(file, owner.text);
      takenOver = true;
      continue;
    }
    if (waitingFor !== owner.text) say(`Waiting for process ${owner.text}, which sets up ${name}`);
    waitingFor = owner.text;
    await sleep(pollEvery);
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    if (takenOver) await sleep(orphansEndWithin);
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

function tryTake(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(file) {
  try {
    const text = readFileSync(file, 'utf8');
    if (text === '') return { text: '?', gone: Date.now() - statSync(file).mtimeMs > tornAfter };
    return { text, gone: !isAlive(Number(text)) };
  } catch (error) {
    if (error.code === 'ENOENT') return { text: '?', gone: false };
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return error.code === 'EPERM';
  }
}

/** Moves the stale lock aside first: of two that saw it, the later must not remove the new one. */
function removeStale(file, staleText) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  const moved = readFileSync(aside, 'utf8');
  if (moved !== staleText && moved !== '') renameSync(aside, file);
  else rmSync(aside, { force: true });
}
