import { element } from '../element.js';
import { formatCount } from '../format.js';

/** `Rows 0–99 of 3,000` with buttons to go on and back; only the words where there is one page. */
export function pager(
  title: string,
  from: number,
  shown: number,
  total: number,
  goTo: (from: number) => void,
): HTMLElement {
  const span = shown > 0 ? `${formatCount(from)}–${formatCount(from + shown - 1)} of ` : '';
  const text = element('span', { class: 'muted', text: `${title} ${span}${formatCount(total)}` });
  if (shown >= total) return element('span', { class: 'pager', children: [text] });
  const button = (sign: string, label: string, to: number, isOff: boolean) => {
    const made = element('button', {
      class: 'small',
      text: sign,
      attributes: { type: 'button', 'aria-label': label, title: label, 'data-page': label },
    });
    made.disabled = isOff;
    made.addEventListener('click', () => goTo(to));
    return made;
  };
  const lower = title.toLowerCase();
  const isFirst = from === 0;
  const isLast = from + shown >= total;
  const last = Math.floor((total - 1) / shown) * shown;
  return element('span', {
    class: 'pager',
    children: [
      text,
      button('«', `First ${lower}`, 0, isFirst),
      button('‹', `Earlier ${lower}`, Math.max(0, from - shown), isFirst),
      button('›', `Later ${lower}`, from + shown, isLast),
      button('»', `Last ${lower}`, last, isLast),
    ],
  });
}
