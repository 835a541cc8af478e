import type { OutputItem, RendererApi } from 'vscode-notebook-renderer';
import { PayloadError } from '../kernel/contract/parsePayload.js';
import { errorPanel } from './errorPanel.js';

/** A picture on the page that takes new data in place. */
export interface OutputView<T> {
  update(payload: T): Promise<void>;
  dispose(): void;
}

export interface Renderer<T> {
  /** What the picture is called in messages, e.g. `loss curve`. */
  picture: string;
  /** @throws PayloadError */
  parse: (value: unknown, mime: string) => T;
  create: (element: HTMLElement, first: T) => OutputView<T>;
}

/**
 * Renderer of VS Code's notebooks. A live picture is one output whose items are replaced: VS Code then
 * calls `renderOutputItem` with the id and element of before, and the view there is kept.
 */
export function toRendererApi<T>(renderer: Renderer<T>): RendererApi {
  const views = new Map<string, { element: HTMLElement; view: OutputView<T> }>();
  const dispose = (id: string) => {
    views.get(id)?.view.dispose();
    views.delete(id);
  };
  return {
    async renderOutputItem(item, element, signal) {
      let payload: T;
      try {
        payload = renderer.parse(readJson(item), item.mime);
      } catch (error) {
        if (!(error instanceof PayloadError)) throw error;
        dispose(item.id);
        element.replaceChildren(errorPanel(renderer.picture, error));
        return;
      }
      if (signal.aborted) return;
      const known = views.get(item.id);
      if (known?.element === element) return known.view.update(payload);
      dispose(item.id);
      element.replaceChildren();
      const view = renderer.create(element, payload);
      views.set(item.id, { element, view });
      return view.update(payload);
    },
    disposeOutputItem(id) {
      for (const one of id === undefined ? [...views.keys()] : [id]) dispose(one);
    },
  };
}

function readJson(item: OutputItem): unknown {
  try {
    return item.json();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new PayloadError('', 'JSON', `text that is not JSON (${error.message})`);
  }
}
