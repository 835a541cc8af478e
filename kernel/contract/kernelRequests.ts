/** What a front end says to a kernel: see `protocol.ts`. */
import type { Json } from './mime.js';
import type { SliceWish } from './valueSlice.js';

export type KernelRequest =
  | AdoptRequest
  | ExecuteRequest
  | InterruptRequest
  | CompleteRequest
  | VariablesRequest
  | SliceRequest
  | ForgetRequest
  | MemoryRequest
  | TrainingRequest
  | TimersRequest
  | DebugRequest
  | InputReply
  | CommMessage
  | ShutdownRequest;

/**
 * The first message to a process that was started with `spareArgument`: it goes to the notebook's folder and is its
 * kernel from then on. Answered by `ready`.
 */
export interface AdoptRequest {
  type: 'adopt';
  folder: string;
}

/** Run one cell. Answered by `executeReply`. */
export interface ExecuteRequest {
  type: 'execute';
  /** Unique per request; outputs name it as `parent`. */
  id: string;
  cell: CellReference;
  code: string;
}

/** Where code comes from, so that errors can point there. */
export interface CellReference {
  /** Stable identity of the cell: its document URI in VS Code, its nbformat id elsewhere. */
  id: string;
  /** Position in the notebook, from 0. */
  index: number;
}

/** Stop at the next safe point (see `ControlMessage` for a kernel that does not read its channel). */
export interface InterruptRequest {
  type: 'interrupt';
}

/** Answered by `completeReply` with the same id. */
export interface CompleteRequest {
  type: 'complete';
  id: string;
  code: string;
  /** Offset in UTF-16 code units. */
  cursor: number;
}

/** Answered by `variablesReply` with the same id. */
export interface VariablesRequest {
  type: 'variables';
  id: string;
}

/** A part of a variable, or of something that it holds, as a table. Answered by `sliceReply` with the same id. */
export interface SliceRequest extends SliceWish {
  type: 'slice';
  id: string;
}

/**
 * Take a variable away: reading its name is an error from the next cell on. Functions of earlier cells that read it
 * get undefined. Answered by `forgetReply` with the same id.
 */
export interface ForgetRequest {
  type: 'forget';
  id: string;
  name: string;
}

/** How much memory the process has. Answered by `memoryReply` with the same id. */
export interface MemoryRequest {
  type: 'memory';
  id: string;
}

/**
 * Steer training runs: all that are under way, or those of one request. What it did is told by `training`
 * events. `change` holds from the next step on.
 */
export interface TrainingRequest {
  type: 'training';
  parent?: string;
  action: 'pause' | 'resume' | 'stop' | 'change';
  /** With `change`. */
  lr?: number;
  /** With `change`; null: no clipping. */
  clipNorm?: number | null;
}

/** Which timers of cells are pending, after clearing some. Answered by `timersReply` with the same id. */
export interface TimersRequest {
  type: 'timers';
  id: string;
  /** The timers to clear first, by their ids; `all` of them. */
  clear?: number[] | 'all';
}

/**
 * Opens the process's inspector for a debugger, on loopback at a port of the system's choice, and closes it again.
 * Cells that run while it is open are compiled for debugging. Answered by `debugReply` with the same id.
 */
export interface DebugRequest {
  type: 'debug';
  id: string;
  action: 'open' | 'close';
}

/** The user's answer to `inputRequest`; null where the question was dismissed. */
export interface InputReply {
  type: 'inputReply';
  id: string;
  value: string | null;
  /** Why nobody could be asked: the question fails with it. */
  refusal?: string;
}

/**
 * Exchange between a renderer and the kernel; both directions. The front end opens a comm with a request as
 * its data; the kernel answers with one `message`, then `close`, or with `close` alone where nobody takes
 * requests for that target (`data: null`) or it failed (`data: { error }`). Answered when the kernel's event
 * loop is free: at once where nothing runs or a cell awaits something, else when its code lets go.
 */
export interface CommMessage {
  type: 'comm';
  commId: string;
  phase: 'open' | 'message' | 'close';
  /** Which handler opens the comm; only with `phase: 'open'`. */
  target?: string;
  data: Json;
  buffers?: Uint8Array[];
}

/** The kernel ends by itself with code 0. */
export interface ShutdownRequest {
  type: 'shutdown';
}

/** A line on `controlFd`. */
export interface ControlMessage {
  type: 'interrupt';
  /** The request that is meant: if another one runs by then, nothing happens. Without it, whatever runs. */
  parent?: string;
  /** At once: training is not given the time to end at its next step. Also where it was asked to before. */
  now?: boolean;
}
