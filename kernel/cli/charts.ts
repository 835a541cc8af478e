/**
 * Draws Vega-Lite charts as SVG, without a browser. A bundle of its own, loaded when the first page is written.
 * Text and lines take the page's colour (`currentColor`), so one drawing serves light and dark.
 */
import { type Loader, type LoggerInterface, parse, View } from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile, type TopLevelSpec } from 'vega-lite';
import { chartColours } from '../contract/chartColours.js';
import type { Json } from '../contract/mime.js';

export class ChartError extends Error {
  override readonly name = 'ChartError';
}

const refuse = (address: string): Promise<never> =>
  Promise.reject(
    new ChartError(`a chart may not load anything; it asked for ${address.slice(0, 80)}`),
  );
/** Vega's only way to a network or file: closed. */
const closedLoader: Loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

const text = 'currentColor';

const config = {
  background: 'transparent',
  font: 'system-ui, sans-serif',
  axis: {
    labelColor: text,
    titleColor: text,
    domainColor: text,
    tickColor: text,
    gridColor: text,
    domainOpacity: 0.5,
    tickOpacity: 0.5,
    gridOpacity: 0.13,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 'normal' as const,
  },
  legend: { labelColor: text, titleColor: text },
  header: { labelColor: text, titleColor: text },
  title: { color: text, subtitleColor: text },
  view: { stroke: text, strokeOpacity: 0.15 },
  mark: { color: chartColours.either[0] },
  text: { fill: text },
  rule: { color: text },
  range: { category: [...chartColours.either] },
};

/** @throws ChartError for what is no specification, and what Vega throws for one that is wrong */
export async function drawChart(spec: Json): Promise<string> {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec))
    throw new ChartError('expected a Vega-Lite specification');
  const merged = { ...spec, config: { ...config, ...asObject(spec['config']) } };
  const errors: string[] = [];
  const compiled = compile(merged as unknown as TopLevelSpec, { logger: toLogger(errors) });
  const view = new View(parse(compiled.spec, undefined, { ast: true }), {
    expr: expressionInterpreter,
    loader: closedLoader,
    renderer: 'none',
    logger: toLogger(errors),
  });
  try {
    const svg = await view.toSVG();
    if (errors[0] !== undefined) throw new ChartError(errors[0]);
    return svg.replace('<svg ', '<svg role="img" ');
  } finally {
    view.finalize();
  }
}

/** Vega tells what goes wrong with the data to a logger, and draws on. */
function toLogger(errors: string[]): LoggerInterface {
  const note = (told: readonly unknown[]): void => {
    errors.push(told.map((one) => (one instanceof Error ? one.message : String(one))).join(' '));
  };
  const silent = () => logger;
  const logger: LoggerInterface = {
    level: silent,
    error: (...told: readonly unknown[]) => {
      note(told);
      return logger;
    },
    warn: (...told: readonly unknown[]) => {
      // The others are advice to whoever writes the chart.
      if (told[0] === 'Loading failed') note(told);
      return logger;
    },
    info: silent,
    debug: silent,
  };
  return logger;
}

const asObject = (value: Json | undefined): Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
