/** Says on stdout what is being done, each line with the seconds since the command began. */
import { clearInterval, setInterval } from 'node:timers';

/** A command's own helpers go on counting from where the command began. */
const began = Number((process.env.UNROLL_BEGAN ??= String(Date.now())));
const stillEvery = 20_000;

export function say(text) {
  const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(6);
  console.log(`[${seconds} s] ${text}`);
}

/** Says `title`, does the work, and says so again while it takes long. */
export async function step(title, work) {
  say(title);
  const reminder = setInterval(() => say(`  … still: ${title}`), stillEvery);
  try {
    return await work();
  } finally {
    clearInterval(reminder);
  }
}

/** What a person has to do before the set-up can go on: shown as a sentence, without a stack. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** Ends the command: a SetupError as its sentence, anything else with its stack. */
export function failWith(error) {
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
