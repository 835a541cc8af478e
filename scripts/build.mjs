/**
 * Bundles everything that ships into dist/, and the extension tests into out/.
 *   node scripts/build.mjs                   everything, minified
 *   node scripts/build.mjs kernel library    only these
 *   node scripts/build.mjs --watch           on every change, readable
 */
import esbuild from 'esbuild';
import fs from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

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
    external: ['vscode'],
  },
  kernel: {
    ...node,
    ...esm,
    entryPoints: {
      kernel: 'kernel/main.ts',
      interruptWorker: 'kernel/session/interruptWorker.ts',
      cli: 'kernel/cli/main.ts',
    },
    plugins: [typescriptBeside],
    banner: requireBanner,
    external: ['./unroll.js'],
  },
  typescript: { ...node, ...cjs, entryPoints: { typescript: 'typescript' }, sourcemap: false },
  library: { ...esm, platform: 'neutral', entryPoints: { unroll: 'kernel/unroll.ts' } },
  renderers: {
    ...esm,
    platform: 'browser',
    entryPoints: { loss: 'media/loss/index.ts', graph: 'media/graph/index.ts' },
    outdir: 'dist/media',
    // Vega is in one file that both load.
    splitting: true,
    chunkNames: '[name]-[hash]',
    plugins: [emptyFirst('dist/media')],
  },
  extensionTests: {
    ...node,
    ...cjs,
    entryPoints: { index: 'test/extension/index.ts' },
    outdir: 'out/extensionTests',
    external: ['vscode', 'mocha'],
    minify: false,
  },
};

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = names.filter((name) => !(name in bundles));
if (unknown.length > 0) {
  console.error(
    `build: no bundle ${unknown.join(', ')}; there are ${Object.keys(bundles).join(', ')}`,
  );
  process.exit(1);
}
const options = (names.length > 0 ? names : Object.keys(bundles)).map((name) => ({
  absWorkingDir: root,
  bundle: true,
  outdir: 'dist',
  target: 'es2022',
  minify: !watch,
  keepNames: true,
  sourcemap: watch ? 'linked' : false,
  logLevel: 'warning',
  ...bundles[name],
}));

if (watch) {
  const contexts = await Promise.all(options.map((one) => esbuild.context(one)));
  await Promise.all(contexts.map((context) => context.watch()));
  console.log('[watch] build finished, watching for changes');
} else {
  await Promise.all(options.map((one) => esbuild.build(one)));
}
