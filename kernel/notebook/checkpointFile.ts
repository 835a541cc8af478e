import { loadCheckpoint, saveCheckpoint } from '../io/interchange/checkpoint.js';
import { OptionError } from '../rnn/errors.js';
import { checkOptions, optional } from '../rnn/options.js';
import { isEvery, type CheckpointOptions } from '../rnn/train/checkpointing.js';
import type { TrainingSnapshot } from '../rnn/train/snapshot.js';

/** Where checkpoints of a run are written. */
export interface CheckpointFileOptions {
  /** Path of the file, from the notebook's folder. It is replaced whole: at any time it holds a whole checkpoint. */
  file: string;
  /** Written after every so many steps, or after each epoch; and at the end. Default: ten times a run, or `'epoch'`. */
  every?: number | 'epoch';
}

/** A checkpoint could not be written, on a full disk for example. The file still holds the one before. */
export class CheckpointFileError extends Error {
  override readonly name = 'CheckpointFileError';

  constructor(file: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `fit: the checkpoint '${file}' could not be written (${why}); it holds what it held before`,
      {
        cause,
      },
    );
  }
}

/** The part of Node's file system that is used. */
interface FileSystem {
  readFileSync(path: string): Uint8Array;
  promises: {
    open(
      path: string,
      flags: 'w',
    ): Promise<{
      writeFile(bytes: Uint8Array): Promise<void>;
      sync(): Promise<void>;
      close(): Promise<void>;
    }>;
    rename(from: string, to: string): Promise<void>;
    rm(path: string, options: { force: true }): Promise<void>;
  };
}

/** Looked up and not imported: the library runs in browsers too, where snapshots go elsewhere. */
function fileSystem(option: string): FileSystem {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: 'node:fs') => FileSystem | undefined };
  };
  const found = process?.getBuiltinModule?.('node:fs');
  if (!found)
    throw new OptionError(
      `fit: ${option}: files need Node; elsewhere pass checkpoint: { save }, and a snapshot or its bytes as resume`,
    );
  return found;
}

const isFile = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? undefined : 'the path of a file';

/** @throws OptionError for a wrong option, or where there are no files */
export function toFileCheckpoint(options: CheckpointFileOptions): CheckpointOptions {
  checkOptions('fit: checkpoint', options, { file: isFile, every: optional(isEvery) });
  const { file, ...rest } = options;
  const files = fileSystem('checkpoint');
  return { ...rest, save: (snapshot) => writeWhole(files, file, toBytes(snapshot)) };
}

const toBytes = (snapshot: TrainingSnapshot): Uint8Array => saveCheckpoint({ ...snapshot });

/**
 * Written beside the file and put in its place when all of it is on the disk.
 *
 * @throws {CheckpointFileError}
 */
async function writeWhole({ promises }: FileSystem, file: string, bytes: Uint8Array) {
  const partial = `${file}.partial`;
  try {
    const handle = await promises.open(partial, 'w');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await promises.rename(partial, file);
  } catch (error) {
    await promises.rm(partial, { force: true });
    throw new CheckpointFileError(file, error);
  }
}

/** A snapshot from a file's path, from its bytes, or as it is. */
export function toSnapshot(resume: string | Uint8Array | TrainingSnapshot): TrainingSnapshot {
  if (typeof resume !== 'string' && !(resume instanceof Uint8Array)) return resume;
  const bytes = typeof resume === 'string' ? fileSystem('resume').readFileSync(resume) : resume;
  return loadCheckpoint(bytes) as unknown as TrainingSnapshot;
}
