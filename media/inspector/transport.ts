import { element } from '../element.js';
import type { Move } from './cursor.js';

interface TransportActions {
  move(how: Move): void;
  /** One stop on while playing; false where play must end. */
  advance(): boolean;
  playing(isPlaying: boolean): void;
}

export interface Transport {
  root: HTMLElement;
  /** Whether it is one of the buttons. */
  owns(target: EventTarget | null): boolean;
  toggle(): void;
  pause(): void;
  /** Says which buttons lead anywhere. */
  show(atStart: boolean, atEnd: boolean): void;
  dispose(): void;
}

/** Stops a second that can be chosen. */
const speeds = [1, 2, 4, 8, 15, 30];

/** Paths on a 16 × 16 grid. */
const icons = {
  first: 'M3 3h1.5v10H3zM13 3v10L5.5 8z',
  back: 'M11.5 3v10L4.5 8z',
  play: 'M4.5 2.5v11l9-5.5z',
  pause: 'M4 3h3v10H4zM9 3h3v10H9z',
  next: 'M4.5 3v10l7-5z',
  last: 'M3 3v10l7.5-5zM11.5 3H13v10h-1.5z',
};

export function createTransport(actions: TransportActions): Transport {
  const button = (icon: keyof typeof icons, label: string, keys: string, clicked: () => void) => {
    const made = element('button', {
      class: 'plain icon',
      attributes: {
        type: 'button',
        'aria-label': label,
        title: `${label} (${keys})`,
        'data-move': icon,
      },
      children: [iconElement(icons[icon])],
    });
    made.addEventListener('click', clicked);
    return made;
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let speed = 4;
  const play = button('play', 'Play', 'Space', () => toggle());
  const setPlaying = (isPlaying: boolean) => {
    play.setAttribute('aria-label', isPlaying ? 'Pause' : 'Play');
    play.replaceChildren(iconElement(icons[isPlaying ? 'pause' : 'play']));
    actions.playing(isPlaying);
  };
  const pause = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    setPlaying(false);
  };
  const tick = () => {
    timer = setTimeout(tick, 1000 / speed);
    if (!actions.advance()) pause();
  };
  const toggle = () => {
    if (timer !== undefined) {
      pause();
      return;
    }
    timer = setTimeout(tick, 0);
    setPlaying(true);
  };
  const byHand = (how: Move) => () => {
    pause();
    actions.move(how);
  };
  const first = button('first', 'First stop', 'Home', byHand('first'));
  const back = button('back', 'Back', '←', byHand('back'));
  const next = button('next', 'Next', '→', byHand('next'));
  const last = button('last', 'Last stop', 'End', byHand('last'));
  const all = [first, back, play, next, last];
  const select = element('select', {
    class: 'speed',
    attributes: { 'aria-label': 'Speed', title: 'Stops a second while playing' },
    children: speeds.map((one) =>
      element('option', { text: `${one}/s`, attributes: { value: String(one) } }),
    ),
  });
  select.value = String(speed);
  select.addEventListener('change', () => {
    speed = Number(select.value);
  });
  return {
    root: element('span', {
      class: 'transport',
      attributes: { role: 'group', 'aria-label': 'Walk through time' },
      children: [...all, select],
    }),
    owns: (target) => target instanceof HTMLButtonElement && all.includes(target),
    toggle,
    pause,
    show: (atStart, atEnd) => {
      first.disabled = back.disabled = atStart;
      next.disabled = last.disabled = play.disabled = atEnd;
    },
    dispose: () => clearTimeout(timer),
  };
}

function iconElement(path: string): Element {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  const shape = document.createElementNS(namespace, 'path');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  shape.setAttribute('d', path);
  svg.append(shape);
  return svg;
}
