import type { RendererContext } from 'vscode-notebook-renderer';
import { defaultOptions, type LossOptions } from './lines.js';

const mostTitles = 50;

export interface OptionsMemory {
  recall: (title: string) => LossOptions;
  remember: (title: string, options: LossOptions) => void;
}

/**
 * Choices by chart title, kept with the notebook's page: an output's id changes when a notebook is
 * reopened or its cell runs again, the title does not. A list of pairs, as titles may be any text.
 */
export function rememberOptions(context: RendererContext<unknown>): OptionsMemory {
  return {
    recall: (title) => {
      const found = readPairs(context.getState()).find(([known]) => known === title);
      return found ? toOptions(found[1]) : defaultOptions;
    },
    remember: (title, options) => {
      const others = readPairs(context.getState()).filter(([known]) => known !== title);
      context.setState([...others, [title, options]].slice(-mostTitles));
    },
  };
}

function readPairs(state: unknown): [title: unknown, options: unknown][] {
  if (!Array.isArray(state)) return [];
  return state.filter(
    (pair): pair is [unknown, unknown] => Array.isArray(pair) && pair.length === 2,
  );
}

/** The state may be another version's, so each choice is taken only where it is one of ours. */
function toOptions(value: unknown): LossOptions {
  const { x, y, smoothing } = (typeof value === 'object' ? (value ?? {}) : {}) as Partial<
    Record<keyof LossOptions, unknown>
  >;
  return {
    x: x === 'seconds' ? 'seconds' : 'step',
    y: y === 'log' ? 'log' : 'linear',
    smoothing: typeof smoothing === 'number' && smoothing > 0 && smoothing < 1 ? smoothing : 0,
  };
}
