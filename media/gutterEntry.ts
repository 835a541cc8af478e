import { element } from './element.js';

/** Lines of text beside a row of a picture, around a height; cut off texts stand whole in its title. */
export function gutterEntry(y: number, lines: readonly { class: string; text: string }[]) {
  const made = element('div', {
    attributes: { title: lines.map(({ text }) => text).join('\n') },
    children: lines.map((line) => element('div', line)),
  });
  made.style.top = `${Math.round(y)}px`;
  return made;
}

/** A line of lesser weight. */
export const restLine = (text: string) => ({ class: 'rest', text });
