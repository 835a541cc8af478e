import { parseArgs } from 'node:util';

export interface RunArguments {
  /** At least one. */
  notebooks: readonly string[];
  output: string | undefined;
  html: string | undefined;
  /** Pages run no script. */
  isStatic: boolean;
  inPlace: boolean;
  timeout: number | undefined;
  keepGoing: boolean;
  parameters: ReadonlyMap<string, string>;
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const exportForms = ['html', 'script', 'markdown'] as const;
export type ExportForm = (typeof exportForms)[number];

export interface ExportArguments {
  /** At least one; `-` is standard input. */
  notebooks: readonly string[];
  form: ExportForm;
  output: string | undefined;
  isStatic: boolean;
  /** What standard input is called, and the folder that it would stand in. */
  name: string | undefined;
  folder: string | undefined;
}

export const usage = `Usage: unroll run <notebook> … [options]
       unroll export <notebook> … --to html|script|markdown [options]

run     Runs the cells of notebooks in order, without an editor; each notebook has a kernel of its own.
export  Writes notebooks as they are, with the outputs that they hold, in another form; nothing is run.
A notebook is an .ipynb, or a TypeScript file whose cells begin with // %%.

Options of run
  -o, --output <path>         write the notebook with its outputs there: a file, or a folder
      --in-place              write each notebook with its outputs over itself
      --html <path>           write a page that holds everything: a file, or a folder
  -p, --param <name=value>    give a value to a parameter (repeatable): JSON, or else text
  -t, --timeout <seconds>     longest time for one cell
  -k, --keep-going            go on behind a cell that failed, and behind a notebook

Options of export
      --to <form>             html: one page that holds everything; script: one TypeScript module;
                              markdown: text, with pictures in a folder beside it
  -o, --output <path>         a file, or a folder; beside the notebook unless told
      --name <name>           what the notebook is called where it comes by standard input (-)
      --folder <path>         and the folder that its pictures are found from

Options of both
      --static                pages run no script: charts are drawings
  -h, --help                  show this
  -v, --version               show the version

A path that ends with / or is a folder holds a file for each notebook; several notebooks need one.
Parameters go into a cell behind the one tagged 'parameters'. A cell tagged 'raises-exception' may fail.
What cells print goes to stdout and stderr; a terminal also sees how far the run is.

Exit codes: 0 every cell succeeded; 1 a cell failed or took too long; 2 wrong usage or file;
130 interrupted.`;

export type Todo =
  | { command: 'print'; text: string }
  | { command: 'run'; options: RunArguments }
  | { command: 'export'; options: ExportArguments };

/** @returns what to do. @throws UsageError */
export function parseArguments(argv: readonly string[], version: string): Todo {
  const { values, positionals } = parse(argv);
  if (values.help) return { command: 'print', text: usage };
  if (values.version) return { command: 'print', text: version };
  const [command, ...notebooks] = positionals;
  if (command !== 'run' && command !== 'export')
    throw new UsageError(
      `expected the command 'run' or 'export', got ${command ? `'${command}'` : 'none'}`,
    );
  if (notebooks.length === 0) throw new UsageError(`${command}: expected a notebook, got none`);
  refuseOthers(command, values);
  return command === 'run'
    ? { command, options: toRun(notebooks, values) }
    : { command, options: toExport(notebooks, values) };
}

type Values = ReturnType<typeof parse>['values'];

const only: Record<'run' | 'export', readonly (keyof Values)[]> = {
  run: ['html', 'in-place', 'param', 'timeout', 'keep-going'],
  export: ['to', 'name', 'folder'],
};

function refuseOthers(command: 'run' | 'export', values: Values): void {
  const wrong = only[command === 'run' ? 'export' : 'run'].find((one) => values[one] !== undefined);
  if (wrong !== undefined) throw new UsageError(`${command}: there is no option --${wrong}`);
}

function toExport(notebooks: readonly string[], values: Values): ExportArguments {
  const form = exportForms.find((one) => one === values.to);
  if (!form)
    throw new UsageError(
      `export: expected --to ${exportForms.join('|')}, got ${values.to ? `'${values.to}'` : 'none'}`,
    );
  const { output, name, folder, static: isStatic = false } = values;
  if (notebooks.includes('-') && output === undefined)
    throw new UsageError('export: expected --output for standard input, got none');
  return { notebooks, form, output, isStatic, name, folder };
}

function toRun(notebooks: readonly string[], values: Values): RunArguments {
  if (values.output !== undefined && values['in-place'])
    throw new UsageError('run: expected --output or --in-place, got both');
  return {
    notebooks,
    output: values.output,
    html: values.html,
    isStatic: values.static ?? false,
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
        to: { type: 'string' },
        name: { type: 'string' },
        folder: { type: 'string' },
        static: { type: 'boolean' },
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
