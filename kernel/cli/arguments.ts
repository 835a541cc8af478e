import { parseArgs } from 'node:util';

export interface RunArguments {
  /** At least one. */
  notebooks: readonly string[];
  output: string | undefined;
  html: string | undefined;
  inPlace: boolean;
  timeout: number | undefined;
  keepGoing: boolean;
  parameters: ReadonlyMap<string, string>;
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const usage = `Usage: unroll run <notebook.ipynb> … [options]

Runs the cells of notebooks in order, without an editor; each notebook has a kernel of its own.

Options
  -o, --output <path>         write the notebook with its outputs there: a file, or a folder
      --in-place              write each notebook with its outputs over itself
      --html <path>           write a page that holds everything: a file, or a folder
  -p, --param <name=value>    give a value to a parameter (repeatable): JSON, or else text
  -t, --timeout <seconds>     longest time for one cell
  -k, --keep-going            go on behind a cell that failed, and behind a notebook
  -h, --help                  show this
  -v, --version               show the version

A path that ends with / or is a folder holds a file for each notebook; several notebooks need one.
Parameters go into a cell behind the one tagged 'parameters'. A cell tagged 'raises-exception' may fail.
What cells print goes to stdout and stderr; a terminal also sees how far the run is.

Exit codes: 0 every cell succeeded; 1 a cell failed or took too long; 2 wrong usage or file;
130 interrupted.`;

/** @returns what to do, or the text to print. @throws UsageError */
export function parseArguments(argv: readonly string[], version: string): RunArguments | string {
  const { values, positionals } = parse(argv);
  if (values.help) return usage;
  if (values.version) return version;
  const [command, ...notebooks] = positionals;
  if (command !== 'run')
    throw new UsageError(`expected the command 'run', got ${command ? `'${command}'` : 'none'}`);
  if (notebooks.length === 0) throw new UsageError('run: expected a notebook, got none');
  if (values.output !== undefined && values['in-place'])
    throw new UsageError('run: expected --output or --in-place, got both');
  return {
    notebooks,
    output: values.output,
    html: values.html,
    inPlace: values['in-place'] ?? false,
    timeout: values.timeout === undefined ? undefined : parseSeconds(values.timeout),
    keepGoing: values['keep-going'] ?? false,
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
        'in-place': { type: 'boolean' },
        html: { type: 'string' },
        param: { type: 'string', short: 'p', multiple: true },
        timeout: { type: 'string', short: 't' },
        'keep-going': { type: 'boolean', short: 'k' },
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
