import type { TraceData } from '../../kernel/contract/trace.js';
import { gutterEntry, restLine } from '../gutterEntry.js';
import type { InspectorLayout } from './layout.js';

/** What stands beside the rows of the unrolled graph. */
export function stageNames(
  trace: TraceData,
  layout: InspectorLayout,
  inside: number,
): HTMLElement[] {
  const { outputsY, inputsY, indexY } = layout;
  return [
    ...(outputsY === undefined ? [] : [gutterEntry(outputsY, [restLine('output')])]),
    gutterEntry(layout.lossFoot - layout.lossHeight / 2, [restLine('loss')]),
    ...layout.rows.map(({ stage, layer, y, height }) => {
      const { name, type } = trace.stages[stage]!;
      const middle = y + height / 2;
      return layer === undefined
        ? gutterEntry(middle, [restLine(name)])
        : gutterEntry(middle, [{ class: 'name', text: name }, restLine(type)]);
    }),
    ...(inputsY === undefined ? [] : [gutterEntry(inputsY, [restLine('input')])]),
    gutterEntry(indexY, [restLine('time step')]),
    ...(layout.inside
      ? [
          gutterEntry(layout.inside.box.y + 18, [
            { class: 'name', text: 'inside' },
            restLine(trace.layers[inside]!.name),
          ]),
        ]
      : []),
  ];
}
