import type { TraceData } from '../../kernel/contract/trace.js';
import { formatValue } from '../format.js';
import { toVisibleText } from '../visibleText.js';
import type { At } from './reading.js';

/** Sentences about a stop: truncation, saturation, clipping, attention, what is not carried. */
export function readNotes({ trace, layer, t, row }: At, index: number, isBack: boolean): string[] {
  const { saturation } = layer.nodes[index]!;
  const notes: string[] = [];
  const state = layer.states.findIndex(({ next }) => next === index);
  const cut = trace.truncation?.boundaries.indexOf(t + 1) ?? -1;
  if (isBack && state >= 0 && cut >= 0) {
    const norm = layer.states[state]!.cut?.data[cut];
    notes.push(
      `Truncated here: nothing comes from t = ${t + 1}${norm === undefined ? '' : `, which would have sent ${formatValue(norm)}`}.`,
    );
  }
  if (saturation) {
    const near = saturation.nearLow.data[t]! + saturation.nearHigh.data[t]!;
    const mean = formatValue(saturation.mean.data[t]!);
    notes.push(`Mean ${mean}; ${Math.round(100 * near)} % saturated (near a bound).`);
  }
  if (isBack && trace.clip?.fired && trace.clip.step !== undefined && t <= trace.clip.step)
    notes.push(`Summed up to here, the gradient is above the clipping norm ${trace.clip.maxNorm}.`);
  if (index === layer.output) notes.push(...attentionNotes(trace, t));
  if (row < 0) notes.push('Its numbers are not carried at this time step, norms are.');
  return notes;
}

/** Where the time step looks most. */
function attentionNotes({ attention = [], inputs, stages }: TraceData, t: number): string[] {
  return attention.flatMap(({ from, queries, keys, weight }) => {
    const q = queries.indexOf(t);
    if (q < 0) return [];
    const own = weight.data.subarray(q * keys.length, (q + 1) * keys.length);
    const most = own.reduce((best, one, k) => (one > own[best]! ? k : best), 0);
    const at = keys[most]!;
    const read = inputs?.[at] === undefined ? '' : ` (“${toVisibleText(inputs[at])}”)`;
    return [
      `Looks most at ${stages[from]!.name}, t = ${at}${read}, with ${Math.round(100 * own[most]!)} % of its attention.`,
    ];
  });
}
