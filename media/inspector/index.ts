import type { ActivationFunction } from 'vscode-notebook-renderer';
import { parseTrace } from '../../kernel/contract/parseTrace.js';
import { toRendererApi } from '../rendererApi.js';
import { InspectorView } from './inspectorView.js';

export const activate: ActivationFunction<unknown> = () =>
  toRendererApi({
    picture: 'trace of backpropagation through time',
    parse: parseTrace,
    create: (element, first) => new InspectorView(element, first),
  });
