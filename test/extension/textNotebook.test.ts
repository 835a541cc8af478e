import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { closeNotebooks, edit, ourKernelspec, runCell, textOf, until } from './notebooks.js';

const inWorkspace = (name: string) =>
  vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0]!.uri, name);
const read = async (uri: vscode.Uri) =>
  new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));

const source = `// %% [markdown] tags=["intro"]
// # Title

// %% Numbers tags=["setup"]
const rate: number = 2;

// %%
rate.toFixed(1)
`;

async function openText(name: string): Promise<vscode.NotebookDocument> {
  const uri = inWorkspace(name);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(source));
  await vscode.commands.executeCommand('vscode.openWith', uri, 'unroll-text-notebook');
  const notebook = vscode.workspace.notebookDocuments.find(
    (one) => String(one.uri) === String(uri),
  );
  assert.ok(notebook);
  return notebook;
}

async function selectTextKernel(): Promise<void> {
  await vscode.commands.executeCommand('notebook.selectKernel', {
    notebookEditor: vscode.window.activeNotebookEditor,
    id: 'text-unroll-typescript',
    extension: 'unroll.unroll',
  });
}

describe('a text notebook in VS Code', () => {
  afterEach(closeNotebooks);

  it('is a TypeScript file until it is opened as a notebook', async () => {
    const uri = inWorkspace('plain.nb.ts');
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(source));
    await vscode.commands.executeCommand('vscode.open', uri);
    assert.equal(vscode.window.activeTextEditor?.document.languageId, 'typescript');
    assert.equal(vscode.window.activeNotebookEditor, undefined);
  });

  it('knows unroll as text too, as modules do that cells import, by VS Code’s own service', async () => {
    const uses = (name: string) =>
      `import { LSTM } from 'unroll';\nexport const ${name} = new LSTM({ inputSize: 1, hiddenSize: 'two' });\n`;
    for (const name of ['typed.nb.ts', 'ownModel.ts']) {
      const uri = inWorkspace(name);
      await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(uses(name.slice(0, 5))));
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
      const errors = () =>
        vscode.languages
          .getDiagnostics(uri)
          .filter(({ severity }) => severity === vscode.DiagnosticSeverity.Error)
          .map(({ message }) => message);
      await until(
        () => errors().length > 0,
        () => `an error in ${name}`,
      );
      // That of the option alone: the module is found, and has its types.
      assert.deepEqual(errors(), ["Type 'string' is not assignable to type 'number'."], name);
      const [definition] = await vscode.commands.executeCommand<vscode.LocationLink[]>(
        'vscode.executeDefinitionProvider',
        uri,
        new vscode.Position(0, 10),
      );
      assert.match(definition?.targetUri.path ?? '', /\/dist\/types\/.*\.d\.ts$/);
    }
    const found = await vscode.workspace.findFiles('**/node_modules/unroll/**');
    assert.deepEqual(found, [], 'nothing is written into the workspace');
  });

  it('runs with our kernel, knows types across cells, and is saved as text without outputs', async () => {
    const notebook = await openText('runs.nb.ts');
    assert.deepEqual(
      notebook.getCells().map(({ kind, document }) => [kind, document.getText()]),
      [
        [vscode.NotebookCellKind.Markup, '# Title'],
        [vscode.NotebookCellKind.Code, 'const rate: number = 2;'],
        [vscode.NotebookCellKind.Code, 'rate.toFixed(1)'],
      ],
    );
    await runCell(notebook, 1);
    assert.equal(await runCell(notebook, 2), "'2.0'");
    assert.equal(notebook.isDirty, false);
    await edit(notebook, 2, 'rate.toUpperCase()');
    const messages = () =>
      vscode.languages.getDiagnostics(notebook.cellAt(2).document.uri).map((one) => one.message);
    await until(
      () => messages().some((one) => one.includes("'toUpperCase' does not exist")),
      () => `an error; there are: ${messages().join()}`,
    );
    await notebook.save();
    assert.equal(await read(notebook.uri), source.replace('toFixed(1)', 'toUpperCase()'));
  });

  it('becomes an .ipynb, and an .ipynb becomes one, with cells, tags and Markdown', async () => {
    const text = await openText('there.nb.ts');
    const jupyter =
      await vscode.commands.executeCommand<vscode.NotebookDocument>('unroll.convertNotebook');
    assert.equal(jupyter.notebookType, 'jupyter-notebook');
    const cells = jupyter.getCells().map(({ kind, document, metadata }) => {
      const cell_type = kind === vscode.NotebookCellKind.Code ? 'code' : 'markdown';
      const { metadata: own = {} } = metadata as { metadata?: object };
      const code = cell_type === 'code' ? { outputs: [], execution_count: null } : {};
      return { cell_type, metadata: own, source: document.getText(), ...code };
    });
    const { metadata } = jupyter.metadata as { metadata: object };
    const file = inWorkspace('back.ipynb');
    const json = JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 });
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(json));
    await closeNotebooks();
    await vscode.window.showNotebookDocument(await vscode.workspace.openNotebookDocument(file));
    const back =
      await vscode.commands.executeCommand<vscode.NotebookDocument>('unroll.convertNotebook');
    assert.equal(back.notebookType, 'unroll-text-notebook');
    assert.equal(await read(inWorkspace('back.nb.ts')), source);
    assert.equal(await read(text.uri), source);
  });

  it('loses nothing of an .ipynb: raw cells, attachments, any metadata, other languages, empty cells', async () => {
    const attachments = { 'dot.png': { 'image/png': 'iVBORw0KGgo=' } };
    const cells = [
      { cell_type: 'raw', metadata: { format: 'text/plain' }, source: '---\ntitle: a\n---' },
      { cell_type: 'markdown', metadata: {}, attachments, source: '![](attachment:dot.png)' },
      { metadata: { tags: ['x y', 'a=1'], 'my notes': { language: 'fr' } }, source: 'let a = 1;' },
      { metadata: { title: '[raw] {x}' }, source: "`\n// %% no marker\n`; '// %% nor here'" },
      { metadata: { vscode: { languageId: 'python' } }, source: 'print(1)\n\n# %% no' },
      { metadata: {}, source: '' },
    ].map((cell) => ({ cell_type: 'code', outputs: [], execution_count: null, ...cell }));
    const file = inWorkspace('whole.ipynb');
    const json = { cells, metadata: ourKernelspec, nbformat: 4, nbformat_minor: 5 };
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(JSON.stringify(json)));
    const contentOf = (notebook: vscode.NotebookDocument) =>
      notebook.getCells().map(({ kind, document, metadata }) => {
        const { metadata: own, attachments } = metadata as Record<string, object | undefined>;
        const { languageId: language } = document;
        // VS Code notes the language in the metadata, too, where it is not the notebook's.
        const named = Object.entries(own ?? {}).filter(([name]) => name !== 'vscode');
        const rest = Object.fromEntries(named) as object;
        return { kind, language, text: document.getText(), metadata: rest, attachments };
      });
    const convert = () =>
      vscode.commands.executeCommand<vscode.NotebookDocument>('unroll.convertNotebook');
    const before = await vscode.workspace.openNotebookDocument(file);
    await vscode.window.showNotebookDocument(before);
    const content = contentOf(before);
    assert.deepEqual(
      content.map(({ language }) => language),
      ['raw', 'markdown', 'typescript', 'typescript', 'python', 'typescript'],
    );
    assert.deepEqual(contentOf(await convert()), content, 'as text');
    const text = await read(inWorkspace('whole.nb.ts'));
    assert.match(text, /^\/\/ %% \[raw\] format="text\/plain"\n\/\/ ---\n/);
    const after = await convert();
    assert.equal(after.notebookType, 'jupyter-notebook');
    const [first, ...others] = contentOf(after);
    assert.deepEqual(others, content.slice(1), 'as .ipynb again');
    // VS Code knows no language `raw`: where an untitled notebook was closed a moment ago, the cell still has its language.
    assert.deepEqual({ ...first, language: 'raw' }, content[0]);
  });

  it('keeps outputs beside it only if asked, and shows them again where the text is the same', async () => {
    const kept = inWorkspace('kept.outputs.ipynb');
    const settings = vscode.workspace.getConfiguration('unroll.textNotebook');
    const open = async () => {
      const notebook = await openText('kept.nb.ts');
      await selectTextKernel();
      return notebook;
    };
    const first = await open();
    await runCell(first, 1);
    await runCell(first, 2);
    await edit(first, 2, 'rate.toFixed(2)');
    await first.save();
    await assert.rejects(async () => await vscode.workspace.fs.stat(kept), 'nobody asked');
    await settings.update('keepOutputs', true, vscode.ConfigurationTarget.Global);
    try {
      await runCell(first, 2);
      await edit(first, 1, 'const rate: number = 3;');
      await first.save();
      const isKept = async () =>
        await vscode.workspace.fs.stat(kept).then(
          () => true,
          () => false,
        );
      for (let left = 300; left > 0 && !(await isKept()); left--) await sleep(100);
      const { cells, nbformat } = JSON.parse(await read(kept)) as {
        cells: { outputs?: unknown[] }[];
        nbformat: number;
      };
      assert.equal(nbformat, 4);
      assert.equal(cells[2]?.outputs?.length, 1);
      assert.ok(!(await read(first.uri)).includes('2.00'), 'the text has no outputs');
      await closeNotebooks();
      const uri = inWorkspace('kept.nb.ts');
      await vscode.commands.executeCommand('vscode.openWith', uri, 'unroll-text-notebook');
      await selectTextKernel();
      const again = vscode.window.activeNotebookEditor!.notebook;
      await until(
        () => textOf(again.cellAt(2)) === "'2.00'",
        () => `the output; there is ${textOf(again.cellAt(2))}`,
      );
      assert.equal(again.isDirty, false);
    } finally {
      await settings.update('keepOutputs', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it('shows a merge conflict in the cell whose lines both sides changed, and keeps the rest whole', async () => {
    const conflict = [
      '<<<<<<< HEAD',
      'const rate: number = 2;',
      '=======',
      'const rate: number = 0.5;',
      '>>>>>>> faster',
    ].join('\n');
    const uri = inWorkspace('conflict.nb.ts');
    const text = source.replace('const rate: number = 2;', conflict);
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
    await vscode.commands.executeCommand('vscode.openWith', uri, 'unroll-text-notebook');
    const { notebook } = vscode.window.activeNotebookEditor!;
    assert.deepEqual(
      notebook.getCells().map(({ document }) => document.getText()),
      ['# Title', conflict, 'rate.toFixed(1)'],
    );
    await edit(notebook, 1, 'const rate: number = 0.5;');
    await notebook.save();
    assert.equal(await read(uri), source.replace('rate: number = 2', 'rate: number = 0.5'));
  });
});
