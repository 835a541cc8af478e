/**
 * Requests that the client gave up before their turn came are not worked on: who types fast asks at each letter, and
 * waits for the answer to the last one.
 */
import {
  type ConnectionStrategy,
  LSPErrorCodes,
  Message,
  type ResponseMessage,
} from 'vscode-languageserver';

export const givesUpEarly: ConnectionStrategy = {
  cancelUndispatched(message): ResponseMessage | undefined {
    if (!Message.isRequest(message)) return undefined;
    const error = { code: LSPErrorCodes.RequestCancelled, message: 'Given up before its turn.' };
    return { jsonrpc: '2.0', id: message.id, error };
  },
};
