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
    ...shelfEntries(trace, layout),
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

/** What stands beside each other has one entry: an encoder's layer and its decoder's. */
function shelfEntries(trace: TraceData, { rows }: InspectorLayout): HTMLElement[] {
  const middles = [...new Set(rows.map(({ y, height }) => y + height / 2))];
  return middles.map((middle) => {
    const shelf = rows.filter(({ y, height }) => y + height / 2 === middle).reverse();
    const names = [...new Set(shelf.map(({ stage }) => withoutCall(trace.stages[stage]!.name)))];
    const [first] = shelf;
    if (shelf.length > 1)
      return gutterEntry(
        middle,
        names.slice(0, 2).map((text, k) => (k === 0 ? { class: 'name', text } : restLine(text))),
      );
    const { name, type } = trace.stages[first!.stage]!;
    return first!.layer === undefined
      ? gutterEntry(middle, [restLine(name)])
      : gutterEntry(middle, [{ class: 'name', text: name }, restLine(type)]);
  });
}

/** `rnn.l0 (3)` is the third call of `rnn.l0`. */
const withoutCall = (name: string): string => name.replace(/ \(\d+\)$/, '');
