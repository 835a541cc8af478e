/** The user stopped the cell. */
export class Interrupted extends Error {
  override name = 'Interrupted';

  /** @param training How far the training was that was stopped. */
  constructor(training?: { step: number; totalSteps: number }) {
    super(
      training
        ? `Stopped by the user: training ended after step ${String(training.step)} of ` +
            `${String(training.totalSteps)}, its history is kept. Variables are kept.`
        : 'Stopped by the user. Variables are kept.',
    );
  }
}

/** A cell called `process.exit`, which would take the notebook's variables with it. */
export class ProcessExitError extends Error {
  override name = 'ProcessExitError';

  constructor(code: number | string | null | undefined) {
    super(
      `The cell called process.exit(${code === undefined || code === null ? '' : String(code)}). ` +
        'The kernel goes on, and variables are kept; to end it, restart the kernel.',
    );
  }
}

/** A display whose content is no data (a function, a promise, …). */
export class DisplayError extends TypeError {
  override name = 'DisplayError';

  constructor(mimeTypes: string[], options: ErrorOptions) {
    super(
      `display: the content of ${mimeTypes.join(', ')} has to be JSON, text or bytes ` +
        `and could not be sent: ${(options.cause as Error).message}`,
      options,
    );
  }
}
