import assert from 'node:assert/strict';
import {
  createConnection,
  type DataCallback,
  Emitter,
  LSPErrorCodes,
  type Message,
  type MessageReader,
  type MessageWriter,
  type ResponseMessage,
} from 'vscode-languageserver/node';
import { givesUpEarly } from '../../../kernel/language/givesUpEarly.js';

const request = (id: number, method: string, params: object) => ({
  ...{ jsonrpc: '2.0', id, method, params },
});
const hover = (id: number) =>
  request(id, 'textDocument/hover', {
    textDocument: { uri: 'cell:1' },
    position: { line: id, character: 0 },
  });
const cancel = (id: number) => ({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } });

describe('requests to the language server', () => {
  it('that were given up before their turn are not worked on', async () => {
    const wire = new Wire();
    const worked: number[] = [];
    const server = createConnection(wire, wire, { connectionStrategy: givesUpEarly });
    server.onInitialize(() => ({ capabilities: {} }));
    server.onHover(({ position }) => {
      worked.push(position.line);
      return { contents: '' };
    });
    server.listen();
    wire.send(request(0, 'initialize', { processId: null, rootUri: null, capabilities: {} }));
    await wire.answered(1);
    // All have come when the first has its turn.
    wire.send(hover(1), cancel(1), hover(2), cancel(2), hover(3));
    await wire.answered(4);
    server.dispose();
    const errors = new Map(wire.answers.map(({ id, error }) => [id, error?.code]));
    assert.equal(errors.get(1), LSPErrorCodes.RequestCancelled);
    assert.equal(errors.get(2), LSPErrorCodes.RequestCancelled);
    assert.equal(errors.get(3), undefined);
    assert.deepEqual(worked, [3]);
  });
});

/** Both ends of a connection, in memory. */
class Wire implements MessageReader, MessageWriter {
  readonly answers: ResponseMessage[] = [];
  #receive: DataCallback = () => undefined;
  readonly #answered = new Emitter<void>();
  readonly onError = new Emitter<never>().event;
  readonly onClose = new Emitter<void>().event;
  readonly onPartialMessage = new Emitter<never>().event;

  send(...messages: Message[]): void {
    for (const message of messages) this.#receive(message);
  }

  async answered(count: number): Promise<void> {
    while (this.answers.length < count) {
      await new Promise<void>((resolve) => {
        this.#answered.event(resolve);
      });
    }
  }

  listen(receive: DataCallback) {
    this.#receive = receive;
    return { dispose: () => undefined };
  }

  write(message: Message): Promise<void> {
    if ('id' in message) this.answers.push(message as ResponseMessage);
    this.#answered.fire();
    return Promise.resolve();
  }

  end(): void {}
  dispose(): void {}
}
