/**
 * A small extension for windows that are tested from outside (notebookWindow.ts): runs functions of the tests in the
 * extension host, over a loopback server with a random token, and shows the folder UNROLL_VIRTUAL_FOLDER under the
 * scheme `unrolltest`, as extensions show repositories that are elsewhere.
 */
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const { createServer } = require('node:http');
const path = require('node:path');
const process = require('node:process');
const vscode = require('vscode');

exports.activate = async ({ subscriptions }) => {
  const root = process.env.UNROLL_VIRTUAL_FOLDER;
  subscriptions.push(vscode.workspace.registerFileSystemProvider('unrolltest', virtualFiles(root)));
  const token = randomBytes(24).toString('hex');
  const server = createServer((request, response) => {
    answer(request, token).then(
      (value) => response.end(JSON.stringify({ value })),
      (error) => response.end(JSON.stringify({ error: String(error?.stack ?? error) })),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  subscriptions.push({ dispose: () => server.close() });
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  const place = { url: `http://127.0.0.1:${server.address().port}/`, token };
  const file = path.join(process.env.UNROLL_PROBES, `${folder?.uri.scheme ?? 'none'}.json`);
  fs.writeFileSync(`${file}.new`, JSON.stringify(place));
  fs.renameSync(`${file}.new`, file);
};

async function answer(request, token) {
  if (request.headers.authorization !== `Bearer ${token}`)
    throw new Error('The probe: wrong token.');
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  const { source, argument } = JSON.parse(text);
  const task = new Function(`return (${source});`)();
  return await task(vscode, argument);
}

/** A writable file system of another scheme. */
function virtualFiles(root) {
  const at = ({ path: file }) => path.join(root, file);
  const typeOf = (entry) =>
    entry.isDirectory() ? vscode.FileType.Directory : vscode.FileType.File;
  const found = (uri, look) => {
    try {
      return look(at(uri));
    } catch (error) {
      if (error.code === 'ENOENT') throw vscode.FileSystemError.FileNotFound(uri);
      throw error;
    }
  };
  const refuse = (uri) => {
    throw vscode.FileSystemError.NoPermissions(uri);
  };
  const changes = new vscode.EventEmitter();
  return {
    onDidChangeFile: changes.event,
    watch: () => new vscode.Disposable(() => {}),
    stat: (uri) =>
      found(uri, (file) => {
        const stat = fs.statSync(file);
        const { ctimeMs: ctime, mtimeMs: mtime, size } = stat;
        return { type: typeOf(stat), ctime, mtime, size };
      }),
    readDirectory: (uri) =>
      found(uri, (folder) =>
        fs.readdirSync(folder, { withFileTypes: true }).map((entry) => [entry.name, typeOf(entry)]),
      ),
    readFile: (uri) => found(uri, (file) => fs.readFileSync(file)),
    writeFile: (uri, content) => fs.writeFileSync(at(uri), content),
    createDirectory: refuse,
    delete: refuse,
    rename: refuse,
  };
}
