import { element } from './element.js';

/** The first line of a picture: its title, and what is to be said about it in figures. */
export interface PictureHead {
  root: HTMLElement;
  show(title: string, status: string): void;
}

export function createPictureHead(): PictureHead {
  const title = element('div', { class: 'title' });
  const status = element('div', { class: 'status' });
  return {
    root: element('div', { class: 'head', children: [title, status] }),
    show: (titleText, statusText) => {
      title.textContent = titleText;
      status.textContent = statusText;
    },
  };
}
