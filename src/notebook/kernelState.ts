/** What a notebook's kernel is doing, and what tells others that this or its variables changed. */
import type * as vscode from 'vscode';

/**
 * `none`: no cell has run. `starting`: its process takes no requests yet. `busy`: a cell runs. `paused`: the cells that
 * run wait for the user. `ended`: the process died; the next cell starts a fresh one.
 */
export type KernelState = 'none' | 'starting' | 'idle' | 'busy' | 'paused' | 'ended';

export type SessionChange =
  /** The state is another one, or the process is. */
  | { kind: 'state' }
  /** A process without variables: the first, or a fresh one. */
  | { kind: 'fresh' }
  /** A cell is about to run. */
  | { kind: 'begins'; cell: vscode.NotebookCell }
  /** A cell of this kernel ended; `sets` are the names that it set. */
  | { kind: 'ran'; cell: vscode.NotebookCell; code: string; sets: readonly string[] }
  /** A cell that was to run will not: it was taken out of the queue. */
  | { kind: 'dropped'; cell: vscode.NotebookCell }
  /** An import asked for a package that is not there. */
  | { kind: 'missing'; cell: vscode.NotebookCell; packageName: string }
  /** What a cell's training has reached. */
  | { kind: 'training'; cell: vscode.NotebookCell };
