import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeNotebooks, ourKernelspec, runCell, selectOurKernel, until } from './notebooks.js';

const root = () => vscode.workspace.workspaceFolders![0]!.uri;
const inFolder = (name: string) => vscode.Uri.joinPath(root(), 'project', name);
const write = async (name: string, text: string) =>
  await vscode.workspace.fs.writeFile(inFolder(name), new TextEncoder().encode(text));

/** A notebook in a project of its own: a tsconfig with paths, and a module. */
describe('the language service in a user’s project', () => {
  let notebook: vscode.NotebookDocument;

  before(async () => {
    const options = { strict: true, paths: { '@lib/*': ['./lib/*'] } };
    await write('tsconfig.json', JSON.stringify({ compilerOptions: options }));
    await write('lib/sizes.ts', 'export const width: number = 7;\n');
    const cells = [
      "import { width } from '@lib/sizes';\nimport { own } from './own';\nimport { LSTM } from 'unroll';",
      'const wide: string = width;',
      'own(width); new LSTM({ inputSize: 1, hiddenSize: 1 });',
    ].map((source, index) => ({
      cell_type: 'code',
      id: `cell-${index}`,
      metadata: {},
      execution_count: null,
      outputs: [],
      source,
    }));
    await write(
      'own.ts',
      '/** Its doc. */\nexport function own(size: number): number {\n  return size;\n}\n',
    );
    const file = { nbformat: 4, nbformat_minor: 5, metadata: ourKernelspec, cells };
    await write('project.ipynb', JSON.stringify(file));
    notebook = await vscode.workspace.openNotebookDocument(inFolder('project.ipynb'));
    await selectOurKernel(await vscode.window.showNotebookDocument(notebook));
  });
  after(closeNotebooks);

  const errors = (index: number) =>
    vscode.languages
      .getDiagnostics(notebook.cellAt(index).document.uri)
      .filter(({ severity }) => severity === vscode.DiagnosticSeverity.Error)
      .map(({ message }) => message);

  it('knows the paths of its tsconfig', async () => {
    await until(
      () => errors(1).length > 0,
      () => 'an error',
    );
    assert.deepEqual(errors(1), ["Type 'number' is not assignable to type 'string'."]);
    assert.deepEqual(errors(0), []);
  });

  it('goes to definitions in its files, also by path, and in the declarations of unroll', async () => {
    const definition = async (index: number, text: string) => {
      const { document } = notebook.cellAt(index);
      const position = document.positionAt(document.getText().indexOf(text) + 1);
      const [found] = await vscode.commands.executeCommand<
        (vscode.Location | vscode.LocationLink)[]
      >('vscode.executeDefinitionProvider', document.uri, position);
      assert.ok(found, text);
      const { uri, range } =
        'targetUri' in found
          ? { uri: found.targetUri, range: found.targetSelectionRange ?? found.targetRange }
          : found;
      const target = await vscode.workspace.openTextDocument(uri);
      return { path: uri.path, line: target.lineAt(range.start.line).text };
    };
    const own = await definition(2, 'own(');
    assert.equal(own.path, inFolder('own.ts').path);
    assert.match(own.line, /export function own/);
    const width = await definition(2, 'width');
    assert.equal(width.path, inFolder('lib/sizes.ts').path);
    const lstm = await definition(2, 'LSTM');
    assert.match(lstm.path, /\/dist\/types\/.*\.d\.ts$/);
    assert.match(lstm.line, /class LSTM\b/);
  });

  it('agrees with what runs', async () => {
    assert.equal(await runCell(notebook, 0), '');
  });
});
