import type { NotebookWindow } from '../../host/notebookWindow.js';

const shownWithin = 60_000;
const lookEvery = 500;

/** Milliseconds that VS Code says our activation took: loading the code and calling `activate`. */
export async function activationOf(window: NotebookWindow): Promise<number> {
  const { page } = window;
  await window.command('Developer: Show Running Extensions');
  const row = page.locator('.runtime-extensions-editor .extension', {
    has: page.locator('.name', { hasText: /^Unroll$/ }),
  });
  const times = row.locator('.activation-time', { hasText: /\d+ms/ });
  // The list has only the rows that can be seen, and those of the user's own extensions come last.
  const list = page.locator('.runtime-extensions-editor .monaco-list');
  const end = Date.now() + shownWithin;
  while (!(await times.first().isVisible()) && Date.now() < end) {
    await list.press('End');
    await page.waitForTimeout(lookEvery);
  }
  const text = await times.first().innerText();
  await page.keyboard.press('ControlOrMeta+F4');
  return Number(/(\d+)ms/.exec(text)?.[1]);
}
