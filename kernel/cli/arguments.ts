import { parseArgs } from 'node:util';

export interface RunArguments {
  notebook: string;
  output: string | undefined;
  timeout: number | undefined;
  parameters: ReadonlyMap<string, string>;
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const usage = `Usage: unroll run <notebook.ipynb> [options]

Runs the cells of a notebook in order, without an editor.

Options
  -o, --output <file>         write the notebook with its outputs there
  -p, --param <name=value>    give a value to a parameter (repeatable): JSON, or else text
  -t, --timeout <seconds>     longest time for one cell
  -h, --help                  show this
  -v, --version               show the version

Exit codes: 0 every cell succeeded; 1 a cell failed; 2 wrong usage or file; 130 interrupted.`;

/** @returns what to do, or the text to print. @throws UsageError */
export function parseArguments(argv: readonly string[], version: string): RunArguments | string {
  const { values, positionals } = parse(argv);
  if (values.help) return usage;
  if (values.version) return version;
  const [command, notebook, ...rest] = positionals;
  if (command !== 'run')
    throw new UsageError(`expected the command 'run', got ${command ? `'${command}'` : 'none'}`);
  if (!notebook || rest.length > 0)
    throw new UsageError(`run: expected one notebook, got ${positionals.length - 1}`);
  return {
    notebook,
    output: values.output,
    timeout: values.timeout === undefined ? undefined : parseSeconds(values.timeout),
    parameters: new Map((values.param ?? []).map(parseParameter)),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        output: { type: 'string', short: 'o' },
        param: { type: 'string', short: 'p', multiple: true },
        timeout: { type: 'string', short: 't' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0) || !Number.isFinite(seconds))
    throw new UsageError(`--timeout: expected a number of seconds above 0, got '${text}'`);
  return seconds;
}

function parseParameter(text: string): [string, string] {
  const match = /^([A-Za-z_$][\w$]*)=(.*)$/s.exec(text);
  if (!match) throw new UsageError(`--param: expected name=value, got '${text}'`);
  return [match[1]!, match[2]!];
}
