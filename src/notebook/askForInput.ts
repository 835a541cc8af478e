import * as vscode from 'vscode';
import type { KernelClient } from '../../kernel/client/kernelClient.js';
import type { InputRequest } from '../../kernel/contract/protocol.js';

/** Shows the cell's question and sends the answer. Taken back by the token: the cell stopped or ended. */
export async function askForInput(
  { id, prompt, password }: InputRequest,
  kernel: KernelClient,
  token: vscode.CancellationToken,
): Promise<void> {
  const options = { prompt, password, ignoreFocusOut: true };
  const value = await vscode.window.showInputBox(options, token);
  if (!token.isCancellationRequested) kernel.replyInput(id, value ?? null);
}
