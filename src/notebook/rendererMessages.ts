/**
 * What the inspector's pictures ask the kernel of their notebook: whether it still knows a trace, and what the trace
 * becomes with numbers changed. A picture is output, which anybody may have written: a request is read
 * strictly, asks for numbers only, starts no kernel, and is answered to the editor that it came from.
 */
import * as vscode from 'vscode';
import type { CommOutcome } from '../../kernel/client/kernelClient.js';
import {
  inspectorTarget,
  parseInspectorRequest,
  type InspectorError,
  type InspectorRequest,
} from '../../kernel/contract/inspectorMessages.js';
import type { Json } from '../../kernel/contract/mime.js';
import type { NotebookSessions } from './notebookSessions.js';
import { UntrustedWorkspaceError, whyNothingRuns } from './whyNothingRuns.js';

/** The renderer's id in package.json. */
const rendererId = 'unroll-inspector';

interface Received {
  readonly editor: vscode.NotebookEditor;
  readonly message: unknown;
}

export function forwardRendererMessages(
  sessions: NotebookSessions,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const messaging = vscode.notebooks.createRendererMessaging(rendererId);
  return messaging.onDidReceiveMessage(({ editor, message }: Received) => {
    let request: InspectorRequest;
    try {
      request = parseInspectorRequest(message);
    } catch (error) {
      log.warn(`A picture asked for what it cannot get: ${String(error)}`);
      return;
    }
    answerRequest(sessions, editor.notebook, request)
      .then((answer) => messaging.postMessage(answer, editor))
      .then(undefined, (error: unknown) => {
        log.error(`A picture's request could not be answered: ${String(error)}`);
      });
  });
}

async function answerRequest(
  sessions: NotebookSessions,
  notebook: vscode.NotebookDocument,
  request: InspectorRequest,
): Promise<unknown> {
  const why = whyNothingRuns(notebook);
  if (why) {
    const reason = why instanceof UntrustedWorkspaceError ? 'untrusted' : 'noKernel';
    return toAnswer(request, { reason, message: why.message });
  }
  const session = sessions.get(notebook);
  const asked = session?.request(inspectorTarget, request as unknown as Json);
  const outcome: CommOutcome = (await asked) ?? { kind: 'ended' };
  switch (outcome.kind) {
    case 'answer':
      return outcome.data;
    case 'failed':
      return toAnswer(request, { reason: 'failed', message: outcome.message });
    case 'unknown':
      return toAnswer(request, forgotten);
    case 'ended':
      return toAnswer(request, noKernel);
  }
}

const toAnswer = ({ kind, trace, request }: InspectorRequest, error: InspectorError) => ({
  kind,
  trace,
  request,
  error,
});

const noKernel: InspectorError = {
  reason: 'noKernel',
  message: 'No kernel runs for this notebook. Run the cell again to change numbers.',
};
/** The kernel has made no trace. */
const forgotten: InspectorError = {
  reason: 'forgotten',
  message: 'The kernel does not know this trace. Run its cell again to change numbers.',
};
