/** Answers to cells' questions: from the terminal, else line by line from standard input. */
import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import type { InputRequest } from '../contract/protocol.js';

/** Nobody can be asked. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

export class InputAnswers {
  #lines: AsyncIterator<string> | undefined;
  #interface: Interface | undefined;

  constructor(
    private readonly stdin: NodeJS.ReadStream = process.stdin,
    private readonly stderr: NodeJS.WriteStream = process.stderr,
  ) {}

  /** @throws NoAnswerError where standard input has no further line */
  async answer({ prompt, password }: InputRequest, signal: AbortSignal): Promise<string | null> {
    if (this.stdin.isTTY) return await this.#ask(prompt, password, signal);
    this.#interface ??= createInterface({ input: this.stdin });
    this.#lines ??= this.#interface[Symbol.asyncIterator]();
    const next = await this.#lines.next();
    if (next.done !== true) return next.value;
    throw new NoAnswerError(
      `input: nobody can be asked '${prompt}': there is no terminal, and standard input has no further line`,
    );
  }

  close(): void {
    this.#interface?.close();
    if (!this.stdin.isTTY) this.stdin.destroy();
  }

  /** Null where the question was dismissed (end of input, or the run is stopped). */
  #ask(prompt: string, password: boolean, signal: AbortSignal): Promise<string | null> {
    // What is typed is echoed by readline itself, so a password gets an output that swallows it.
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const output = password ? silent : this.stderr;
    if (password) this.stderr.write(`${prompt} `);
    const lines = createInterface({ input: this.stdin, output, terminal: true });
    return new Promise((resolve) => {
      lines.on('close', () => resolve(null));
      lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
      signal.addEventListener('abort', () => lines.close(), { once: true });
      lines.question(password ? '' : `${prompt} `, (answer) => {
        if (password) this.stderr.write('\n');
        resolve(answer);
        lines.close();
      });
    });
  }
}
