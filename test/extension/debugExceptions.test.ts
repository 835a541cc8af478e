import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import {
  debugCell,
  placeIn,
  placeOf,
  press,
  setBreakpoint,
  shownBy,
  type Stop,
  stops,
  useDebugger,
} from './debugSession.js';
import { errorsOf, openNotebook, runCell } from './notebooks.js';

/** As the box in the list of breakpoints does. */
async function stopAt({ session }: Stop, ...filters: ('uncaught' | 'all')[]): Promise<void> {
  await session.customRequest('setExceptionBreakpoints', { filters });
}

/** Debugs the cell to its end; → where it stopped for what nothing caught. */
async function placeOfUncaught(cell: vscode.NotebookCell): Promise<string> {
  setBreakpoint(cell.document.uri, 1);
  const debugging = debugCell(cell);
  await stopAt(await stops(), 'uncaught');
  await press('continue');
  const place = placeOf(await stops());
  await press('continue');
  await debugging;
  await shownBy(cell);
  return place;
}

describe('exceptions of a cell that is debugged', function () {
  this.timeout(90_000);
  useDebugger();

  const cells: [string, string, number][] = [
    [
      'before it awaits',
      'let n = 1;\ntry { throw new Error("caught"); } catch {}\nthrow new Error("seen");',
      3,
    ],
    [
      'after it awaited',
      'let n = 1;\ntry { await fails("caught"); } catch {}\nawait fails("caught").catch(() => 0);\nthrow new Error("seen");',
      4,
    ],
    [
      'in a loop that awaits',
      'let n = 1;\nfor (let i = 0; i < 3; i++) {\n  await pause();\n  if (i === 1)\n    throw new Error("seen");\n}',
      5,
    ],
    [
      'in a timer',
      'let n = 1;\nsetTimeout(() => {\n  throw new Error("seen");\n}, 5);\nawait pause(200);',
      3,
    ],
  ];
  for (const [when, code, line] of cells) {
    it(`stop it where nothing catches them, ${when}`, async () => {
      const notebook = await openNotebook(
        'const pause = (ms = 2) => new Promise((resolve) => setTimeout(resolve, ms));\nasync function fails(text: string) {\n  await pause();\n  throw new Error(text);\n}',
        code,
      );
      await runCell(notebook, 0);
      const cell = notebook.cellAt(1);
      assert.equal(await placeOfUncaught(cell), placeIn(cell, line));
      assert.equal(errorsOf(cell)[0]?.message, 'seen');
    });
  }

  it('stop it in a function of another cell, and in a file, which await', async () => {
    const file = path.join(
      vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '',
      'debuggedFails.ts',
    );
    await writeFile(file, 'export const ready = true;\nthrow new Error("in the file");\n');
    const notebook = await openNotebook(
      'async function fails() {\n  await 1;\n  throw new Error("seen");\n}',
      'let n = 1;\nawait Promise.all([1, fails()]);',
      'let m = 1;\nawait import("./debuggedFails");',
    );
    await runCell(notebook, 0);
    const [functions, calling, importing] = notebook.getCells() as [
      vscode.NotebookCell,
      vscode.NotebookCell,
      vscode.NotebookCell,
    ];
    for (const [cell, place] of [
      [calling, placeIn(functions, 3)],
      [importing, `${file}:2`],
    ] as const) {
      assert.equal(await placeOfUncaught(cell), place);
      assert.equal(errorsOf(cell).length, 1);
    }
  });

  it('stop it at what it catches only where that is asked for', async () => {
    const notebook = await openNotebook(
      'let n = 1;\nawait 1;\ntry {\n  throw new Error("caught");\n} catch {}\nn + 1',
    );
    const cell = notebook.cellAt(0);
    setBreakpoint(cell.document.uri, 1);
    for (const [filters, line] of [
      [['uncaught'], undefined],
      [['all', 'uncaught'], 4],
    ] as const) {
      const debugging = debugCell(cell);
      const first = await stops();
      await stopAt(first, ...filters);
      await press('continue');
      if (line !== undefined) {
        const thrown = await stops();
        assert.equal(placeOf(thrown), placeIn(cell, line));
        await press('continue');
      }
      await debugging;
      assert.equal(await shownBy(cell), '2');
    }
  });
});
