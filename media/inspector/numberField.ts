import { element } from '../element.js';
import type { Editable } from './edits.js';

/** A field for the new number of a value: Enter sets it, Escape leaves it as it is. */
export function numberField(
  { name, isInteger }: Editable,
  was: number,
  actions: { set: (value: number) => void; cancel: () => void },
): HTMLElement {
  const input = element('input', {
    class: 'number',
    attributes: {
      type: 'text',
      inputmode: 'decimal',
      'aria-label': `${name}, new number; Enter sets it, Escape leaves it`,
    },
  });
  input.value = String(Number(was.toPrecision(6)));
  const hint = element('span', { class: 'hint', text: 'Enter sets it' });
  const root = element('div', {
    class: 'numberfield',
    children: [element('span', { class: 'editname', text: `${name} =` }), input, hint],
  });
  input.addEventListener('input', () => input.removeAttribute('aria-invalid'));
  input.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'Escape') actions.cancel();
    if (event.key !== 'Enter') return;
    event.preventDefault();
    const value = parseTyped(input.value);
    if (value !== undefined && (!isInteger || Number.isInteger(value))) actions.set(value);
    else {
      input.setAttribute('aria-invalid', 'true');
      hint.textContent = isInteger ? 'A whole number, please' : 'A finite number, please';
    }
  });
  return root;
}

/** A finite number as people type it: also with a minus sign or a decimal comma. */
export function parseTyped(text: string): number | undefined {
  const plain = text
    .trim()
    .replaceAll('−', '-')
    .replace(/^(-?\d*),(\d+)/, '$1.$2');
  const value = plain === '' ? NaN : Number(plain);
  return Number.isFinite(value) ? value : undefined;
}
