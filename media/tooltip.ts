import { element } from './element.js';

/** A box beside what it describes, kept inside `stage` sideways. */
export interface Tooltip {
  box: HTMLElement;
  /** `at` is in pixels of the box's offset parent. */
  show(content: readonly Node[], at: { x: number; y: number; width: number }): void;
  hide(): void;
}

const distance = 14;

export function createTooltip(): Tooltip {
  const box = element('div', { class: 'tooltip' });
  box.hidden = true;
  return {
    box,
    show: (content, at) => {
      box.replaceChildren(...content);
      box.hidden = false;
      const fitsRight = at.x + distance + box.offsetWidth <= at.width;
      const left = fitsRight ? at.x + distance : at.x - distance - box.offsetWidth;
      box.style.transform = `translate(${Math.max(0, Math.round(left))}px, ${Math.round(at.y)}px)`;
    },
    hide: () => {
      box.hidden = true;
    },
  };
}
