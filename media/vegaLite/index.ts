import type { ActivationFunction } from 'vscode-notebook-renderer';
import { PayloadError } from '../../kernel/contract/parsePayload.js';
import { toRendererApi } from '../rendererApi.js';
import type { VegaLiteSpec } from '../vegaView.js';
import { ChartView } from './chartView.js';

export const activate: ActivationFunction<unknown> = () =>
  toRendererApi({
    picture: 'Vega-Lite chart',
    parse: parseSpec,
    create: (element) => new ChartView(element),
  });

/** What is inside is Vega-Lite's own business; it says so where it does not like it. */
function parseSpec(value: unknown): VegaLiteSpec {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PayloadError(
      '',
      'a Vega-Lite specification',
      Array.isArray(value) ? 'a list' : typeof value,
    );
  return value as VegaLiteSpec;
}
