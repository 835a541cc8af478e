/** What tells cheaply that a file may have changed. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';

export interface FileStamp {
  mtimeMs: number;
  size: number;
}

/** Where there is no file (any more), a stamp like no other's. */
export function stampOf(file: string): FileStamp {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats?.isFile() ? { mtimeMs: stats.mtimeMs, size: stats.size } : { mtimeMs: -1, size: -1 };
}

export function isThere({ size }: FileStamp): boolean {
  return size >= 0;
}

export function hasChanged(before: FileStamp, now: FileStamp): boolean {
  return before.mtimeMs !== now.mtimeMs || before.size !== now.size;
}

/** Tells texts apart without keeping them. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
