import type { MimeBundle } from '../contract/mime.js';

/**
 * The de-facto standard by which a value shows itself: a method under this symbol returns a media bundle.
 * Deno's kernel introduced it: https://docs.deno.com/runtime/reference/cli/jupyter/
 */
export const displaySymbol = Symbol.for('Jupyter.display');

/**
 * A value that shows itself: its method gives a bundle of media types and what they hold, as Jupyter's front ends know it.
 */
export interface Displayable {
  [displaySymbol](): MimeBundle | Promise<MimeBundle>;
}

/** A value that shows itself as one fixed bundle, and prints as its text. */
export class Media implements Displayable {
  constructor(readonly bundle: MimeBundle) {}

  [displaySymbol](): MimeBundle {
    return this.bundle;
  }

  /** How Node prints it. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const text = this.bundle['text/plain'];
    return typeof text === 'string' ? text : `[${Object.keys(this.bundle).join(', ')}]`;
  }

  /** How VS Code's debugger shows it. */
  [Symbol.for('debug.description')](): string {
    return `Media [${Object.keys(this.bundle).join(', ')}]`;
  }
}
