/** One file of the workspace as a module: what it imports, what it exports, how far it is. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { types } from 'node:util';
import { Script } from 'node:vm';
import type { FileStamp } from './fileStamp.js';
import type { CompiledFile, ImportedName } from './compileFile.js';
import type { Target } from './resolveModule.js';

export type Namespace = Record<string, unknown>;

/** What files ask of the loader while they run. */
export interface FileHost {
  meta: (path: string) => object;
  import: (specifier: string, parent: string, options?: unknown) => Promise<unknown>;
  require: (specifier: string, parent: string) => unknown;
}

export interface FileModule {
  path: string;
  stamp: FileStamp;
  /** Of its text, which may be large data. */
  hash: string;
  /** `tsconfig.json`s that it was compiled under. */
  configs: string[];
  /** In the order of the file; known before it runs. */
  dependencies: { specifier: string; target: Target }[];
  /** Files that it loads while it runs, by `require` or `import()`. */
  late: Set<string>;
  imported: (ImportedName & { script: number })[];
  namespace: Namespace;
  /** Tells it what a dependency exports, by index. */
  link: (index: number, namespace: Namespace) => void;
  /** It waits at its top. */
  isAsync: boolean;
  /** Runs it; a promise where it waits. */
  execute: () => Promise<void> | undefined;
  state: 'new' | 'running' | 'done';
  /** While it waits. */
  running?: Promise<void>;
  /** `module.exports` of CommonJS. */
  commonJs?: { exports: unknown };
}

type Setter = (namespace: Namespace) => void;
type Declare = (
  publish: (name: string | Namespace, value?: unknown) => unknown,
  context: { id: string; meta: object; import: (specifier: unknown, options?: unknown) => unknown },
) => { setters: Setter[]; execute: () => Promise<void> | undefined };

interface ModuleParts extends Pick<
  FileModule,
  'namespace' | 'isAsync' | 'link' | 'execute' | 'commonJs'
> {
  /** Of static imports. */
  specifiers: string[];
}

/** What the code of an ECMAScript module gives when it is run: nothing of the file runs yet. */
export function instantiateModule(
  { code, exported }: CompiledFile,
  url: string,
  path: string,
  host: FileHost,
): ModuleParts {
  const [specifiers, declare] = new Script(code, { filename: url }).runInThisContext() as [
    string[],
    Declare,
  ];
  const namespace = createNamespace();
  for (const name of exported) namespace[name] = undefined;
  const publish = (name: string | Namespace, value?: unknown): unknown => {
    if (typeof name === 'string') namespace[name] = value;
    else Object.assign(namespace, name);
    return value;
  };
  const { setters, execute } = declare(publish, {
    id: path,
    meta: host.meta(path),
    import: (specifier, options) => host.import(String(specifier), path, options),
  });
  return {
    specifiers,
    namespace,
    isAsync: types.isAsyncFunction(execute),
    link: (index, imported) => setters[index]?.(imported),
    execute: () => execute(),
  };
}

type Body = (
  exports: unknown,
  require: NodeJS.Require,
  module: object,
  filename: string,
  dirname: string,
  ownImport: (specifier: unknown) => unknown,
) => void;

/** The same for CommonJS, which names what it needs only as it runs. */
export function instantiateCommonJs(
  { code }: CompiledFile,
  url: string,
  path: string,
  host: FileHost,
): ModuleParts {
  const body = new Script(code, { filename: url }).runInThisContext() as Body;
  const module = { exports: {}, id: path, filename: path, loaded: false, children: [] };
  const load = (specifier: string): unknown => host.require(specifier, path);
  const require = Object.assign(load, createRequire(path));
  const namespace = createNamespace();
  return {
    specifiers: [],
    namespace,
    isAsync: false,
    commonJs: module,
    link: () => undefined,
    execute: () => {
      const ownImport = (specifier: unknown) => host.import(String(specifier), path);
      body.call(module.exports, module.exports, require, module, path, dirname(path), ownImport);
      module.loaded = true;
      Object.assign(namespace, toNamespace(module.exports));
      return undefined;
    },
  };
}

/** What `import` gives of CommonJS: its exports as the default, and each by its name. */
export function toNamespace(exports: unknown): Namespace {
  const isObject =
    (typeof exports === 'object' && exports !== null) || typeof exports === 'function';
  const named = isObject ? { ...(exports as Namespace) } : {};
  const isCompiled = named['__esModule'] === true && 'default' in named;
  return { ...named, default: isCompiled ? named['default'] : exports };
}

export function createNamespace(content: Namespace = {}): Namespace {
  const namespace = Object.create(null) as Namespace;
  Object.defineProperty(namespace, Symbol.toStringTag, { value: 'Module' });
  return Object.assign(namespace, content);
}
