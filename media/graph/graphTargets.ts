import { element } from '../element.js';
import { type ButtonsByKey, placeButton, removeOthers, targetButton } from '../targetButton.js';
import { createTooltip } from '../tooltip.js';
import { type Direction, nextTarget, type Target } from './targets.js';

interface Actions {
  toggle(cell: { layer: number; t: number }): void;
  collapse(): void;
  /** An arrow key leads out of the window to the left or right. */
  beyond(by: -1 | 1): void;
}

/**
 * Buttons over the picture, one per cell and, inside an expanded one, per operation. Vega draws; these are
 * what pointer, keyboard and screen reader meet. One of them is in the tab order; arrow keys move it.
 */
export interface GraphTargets {
  show(targets: readonly Target[]): void;
  dispose(): void;
}

const directions: Record<string, Direction> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

export function createGraphTargets(
  stage: HTMLElement,
  frame: HTMLElement,
  actions: Actions,
): GraphTargets {
  const tooltip = createTooltip();
  // Outside the scrolling part, which would cut it off.
  frame.append(tooltip.box);
  frame.style.position = 'relative';
  const listening = new AbortController();
  const { signal } = listening;
  const buttons: ButtonsByKey = new Map();
  let targets: readonly Target[] = [];
  let current: string | undefined;
  /** Where the focus goes when the operation that has it goes away. */
  let lastCell: string | undefined;

  const targetOf = (event: Event): Target | undefined => {
    const button = event.target instanceof Element ? event.target.closest('.target') : null;
    return targets.find(({ key }) => buttons.get(key) === button);
  };
  const setCurrent = (key: string | undefined) => {
    if (current !== undefined) buttons.get(current)?.setAttribute('tabindex', '-1');
    current = key;
    if (targets.find((target) => target.key === key)?.cell) lastCell = key;
    if (key !== undefined) buttons.get(key)?.setAttribute('tabindex', '0');
  };
  const describe = (event: Event) => {
    const target = targetOf(event);
    const button = target && buttons.get(target.key);
    // The inside of an expanded cell speaks for itself; the keyboard still needs to hear where it is.
    if (!button || (target.expanded === true && event.type === 'pointerover')) {
      tooltip.hide();
      return;
    }
    const place = button.getBoundingClientRect();
    const around = frame.getBoundingClientRect();
    tooltip.show(toTooltip(target), {
      x: target.expanded === true ? place.left - around.left : place.right - around.left - 6,
      y: target.expanded === true ? -30 : place.bottom - around.top + 5,
      width: frame.clientWidth,
    });
  };
  const hide = () => tooltip.hide();

  stage.addEventListener('pointerover', describe, { signal });
  stage.addEventListener('pointerleave', hide, { signal });
  stage.addEventListener('focusout', hide, { signal });
  stage.addEventListener(
    'focusin',
    (event) => {
      setCurrent(targetOf(event)?.key);
      if (event.target instanceof Element && event.target.matches(':focus-visible'))
        describe(event);
    },
    { signal },
  );
  stage.addEventListener(
    'click',
    (event) => {
      const target = targetOf(event);
      if (target?.cell && target.expanded !== undefined) actions.toggle(target.cell);
      hide();
    },
    { signal },
  );
  stage.addEventListener(
    'keydown',
    (event) => {
      const from = targetOf(event);
      const direction = directions[event.key];
      if (event.key === 'Escape') actions.collapse();
      if (!from || !direction || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      const next = nextTarget(targets, from, direction);
      if (next) buttons.get(next.key)?.focus();
      else if (direction === 'left' || direction === 'right') {
        actions.beyond(direction === 'left' ? -1 : 1);
      }
    },
    { signal },
  );

  return {
    show: (next) => {
      targets = next;
      const keys = new Set(next.map(({ key }) => key));
      const hadFocus = [...buttons.values()].find((button) => button.matches(':focus'));
      const focusLost = removeOthers(buttons, keys).some((button) => button === hadFocus);
      for (const target of next) updateButton(targetButton(stage, buttons, target.key), target);
      const kept = [current, lastCell].find((key) => key !== undefined && keys.has(key));
      setCurrent(kept ?? next[0]?.key);
      if (focusLost && current !== undefined) buttons.get(current)?.focus();
    },
    dispose: () => listening.abort(),
  };
}

function updateButton(button: HTMLButtonElement, target: Target): void {
  placeButton(button, target.box, target.lines.join('. '));
  // Operations lie on top of the cell that they belong to.
  button.style.zIndex = target.cell ? '0' : '1';
  if (target.expanded === undefined) button.removeAttribute('aria-expanded');
  else button.setAttribute('aria-expanded', String(target.expanded));
  if (target.cell) {
    button.dataset['layer'] = String(target.cell.layer);
    button.dataset['t'] = String(target.cell.t);
  }
}

function toTooltip({ lines, equation }: Target): HTMLElement[] {
  return lines.map((text, index) => {
    const first = index === 0;
    return element('div', { class: first ? (equation ? 'mono' : 'lead') : 'rest', text });
  });
}
