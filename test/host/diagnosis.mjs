/** What is left for a person when a test run hangs or its window breaks. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const resultFolder = path.resolve(import.meta.dirname, '../../test-results');

/** Screenshots of tests: docs/pictures when they are to be renewed, else test-results. */
export function pictureFolder() {
  return process.env.UNROLL_UPDATE_PICTURES === '1'
    ? path.resolve(import.meta.dirname, '../../docs/pictures')
    : resultFolder;
}

/** Seconds after which a run is ended as failed. */
export function timeLimitSeconds() {
  const text = process.env.UNROLL_TEST_TIMEOUT ?? '900';
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new Error(`UNROLL_TEST_TIMEOUT is "${text}", expected a number of seconds above 0.`);
}

/** Writes the last picture of the window and the log, and says where. */
export async function leaveDiagnosis(page, log) {
  mkdirSync(resultFolder, { recursive: true });
  const logFile = path.join(resultFolder, 'vscode.log');
  writeFileSync(logFile, log);
  console.error(`The log is in ${logFile}; its end:\n${log.split('\n').slice(-30).join('\n')}`);
  if (page === undefined) return;
  const picture = path.join(resultFolder, 'vscode.png');
  try {
    await page.screenshot({ path: picture, timeout: 10_000 });
    console.error(`The window's last state is in ${picture}`);
  } catch (error) {
    console.error(`No picture of the window could be taken: ${error.message}`);
  }
}
