import type { Move } from './cursor.js';

/** What a key does where the picture has the focus. */
export type KeyAction = Move | 'toggle' | 'deeper' | 'shallower' | 'breakpoint' | 'runOn' | 'edit';

const plain: Readonly<Record<string, KeyAction>> = {
  ArrowRight: 'next',
  ArrowLeft: 'back',
  ArrowUp: 'layerUp',
  ArrowDown: 'layerDown',
  Home: 'first',
  End: 'last',
  ' ': 'toggle',
  Enter: 'deeper',
  Escape: 'shallower',
  b: 'breakpoint',
  r: 'runOn',
  e: 'edit',
};
const shifted: Readonly<Record<string, KeyAction>> = {
  ArrowRight: 'stepNext',
  ArrowLeft: 'stepBack',
};

type Pressed = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'altKey' | 'ctrlKey' | 'metaKey'>;

export function toKeyAction({
  key,
  shiftKey,
  altKey,
  ctrlKey,
  metaKey,
}: Pressed): KeyAction | undefined {
  if (altKey || ctrlKey || metaKey) return undefined;
  const table = shiftKey ? shifted : plain;
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
