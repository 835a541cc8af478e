/**
 * What child processes print with `stdio: 'inherit'`. The kernel's own descriptors carry crash logs only, so
 * "inherited" is taken to mean the cell's output: the child gets a pipe, and what comes goes to `process.stdout`
 * or `process.stderr`, which is the cell's.
 */
import childProcess, {
  type ChildProcess,
  type SpawnSyncReturns,
  type StdioOptions,
} from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

type Name = 'stdout' | 'stderr';
interface Options {
  stdio?: StdioOptions | undefined;
  silent?: boolean | undefined;
}
/** Any of the module's functions: the options are the last argument that is an object and no list. */
type Start<Result> = (...parameters: unknown[]) => Result;

const descriptors: Record<Name, number> = { stdout: 1, stderr: 2 };
const names = Object.keys(descriptors) as Name[];

export function redirectChildOutput(): void {
  const original = { ...childProcess };
  Object.assign(childProcess, {
    spawn: streaming(original.spawn as Start<ChildProcess>, undefined),
    // What a forked process prints is inherited unless it is told to be silent.
    fork: streaming(original.fork as Start<ChildProcess>, 'inherit'),
    spawnSync: collecting(original.spawnSync as Start<SpawnSyncReturns<unknown>>),
    execSync: collectingResult(original.execSync as Start<unknown>),
    execFileSync: collectingResult(original.execFileSync as Start<unknown>),
  });
  syncBuiltinESMExports();
}

function streaming(start: Start<ChildProcess>, usual: StdioOptions | undefined) {
  return (...parameters: unknown[]): ChildProcess => {
    const { inherited, changed } = withPipes(parameters, usual);
    const child = start(...changed);
    for (const name of inherited)
      child[name]?.on('data', (chunk: Buffer) => process[name].write(chunk));
    return child;
  };
}

function collecting(start: Start<SpawnSyncReturns<unknown>>) {
  return (...parameters: unknown[]): SpawnSyncReturns<unknown> => {
    const { inherited, changed } = withPipes(parameters, undefined);
    const result = start(...changed);
    for (const name of inherited) write(name, result[name]);
    return result;
  };
}

/**
 * These give what was printed to stdout, or throw an error that holds it. Stderr they pass on themselves,
 * through `process.stderr`, but only where no `stdio` is given.
 */
function collectingResult(start: Start<unknown>) {
  return (...parameters: unknown[]): unknown => {
    const { inherited, changed } = withPipes(parameters, undefined);
    const isPassedOn = inherited.includes('stderr');
    const plain = isPassedOn ? changed.map(withoutStdio) : changed;
    if (!inherited.includes('stdout')) return start(...plain);
    try {
      write('stdout', start(...plain));
      // As Node: there is nothing to give.
      return null;
    } catch (error) {
      write('stdout', (error as { stdout?: unknown }).stdout);
      throw error;
    }
  };
}

function withoutStdio(parameter: unknown): unknown {
  if (typeof parameter !== 'object' || parameter === null || !('stdio' in parameter))
    return parameter;
  return { ...parameter, stdio: undefined };
}

function write(name: Name, printed: unknown): void {
  if (typeof printed === 'string' || printed instanceof Uint8Array) process[name].write(printed);
}

function withPipes(
  parameters: unknown[],
  usual: StdioOptions | undefined,
): { inherited: Name[]; changed: unknown[] } {
  const at = parameters.findLastIndex(
    (one) => typeof one === 'object' && one !== null && !Array.isArray(one),
  );
  const options: Options = at < 0 ? {} : (parameters[at] as Options);
  const stdio = options.stdio ?? (options.silent === true ? undefined : usual);
  const inherited = names.filter((name) => isInherited(stdio, name));
  if (inherited.length === 0) return { inherited, changed: parameters };
  const list: unknown[] = Array.isArray(stdio) ? [...stdio] : [stdio, stdio, stdio];
  if (!Array.isArray(stdio) && usual !== undefined) list.push('ipc');
  for (const name of inherited) list[descriptors[name]] = 'pipe';
  // A pipe that is read at the end has a limit, an inherited stream has none.
  const piped = { maxBuffer: Infinity, ...options, stdio: list };
  const changed = [...parameters];
  if (at < 0) changed.push(piped);
  else changed[at] = piped;
  return { inherited, changed };
}

function isInherited(stdio: StdioOptions | undefined, name: Name): boolean {
  const one: unknown = Array.isArray(stdio) ? stdio[descriptors[name]] : stdio;
  return one === 'inherit' || one === descriptors[name] || one === process[name];
}
