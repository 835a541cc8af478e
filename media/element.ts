interface Members {
  class?: string;
  /** Set as text, never as markup: payloads reach the page this way only. */
  text?: string;
  attributes?: Record<string, string>;
  children?: readonly Node[];
}

/** A new HTML element. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { class: className, text, attributes, children }: Members = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== undefined) made.className = className;
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
  made.append(...(children ?? []));
  return made;
}
