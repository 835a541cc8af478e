import type { TraceData } from '../../kernel/contract/trace.js';
import { choice } from '../controls.js';
import { element } from '../element.js';
import { type Level, levels } from './cursor.js';
import type { Colouring } from './scene.js';

const levelTexts: Record<Level, [text: string, hint: string]> = {
  cell: ['Cells', 'Walk cell by cell'],
  gate: ['Gates', 'Walk gate by gate; the current cell is open'],
  operation: ['Operations', 'Walk operation by operation; the current cell is open'],
};

export function levelChoice(level: Level, changed: (level: Level) => void): HTMLElement {
  const options = levels.map((value) => {
    const [text, hint] = levelTexts[value];
    return { value, text, hint };
  });
  return choice('Detail', options, level, changed);
}

const colouringTexts: Record<Colouring, [text: string, hint: string]> = {
  phase: ['As it flows', 'Values on the way forward, adjoints on the way back'],
  value: ['Values', 'Norms of all values'],
  adjoint: ['Adjoints', 'Norms of all adjoints'],
};

export function colouringChoice(
  colouring: Colouring,
  changed: (colouring: Colouring) => void,
): HTMLElement {
  const options = (Object.keys(colouringTexts) as Colouring[]).map((value) => {
    const [text, hint] = colouringTexts[value];
    return { value, text, hint };
  });
  return choice('Colours show', options, colouring, changed);
}

/** Chooses the sequence of the batch whose numbers are shown. */
export interface SequenceChoice {
  root: HTMLSelectElement;
  /** Which of the carried sequences, from 0. */
  chosen(): number;
  update(trace: TraceData): void;
}

export function createSequenceChoice(changed: () => void): SequenceChoice {
  const root = element('select', {
    attributes: {
      'aria-label': 'Sequence of the batch',
      title: 'The sequence whose numbers stand beside the picture; norms are over the batch',
    },
  });
  root.addEventListener('change', changed);
  return {
    root,
    chosen: () => Number(root.value),
    update: ({ sequences }) => {
      const before = root.value;
      root.hidden = sequences.length < 2;
      root.replaceChildren(
        ...sequences.map((sequence, index) =>
          element('option', {
            text: `sequence ${sequence}`,
            attributes: { value: String(index) },
          }),
        ),
      );
      root.value = Number(before) < sequences.length ? before || '0' : '0';
    },
  };
}
