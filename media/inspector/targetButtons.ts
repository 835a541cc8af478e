import { element } from '../element.js';
import { type ButtonsByKey, placeButton, removeOthers, targetButton } from '../targetButton.js';
import { createTooltip } from '../tooltip.js';
import type { Target } from './targets.js';

export interface TargetButtons {
  show(targets: readonly Target[]): void;
  dispose(): void;
}

/**
 * Buttons over the picture, which Vega draws. They are out of the tab order: the stage as a whole has the
 * focus, and its keys lead everywhere.
 */
export function createTargetButtons(
  stage: HTMLElement,
  clicked: (target: Target) => void,
): TargetButtons {
  const tooltip = createTooltip();
  stage.append(tooltip.box);
  const buttons: ButtonsByKey = new Map();
  const targets = new Map<HTMLButtonElement, Target>();
  const listening = new AbortController();
  const { signal } = listening;
  const targetOf = (event: Event): Target | undefined => {
    const button = event.target instanceof Element ? event.target.closest('.target') : null;
    return button instanceof HTMLButtonElement ? targets.get(button) : undefined;
  };
  stage.addEventListener(
    'pointerover',
    (event) => {
      const target = targetOf(event);
      if (!target) {
        tooltip.hide();
        return;
      }
      const { box, lines } = target;
      tooltip.show(
        lines.map((text, index) => element('div', { class: index === 0 ? 'lead' : 'rest', text })),
        { x: box.x + box.width, y: box.y + box.height + 6, width: stage.clientWidth },
      );
    },
    { signal },
  );
  stage.addEventListener('pointerleave', () => tooltip.hide(), { signal });
  stage.addEventListener(
    'click',
    (event) => {
      const target = targetOf(event);
      tooltip.hide();
      // Keys go on from where the pointer left off.
      stage.focus({ preventScroll: true });
      if (target) clicked(target);
    },
    { signal },
  );
  return {
    show: (next) => {
      const keys = new Set(next.map(({ key }) => key));
      for (const button of removeOthers(buttons, keys)) targets.delete(button);
      for (const target of next) {
        const button = targetButton(stage, buttons, target.key);
        if (targets.get(button) !== target) place(button, target);
        targets.set(button, target);
      }
    },
    dispose: () => listening.abort(),
  };
}

function place(button: HTMLButtonElement, { box, does, lines }: Target): void {
  placeButton(button, box, lines.join('. '));
  button.dataset['kind'] = does.kind;
  if ('t' in does) button.dataset['t'] = String(does.t);
  if (does.kind === 'cell') button.dataset['layer'] = String(does.layer);
  if (does.kind === 'node') button.dataset['node'] = String(does.node);
}
