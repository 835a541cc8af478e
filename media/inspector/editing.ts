import { inputEditable, toEditable } from './edits.js';
import type { Strip } from './reading.js';
import type { StripEditing } from './strip.js';
import type { Place } from './walk.js';
import type { WhatIf } from './whatIf.js';

const comparing =
  'Numbers are edited where a trace stands alone: inspect one of the two by itself.';
const goForward = 'Values and weights are edited on the way forward: go to this operation there.';

/** How the numbers of a stop are edited. @param sequence index into the carried sequences */
export function toStripEditing(
  whatIf: WhatIf | undefined,
  place: Place,
  sequence: number,
  refuse: (why: string) => void,
): StripEditing {
  return {
    refuse,
    edit: (editable, was, value) => void whatIf?.set(editable, was, value),
    editable: (strip, position) => {
      if (!whatIf) return comparing;
      if (!whatIf.isLive) return whatIf.idle || 'The kernel has not answered yet.';
      if (place.phase !== 'forward') return goForward;
      return editableOf(whatIf, place, strip, position, sequence);
    },
  };
}

function editableOf(
  { trace }: WhatIf,
  place: Extract<Place, { node: number }>,
  { of, units }: Strip,
  position: number,
  sequence: number,
) {
  const unit = units[position]!;
  if (of !== 'input') return toEditable(trace, place, of, unit, sequence);
  const inBatch = trace.sequences[Math.min(sequence, trace.sequences.length - 1)]!;
  return inputEditable(place.t, unit, inBatch, trace.input!.isInteger, place.layer);
}
