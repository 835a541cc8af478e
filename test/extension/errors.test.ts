import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { click, waitForFrame } from './host.js';
import { closeNotebooks, edit, errorsOf, openNotebook, runCell, until } from './notebooks.js';

const diagnosticsOf = (cell: vscode.NotebookCell) =>
  vscode.languages.getDiagnostics(cell.document.uri).filter(({ source }) => source === 'Unroll');

describe('errors of a cell', () => {
  afterEach(closeNotebooks);

  it('stand in its text until it is edited, with the other places that they came through', async () => {
    const notebook = await openNotebook(
      'function inner(x: number) {\n  throw new RangeError(`bad ${x}`);\n}',
      '// the call\ninner(3)',
    );
    await runCell(notebook, 0);
    await runCell(notebook, 1);
    const cell = notebook.cellAt(1);
    const [diagnostic, ...others] = diagnosticsOf(cell);
    assert.equal(others.length, 0);
    assert.equal(diagnostic?.message, 'RangeError: bad 3');
    assert.equal(diagnostic.severity, vscode.DiagnosticSeverity.Error);
    assert.deepEqual(diagnostic.range, new vscode.Range(1, 0, 1, 5));
    const [origin] = diagnostic.relatedInformation ?? [];
    assert.equal(origin?.location.uri.toString(), notebook.cellAt(0).document.uri.toString());
    assert.equal(origin.location.range.start.line, 1);
    assert.equal(diagnosticsOf(notebook.cellAt(0)).length, 0);
    await edit(notebook, 1, 'typeof inner');
    assert.equal(diagnosticsOf(cell).length, 0);
  });

  it('that do not parse are marked as far as they reach, and go when the cell runs again', async () => {
    const notebook = await openNotebook('const fine = 1;\nfoo(1,\n  2\nlet y = 3');
    await runCell(notebook, 0);
    const cell = notebook.cellAt(0);
    const marks = () => vscode.languages.getDiagnostics(cell.document.uri);
    const isMarked = () => marks().some(({ range }) => range.isEqual(new vscode.Range(3, 0, 3, 3)));
    await until(isMarked, () => 'a mark');
    await runCell(notebook, 0);
    assert.ok(isMarked());
  });

  it('that do not parse are marked once, by the language service where it has seen them', async () => {
    const notebook = await openNotebook('const fine = 1;\nfoo(1,\n  2\nlet y = 3');
    const { uri } = notebook.cellAt(0).document;
    const marks = () =>
      vscode.languages
        .getDiagnostics(uri)
        .map(
          ({ source, message, range: { start } }) =>
            `${source} ${start.line}:${start.character}: ${message}`,
        );
    await until(
      () => marks().length > 0,
      () => 'the language service’s marks',
    );
    assert.ok(marks().some((one) => one.endsWith(": ',' expected.")));
    await runCell(notebook, 0);
    assert.equal(errorsOf(notebook.cellAt(0)).length, 1);
    // In a window that has just started, VS Code's own service may have marked the cell before it was kept out.
    await until(
      () =>
        !marks().some((one) => one.startsWith('Unroll')) &&
        new Set(marks()).size === marks().length,
      () => `each mark once, none of ours; there are ${marks().join()}`,
    );
    assert.ok(marks().includes("ts 3:0: ',' expected."));
  });

  it('in a timer stand in the cell that started it', async () => {
    const notebook = await openNotebook(
      `setTimeout(() => {\n  throw new Error('much later');\n}, 200);`,
    );
    await runCell(notebook, 0);
    const cell = notebook.cellAt(0);
    await until(
      () => diagnosticsOf(cell).length > 0 && errorsOf(cell).length > 0,
      () => 'the error of the timer',
    );
    assert.equal(diagnosticsOf(cell)[0]?.range.start.line, 1);
  });

  it('link each of their places: a click goes to the cell and line', async () => {
    const notebook = await openNotebook(
      'function deep() {\n  return (null as any).x;\n}',
      '\ndeep()',
    );
    await runCell(notebook, 0);
    await runCell(notebook, 1);
    const links = `[...document.querySelectorAll('a[href*="execution_count"]')].map((a) => a.getAttribute('href'))`;
    const hrefs = await waitForFrame<string[]>(
      `(() => { const all = ${links}; return all.length ? all : null; })()`,
    );
    assert.ok(
      hrefs.some((href) => href.endsWith('execution_count=1&line=2')),
      hrefs.join(),
    );
    assert.ok(
      hrefs.some((href) => href.endsWith('execution_count=2&line=2')),
      hrefs.join(),
    );
    await click('a[href$="execution_count=1&line=2"]');
    const target = notebook.cellAt(0).document.uri.toString();
    await until(
      () => {
        const editor = vscode.window.activeTextEditor;
        return editor?.document.uri.toString() === target && editor.selection.active.line === 1;
      },
      () =>
        `the cursor in the first cell: ${vscode.window.activeTextEditor?.document.uri.toString() ?? 'none'}`,
    );
  });

  it('in a file of the workspace link to its line; once it is mended, the next cell has it', async () => {
    const folder = vscode.workspace.workspaceFolders![0]!.uri;
    const file = vscode.Uri.joinPath(folder, 'helperOfErrors.ts');
    const write = (text: string) =>
      vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
    await write('export function half(x: number): number {\n  throw new Error(`not ${x}`);\n}');
    try {
      const notebook = await openNotebook(
        'import { half } from "./helperOfErrors";\nhalf(3)',
        'half(4)',
      );
      await runCell(notebook, 0);
      await click('a[href$="helperOfErrors.ts:2"]');
      await until(
        () => {
          const editor = vscode.window.activeTextEditor;
          return editor?.document.fileName === file.fsPath && editor.selection.active.line === 1;
        },
        () => 'the cursor in the file',
      );
      await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
      await write('export function half(x: number): number {\n  return x / 2;\n}');
      assert.equal(
        await runCell(notebook, 1),
        'Loaded again, because it changed: helperOfErrors.ts\n2',
      );
    } finally {
      await vscode.workspace.fs.delete(file);
    }
  });
});
