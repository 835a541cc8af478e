/** What a person who types in a cell is helped with, each once, in a project that has a package of npm. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { click, press, type, waitForFrame } from './host.js';
import { askUntil, closeNotebooks, ourKernelspec, selectOurKernel, until } from './notebooks.js';

const inFolder = (name: string) =>
  vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0]!.uri, 'features', name);
const write = async (name: string, text: string) =>
  await vscode.workspace.fs.writeFile(inFolder(name), new TextEncoder().encode(text));

async function openCells(...sources: string[]): Promise<vscode.NotebookDocument> {
  const cells = sources.map((source, index) => ({
    ...{ cell_type: 'code', id: `cell-${index}`, metadata: {}, execution_count: null, outputs: [] },
    source,
  }));
  const file = { nbformat: 4, nbformat_minor: 5, metadata: ourKernelspec, cells };
  const name = `features-${sources.join('').length}-${Date.now()}.ipynb`;
  await write(name, JSON.stringify(file));
  const notebook = await vscode.workspace.openNotebookDocument(inFolder(name));
  await selectOurKernel(await vscode.window.showNotebookDocument(notebook));
  return notebook;
}

/** Behind the text in the cell. */
function behind(notebook: vscode.NotebookDocument, index: number, text: string): vscode.Position {
  const { document } = notebook.cellAt(index);
  const offset = document.getText().indexOf(text);
  assert.ok(offset >= 0, `cell ${index} has ${text}`);
  return document.positionAt(offset + text.length);
}

const errorsOf = (notebook: vscode.NotebookDocument, index: number) =>
  vscode.languages
    .getDiagnostics(notebook.cellAt(index).document.uri)
    .filter(({ severity }) => severity === vscode.DiagnosticSeverity.Error)
    .map(({ message }) => message);

async function isChecked(notebook: vscode.NotebookDocument, index: number): Promise<string[]> {
  await until(
    () => errorsOf(notebook, index).length > 0,
    () => `an error in cell ${index}`,
  );
  return errorsOf(notebook, index);
}

/** Types as a person does, who sees each letter before the next. */
async function typeByHand(document: vscode.TextDocument, text: string): Promise<void> {
  for (const letter of text) {
    const typed = document.getText() + letter;
    await type(letter);
    await until(
      () => document.getText() === typed,
      () => `${typed}; there is ${document.getText()}`,
    );
  }
}

describe('typing in a cell', function () {
  this.timeout(120_000);

  before(async () => {
    await vscode.extensions.getExtension('vscode.typescript-language-features')!.activate();
    const manifest = { name: 'small-package', version: '1.0.0', types: 'index.d.ts' };
    await write('node_modules/small-package/package.json', JSON.stringify(manifest));
    const declaration = 'export declare function smallFunction(size: number): void;';
    await write('node_modules/small-package/index.d.ts', declaration);
    await write('package.json', '{ "dependencies": { "small-package": "1.0.0" } }');
  });
  afterEach(closeNotebooks);

  it('completes names of unroll and of npm packages, and imports them', async () => {
    const notebook = await openCells('const a: string = 1;', 'new GRU', 'smallFunc');
    await isChecked(notebook, 0);
    for (const [index, typed, label, from] of [
      [1, 'new GRU', 'GRU', 'unroll'],
      [2, 'smallFunc', 'smallFunction', 'small-package'],
    ] as const) {
      const { document } = notebook.cellAt(index);
      const offered = async () => {
        const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
          'vscode.executeCompletionItemProvider',
          document.uri,
          behind(notebook, index, typed),
          undefined,
          1000,
        );
        return items.filter((one) => {
          const name = typeof one.label === 'string' ? one.label : one.label.label;
          return name === label;
        });
      };
      // The packages of the project are read when all cells were looked at.
      const found = await askUntil(offered, (items) => items.length > 0);
      assert.equal(found.length, 1, `${label} once`);
      const change = new vscode.WorkspaceEdit();
      change.set(document.uri, found[0]!.additionalTextEdits ?? []);
      await vscode.workspace.applyEdit(change);
      assert.equal(document.getText(), `import { ${label} } from '${from}';\n${typed}`);
    }
  });

  it('shows the docs of the runtime, and the parameters of a call, once', async () => {
    const notebook = await openCells(
      `import { clipGradNorm } from 'unroll';\nconst a: string = 1;`,
      'clipGradNorm([], ',
    );
    await isChecked(notebook, 0);
    const { uri } = notebook.cellAt(1).document;
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      uri,
      behind(notebook, 1, 'clip'),
    );
    const texts = hovers.map(({ contents }) =>
      (contents as vscode.MarkdownString[]).map(({ value }) => value).join('\n'),
    );
    assert.equal(texts.length, 1, texts.join('\n---\n'));
    assert.match(
      texts[0]!,
      /clipGradNorm\(parameters: [^]*Scales all gradients together[^]*norm before clipping/,
    );
    const help = await vscode.commands.executeCommand<vscode.SignatureHelp>(
      'vscode.executeSignatureHelpProvider',
      uri,
      behind(notebook, 1, '[], '),
    );
    assert.equal(help.signatures.length, 1);
    assert.match(help.signatures[0]!.label, /^clipGradNorm\(.*maxNorm: number/);
    assert.equal(help.activeParameter, 1);
  });

  it('shows inlay hints where the user has them on, once', async () => {
    const settings = vscode.workspace.getConfiguration('typescript.inlayHints');
    const notebook = await openCells(
      'function half(size: number) { return size / 2; }\nconst a: string = 1;',
      'half(4);',
    );
    await isChecked(notebook, 0);
    const { uri } = notebook.cellAt(1).document;
    const hints = async () =>
      await vscode.commands.executeCommand<vscode.InlayHint[]>(
        'vscode.executeInlayHintProvider',
        uri,
        new vscode.Range(0, 0, 1, 0),
      );
    assert.deepEqual(await hints(), []);
    await settings.update('parameterNames.enabled', 'all', vscode.ConfigurationTarget.Global);
    try {
      let found = await hints();
      for (let left = 50; left > 0 && found.length === 0; left--) {
        await new Promise((done) => setTimeout(done, 100));
        found = await hints();
      }
      assert.deepEqual(
        found.map(({ label }) =>
          typeof label === 'string' ? label : label.map(({ value }) => value).join(''),
        ),
        ['size:'],
      );
    } finally {
      await settings.update('parameterNames.enabled', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it('goes by document order: imports carry over, a name has the type of its last declaration, await is fine', async () => {
    const notebook = await openCells(
      `import { zeros } from 'unroll';\nconst value = await Promise.resolve(1);`,
      'value.toFixed(); zeros([2]).shape.length;\nconst wrong: string = value;',
      'const value = "text";\nvalue.toUpperCase(); value.toFixed();',
      'later;',
      'const later = 1;',
    );
    const messages = [];
    for (const index of [1, 2, 3]) messages.push(await isChecked(notebook, index));
    assert.deepEqual(messages, [
      ["Type 'number' is not assignable to type 'string'."],
      [`Property 'toFixed' does not exist on type '"text"'. Did you mean 'fixed'?`],
      ["Cannot find name 'later'."],
    ]);
    assert.deepEqual(errorsOf(notebook, 0), []);
  });

  it('says before anything runs that an option is wrong', async () => {
    const notebook = await openCells(
      `import { LSTM } from 'unroll';`,
      'new LSTM({ inputSize: 2, hiddenSiz: 3 });',
    );
    assert.match((await isChecked(notebook, 1)).join(), /'hiddenSiz' does not exist in type/);
  });

  it('spells right at a click', async () => {
    const notebook = await openCells('const learningRate = 0.1;', 'learningRat.toFixed();');
    assert.match((await isChecked(notebook, 1)).join(), /Did you mean 'learningRate'/);
    const { uri } = notebook.cellAt(1).document;
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      uri,
      new vscode.Range(0, 0, 0, 5),
    );
    const fixes = actions.filter(({ title }) => title === "Change spelling to 'learningRate'");
    assert.equal(fixes.length, 1, actions.map(({ title }) => title).join('\n'));
    await vscode.workspace.applyEdit(fixes[0]!.edit!);
    assert.equal(notebook.cellAt(1).document.getText(), 'learningRate.toFixed();');
  });

  it('works by hand: the list comes while one types, and Enter brings name and import', async () => {
    const notebook = await openCells('const a: string = 1;', '');
    await isChecked(notebook, 0);
    await click('.cell-list-container .monaco-list-row[data-index="1"] .monaco-editor');
    const { document } = notebook.cellAt(1);
    await typeByHand(document, 'new LayerNor');
    await waitForFrame(
      `[...document.querySelectorAll('.suggest-widget.visible .monaco-list-row')].some((row) => /^LayerNorm/.test(row.textContent)) || null`,
    );
    await press('Enter');
    await until(
      () => /^import \{ LayerNorm \} from 'unroll';\n+new LayerNorm/.test(document.getText()),
      () => `the import; there is ${document.getText()}`,
    );
  });
});
