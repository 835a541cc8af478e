import type { Box } from './box.js';
import { element } from './element.js';

/** Buttons by the key of what they stand for; what Vega draws has no focus, no role and no name. */
export type ButtonsByKey = Map<string, HTMLButtonElement>;

/**
 * The button of a key, made where there is none yet. It is out of the tab order until somebody puts it in.
 */
export function targetButton(
  stage: HTMLElement,
  buttons: ButtonsByKey,
  key: string,
): HTMLButtonElement {
  const known = buttons.get(key);
  if (known) return known;
  const button = element('button', {
    class: 'target',
    attributes: { type: 'button', tabindex: '-1' },
  });
  buttons.set(key, button);
  stage.append(button);
  return button;
}

/** Takes away the buttons of other keys, and returns them. */
export function removeOthers(
  buttons: ButtonsByKey,
  keys: ReadonlySet<string>,
): HTMLButtonElement[] {
  const gone = [...buttons].filter(([key]) => !keys.has(key));
  for (const [key, button] of gone) {
    button.remove();
    buttons.delete(key);
  }
  return gone.map(([, button]) => button);
}

export function placeButton(button: HTMLButtonElement, box: Box, label: string): void {
  Object.assign(button.style, {
    left: `${box.x}px`,
    top: `${box.y}px`,
    width: `${box.width}px`,
    height: `${box.height}px`,
  });
  button.setAttribute('aria-label', label);
}
