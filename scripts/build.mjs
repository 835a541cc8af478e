/**
 * Bundles everything that ships into dist/, with the library's types and the examples' data, and the extension tests
 * into out/.
 *   node scripts/build.mjs                   everything, minified
 *   node scripts/build.mjs kernel types      only these
 *   node scripts/build.mjs --watch           on every change, readable
 */
import esbuild from 'esbuild';
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundledPackages, toNotices } from './thirdPartyNotices.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const watch = process.argv.includes('--watch');

const node = { platform: 'node', target: 'node20' };
const esm = { format: 'esm' };
const cjs = { format: 'cjs', outExtension: { '.js': '.cjs' } };
/** Bundled CommonJS packages call `require`, which an ES module has to make itself. */
const requireBanner = {
  js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
};
/** The compiler is one file of its own, loaded when the first cell comes. */
const typescriptBeside = {
  name: 'typescript-beside',
  setup(build) {
    build.onResolve({ filter: /^typescript$/ }, () => ({
      path: './typescript.cjs',
      external: true,
    }));
  },
};

/** Loaded when first needed, so that the extension itself starts fast. */
const loadedLater = {
  name: 'loaded-later',
  setup(build) {
    build.onResolve({ filter: /\/(languageClient|notebookDebugger)\.js$/ }, ({ path: file }) => ({
      path: `./${path.basename(file, '.js')}.cjs`,
      external: true,
    }));
  },
};

/**
 * Each `import * as vscode` would copy the hundreds of names of that module into an object of its own, for every file:
 * most of what activation costs. So all files have the module itself, asked for once.
 */
const vscodeOnce = {
  name: 'vscode-once',
  setup(build) {
    const filter = /^vscode$/;
    build.onResolve({ filter }, ({ namespace }) =>
      namespace === 'once'
        ? { path: 'vscode', external: true }
        : { path: 'vscode', namespace: 'once' },
    );
    build.onLoad({ filter, namespace: 'once' }, () => ({
      contents: `module.exports = require('vscode');`,
    }));
    build.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path: file }) => {
      const text = await fs.readFile(file, 'utf8');
      const contents = text.replace(
        "import * as vscode from 'vscode';",
        "import vscode = require('vscode');",
      );
      return { contents, loader: 'ts' };
    });
  },
};

/** Names of shared chunks hold a hash, so those of an earlier build would stay behind. */
const emptyFirst = (folder) => ({
  name: 'empty-first',
  setup(build) {
    build.onStart(() =>
      fs.rm(new URL(`../${folder}/`, import.meta.url), { recursive: true, force: true }),
    );
  },
});

/** @type {Record<string, import('esbuild').BuildOptions>} */
const bundles = {
  host: {
    ...node,
    ...cjs,
    entryPoints: { extension: 'src/extension.ts' },
    // `require` knows the module `vscode`; `import()` need not.
    supported: { 'dynamic-import': false },
    plugins: [loadedLater, vscodeOnce],
  },
  languageClient: {
    ...node,
    ...cjs,
    entryPoints: { languageClient: 'src/language/languageClient.ts' },
    external: ['vscode'],
  },
  debugger: {
    ...node,
    ...cjs,
    entryPoints: { notebookDebugger: 'src/debug/notebookDebugger.ts' },
    external: ['vscode'],
  },
  languageServer: {
    ...node,
    ...esm,
    entryPoints: { languageServer: 'kernel/language/main.ts' },
    plugins: [typescriptBeside],
    banner: requireBanner,
  },
  // Inside VS Code's own TypeScript service, which looks for it here.
  typescriptPlugin: {
    ...node,
    format: 'cjs',
    entryPoints: { index: 'kernel/language/builtIn/plugin.ts' },
    outdir: 'node_modules/unroll-typescript-plugin',
    // A plugin is what the module itself is.
    footer: { js: 'module.exports = module.exports.default;' },
  },
  kernel: {
    ...node,
    ...esm,
    entryPoints: {
      kernel: 'kernel/main.ts',
      interruptWorker: 'kernel/session/interruptWorker.ts',
      cli: 'kernel/cli/main.ts',
      charts: 'kernel/cli/charts.ts',
    },
    plugins: [typescriptBeside],
    banner: requireBanner,
    external: ['./unroll.js', './charts.js'],
  },
  typescript: { ...node, ...cjs, entryPoints: { typescript: 'typescript' }, sourcemap: false },
  library: {
    ...esm,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    entryPoints: { unroll: 'kernel/unroll.ts' },
    // Whoever debugs a cell, or reads where an error came from, sees them.
    minifyIdentifiers: false,
  },
  renderers: {
    ...esm,
    platform: 'browser',
    entryPoints: {
      loss: 'media/loss/index.ts',
      graph: 'media/graph/index.ts',
      vegaLite: 'media/vegaLite/index.ts',
      inspector: 'media/inspector/index.ts',
    },
    outdir: 'dist/media',
    // Vega is in one file that all load.
    splitting: true,
    chunkNames: '[name]-[hash]',
    plugins: [emptyFirst('dist/media')],
  },
  // Goes into exported pages, so it is one file without modules.
  page: {
    platform: 'browser',
    format: 'iife',
    charset: 'ascii',
    entryPoints: { page: 'media/page/index.ts' },
  },
  // Pages in webviews, a script each.
  views: {
    format: 'iife',
    platform: 'browser',
    entryPoints: {
      variables: 'media/variables/listPage.ts',
      value: 'media/variables/valuePage.ts',
    },
    outdir: 'dist/views',
  },
  extensionTests: {
    ...node,
    ...cjs,
    entryPoints: { index: 'test/extension/index.ts' },
    outdir: 'out/extensionTests',
    external: ['vscode', 'mocha'],
    minifyIdentifiers: false,
    minifySyntax: false,
    minifyWhitespace: false,
  },
};

/** The library's declarations, as the compiler writes them, in the folders that they stand in. */
async function copyDeclarations() {
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'kernel'], { cwd: root });
  const [from, to] = ['out/kernel', 'dist/types'].map((folder) => path.join(root, folder));
  await fs.rm(to, { recursive: true, force: true });
  for (const part of ['unroll.d.ts', 'rnn', 'io', 'notebook', 'contract'])
    await fs.cp(path.join(from, part), path.join(to, part), {
      recursive: true,
      filter: (file) => !path.extname(file) || file.endsWith('.d.ts'),
    });
}

/** Licences of what is in the bundles that ship, beside them. */
async function writeNotices(metafiles) {
  const text = toNotices(bundledPackages(root, metafiles));
  await fs.writeFile(path.join(root, 'dist', 'THIRD-PARTY-NOTICES.txt'), text);
}

const data = 'dist/data';

/** What the examples read, with where it is from and under which licence: an installed extension has no packages. */
async function copyData() {
  const from = (file) => path.join(root, 'node_modules', file);
  const to = (file) => path.join(root, data, file);
  const copy = (source, target) => fs.cp(from(source), to(target));
  await fs.rm(to(''), { recursive: true, force: true });
  const { resources } = JSON.parse(
    await fs.readFile(from('vega-datasets/datapackage.json'), 'utf8'),
  );
  const sources = ['# Where the data of the examples is from\n'];
  for (const name of ['co2-concentration.csv', 'seattle-weather.csv']) {
    await copy(`vega-datasets/data/${name}`, name);
    const { description, licenses, sources: origins } = resources.find((one) => one.path === name);
    sources.push(
      `## ${name}\n\n${description.replace(/\s+/g, ' ').trim()}\n`,
      ...licenses.map((one) => `Licence: [${one.title}](${one.path})\n`),
      ...origins.map((one) => `Source: [${one.title}](${one.path})\n`),
      `Taken unchanged from the package vega-datasets.\n`,
    );
  }
  const declarations = (await fs.readdir(from('typescript/lib'))).filter((name) =>
    /^lib\.es.*\.d\.ts$/.test(name),
  );
  for (const name of declarations) await copy(`typescript/lib/${name}`, `typescript/${name}`);
  await copy('typescript/LICENSE.txt', 'typescript/LICENSE.txt');
  await copyMessages(from('typescript/lib'), to('typescript/messages'));
  sources.push(
    '## typescript/\n\nDeclarations of the JavaScript standard library, and in `messages/` what the TypeScript compiler says, ' +
      'in English and thirteen other languages, © Microsoft Corporation.\n',
    'Licence: [Apache License 2.0](typescript/LICENSE.txt)\n',
    'Source: [TypeScript](https://github.com/microsoft/TypeScript)\n',
    'Taken from the package typescript: unchanged, but for `messages/en.json`, which has the English of its program in ' +
      'the form of the others.\n',
  );
  await fs.cp(path.join(root, 'examples', 'melodies.abc'), to('melodies.abc'));
  sources.push(
    '## melodies.abc\n\nMelodies of folk songs, dances and hymns, in the public domain.\n',
    'Written down for this project.\n',
  );
  await fs.writeFile(to('SOURCES.md'), sources.join('\n'));
}

/** The compiler's messages, a file for each language: `{ key: text }`, with the same keys in all. */
async function copyMessages(from, to) {
  await fs.mkdir(to, { recursive: true });
  for (const { name } of (await fs.readdir(from, { withFileTypes: true })).filter((entry) =>
    entry.isDirectory(),
  ))
    await fs.cp(
      path.join(from, name, 'diagnosticMessages.generated.json'),
      path.join(to, `${name}.json`),
    );
  // English is nowhere but in the program.
  const { Diagnostics } = (await import('typescript')).default;
  const english = Object.values(Diagnostics).map(({ key, message }) => [key, message]);
  await fs.writeFile(
    path.join(to, 'en.json'),
    `${JSON.stringify(Object.fromEntries(english), null, 2)}\n`,
  );
}

/** What TypeScript and Node declare, for the language server. */
async function copyPlatformTypes() {
  const to = path.join(root, 'dist', 'language');
  await fs.rm(to, { recursive: true, force: true });
  const libraries = path.join(root, 'node_modules', 'typescript', 'lib');
  const isLibrary = (name) =>
    /^lib\..*d\.ts$/.test(name) && !/^lib\.(webworker|scripthost)/.test(name);
  for (const name of (await fs.readdir(libraries)).filter(isLibrary))
    await fs.cp(path.join(libraries, name), path.join(to, 'lib', name));
  const declarations = { node: '@types/node', 'undici-types': 'undici-types' };
  for (const [name, folder] of Object.entries(declarations))
    await fs.cp(path.join(root, 'node_modules', folder), path.join(to, 'types', name), {
      recursive: true,
      filter: (file) => !path.extname(file) || /\.d\.ts$|package\.json$/.test(file),
    });
}

/** Gives the plugin its package; its version is the extension's. */
async function writePluginManifest() {
  const { version } = JSON.parse(await fs.readFile(path.join(root, 'package.json'), 'utf8'));
  const folder = path.join(root, 'node_modules', 'unroll-typescript-plugin');
  await fs.mkdir(folder, { recursive: true });
  const manifest = { name: 'unroll-typescript-plugin', version, license: 'MIT', main: 'index.js' };
  await fs.writeFile(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Parts that are no bundles, or need more than one. */
const copies = {
  types: copyDeclarations,
  data: copyData,
  platformTypes: copyPlatformTypes,
  typescriptPlugin: writePluginManifest,
};

const parts = [...new Set([...Object.keys(bundles), ...Object.keys(copies)])];
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = names.filter((name) => !parts.includes(name));
if (unknown.length > 0) {
  console.error(`build: there is no part ${unknown.join(', ')}; there are ${parts.join(', ')}`);
  process.exit(1);
}
const chosen = names.length > 0 ? names : parts;
const toOptions = (name) => ({
  absWorkingDir: root,
  bundle: true,
  outdir: 'dist',
  target: 'es2022',
  minifyIdentifiers: !watch,
  minifySyntax: !watch,
  minifyWhitespace: !watch,
  keepNames: true,
  sourcemap: watch ? 'linked' : false,
  logLevel: 'warning',
  ...bundles[name],
});
const options = chosen.filter((name) => name in bundles).map(toOptions);

if (watch) {
  const contexts = await Promise.all(options.map((one) => esbuild.context(one)));
  await Promise.all(contexts.map((context) => context.watch()));
  console.log('[watch] build finished, watching for changes');
} else {
  const results = await Promise.all(
    options.map((one) => esbuild.build({ ...one, metafile: true })),
  );
  if (names.length === 0) await writeNotices(results.map(({ metafile }) => metafile));
  for (const name of chosen) await copies[name]?.();
}
