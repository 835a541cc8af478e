import type { NotebookWindow } from '../../host/notebookWindow.js';

const shownWithin = 20_000;

/** Milliseconds that VS Code says our activation took: loading the code and calling `activate`. */
export async function activationOf(window: NotebookWindow): Promise<number> {
  const { page } = window;
  await window.command('Developer: Show Running Extensions');
  const row = page.locator('.runtime-extensions-editor .extension', {
    has: page.locator('.name', { hasText: /^Unroll$/ }),
  });
  const times = row.locator('.activation-time', { hasText: /\d+ms/ });
  await times.first().waitFor({ timeout: shownWithin });
  const text = await times.first().innerText();
  await page.keyboard.press('ControlOrMeta+F4');
  return Number(/(\d+)ms/.exec(text)?.[1]);
}
