import type { GraphPayload } from '../../kernel/contract/mime.js';
import type { TableData } from '../dataTable.js';
import { countOf, formatCount, formatShape } from '../format.js';
import { mostOperations } from './cellLayout.js';
import type { GraphLayout, GraphWindow } from './layout.js';

/** `8 time steps · 4 layers · 117,761 parameters` */
export function toHeadline(payload: GraphPayload): string {
  const parameters = payload.layers.reduce((sum, layer) => sum + layer.parameters, 0);
  return [
    countOf(payload.timeSteps, 'time step'),
    countOf(payload.layers.length, 'layer'),
    countOf(parameters, 'parameter'),
  ].join(' · ');
}

/** The picture in sentences, for a screen reader. */
export function toSummary(payload: GraphPayload): string {
  const layers = payload.layers.map(({ name, type, outputShape, cell }) => {
    const states = cell?.states.map((state) => state.name) ?? [];
    const memory =
      states.length > 0 ? `, passes ${states.join(' and ')} to the next time step` : '';
    return `${name} (${type}, output ${formatShape(outputShape)}${memory})`;
  });
  return (
    `${payload.title || 'Computation graph'}, unrolled in time: ${toHeadline(payload)}. ` +
    `From input to output: ${layers.join('; ')}. ` +
    'Arrow keys move over time steps and layers, Enter expands a recurrent cell, Escape collapses it.'
  );
}

/** What the drawing leaves out, in a sentence; empty where it shows all. */
export function toNote(payload: GraphPayload, layout: GraphLayout, window: GraphWindow): string {
  const { first, last } = layout.steps;
  const left = payload.timeSteps - (last - first + 1);
  const cell = window.expanded && payload.layers[window.expanded.layer]?.cell;
  const operations = cell?.nodes.filter(({ kind }) => kind === 'operation').length ?? 0;
  return [
    ...(left > 0
      ? [
          `Drawn are time steps ${formatCount(first)} to ${formatCount(last)}; ${formatCount(left)} of ${formatCount(payload.timeSteps)} are left out, they repeat the same cells.`,
        ]
      : []),
    ...(layout.hiddenLayers > 0
      ? [`${countOf(layout.hiddenLayers, 'layer')} above are left out; the data lists them all.`]
      : []),
    ...(operations > mostOperations
      ? [
          `This cell has ${formatCount(operations)} operations, too many to draw; the data lists them.`,
        ]
      : []),
  ].join(' ');
}

export function toGraphTables(
  payload: GraphPayload,
  expanded: GraphWindow['expanded'],
): TableData[] {
  const nameOf = (layer: number) => (layer < 0 ? 'input' : payload.layers[layer]!.name);
  const layers: TableData = {
    caption: 'Layers, from input to output; shapes are those at one time step',
    columns: [
      { title: 'Layer' },
      { title: 'Type' },
      { title: 'Reads' },
      { title: 'Input' },
      { title: 'Output' },
      { title: 'States' },
      { title: 'Parameters', number: true },
    ],
    rows: payload.layers.map((layer) => [
      layer.name,
      layer.type,
      layer.from.map(nameOf).join(', '),
      formatShape(layer.inputShape),
      formatShape(layer.outputShape),
      layer.cell?.states.map(({ name, shape }) => `${name} ${formatShape(shape)}`).join(', ') ?? '',
      formatCount(layer.parameters),
    ]),
  };
  const open = expanded && payload.layers[expanded.layer];
  if (!open?.cell) return [layers];
  const operations: TableData = {
    caption: `One time step of ${open.name}, in the order of computation`,
    columns: [{ title: 'Value' }, { title: 'Kind' }, { title: 'Equation' }, { title: 'Shape' }],
    rows: open.cell.nodes.map((node) => [
      node.label ?? node.id,
      node.op ?? node.kind,
      node.equation,
      formatShape(node.shape),
    ]),
  };
  return [operations, layers];
}
