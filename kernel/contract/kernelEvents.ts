/** What a kernel says to its front end: see `protocol.ts`. */
import type { CellReference, CommMessage } from './kernelRequests.js';
import type { Json, MimeBundle } from './mime.js';
import type { ValueSlice } from './valueSlice.js';

export const protocolVersion = 1;

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
  | TrainingEvent
  | CommMessage
  | RefusedEvent
  | Answer;

/** The one reply to a request that is no cell. */
export type Answer =
  | CompleteReply
  | VariablesReply
  | SliceReply
  | ForgetReply
  | MemoryReply
  | TimersReply
  | DebugReply;

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
