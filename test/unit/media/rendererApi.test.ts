import assert from 'node:assert/strict';
import type { OutputItem } from 'vscode-notebook-renderer';
import { toRendererApi } from '../../../media/rendererApi.js';
import { rememberOptions } from '../../../media/loss/rememberOptions.js';

/** What the renderer needs of an element, and no page. */
function fakeElement(): HTMLElement {
  return { replaceChildren: () => undefined } as unknown as HTMLElement;
}

function setUp() {
  const log: string[] = [];
  let made = 0;
  const api = toRendererApi<string>({
    picture: 'test picture',
    parse: (value) => value as string,
    create: () => {
      const view = ++made;
      log.push(`create ${view}`);
      return {
        update: (payload) => {
          log.push(`update ${view} ${payload}`);
          return Promise.resolve();
        },
        dispose: () => log.push(`dispose ${view}`),
      };
    },
  });
  const render = (id: string, element: HTMLElement, payload: string) =>
    api.renderOutputItem(
      { id, json: () => payload } as OutputItem,
      element,
      new AbortController().signal,
    );
  return { api, log, render };
}

describe('a renderer', () => {
  it('keeps its view while the same output is rendered into the same element', async () => {
    const { log, render } = setUp();
    const element = fakeElement();
    await render('a', element, 'one');
    await render('a', element, 'two');
    assert.deepEqual(log, ['create 1', 'update 1 one', 'update 1 two']);
  });

  it('makes a new view, and ends the old one, where the element is another', async () => {
    const { log, render } = setUp();
    await render('a', fakeElement(), 'one');
    await render('a', fakeElement(), 'two');
    assert.deepEqual(log, ['create 1', 'update 1 one', 'dispose 1', 'create 2', 'update 2 two']);
  });

  it('ends one view by its id, or all', async () => {
    const { api, log, render } = setUp();
    for (const id of ['a', 'b', 'c']) await render(id, fakeElement(), id);
    log.length = 0;
    api.disposeOutputItem?.('b');
    api.disposeOutputItem?.('unknown');
    assert.deepEqual(log, ['dispose 2']);
    api.disposeOutputItem?.();
    assert.deepEqual(log, ['dispose 2', 'dispose 1', 'dispose 3']);
  });
});

describe('choices of a reader', () => {
  const memory = () => {
    let state: unknown;
    const context = { getState: () => state, setState: (value: unknown) => (state = value) };
    return {
      ...rememberOptions(context as never),
      set: (value: unknown) => (state = value),
    };
  };

  it('come back for a chart of the same title', () => {
    const { remember, recall } = memory();
    remember('__proto__', { x: 'seconds', y: 'log', smoothing: 0.9 });
    assert.deepEqual(recall('__proto__'), { x: 'seconds', y: 'log', smoothing: 0.9 });
    assert.deepEqual(recall('other'), { x: 'step', y: 'linear', smoothing: 0 });
  });

  it('are the usual ones where what was kept is not ours', () => {
    const { recall, set } = memory();
    for (const kept of [7, 'x', [['t']], [['t', null]], [['t', { x: 1, y: [], smoothing: 'a' }]]]) {
      set(kept);
      assert.deepEqual(recall('t'), { x: 'step', y: 'linear', smoothing: 0 });
    }
  });
});
