import type { TraceMath } from '../../kernel/contract/trace.js';

const namespace = 'http://www.w3.org/1998/Math/MathML';

/** A formula as presentation MathML; texts of the payload become text nodes, never markup. */
export function mathElement(math: TraceMath, text: string): Element {
  const root = document.createElementNS(namespace, 'math');
  root.setAttribute('aria-label', text);
  root.append(toElement(math));
  return root;
}

function toElement(math: TraceMath): Element {
  const made = document.createElementNS(namespace, math.tag);
  if ('text' in math) made.textContent = math.text;
  else made.append(...math.children.map(toElement));
  return made;
}
