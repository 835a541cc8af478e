/** What a kernel looks like to the benchmark, whoever's it is: a process that runs cells for a front end. */
export interface BenchKernel {
  readonly pid: number;
  /** Runs a cell; resolves when the front end has its end and all that it shows of it. */
  execute(code: string): Promise<CellShown>;
  close(): Promise<void>;
}

export interface CellShown {
  /** The last text that came: of a stream, or of the note that stands for what is in a file. */
  readonly text: string;
  readonly messages: number;
  readonly characters: number;
}

export interface KernelMaker {
  readonly label: string;
  readonly version: string;
  /** Resolves at once: the first cell waits for the process. */
  start(): Promise<BenchKernel>;
}

/** Node's, of these programs, in a language that both kernels take. */
export const floodOf = (lines: number): string =>
  `for (let i = 0; i < ${lines}; i++) console.log('line', i);`;
