/** Who takes part in what, and how its process is started. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { benchFolder, peersFolder, projectFolder } from './folders.js';
import { installPeers } from './peers.js';

export interface ContestantEntry {
  readonly label: string;
  /** Where it can use them; it is measured with each. */
  readonly threads: readonly number[];
  readonly workloads: readonly string[];
  /** Measured with --all only: a step takes many seconds. */
  readonly slowWorkloads?: readonly string[];
  /** The command of its process. @throws Error with the reason where it is not to be had */
  readonly command: () => Promise<readonly string[]>;
}

const everyWorkload = ['W1', 'W2', 'W3', 'W4', 'W5', 'W1F', 'I1', 'I2'];

/** The Node that runs all contestants written in JavaScript. */
export const nodeBinary = (): string => process.env['UNROLL_BENCH_NODE'] ?? process.execPath;

export const compiled = (file: string): string =>
  fileURLToPath(new URL(`out/test/bench/${file}`, projectFolder));

const inNode = (file: string): readonly string[] => [
  nodeBinary(),
  compiled('contestantProcess.js'),
  file,
];

const peer = (file: string) => async (): Promise<readonly string[]> => {
  await installPeers();
  return inNode(fileURLToPath(new URL(file, peersFolder)));
};

export const contestants = {
  unroll: {
    label: 'Unroll',
    threads: [1, 2],
    workloads: [...everyWorkload, 'coupled', 'growth'],
    command: () => Promise.resolve(inNode(compiled('contestants/unroll.js'))),
  },
  torch: {
    label: 'PyTorch',
    threads: [1, 2],
    workloads: everyWorkload,
    command: async () => [
      await findPython(),
      fileURLToPath(new URL('torchContestant.py', benchFolder)),
    ],
  },
  onnxruntime: {
    label: 'onnxruntime-node',
    threads: [1, 2],
    workloads: ['W1F', 'I1', 'I2'],
    command: peer('onnxruntime.mjs'),
  },
  tfjs: {
    label: 'TensorFlow.js WASM',
    threads: [1],
    workloads: ['W1', 'W3'],
    slowWorkloads: ['W2', 'W4'],
    command: peer('tfjs.mjs'),
  },
  jaxJs: {
    label: 'jax-js WASM',
    threads: [1],
    workloads: ['W1'],
    command: peer('jaxJs.mjs'),
  },
} satisfies Record<string, ContestantEntry>;

export type ContestantName = keyof typeof contestants;
export const contestantNames = Object.keys(contestants) as ContestantName[];

const run = promisify(execFile);
let python: Promise<string> | undefined;

/** The first Python that has torch. */
const findPython = (): Promise<string> => (python ??= searchPython());

async function searchPython(): Promise<string> {
  const named = process.env['UNROLL_BENCH_PYTHON'];
  const candidates = named ? [named] : ['python3', '/usr/bin/python3'];
  for (const candidate of candidates) {
    const found = await run(candidate, ['-c', 'import torch']).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  throw new Error(
    `no Python with torch found (tried ${candidates.join(', ')}); UNROLL_BENCH_PYTHON names one`,
  );
}
