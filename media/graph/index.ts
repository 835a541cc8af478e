import type { ActivationFunction } from 'vscode-notebook-renderer';
import { parseGraph } from '../../kernel/contract/parsePayload.js';
import { toRendererApi } from '../rendererApi.js';
import { GraphView } from './graphView.js';

export const activate: ActivationFunction<unknown> = () =>
  toRendererApi({
    picture: 'computation graph',
    parse: parseGraph,
    create: (element, first) => new GraphView(element, first),
  });
