/** TeX formulas as MathML, which browsers draw without a font or a script. */
import temml from 'temml';
import { escapeHtml } from '../../notebook/escapeHtml.js';

/** What is no formula stays as written. */
export function formulaToHtml(tex: string, isDisplayed: boolean): string {
  try {
    // Not trusted: no links, classes or pictures in a formula.
    return temml.renderToString(tex, {
      displayMode: isDisplayed,
      throwOnError: true,
      trust: false,
    });
  } catch {
    const mark = isDisplayed ? '$$' : '$';
    return `<code class="formula">${escapeHtml(`${mark}${tex}${mark}`)}</code>`;
  }
}
