/** What a process that is out of memory says of itself: called in the middle of whatever runs. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { VariableSummary } from '../contract/protocol.js';
import { largestKey } from './memoryWatch.js';

const mostShown = 5;

/** @param variables The session's variables. */
export function installLargestVariables(variables: () => VariableSummary[]): void {
  Object.defineProperty(globalThis, Symbol.for(largestKey), {
    value: () => {
      collectGarbage();
      return JSON.stringify(toLargest(variables()));
    },
  });
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** `weights Tensor [1000, 1000] 4 MB (cell 3)`, the largest first. */
export function toLargest(variables: VariableSummary[]): string[] {
  return variables
    .filter(({ bytes = 0 }) => bytes > 0)
    .sort((a, b) => b.bytes! - a.bytes!)
    .slice(0, mostShown)
    .map(({ name, type, shape, bytes, cell }) => {
      const size = shape ? ` [${shape.join(', ')}]` : '';
      const where = cell ? ` (cell ${String(cell.index + 1)})` : '';
      return `${name} ${type}${size} ${String(Math.ceil(bytes! / 2 ** 20))} MB${where}`;
    });
}
