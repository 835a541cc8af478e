/** How soon what a cell prints stands in VS Code's window: from the click on the cell's button to the last line drawn. */
import { NotebookWindow } from '../../host/notebookWindow.js';
import { toMarkdownTable } from '../resultTable.js';
import { median } from '../statistics.js';
import { floodOf } from './benchKernel.js';

const floods = [500, 5_000, 100_000, 1_000_000];
/** The window is at rest then: what it drew before is gone. */
const restsAfterMs = 500;

interface Drawn {
  ms: number;
  /** The longest time in which the window drew no frame: how long it did not answer its user. */
  longestPauseMs: number;
}

/** Starts noting in the window how long it draws nothing. */
const watchFrames = `(() => {
  const watch = (globalThis.unrollWatch = { longest: 0, last: performance.now(), ends: false });
  const next = () => {
    const now = performance.now();
    watch.longest = Math.max(watch.longest, now - watch.last);
    watch.last = now;
    if (!watch.ends) requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})()`;
const endWatch = `(() => { unrollWatch.ends = true; return unrollWatch.longest; })()`;

/** The time at which a frame with the text in view has been drawn. */
const drawnAt = (text: string): string => `new Promise((resolve) => {
  const isInView = ({ bottom, height }) => height > 0 && bottom > 0;
  const shows = () =>
    [...document.querySelectorAll('.output_container')].some(
      (one) => one.textContent.includes(${JSON.stringify(text)}) && isInView(one.getBoundingClientRect()),
    );
  const look = () => {
    if (!shows()) requestAnimationFrame(look);
    else requestAnimationFrame(() => setTimeout(() => resolve(Date.now())));
  };
  look();
})`;

async function measureOne(window: NotebookWindow, index: number, lines: number): Promise<Drawn> {
  await window.command('Notebook: Clear All Outputs');
  await window.page.waitForTimeout(restsAfterMs);
  const outputs = await window.outputFrame();
  await window.page.evaluate(watchFrames);
  const drawn = outputs.evaluate<number>(drawnAt(`line ${lines - 1}`));
  const began = await window.click(index);
  const ms = (await drawn) - began;
  return { ms, longestPauseMs: await window.page.evaluate<number>(endWatch) };
}

/** A table in Markdown, or why there is none. */
export async function measureDrawn(rounds: number): Promise<string> {
  let window: NotebookWindow | undefined;
  try {
    window = await NotebookWindow.open(...floods.map(floodOf));
    await window.start(0);
    await window.shows(/line 499/);
    return toTable(await measureAll(window, rounds));
  } catch (error) {
    const [reason] = error instanceof Error ? error.message.split('\n') : [String(error)];
    return `Until drawn: not measured: ${reason!}`;
  } finally {
    await window?.close();
  }
}

async function measureAll(window: NotebookWindow, rounds: number): Promise<Drawn[][]> {
  const measured: Drawn[][] = floods.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, lines] of floods.entries())
      measured[index]!.push(await measureOne(window, index, lines));
  }
  return measured;
}

function toTable(measured: readonly Drawn[][]): string {
  const whole = (value: number): string => Math.round(value).toLocaleString('en');
  const rows = floods.map((lines, index) => {
    const ms = median(measured[index]!.map((one) => one.ms));
    const pause = median(measured[index]!.map((one) => one.longestPauseMs));
    return [whole(lines), whole((1000 * lines) / ms), whole(ms), whole(pause)];
  });
  return toMarkdownTable([
    ['lines', 'lines/s until drawn', 'ms until drawn', 'longest time without a frame, ms'],
    ...rows,
  ]);
}
