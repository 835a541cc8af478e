import assert from 'node:assert/strict';
import type * as vscode from 'vscode';
import { FormerKernels } from '../../../src/notebook/formerKernels.js';

/** The workspace's memory, which outlives its windows. */
class Memory {
  readonly #values = new Map<string, unknown>();

  get(key: string, otherwise: unknown): unknown {
    return this.#values.get(key) ?? otherwise;
  }

  update(key: string, value: unknown): Promise<void> {
    this.#values.set(key, structuredClone(value));
    return Promise.resolve();
  }
}

const notebook = (name: string): vscode.NotebookDocument =>
  ({ uri: { toString: () => `file:///${name}` } }) as unknown as vscode.NotebookDocument;

describe('kernels of a window’s earlier life', () => {
  const [one, other] = [notebook('one.ipynb'), notebook('other.ipynb')];
  let memory: Memory;
  const openWindow = () =>
    new FormerKernels(memory as unknown as vscode.Memento, {} as vscode.LogOutputChannel);

  beforeEach(() => {
    memory = new Memory();
  });

  it('are named once, to the notebook that had one', () => {
    assert.equal(openWindow().started(one), false);
    const next = openWindow();
    assert.equal(next.started(other), false);
    assert.equal(next.started(one), true);
    assert.equal(next.started(one), false);
  });

  it('are still known after a window in which the notebook ran nothing', () => {
    openWindow().started(one);
    openWindow().started(other);
    const third = openWindow();
    assert.equal(third.started(one), true);
    assert.equal(third.started(other), true);
  });

  it('are forgotten with a notebook that is closed, before or after it ran', () => {
    const first = openWindow();
    first.started(one);
    first.started(other);
    first.ended(one);
    openWindow().ended(other);
    const third = openWindow();
    assert.equal(third.started(one), false);
    assert.equal(third.started(other), false);
  });

  it('go with a notebook that is renamed', () => {
    const first = openWindow();
    first.started(one);
    first.moved(one, other);
    const next = openWindow();
    assert.equal(next.started(one), false);
    assert.equal(next.started(other), true);
  });
});
