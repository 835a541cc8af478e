/** The page of one value. */
import type { ValueMessage, ValuePageMessage } from '../../kernel/contract/variablesView.js';
import { adoptStyle, onMessage, webviewApi } from '../webview.js';
import { pageStyle } from './pageStyle.js';
import { valueStyle } from './valueStyle.js';
import { ValueView } from './valueView.js';

const api = webviewApi();
adoptStyle(pageStyle, valueStyle);
const send = (message: ValueMessage) => api.postMessage(message);
const view = new ValueView(send);
onMessage((message) => view.receive(message as ValuePageMessage));
send({ kind: 'ready' });
