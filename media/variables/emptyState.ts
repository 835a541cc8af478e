import type { VariablesState } from '../../kernel/contract/variablesView.js';
import { element } from '../element.js';

/** Why there is no list, and what to do about it. */
const texts: Record<Exclude<VariablesState, 'live' | 'waiting'>, string> = {
  noNotebook: 'The variables of the notebook in front are shown here. No notebook is open.',
  otherKernel:
    'This notebook runs on another kernel. Choose “TypeScript (Unroll)” to see its variables.',
  virtual:
    'This notebook is in no folder on disk, so no kernel runs for it and there are no variables.',
  untrusted: 'This workspace is not trusted, so no kernel runs in it and there are no variables.',
  noKernel:
    'No kernel runs yet. It starts with the first cell that you run; its variables are shown here.',
  ended:
    'The kernel has ended, and its variables with it. The next cell that you run starts a fresh one.',
};
const nothing = 'No cell has declared a variable yet.';

export function emptyState(state: VariablesState, newNotebook: () => void): HTMLElement {
  const text = state === 'live' || state === 'waiting' ? nothing : texts[state];
  const children: Node[] = [element('p', { text })];
  if (state === 'noNotebook') {
    const button = element('button', { class: 'solid', text: 'New Notebook' });
    button.addEventListener('click', newNotebook);
    children.push(button);
  }
  return element('div', { class: 'empty', attributes: { 'data-state': state }, children });
}
