import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { askUntil, closeNotebooks, edit, openNotebook, runCell, until } from './notebooks.js';

type Notebook = vscode.NotebookDocument;

/** The cell's errors, as `line: message`. */
function errors(notebook: Notebook, index: number): string[] {
  return vscode.languages
    .getDiagnostics(notebook.cellAt(index).document.uri)
    .filter(({ severity }) => severity === vscode.DiagnosticSeverity.Error)
    .map(({ range, message }) => `${range.start.line}: ${message}`);
}

async function errorsBecome(notebook: Notebook, index: number, expected: RegExp[]): Promise<void> {
  const fit = () => {
    const found = errors(notebook, index);
    return found.length === expected.length && expected.every((one, i) => one.test(found[i]!));
  };
  await until(fit, () => `${String(expected)} in cell ${index}: ${errors(notebook, index).join()}`);
}

/** Where the text is in the cell, and its end. */
function find(notebook: Notebook, index: number, text: string): vscode.Range {
  const { document } = notebook.cellAt(index);
  const offset = document.getText().indexOf(text);
  assert.ok(offset >= 0, `cell ${index} has ${text}`);
  return new vscode.Range(document.positionAt(offset), document.positionAt(offset + text.length));
}

async function ask<T>(
  command: string,
  notebook: Notebook,
  index: number,
  position: vscode.Position,
) {
  const { uri } = notebook.cellAt(index).document;
  return await vscode.commands.executeCommand<T>(`vscode.execute${command}`, uri, position);
}

/** Asks until something is found: that a cell has no errors does not say that the server has seen it. */
async function askForAny<T>(
  command: string,
  notebook: Notebook,
  index: number,
  position: vscode.Position,
) {
  return await askUntil(
    () => ask<T[]>(command, notebook, index, position),
    (found) => found.length > 0,
  );
}

async function hovers(notebook: Notebook, index: number, text: string): Promise<string[]> {
  const at = find(notebook, index, text).start;
  const found = await askForAny<vscode.Hover>('HoverProvider', notebook, index, at);
  const texts = found.map(({ contents }) => contents as vscode.MarkdownString[]);
  return texts.map((contents) => contents.map(({ value }) => value).join('\n'));
}

/** Behind the text: asked until the wanted name is there, which the kernel may take its time for. */
async function completions(notebook: Notebook, index: number, text: string, wanted: string) {
  const at = find(notebook, index, text).end;
  const list = async () => {
    const { items } = await ask<vscode.CompletionList>(
      'CompletionItemProvider',
      notebook,
      index,
      at,
    );
    return items.map(({ label }) => (typeof label === 'string' ? label : label.label));
  };
  return await askUntil(list, (names) => names.includes(wanted));
}

/** VS Code's built-in service has had its say: it answers for cells until it is kept out. */
async function builtInIsUp(): Promise<void> {
  const extension = vscode.extensions.getExtension('vscode.typescript-language-features');
  assert.ok(extension, 'VS Code has its built-in TypeScript service');
  await extension.activate();
}

describe('the language service', function () {
  this.timeout(120_000);

  before(builtInIsUp);
  afterEach(closeNotebooks);

  it('shows errors across cells while the user types', async () => {
    const notebook = await openNotebook('const rate = 0.1;', 'rate.toFixed(2)');
    await errorsBecome(notebook, 1, []);
    await edit(notebook, 1, 'rate.toUpperCase()');
    await errorsBecome(notebook, 1, [/^0: Property 'toUpperCase' does not exist on type/]);
    await edit(notebook, 0, 'const rate = "slow";');
    await errorsBecome(notebook, 1, []);
  });

  it('knows what another cell imports from unroll, once', async () => {
    const notebook = await openNotebook(
      `import { LSTM } from 'unroll';`,
      'const model = new LSTM({ inputSize: 2, hiddenSize: 3 });\nmodel.',
    );
    await errorsBecome(notebook, 1, [/Identifier expected/]);
    const shown = await hovers(notebook, 1, 'LSTM(');
    assert.equal(shown.length, 1, shown.join('\n---\n'));
    assert.match(shown[0]!, /LSTM/);
    const names = await completions(notebook, 1, 'model.', 'forward');
    assert.ok(names.includes('forward'), names.join());
    assert.deepEqual(names, [...new Set(names)]);
  });

  it('leaves nothing of the built-in service’s in our cells, which answers elsewhere', async () => {
    const folder = vscode.workspace.workspaceFolders![0]!.uri;
    const file = vscode.Uri.joinPath(folder, 'other.ts');
    await vscode.workspace.fs.writeFile(
      file,
      Buffer.from('const inFile = 1;\ninFile.toFixed();\n'),
    );
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file));
    const shownInFile = () =>
      vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        file,
        new vscode.Position(1, 2),
      );
    let inFile = await shownInFile();
    for (let i = 0; inFile.length === 0 && i < 100; i++) {
      await sleep(100);
      inFile = await shownInFile();
    }
    assert.equal(inFile.length, 1, 'the built-in service answers in files');
    const notebook = await openNotebook(
      'const inCell = 1;',
      'function f(n: number) { const unused = inCell; return n; }\nf(inCell)',
    );
    await errorsBecome(notebook, 1, []);
    await sleep(1000);
    const shown = await hovers(notebook, 0, 'inCell');
    assert.deepEqual(
      shown.map((one) => one.trim()),
      ['```typescript\nconst inCell: 1\n```'],
    );
    const names = await completions(notebook, 1, 'f(inCe', 'inCell');
    assert.equal(names.filter((name) => name === 'inCell').length, 1, names.slice(0, 20).join());
    const found = vscode.languages.getDiagnostics(notebook.cellAt(1).document.uri);
    assert.deepEqual(
      found.map(({ message }) => message),
      ["'unused' is declared but its value is never read."],
    );
  });

  it('finds declarations and uses in other cells, and renames them there', async () => {
    const notebook = await openNotebook('let step = 1;', 'step += 1;', 'step');
    await errorsBecome(notebook, 2, []);
    const at = find(notebook, 2, 'step').start;
    const [definition] = await askForAny<vscode.LocationLink>(
      'DefinitionProvider',
      notebook,
      2,
      at,
    );
    assert.equal(String(definition!.targetUri), String(notebook.cellAt(0).document.uri));
    const uses = await askForAny<vscode.Location>('ReferenceProvider', notebook, 2, at);
    assert.equal(uses.length, 3);
    const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit>(
      'vscode.executeDocumentRenameProvider',
      notebook.cellAt(2).document.uri,
      at,
      'count',
    );
    assert.equal(await vscode.workspace.applyEdit(edit), true);
    assert.deepEqual(
      notebook.getCells().map(({ document }) => document.getText()),
      ['let count = 1;', 'count += 1;', 'count'],
    );
  });

  it('imports with a completion and with a quick fix', async () => {
    const notebook = await openNotebook('new GRU({ inputSize: 1, hiddenSize: 1 });');
    await errorsBecome(notebook, 0, [/Cannot find name 'GRU'/]);
    const { uri } = notebook.cellAt(0).document;
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      uri,
      find(notebook, 0, 'GRU'),
    );
    const imports = actions.filter(({ title }) => /import.*"unroll"/.test(title));
    assert.equal(imports.length, 1, actions.map(({ title }) => title).join('\n'));
    await vscode.workspace.applyEdit(imports[0]!.edit!);
    await errorsBecome(notebook, 0, []);
    assert.match(notebook.cellAt(0).document.getText(), /^import { GRU } from 'unroll';\n/);
  });

  it('keeps imports that only other cells need, whoever organises imports', async () => {
    const source = `import { zeros, LSTM } from 'unroll';`;
    const notebook = await openNotebook(source, 'zeros([2]); LSTM;\nconst n: string = 1;');
    await errorsBecome(notebook, 1, [/not assignable/]);
    const { uri } = notebook.cellAt(0).document;
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      uri,
      new vscode.Range(0, 0, 0, source.length),
      'source',
      10,
    );
    for (const action of actions) {
      if (action.edit) await vscode.workspace.applyEdit(action.edit);
    }
    assert.ok(actions.length > 0, 'the built-in service offers to');
    assert.equal(notebook.cellAt(0).document.getText(), source);
  });

  it('gives each of the cell’s symbols, folds and colours once, and lays it out', async () => {
    const notebook = await openNotebook(
      'class Model {\nsize=1;\n}\nfunction f(n: number) {\nreturn n;\n}',
    );
    await errorsBecome(notebook, 0, []);
    const { uri } = notebook.cellAt(0).document;
    const execute = <T>(command: string, ...rest: unknown[]) =>
      vscode.commands.executeCommand<T>(`vscode.execute${command}`, uri, ...rest);
    const symbols = await askUntil(
      () => execute<vscode.DocumentSymbol[]>('DocumentSymbolProvider'),
      // VS Code has none where the service is still loading.
      (found: vscode.DocumentSymbol[] | undefined) => (found ?? []).length > 0,
    );
    assert.deepEqual(
      symbols.map(({ name }) => name),
      ['Model', 'f'],
    );
    const folds = await askUntil(
      () => execute<vscode.FoldingRange[]>('FoldingRangeProvider'),
      (found) => found.length > 0,
    );
    assert.deepEqual(
      folds.map(({ start }) => start),
      [0, 3],
    );
    const tokens = await askUntil(
      () =>
        vscode.commands.executeCommand<vscode.SemanticTokens | undefined>(
          'vscode.provideDocumentSemanticTokens',
          uri,
        ),
      (found) => (found?.data.length ?? 0) > 0,
    );
    assert.ok(tokens && tokens.data.length >= 5 * 4, `tokens: ${tokens?.data.join()}`);
    const layout = { tabSize: 2, insertSpaces: true };
    const edits = await execute<vscode.TextEdit[]>('FormatDocumentProvider', layout);
    const change = new vscode.WorkspaceEdit();
    change.set(uri, edits);
    await vscode.workspace.applyEdit(change);
    assert.match(notebook.cellAt(0).document.getText(), /^class Model \{\n {2}size = 1;\n\}/);
  });

  it('adds what the running kernel knows, once', async () => {
    const notebook = await openNotebook(
      `const row: Record<string, number> = JSON.parse('{"loss": 1, "step": 2}');\nconst n = [[1, 2]];`,
      'row.',
    );
    await runCell(notebook, 0);
    const names = await completions(notebook, 1, 'row.', 'loss');
    assert.ok(names.includes('loss') && names.includes('step'), names.join());
    assert.deepEqual(names, [...new Set(names)]);
    await edit(notebook, 1, "row['l");
    assert.ok((await completions(notebook, 1, "row['l", 'loss')).includes('loss'));
  });

  it('says what shape a variable has by now, beside its name', async () => {
    const notebook = await openNotebook(
      `import { zeros } from 'unroll';\nconst weights = zeros([4, 3]);`,
      'weigh',
    );
    await runCell(notebook, 0);
    const at = find(notebook, 1, 'weigh').end;
    const shapes = async () => {
      const { items } = await ask<vscode.CompletionList>('CompletionItemProvider', notebook, 1, at);
      return items.flatMap(({ label }) =>
        typeof label !== 'string' && label.label === 'weights' ? [label.description] : [],
      );
    };
    const found = await askUntil(shapes, ([first]) => first !== undefined);
    assert.deepEqual(found, ['Tensor [4, 3]']);
  });

  it('says before anything runs that layers don’t fit', async () => {
    const notebook = await openNotebook(
      `import { Linear, Sequential } from 'unroll';\nconst a = new Linear({ inFeatures: 1, outFeatures: 2 });`,
      'new Sequential(a, new Linear({ inFeatures: 3, outFeatures: 1 }));',
    );
    await errorsBecome(notebook, 1, [/Linear takes 3 features .* but Linear before it gives 2/]);
  });

  it('starts again when its process dies', async () => {
    const notebook = await openNotebook('const n = 1;', 'n.wrong');
    await errorsBecome(notebook, 1, [/'wrong'/]);
    for (const pid of serverProcesses()) process.kill(pid, 'SIGKILL');
    await edit(notebook, 1, 'n.alsoWrong');
    await errorsBecome(notebook, 1, [/'alsoWrong'/]);
  });
});

/** The language servers that this extension host has started, where the system tells (Linux). */
function serverProcesses(): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isServer(pid));
}

function isServer(pid: number): boolean {
  try {
    const [, ppid] = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return Number(ppid) === process.pid && command.includes('languageServer.js');
  } catch {
    // It has just ended.
    return false;
  }
}
