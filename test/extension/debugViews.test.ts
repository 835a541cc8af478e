/** VS Code's own views of a session, used by mouse and keyboard. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  debugCell,
  placeIn,
  placeOf,
  press as pressButton,
  pressAndStop,
  setBreakpoint,
  shownBy,
  stops,
  useDebugger,
} from './debugSession.js';
import { click, press, type, waitForFrame } from './host.js';
import { errorsOf, openNotebook } from './notebooks.js';

const run = (command: string): Thenable<unknown> => vscode.commands.executeCommand(command);

/** Waits until a row of the list says this. */
const says = (list: string, pattern: RegExp): Promise<unknown> =>
  waitForFrame(
    `[...document.querySelectorAll('${list} .monaco-list-row')].some((row) => ${String(pattern)}.test(row.textContent))`,
  );

const uncaught = '.debug-breakpoints .monaco-list-row:has-text("Uncaught Exceptions")';

describe('VS Code’s views of a debugged cell', function () {
  this.timeout(120_000);
  useDebugger();

  it('watch an expression from stop to stop', async () => {
    const notebook = await openNotebook(
      'let sum = 0;\nfor (const n of [3, 4]) {\n  sum += n;\n}\nsum',
    );
    const cell = notebook.cellAt(0);
    setBreakpoint(cell.document.uri, 3);
    const debugging = debugCell(cell);
    await stops();
    await run('workbench.view.debug');
    await run('workbench.debug.viewlet.action.addWatchExpression');
    await waitForFrame(`document.activeElement?.closest('.debug-watch') !== null`);
    await type('sum + 10 * n');
    await press('Enter');
    await says('.debug-watch', /sum \+ 10 \* n\D+30$/);
    await pressAndStop('continue');
    await says('.debug-watch', /sum \+ 10 \* n\D+43$/);
    await run('workbench.debug.viewlet.action.removeAllWatchExpressions');
    await pressButton('continue');
    await debugging;
    assert.equal(await shownBy(cell), '7');
  });

  it('stop at uncaught exceptions when their box is ticked', async () => {
    const notebook = await openNotebook('let n = 1;\nn += 1;\nthrow new Error("seen");');
    const cell = notebook.cellAt(0);
    setBreakpoint(cell.document.uri, 1);
    const debugging = debugCell(cell);
    await stops();
    await run('workbench.view.debug');
    await click(`${uncaught} >> css=input, .monaco-checkbox`);
    assert.equal(placeOf(await pressAndStop('continue')), placeIn(cell, 3));
    await click(`${uncaught} >> css=input, .monaco-checkbox`);
    await pressButton('continue');
    await debugging;
    await shownBy(cell);
    assert.equal(errorsOf(cell)[0]?.message, 'seen');
  });
});
