import type { TraceData } from '../../kernel/contract/trace.js';
import { shorten } from '../shorten.js';
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
    const shelf = rows
      .filter(({ y, height }) => y + height / 2 === middle)
      .sort((a, b) => a.span.start - b.span.start);
    const names = [...new Set(shelf.map(({ stage }) => nameOf(trace, stage)))];
    const [first] = shelf;
    if (shelf.length > 1)
      return gutterEntry(
        middle,
        names.slice(0, 2).map((text, k) => (k === 0 ? { class: 'name', text } : restLine(text))),
      );
    const name = nameOf(trace, first!.stage);
    return first!.layer === undefined
      ? gutterEntry(middle, [restLine(name)])
      : gutterEntry(middle, [
          { class: 'name', text: name },
          restLine(trace.stages[first!.stage]!.type),
        ]);
  });
}

/** Longer names lose what they begin with. */
const mostLetters = 19;
const letterWidth = 8;

/** Pixels that the names of a trace take: no more than they need. */
export function namesWidth({ stages }: TraceData): number {
  const longest = Math.max(0, ...stages.map((_, stage) => nameOf({ stages }, stage).length));
  return Math.max(108, Math.ceil(longest * letterWidth) + 12);
}

/** `rnn.l0 (3)` is the third call of `rnn.l0`; of a long path the end says most. */
function nameOf({ stages }: Pick<TraceData, 'stages'>, stage: number): string {
  const name = stages[stage]!.name.replace(/ \(\d+\)$/, '');
  if (name.length <= mostLetters) return name;
  const parts = name.split('.');
  while (parts.length > 1 && parts.join('.').length >= mostLetters) parts.shift();
  return shorten(`…${parts.join('.')}`, mostLetters);
}
