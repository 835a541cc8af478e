import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Folder → the folders and packages it may import besides itself. Longer names come before their parents. */
const mayImport: Record<string, { folders: string[]; packages: RegExp }> = {
  'kernel/contract': { folders: [], packages: /^$/ },
  'kernel/rnn': { folders: [], packages: /^$/ },
  'kernel/io': { folders: ['kernel/rnn'], packages: /^(d3-dsv|fourier-transform|midi-file)$/ },
  'kernel/client': { folders: ['kernel/contract'], packages: /^node:/ },
  'kernel/notebook': { folders: ['kernel/contract', 'kernel/rnn', 'kernel/io'], packages: /^$/ },
  'kernel/session': {
    folders: ['kernel/contract', 'kernel/notebook'],
    packages: /^(node:.*|typescript|@jridgewell\/trace-mapping|import-meta-resolve)$/,
  },
  'kernel/language': {
    folders: ['kernel/session'],
    packages:
      /^(node:.*|typescript|vscode-languageserver(\/node)?|vscode-languageserver-textdocument)$/,
  },
  'kernel/cli': {
    folders: ['kernel/contract', 'kernel/client', 'kernel/notebook', 'kernel/session'],
    packages: /^(node:.*|typescript|temml|vega|vega-lite|vega-interpreter)$/,
  },
  kernel: {
    folders: ['kernel/contract', 'kernel/rnn', 'kernel/io', 'kernel/notebook', 'kernel/session'],
    packages: /^node:/,
  },
  src: {
    folders: ['kernel/contract', 'kernel/client'],
    packages: /^(vscode|vscode-languageclient\/node|node:.*)$/,
  },
  media: {
    folders: ['kernel/contract'],
    packages: /^(vega|vega-lite|vega-interpreter|vscode-notebook-renderer)$/,
  },
};

const folderOf = (file: string): string | undefined =>
  Object.keys(mayImport).find((folder) => file.startsWith(`${folder}/`));

describe('imports', () => {
  const files = ['kernel', 'src', 'media'].flatMap((top) =>
    readdirSync(path.join(root, top), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => path.posix.join(top, file.replaceAll(path.sep, '/'))),
  );

  for (const folder of Object.keys(mayImport))
    it(`${folder} imports only what it may`, () => {
      const own = files.filter((file) => folderOf(file) === folder);
      assert.ok(own.length > 0, `${folder} has files`);
      for (const file of own) assertImports(file, mayImport[folder]!);
    });

  function assertImports(file: string, allowed: { folders: string[]; packages: RegExp }): void {
    const { importedFiles } = ts.preProcessFile(readFileSync(path.join(root, file), 'utf8'));
    for (const { fileName } of importedFiles) {
      if (!fileName.startsWith('.')) {
        assert.match(fileName, allowed.packages, `${file} imports the package ${fileName}`);
        continue;
      }
      const target = path.posix.join(path.posix.dirname(file), fileName);
      // The library's bundle stands beside the kernel's in dist/.
      if (target.endsWith('/unroll.js')) continue;
      const folder = folderOf(target);
      const isAllowed = folder === folderOf(file) || allowed.folders.includes(folder ?? target);
      assert.ok(isAllowed, `${file} imports ${target}`);
    }
  }
});
