import assert from 'node:assert/strict';
import { type OutputEvent, OutputPlan } from '../../../src/notebook/outputs/outputPlan.js';

interface Cell {
  name: string;
}

const parent = 'request';
const text = (value: string, name: 'stdout' | 'stderr' = 'stdout'): OutputEvent => ({
  type: 'stream',
  parent,
  name,
  text: value,
});
const picture = (value: string, displayId?: string): OutputEvent => ({
  type: 'display',
  parent,
  data: { 'text/plain': value },
  ...(displayId === undefined ? {} : { displayId }),
});
const clear = (wait: boolean): OutputEvent => ({ type: 'clearOutput', parent, wait });
const value: OutputEvent = {
  type: 'result',
  parent,
  executionCount: 3,
  data: { 'text/plain': '42' },
};

/** `append a: one` and so on, of everything that is to be done now. */
function told(plan: OutputPlan<Cell>): string[] {
  return plan.take().map((operation) => {
    if (operation.kind === 'clear') return `clear ${operation.cell.name}`;
    const { kind, output, content } = operation;
    const shown =
      content.kind === 'stream'
        ? `${content.name} ${content.text}`
        : content.kind === 'error'
          ? content.error.message
          : (content.data['text/plain'] as string);
    return `${kind} ${output.cell.name}: ${shown}`;
  });
}

describe('OutputPlan', () => {
  const a: Cell = { name: 'a' };
  const b: Cell = { name: 'b' };
  let plan: OutputPlan<Cell>;

  beforeEach(() => {
    plan = new OutputPlan<Cell>();
  });

  const add = (cell: Cell, ...events: OutputEvent[]) => {
    for (const event of events) plan.add(cell, event);
  };

  it('joins text of one stream into one output', () => {
    add(a, text('1'), text('2'), text('3'));
    assert.deepEqual(told(plan), ['append a: stdout 123']);
  });

  it('adds later text to the output that is already shown', () => {
    add(a, text('1'));
    told(plan);
    add(a, text('2'), text('3'));
    assert.deepEqual(told(plan), ['extend a: stdout 23']);
    assert.deepEqual(told(plan), []);
  });

  it('keeps the order of streams, pictures and results', () => {
    add(a, text('1'), text('2', 'stderr'), text('3'), picture('p'), text('4'), value);
    assert.deepEqual(told(plan), [
      'append a: stdout 1',
      'append a: stderr 2',
      'append a: stdout 3',
      'append a: p',
      'append a: stdout 4',
      'append a: 42',
    ]);
  });

  it('keeps only the last of what replaced each other, where the first one stood', () => {
    add(a, picture('1', 'id'), text('below'));
    for (let i = 2; i <= 100; i++) add(a, picture(String(i), 'id'));
    assert.deepEqual(told(plan), ['append a: 100', 'append a: stdout below']);
    add(a, picture('101', 'id'), picture('102', 'id'));
    assert.deepEqual(told(plan), ['replace a: 102']);
  });

  it('replaces an output of another cell', () => {
    add(a, picture('old', 'id'));
    told(plan);
    add(b, picture('new', 'id'));
    assert.deepEqual(told(plan), ['replace a: new']);
  });

  it('shows a display id anew once its cell was cleared', () => {
    add(a, picture('old', 'id'));
    told(plan);
    plan.clear(a);
    add(b, picture('new', 'id'));
    assert.deepEqual(told(plan), ['clear a', 'append b: new']);
  });

  it('still replaces an output while another cell is cleared', () => {
    add(a, picture('old', 'id'));
    told(plan);
    plan.clear(b);
    add(b, picture('new', 'id'));
    assert.deepEqual(told(plan), ['clear b', 'replace a: new']);
  });

  it('drops what was cleared before it was shown, of that cell only', () => {
    add(a, text('old'));
    add(b, text('stays'));
    add(a, clear(false), text('new'));
    assert.deepEqual(told(plan), ['append b: stdout stays', 'clear a', 'append a: stdout new']);
  });

  it('clears with the next output where asked to wait', () => {
    add(a, text('old'));
    told(plan);
    add(a, clear(true));
    assert.deepEqual(told(plan), []);
    add(a, text('new'));
    assert.deepEqual(told(plan), ['clear a', 'append a: stdout new']);
    add(a, text('more'));
    assert.deepEqual(told(plan), ['extend a: stdout more']);
  });
});
