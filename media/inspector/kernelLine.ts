import {
  type InspectorAnswerData,
  type InspectorRequest,
  parseInspectorAnswer,
} from '../../kernel/contract/inspectorMessages.js';
import { PayloadError } from '../../kernel/contract/readValue.js';

/** What VS Code gives a renderer to speak with the extension; absent in other front ends. */
export interface Messaging {
  postMessage?: ((message: unknown) => void) | undefined;
  onDidReceiveMessage?: ((listener: (message: unknown) => void) => { dispose(): void }) | undefined;
}

type Unnumbered<R> = R extends InspectorRequest ? Omit<R, 'request'> : never;

/** The way from pictures to the kernel that made them, one for all pictures of a page. */
export class KernelLine {
  readonly #waiting = new Map<string, (answer: InspectorAnswerData) => void>();
  readonly #post: ((message: unknown) => void) | undefined;
  #requests = 0;

  constructor({ postMessage, onDidReceiveMessage }: Messaging) {
    if (!postMessage || !onDidReceiveMessage) return;
    this.#post = postMessage;
    // Lives as long as the page does.
    onDidReceiveMessage((message) => this.#received(message));
  }

  /** Somebody listens at the other end; whether that is a kernel only an answer tells. */
  get isOpen(): boolean {
    return this.#post !== undefined;
  }

  /** Resolves with the answer, whenever it comes: a kernel that runs a cell answers after it. */
  ask(request: Unnumbered<InspectorRequest>): Promise<InspectorAnswerData> {
    const number = ++this.#requests;
    return new Promise((resolve) => {
      this.#waiting.set(keyOf(request.trace, number), resolve);
      this.#post?.({ ...request, request: number });
    });
  }

  #received(message: unknown): void {
    const key = keyOfAnswer(message);
    const resolve = key === undefined ? undefined : this.#waiting.get(key);
    // Answers to the pictures of other outputs come here too.
    if (key === undefined || !resolve) return;
    this.#waiting.delete(key);
    resolve(readAnswer(message));
  }
}

const keyOf = (trace: string, request: number): string => `${request} ${trace}`;

function keyOfAnswer(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { trace, request } = message as { trace?: unknown; request?: unknown };
  return typeof trace === 'string' && typeof request === 'number'
    ? keyOf(trace, request)
    : undefined;
}

function readAnswer(message: unknown): InspectorAnswerData {
  try {
    return parseInspectorAnswer(message);
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
    const { trace, request } = message as { trace: string; request: number };
    return {
      kind: 'whatIf',
      trace,
      request,
      error: {
        reason: 'failed',
        message: `The kernel's answer is not as expected: ${error.message}.`,
      },
    };
  }
}
