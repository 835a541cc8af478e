/**
 * Every message between a front end (VS Code, the command line) and a kernel process.
 *
 * Transport. The kernel is a child process with Node's IPC channel, `serialization: 'advanced'`
 * (structured clone, so bytes travel as `Uint8Array`). All output of a cell, console text included, is
 * a message on this one channel, so the order in which it was produced is the order in which it arrives.
 * The child's raw stdout and stderr carry crash logs only.
 *
 * Interrupts travel apart, because a busy kernel does not read its channel: the front end writes one
 * line of JSON (`ControlMessage`) to the child's file descriptor `controlFd`, which a worker thread reads.
 *
 * Order. The kernel says `ready` once (one that was started as a spare, when it is adopted). It runs
 * `execute` requests one at a time in the order received;
 * where the training of one is paused by the user, the next runs meanwhile;
 * each is answered by `status busy`, any number of `stream`, `display`, `result`, `error`,
 * `clearOutput`, `inputRequest`, then exactly one `executeReply`, then `status idle`. Everything that
 * belongs to a request names it in `parent`. Output of a timer or promise that outlives its cell keeps
 * the `parent` of the cell that started it and may come after that cell's `executeReply`.
 *
 * `protocolSchema.ts` has a JSON Schema for each message. A request that does not fit is answered by `refused`
 * (and where it is a cell's, the cell's end comes too), and the kernel goes on.
 *
 * Modelled on Jupyter's messaging specification, version 5.4:
 * https://jupyter-client.readthedocs.io/en/stable/messaging.html
 */
import type { Json, MimeBundle } from './mime.js';
import type { SliceWish, ValueSlice } from './valueSlice.js';

export const protocolVersion = 1;

/** The child's file descriptor that carries `ControlMessage` lines. */
export const controlFd = 4;

/** The environment variable with the most memory that a kernel may have, in megabytes. */
export const memoryLimitVariable = 'UNROLL_MEMORY_LIMIT';

/** The argument of a process that is to get warm and to wait for `adopt`. */
export const spareArgument = '--spare';

/** A kernel that ends because of it says so in a line on its raw stderr: this, then JSON of `MemoryEnd`. */
export const memoryEndMark = 'unroll: out of memory: ';

export interface MemoryEnd {
  usedBytes: number;
  /** The session's largest variables, a line each, where the kernel could still tell. */
  largest: string[];
}

// ---------------------------------------------------------------------------------------------------
// Front end → kernel

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

// ---------------------------------------------------------------------------------------------------
// Kernel → front end

export type KernelEvent =
  | ReadyEvent
  | StatusEvent
  | StreamEvent
  | DisplayEvent
  | ResultEvent
  | ErrorEvent
  | ExecuteReply
  | InputRequest
  | ClearOutputEvent
  | CompleteReply
  | VariablesReply
  | SliceReply
  | ForgetReply
  | MemoryReply
  | TimersReply
  | DebugReply
  | TrainingEvent
  | CommMessage
  | RefusedEvent;

/** A request that is none: nothing came of it. */
export interface RefusedEvent {
  type: 'refused';
  /** What was expected and what came. */
  reason: string;
  /** The request's, where it had one. */
  id?: string;
}

/** The first message of a process: it can take requests now. */
export interface ReadyEvent {
  type: 'ready';
  protocol: typeof protocolVersion;
  pid: number;
  /** Node's version, `v24.21.0`. */
  node: string;
}

export interface StatusEvent {
  type: 'status';
  /** `paused`: its training waits for the user, other requests run; `busy` again when it goes on. */
  state: 'busy' | 'idle' | 'paused';
  parent: string;
}

/** A training run began, was paused, resumed or changed, or ended. May come after the `executeReply`. */
export interface TrainingEvent {
  type: 'training';
  parent: string;
  /** Unique within the process. */
  run: number;
  status: 'running' | 'paused' | 'done' | 'stopped' | 'failed';
  step: number;
  totalSteps: number;
  lr: number;
  clipNorm: number | null;
}

/** Console text. Consecutive pieces of one name may be joined by the receiver. */
export interface StreamEvent {
  type: 'stream';
  parent: string;
  name: 'stdout' | 'stderr';
  text: string;
}

/** A picture, table or other rich value. With a `displayId` seen before, replaces that output in place. */
export interface DisplayEvent {
  type: 'display';
  parent: string;
  displayId?: string;
  data: MimeBundle;
  metadata?: Record<string, Json>;
}

/** The value of a cell's last expression. */
export interface ResultEvent {
  type: 'result';
  parent: string;
  executionCount: number;
  data: MimeBundle;
}

export interface ErrorEvent {
  type: 'error';
  parent: string;
  error: ErrorReport;
}

/** An error as a reader of the notebook needs it: positions are the cell's own. */
export interface ErrorReport {
  name: string;
  message: string;
  /** Innermost first; those inside Node and Unroll, and all but the first of a package, are folded. */
  frames: ErrorFrame[];
  /** Printable traceback: name, message, the failing line with a caret, frames. */
  stack: string;
  cause?: ErrorReport;
  /** The package that an import asked for and that is not there, `@scope/name`. */
  missingPackage?: string;
}

export interface ErrorFrame {
  function?: string;
  /** Set where the frame is in a cell. */
  cell?: CellReference & { executionCount: number };
  /** Set where the frame is in a file. */
  file?: string;
  /** From 1, both. */
  line: number;
  column: number;
  /** Behind the last character, where the place has an extent: what does not parse has one. */
  endLine?: number;
  endColumn?: number;
  /** The line, the first such frame's with its neighbours, where the user wrote it. */
  code?: { /** Number of the first line. */ from: number; lines: string[] };
  /** How many frames of libraries are left out between the frame before and this one. */
  folded?: number;
}

/** The end of a request. `aborted`: it never ran because an earlier one failed. */
export interface ExecuteReply {
  type: 'executeReply';
  parent: string;
  status: 'ok' | 'error' | 'aborted';
  executionCount: number;
  durationMs: number;
  /** The names that the cell declared, or assigned to as it ran; left out where there are none. */
  sets?: string[];
}

/** Ask the user for a line of text; answered by `inputReply` with the same id. */
export interface InputRequest {
  type: 'inputRequest';
  parent: string;
  id: string;
  prompt: string;
  password: boolean;
}

/** Empty the cell's output, now or (`wait`) when the next output comes. */
export interface ClearOutputEvent {
  type: 'clearOutput';
  parent: string;
  wait: boolean;
}

export interface CompleteReply {
  type: 'completeReply';
  id: string;
  matches: string[];
  /** The range of `code` that a match replaces. */
  start: number;
  end: number;
}

export interface VariablesReply {
  type: 'variablesReply';
  id: string;
  variables: VariableSummary[];
}

export interface VariableSummary {
  name: string;
  /** `number`, `Tensor`, `LSTM`, … */
  type: string;
  shape?: number[];
  /** One bounded line. Making it runs no code of the user's: a getter is said, and not called. */
  preview: string;
  /** Memory of the numbers and texts that it holds; a tensor's are its data, without a gradient. */
  bytes?: number;
  /** There is more than was looked at, so `bytes` is only a part. */
  isPartial?: boolean;
  /** The cell that set it last. */
  cell?: CellReference;
}

export interface SliceReply {
  type: 'sliceReply';
  id: string;
  /** Or a sentence that says why there is nothing to show. */
  slice: ValueSlice | string;
}

export interface ForgetReply {
  type: 'forgetReply';
  id: string;
  /** Whether there was a variable of this name. */
  isGone: boolean;
}

export interface MemoryReply {
  type: 'memoryReply';
  id: string;
  /** Of the whole process, tensors included: its resident set. */
  usedBytes: number;
}

export interface TimersReply {
  type: 'timersReply';
  id: string;
  timers: TimerSummary[];
}

export interface TimerSummary {
  id: number;
  kind: 'timeout' | 'interval' | 'immediate';
  /** Milliseconds, as asked for. */
  delay: number;
  /** The request and the cell that started it. */
  parent: string;
  cell: CellReference & { executionCount: number };
}

export interface DebugReply {
  type: 'debugReply';
  id: string;
  /** While it is open: the inspector's WebSocket address. The last part is secret, and published nowhere else. */
  url?: string;
  /** While it is open: the folder that the debugger sees cells in (`cellSource.ts`). There is no such folder. */
  cellFolder?: string;
  /** Why it could not be opened. */
  problem?: string;
}
