/** The runs of `fit` that are under way, and whose they are: what pauses, steers and stops them. */
import type { TrainingEvent, TrainingRequest } from '../contract/protocol.js';
import type { SteeredRun } from '../notebook/host.js';
import type { Execution, Flow } from './execution.js';

interface Training {
  id: number;
  run: SteeredRun;
  execution: Execution;
  /** Begun by the cell while it ran: stopping the cell stops it. */
  isOfCell: boolean;
}

const isUnderWay = ({ run }: Training): boolean =>
  run.status === 'running' || run.status === 'paused';

export class Trainings {
  readonly #trainings = new Map<number, Training>();
  #last = 0;

  constructor(
    private readonly emit: (event: TrainingEvent) => void,
    /** Something changed about the runs that are the cell's own. */
    private readonly changed: (execution: Execution) => void,
  ) {}

  /** @returns to be called whenever the run's status or settings have changed */
  add(run: SteeredRun, { execution, isDetached }: Flow): () => void {
    const id = ++this.#last;
    const training: Training = {
      id,
      run,
      execution,
      isOfCell: !isDetached && !execution.isFinished,
    };
    this.#trainings.set(id, training);
    const tell = (): void => {
      this.emit(toEvent(training));
      if (!isUnderWay(training)) this.#trainings.delete(id);
      if (training.isOfCell) this.#noteChange(execution);
    };
    tell();
    return tell;
  }

  /** The user's wish, for all runs or those of one request. */
  steer({ parent, action, lr, clipNorm }: TrainingRequest): void {
    const meant = [...this.#trainings.values()].filter(
      ({ execution }) => parent === undefined || execution.id === parent,
    );
    for (const { run } of meant) {
      if (action === 'change') {
        run.change({
          ...(lr === undefined ? {} : { lr }),
          ...(clipNorm === undefined ? {} : { clipNorm }),
        });
      } else run[action]();
    }
  }

  /** The cell's own runs end at their next steps. @returns how far they are; none: no run is under way */
  stop(execution: Execution): { step: number; totalSteps: number }[] {
    const own = this.#of(execution);
    for (const { run } of own) run.stop();
    return own.map(({ run }) => run.progress());
  }

  /** Code of the cell was terminated, which may have been a step. Calls what the user gave `fit`. */
  abandon(execution: Execution, reason: Error): void {
    for (const { run } of this.#of(execution)) run.abandon(reason);
  }

  /** All of the cell's own runs wait for the user. */
  arePaused(execution: Execution): boolean {
    const own = this.#of(execution);
    return own.length > 0 && own.every(({ run }) => run.status === 'paused');
  }

  #of(execution: Execution): Training[] {
    return [...this.#trainings.values()].filter(
      (one) => one.isOfCell && one.execution === execution && isUnderWay(one),
    );
  }

  #noteChange(execution: Execution): void {
    execution.isTraining = this.#of(execution).length > 0;
    this.changed(execution);
  }
}

function toEvent({ id, run, execution }: Training): TrainingEvent {
  const { lr, clipNorm = null } = run.settings;
  return {
    type: 'training',
    parent: execution.id,
    run: id,
    status: run.status,
    ...run.progress(),
    lr,
    clipNorm,
  };
}
