/**
 * What runs in an exported page: draws its pictures with the renderers of the notebook, over the drawings that stand
 * there for readers without script. The data is in the page, as JSON; nothing is loaded and nothing in it is run.
 */
import type { OutputItem, RendererApi, RendererContext } from 'vscode-notebook-renderer';
import { activate as activateGraph } from '../graph/index.js';
import { activate as activateInspector } from '../inspector/index.js';
import { activate as activateLoss } from '../loss/index.js';
import { activate as activateVegaLite } from '../vegaLite/index.js';

const renderers: [mime: RegExp, activate: (context: RendererContext<unknown>) => unknown][] = [
  [/^application\/vnd\.unroll\.loss\.v1\+json$/, activateLoss],
  [/^application\/vnd\.unroll\.graph\.v1\+json$/, activateGraph],
  [/^application\/vnd\.unroll\.(trace|comparison)\.v1\+json$/, activateInspector],
  [/^application\/vnd\.vegalite\.v\d+\+json$/, activateVegaLite],
];

followSystemTheme();
for (const [index, figure] of [...document.querySelectorAll<HTMLElement>('figure')].entries())
  void showLive(figure, `picture-${index}`);

/** The drawing stays where the picture cannot be shown. */
async function showLive(figure: HTMLElement, id: string): Promise<void> {
  const script = figure.querySelector<HTMLScriptElement>('script[type="application/json"]');
  const mime = figure.dataset['mime'];
  const found = renderers.find(([known]) => mime !== undefined && known.test(mime));
  if (!script || !found || mime === undefined) return;
  const drawing = figure.querySelector<HTMLElement>('.drawing');
  const live = document.createElement('div');
  live.className = 'live';
  figure.prepend(live);
  if (drawing) drawing.hidden = true;
  try {
    const api = found[1](toContext()) as RendererApi;
    const item = toItem(id, mime, script.textContent);
    await api.renderOutputItem(item, live, new AbortController().signal);
  } catch (error) {
    console.error(error);
    live.remove();
    if (drawing) drawing.hidden = false;
  }
}

/** Choices last as long as the page is open. */
function toContext(): RendererContext<unknown> {
  let state: unknown;
  return {
    workspace: { isTrusted: false },
    settings: { lineLimit: 0, outputScrolling: false, outputWordWrap: false, minimalError: false },
    setState: (next) => (state = next),
    getState: () => state,
    getRenderer: () => Promise.resolve(undefined),
    onDidChangeSettings: () => ({ dispose: () => undefined }),
  } as RendererContext<unknown>;
}

function toItem(id: string, mime: string, text: string): OutputItem {
  return {
    id,
    mime,
    metadata: {},
    text: () => text,
    json: () => JSON.parse(text) as unknown,
    data: () => new TextEncoder().encode(text),
    blob: () => new Blob([text], { type: mime }),
  };
}

/** Renderers know light from dark by the body's class, as in VS Code, and draw again when it changes. */
function followSystemTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    document.body.classList.toggle('vscode-dark', dark.matches);
    document.body.classList.toggle('vscode-light', !dark.matches);
  };
  apply();
  dark.addEventListener('change', apply);
}
