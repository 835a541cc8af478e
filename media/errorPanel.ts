import { element } from './element.js';
import { styleSheet } from './styleSheet.js';

/** Stands in a picture's place where its data can't be read. */
export function errorPanel(picture: string, error: Error): HTMLElement {
  return element('div', {
    class: 'unroll',
    attributes: { 'data-unroll-view': 'error' },
    children: [
      styleSheet(),
      element('div', {
        class: 'wrong',
        attributes: { role: 'alert' },
        children: [
          element('p', { text: `This ${picture} can't be drawn: its data is not as expected.` }),
          element('p', { text: error.message }),
        ],
      }),
    ],
  });
}
