import type { ActivationFunction } from 'vscode-notebook-renderer';
import { parseLoss } from '../../kernel/contract/parsePayload.js';
import { toRendererApi } from '../rendererApi.js';
import { LossView } from './lossView.js';
import { rememberOptions } from './rememberOptions.js';

export const activate: ActivationFunction<unknown> = (context) => {
  const { recall, remember } = rememberOptions(context);
  return toRendererApi({
    picture: 'loss curve',
    parse: parseLoss,
    create: (element, first) =>
      new LossView(element, first, recall(first.title), (options) =>
        remember(first.title, options),
      ),
  });
};
