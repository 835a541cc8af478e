/** The Variables view's page. */
import type {
  ConfirmForget,
  ListMessage,
  VariablesShown,
} from '../../kernel/contract/variablesView.js';
import { adoptStyle, onMessage, webviewApi } from '../webview.js';
import { listStyle } from './listStyle.js';
import { ListView } from './listView.js';
import { pageStyle } from './pageStyle.js';

const api = webviewApi();
adoptStyle(pageStyle, listStyle);
const send = (message: ListMessage) => api.postMessage(message);
const view = new ListView({
  state: api.getState() ?? {},
  remember: (state) => api.setState(state),
  send,
});
onMessage((received) => {
  const message = received as VariablesShown | ConfirmForget;
  if (message.kind === 'variables') view.show(message);
  else view.askToForget(message.name);
});
send({ kind: 'ready' });
