/** How cells are stopped: by the user, with their training first, and where code of theirs was terminated. */
import type { KernelEvent } from '../contract/protocol.js';
import type { Execution, Flow } from './execution.js';
import { type Interrupts, stepWithinMs, unwindWithinMs } from './interrupts.js';
import { setTimeout } from './kernelTimers.js';
import type { LiveCells } from './liveCells.js';
import type { Modules } from './modules.js';
import type { PendingInputs } from './notebookFunctions.js';
import { Interrupted } from './sessionErrors.js';
import type { StoppableRequests } from './stoppableRequests.js';
import type { Trainings } from './trainings.js';

interface Parts {
  live: LiveCells;
  requests: StoppableRequests;
  trainings: Trainings;
  inputs: PendingInputs;
  modules: Modules;
  interrupts: Interrupts;
  emit: (event: KernelEvent) => void;
  /** Ends the cell with the error. */
  fail: (execution: Execution, error: unknown) => void;
  /** The same for an error outside the body, which must not run on into the next cell. */
  failElsewhere: (execution: Execution, error: unknown) => void;
  /** An error that comes after the cell's end. */
  stray: (execution: Execution, error: unknown) => void;
  startNext: () => void;
  /** Kernel work in the event loop's next turn. */
  later: (work: () => void) => void;
}

export class CellStops {
  constructor(private readonly parts: Parts) {}

  /** The cell that an interrupt means. */
  meant(parent: string | null): Execution | 'waiting' | 'over' {
    if (parent === null) return this.parts.live.running ?? 'waiting';
    const live = this.parts.live.byId(parent);
    if (live) return live;
    return this.parts.requests.stop(parent) ? 'waiting' : 'over';
  }

  stop(execution: Execution): void {
    if (execution.isFinished) return;
    this.parts.inputs.clear();
    this.parts.modules.stopped();
    const [training] = this.parts.trainings.stop(execution);
    if (training) {
      execution.stoppedTraining = training;
      // A step that takes longer is terminated, if it is code that runs; else the wait for it ends.
      setTimeout(() => this.parts.interrupts.kernel(() => this.#cancel(execution)), stepWithinMs);
    } else this.#cancel(execution);
  }

  /** What trains is not waited for any longer. */
  hasten(execution: Execution): void {
    if (execution.stoppedTraining) this.#cancel(execution);
  }

  #cancel(execution: Execution): void {
    if (execution.isFinished || execution.isEnding) return;
    execution.isEnding = true;
    const interrupted = (execution.stopping ??= new Interrupted(execution.stoppedTraining));
    // The cell's own `await` throws it, so that its `finally` runs and the line is known.
    execution.cancel(interrupted);
    const end = () => {
      if (!execution.isFinished) this.parts.fail(execution, interrupted);
    };
    setTimeout(() => this.parts.interrupts.kernel(end), unwindWithinMs);
  }

  /** A run of the cell was paused, resumed or has ended. */
  trainingChanged(execution: Execution): void {
    if (execution.isFinished) return;
    const { id: parent, isTraining, stoppedTraining } = execution;
    const [wasPaused, isPaused] = [
      this.parts.live.isPaused(execution),
      this.parts.trainings.arePaused(execution),
    ];
    if (isPaused && !wasPaused) {
      this.parts.live.pause(execution);
      this.parts.emit({ type: 'status', state: 'paused', parent });
      this.parts.later(() => this.parts.startNext());
    } else if (wasPaused && !isPaused) {
      this.parts.live.resume(execution);
      this.parts.emit({ type: 'status', state: 'busy', parent });
    }
    if (isTraining || !stoppedTraining) return;
    // What waits for the run gets the history, and the cell's next `await` ends the cell.
    execution.stopping ??= new Interrupted(stoppedTraining);
    this.parts.later(() => this.#cancel(execution));
  }

  /** Code was terminated; `isTold`: a timer's callback or a value's display, which says so itself. */
  terminated(flow: Flow | undefined, isTold: boolean): void {
    const execution = flow?.execution ?? this.parts.live.running;
    if (!execution) return;
    if (execution.isFinished) {
      // One that was stopped before has said so.
      if (!isTold && !execution.stopping) this.parts.stray(execution, new Interrupted());
      return;
    }
    this.parts.inputs.clear();
    this.parts.modules.stopped();
    const interrupted = new Interrupted(execution.stoppedTraining);
    if (execution.isTraining) {
      const abandon = () => this.parts.trainings.abandon(execution, interrupted);
      this.parts.interrupts.runUserCode({ execution, isDetached: true }, abandon);
    }
    // After the last drawing of what was trained.
    this.parts.later(() => this.parts.failElsewhere(execution, interrupted));
    // A body that was terminated after an `await` never tells that it ended.
    setTimeout(() => execution.unwound(), unwindWithinMs);
  }
}
