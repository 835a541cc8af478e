import type { TraceMath } from '../../kernel/contract/trace.js';
import type { Layer, Node } from './walk.js';

export const nameOf = ({ label, id }: Pick<Node, 'label' | 'id'>): string => label ?? id;

/** With the time step that a value belongs to: `fₜ`, `cₜ₋₁` (against time `cₜ₊₁`), `weight_hh`. */
export function timedName({ kind, once, label, id }: Node, direction: Layer['direction']): string {
  const name = label ?? id;
  if (once || kind === 'parameter' || kind === 'constant') return name;
  if (kind !== 'state') return `${name}ₜ`;
  return direction === 'forward' ? `${name}ₜ₋₁` : `${name}ₜ₊₁`;
}

/** The same as a formula; of an adjoint with a bar. */
export function timedMath(node: Node, direction: Layer['direction'], isAdjoint = false): TraceMath {
  const text = node.label ?? node.id;
  const name: TraceMath = { tag: text.length > 2 ? 'mtext' : 'mi', text };
  const base: TraceMath = isAdjoint
    ? { tag: 'mover', children: [name, { tag: 'mo', text: '¯' }] }
    : name;
  if (node.once || node.kind === 'parameter' || node.kind === 'constant') return base;
  const t: TraceMath = { tag: 'mi', text: 't' };
  const before: TraceMath = {
    tag: 'mrow',
    children: [
      t,
      { tag: 'mo', text: direction === 'forward' ? '−' : '+' },
      { tag: 'mn', text: '1' },
    ],
  };
  return { tag: 'msub', children: [base, node.kind === 'state' ? before : t] };
}
