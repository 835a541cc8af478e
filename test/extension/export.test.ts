import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { closeNotebooks, openNotebook, runCell } from './notebooks.js';

const inWorkspace = (name: string) =>
  vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0]!.uri, name);

async function exported(command: string, name: string): Promise<string> {
  const target = inWorkspace(name);
  const file = await vscode.commands.executeCommand<vscode.Uri | undefined>(
    command,
    undefined,
    target,
  );
  assert.equal(file?.toString(), target.toString());
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(target));
}

describe('a notebook’s export', () => {
  afterEach(closeNotebooks);

  it('is the notebook as it stands, unsaved and with its outputs, as page, script and Markdown', async () => {
    const notebook = await openNotebook(
      `import { display, vegaLite } from 'unroll';\nconsole.log('printed');
await display(vegaLite({ mark: 'bar', data: { values: [{ x: 1 }] }, encoding: { x: { field: 'x' } } }));`,
      `const value: number = 1;\nconsole.error('careful'); value`,
      `const value = 'text';\nthrow new RangeError(value)`,
    );
    for (const index of [0, 1, 2]) await runCell(notebook, index);

    const page = await exported('unroll.exportHtml', 'export.html');
    assert.match(page, /<pre class="stdout">printed/);
    assert.match(page, /<pre class="stderr">careful/);
    assert.match(page, /<pre class="error">RangeError: text/);
    assert.match(
      page,
      /<figure data-mime="application\/vnd\.vegalite[^"]*"><div class="drawing"><svg/,
    );
    assert.match(page, /script-src 'sha256-[^']+';/);

    const script = await exported('unroll.exportScript', 'export.ts');
    assert.match(script, /^\/\/ The notebook 'export' as one module, written by Unroll \d/);
    assert.match(script, /import \{ display, vegaLite \} from 'unroll';/);
    assert.match(script, /const value2 = 'text';\nthrow new RangeError\(value2\);/);

    const markdown = await exported('unroll.exportMarkdown', 'export.md');
    assert.match(markdown, /```text\nprinted\n```\n\n!\[[^\]]*\]\(export_files\/cell-1-1\.svg\)/);
    const picture = await vscode.workspace.fs.readFile(inWorkspace('export_files/cell-1-1.svg'));
    assert.match(new TextDecoder().decode(picture), /^<svg /);
  });

  it('says why where the file cannot be written', async () => {
    await openNotebook('1');
    await vscode.workspace.fs.writeFile(inWorkspace('file'), new Uint8Array());
    const file = await vscode.commands.executeCommand<vscode.Uri | undefined>(
      'unroll.exportHtml',
      undefined,
      inWorkspace('file/page.html'),
    );
    assert.equal(file, undefined);
    await vscode.commands.executeCommand('notifications.clearAll');
  });
});
