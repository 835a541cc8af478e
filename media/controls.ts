import { element } from './element.js';

let groups = 0;

/** One of a few, as a row of joined buttons; radio buttons underneath, so that the keyboard works. */
export function choice<T extends string>(
  label: string,
  options: readonly { value: T; text: string; hint: string }[],
  chosen: T,
  changed: (value: T) => void,
): HTMLElement {
  const group = `unroll-choice-${++groups}`;
  const buttons = options.map(({ value, text, hint }) => {
    const input = element('input', { attributes: { type: 'radio', name: group, value } });
    input.checked = value === chosen;
    input.addEventListener('change', () => changed(value));
    return element('label', {
      attributes: { title: hint },
      children: [input, document.createTextNode(text)],
    });
  });
  return element('span', {
    class: 'choice',
    attributes: { role: 'radiogroup', 'aria-label': label },
    children: buttons,
  });
}

export function slider(
  range: { label: string; hint: string; most: number; step: number },
  value: number,
  changed: (value: number) => void,
): HTMLElement {
  const show = (one: number) => (one === 0 ? 'off' : one.toFixed(2));
  const output = element('output', { text: show(value) });
  const input = element('input', {
    attributes: {
      type: 'range',
      min: '0',
      max: String(range.most),
      step: String(range.step),
      'aria-label': range.label,
    },
  });
  input.valueAsNumber = value;
  input.addEventListener('input', () => {
    output.textContent = show(input.valueAsNumber);
    changed(input.valueAsNumber);
  });
  return element('label', {
    class: 'slider',
    attributes: { title: range.hint },
    children: [document.createTextNode(range.label), input, output],
  });
}

export function plainButton(text: string, clicked: () => void): HTMLButtonElement {
  const button = element('button', { class: 'plain', text, attributes: { type: 'button' } });
  button.addEventListener('click', clicked);
  return button;
}
