import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  debugCell,
  goOn,
  placeIn,
  placeOf,
  press,
  setBreakpoint,
  shownBy,
  stops,
  useDebugger,
} from './debugSession.js';
import { openNotebook, runCell, startCell, textOf, until } from './notebooks.js';

const twoCells = (notebook: vscode.NotebookDocument): [vscode.NotebookCell, vscode.NotebookCell] =>
  notebook.getCells() as [vscode.NotebookCell, vscode.NotebookCell];

/** Lines, from 1, of the cell's breakpoints as VS Code has them. */
function breakpointsIn({ document }: vscode.NotebookCell): number[] {
  return vscode.debug.breakpoints
    .filter((one) => one instanceof vscode.SourceBreakpoint)
    .map(({ location }) => location)
    .filter(({ uri }) => uri.toString() === document.uri.toString())
    .map(({ range }) => range.start.line + 1);
}

async function insertFirstLine({ document }: vscode.NotebookCell, text: string): Promise<void> {
  const change = new vscode.WorkspaceEdit();
  change.insert(document.uri, new vscode.Position(0, 0), `${text}\n`);
  await vscode.workspace.applyEdit(change);
}

describe('debugging cells for a while', function () {
  this.timeout(90_000);
  useDebugger();

  it('an edited cell goes on as it was, and its breakpoints move with its lines', async () => {
    const notebook = await openNotebook('let a = 1;\na += 1;\na += 2;\na');
    const cell = notebook.cellAt(0);
    setBreakpoint(cell.document.uri, 2);
    setBreakpoint(cell.document.uri, 3);
    const debugging = debugCell(cell);
    await stops();
    await insertFirstLine(cell, '// One line more.');
    await press('continue');
    // What runs is the text that was run: its second breakpoint is still there.
    const next = await stops();
    assert.equal(next.frames[0]?.line, 3);
    await press('continue');
    await debugging;
    assert.equal(await shownBy(cell), '4');

    const again = debugCell(cell);
    const moved = await stops();
    assert.equal(placeOf(moved), placeIn(cell, 3));
    await press('continue');
    const last = await stops();
    assert.equal(placeOf(last), placeIn(cell, 4));
    await press('continue');
    await again;
  });

  it('a cell that is edited and debugged while another is held stops at its moved breakpoint', async () => {
    const notebook = await openNotebook('let a = 1;\na', 'let b = 2;\nb');
    const [held, edited] = twoCells(notebook);
    setBreakpoint(held.document.uri, 2);
    setBreakpoint(edited.document.uri, 2);
    const debugging = debugCell(held);
    const first = await stops();
    await insertFirstLine(edited, '// One line more.');
    const behind = debugCell(edited);
    await press('continue');
    const second = await stops();
    assert.equal(second.session.id, first.session.id);
    assert.equal(placeOf(second), placeIn(edited, 3));
    assert.deepEqual(breakpointsIn(edited), [3]);
    await press('continue');
    await Promise.all([debugging, behind]);
    assert.equal(await shownBy(edited), '2');
  });

  it('two notebooks are debugged side by side', async () => {
    const first = await openNotebook('let a = 1;\na + 1');
    const second = await openNotebook('let a = 10;\na + 1');
    const cells = [first.cellAt(0), second.cellAt(0)] as const;
    for (const cell of cells) setBreakpoint(cell.document.uri, 2);
    const debuggingFirst = debugCell(cells[0]);
    const heldFirst = await stops();
    const debuggingSecond = debugCell(cells[1]);
    const heldSecond = await stops('behind another');
    assert.notEqual(heldFirst.session.id, heldSecond.session.id);
    assert.equal(placeOf(heldSecond), placeIn(cells[1], 2));
    await goOn(heldFirst);
    await debuggingFirst;
    assert.equal(await shownBy(cells[0]), '2');
    assert.equal(cells[1].executionSummary?.success, undefined);
    await goOn(heldSecond);
    await debuggingSecond;
    assert.equal(await shownBy(cells[1]), '11');
  });

  it('a cell is debugged at once after another, though that one’s session is about to end', async () => {
    const notebook = await openNotebook('let a = 1;\na', 'let b = 2;\nb');
    const cells = twoCells(notebook);
    for (const cell of cells) setBreakpoint(cell.document.uri, 2);
    const sessions = new Set<string>();
    const debugging: Thenable<unknown>[] = [];
    for (let round = 0; round < 2; round++) {
      for (const cell of cells) {
        const before = cell.executionSummary;
        debugging.push(debugCell(cell));
        const held = await stops();
        sessions.add(held.session.id);
        assert.equal(placeOf(held), placeIn(cell, 2));
        await press('continue');
        await until(
          () => cell.executionSummary?.success === true && cell.executionSummary !== before,
          () => `cell ${cell.index} to end; it shows ${textOf(cell)}`,
        );
      }
    }
    await Promise.all(debugging);
    assert.equal(sessions.size, 4);
  });

  it('a cell that is run while another is held waits for it, and stops nowhere', async () => {
    const notebook = await openNotebook('let a = 1;\na', 'let b = a + 1;\nb');
    const cells = twoCells(notebook);
    for (const cell of cells) setBreakpoint(cell.document.uri, 2);
    const debugging = debugCell(cells[0]);
    await stops();
    await startCell(notebook, 1);
    await press('continue');
    await debugging;
    assert.equal(await shownBy(cells[1]), '2');
    assert.equal(await runCell(notebook, 1), '2');
  });
});
