import type { ActivationFunction } from 'vscode-notebook-renderer';
import { comparisonMime } from '../../kernel/contract/mime.js';
import { parseComparison, parseTrace } from '../../kernel/contract/parseTrace.js';
import { toRendererApi } from '../rendererApi.js';
import { InspectorView } from './inspectorView.js';
import { KernelLine } from './kernelLine.js';
import { shownComparison, shownTrace } from './side.js';

export const activate: ActivationFunction<unknown> = (context) => {
  const line = new KernelLine(context);
  return toRendererApi({
    picture: 'trace of backpropagation through time',
    parse: (value, mime) =>
      mime === comparisonMime
        ? shownComparison(parseComparison(value))
        : shownTrace(parseTrace(value)),
    create: (element, first) => new InspectorView(element, first, line),
  });
};
