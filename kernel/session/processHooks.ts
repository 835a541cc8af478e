/** What a cell may do to the process without ending it. */
import { ProcessExitError } from './sessionErrors.js';

/** @param uncaught An error that nobody caught, or a promise's that nobody awaited. */
export function installProcessHooks(uncaught: (error: unknown) => void): void {
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
  process.exit = (code) => {
    throw new ProcessExitError(code);
  };
}
