import { checkOptions, optional } from '../rnn/options.js';
import { fit as train, type FitOptions } from '../rnn/train/fit.js';
import type { CheckpointOptions } from '../rnn/train/checkpointing.js';
import { now } from '../rnn/train/platform.js';
import type { Run } from '../rnn/train/run.js';
import type { TrainingSnapshot } from '../rnn/train/snapshot.js';
import { toFileCheckpoint, toSnapshot, type CheckpointFileOptions } from './checkpointFile.js';
import { flowBundle } from './flowChart.js';
import { notebookHost, type NotebookHost } from './host.js';
import {
  checkLossChartOptions,
  lossBundle,
  toLossPayload,
  type LossChartOptions,
} from './lossChart.js';

/** Options of `fit`. */
export interface NotebookFitOptions<State> extends Omit<
  FitOptions<State>,
  'checkpoint' | 'resume'
> {
  /** Written to a file along the way, whole or not at all; or kept by a function of one's own. */
  checkpoint?: CheckpointFileOptions | CheckpointOptions;
  /**
   * Goes on from a checkpoint, bit for bit: a file's path, its bytes, or a snapshot. `steps` and `epochs` count from the
   * very start.
   */
  resume?: string | Uint8Array | TrainingSnapshot;
  /** How the live loss curve looks; false: no curve. */
  chart?: LossChartOptions | false;
}

/** Least time between two drawings of a running curve. */
const drawEveryMs = 100;
/** The heat map is drawn as a whole each time. */
const drawFlowEveryMs = 500;

let charts = 0;

/**
 * Trains a model and, in a notebook, draws its loss while it does; see `FitOptions`.
 * Stopping the cell ends the run at its next step; the history up to there is kept and drawn. Pausing it (in the
 * cell's toolbar, or `run.pause()`) lets other cells run, until it is resumed.
 */
export function fit<State>({ chart = {}, ...given }: NotebookFitOptions<State>): Run {
  const options = toFitOptions(given);
  checkOptions(
    'fit',
    { chart },
    {
      chart: optional((value) =>
        value === false || (typeof value === 'object' && value !== null)
          ? undefined
          : 'an object of chart options, or false',
      ),
    },
  );
  if (chart) checkLossChartOptions('fit: chart', chart);
  const host = notebookHost();
  if (!host) return train(options);
  const draw = chart ? liveChart(host, chart) : undefined;
  const drawFlow = chart && options.inspectEvery !== undefined ? liveFlow(host) : undefined;
  const signal = host.interruption();
  const abort = (): void => {
    const reason: unknown = signal.reason;
    run.abort(reason instanceof Error ? reason : new Error('fit: stopped by the user'));
  };
  let shown = '';
  const run: Run = train({
    ...options,
    onStep: (state) => {
      if (state.status !== 'running' && state.status !== 'paused')
        signal.removeEventListener('abort', abort);
      draw?.(state);
      drawFlow?.(state);
      const { lr, clipNorm } = state.settings;
      const now = `${state.status} ${lr} ${clipNorm}`;
      if (now !== shown) changed();
      shown = now;
      options.onStep?.(state);
    },
  });
  const changed = host.training({
    get status() {
      return run.status;
    },
    get settings() {
      return run.settings;
    },
    progress: () => progressOf(run),
    pause: () => run.pause(),
    resume: () => run.resume(),
    change: (changes) => run.change(changes),
    stop: () => run.stop(),
    abandon: (reason) => run.abandon(reason),
  });
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return run;
}

function toFitOptions<State>({
  checkpoint,
  resume,
  ...options
}: Omit<NotebookFitOptions<State>, 'chart'>): FitOptions<State> {
  const isFile = typeof checkpoint === 'object' && 'file' in checkpoint;
  return {
    ...options,
    ...(checkpoint && { checkpoint: isFile ? toFileCheckpoint(checkpoint) : checkpoint }),
    ...(resume !== undefined && { resume: toSnapshot(resume) }),
  };
}

function progressOf({ history, totalSteps }: Run): { step: number; totalSteps: number } {
  const step = history.step.at(-1) ?? 0;
  return { step, totalSteps: Math.max(totalSteps, step) };
}

/** Shows a curve and replaces it, at most every `drawEveryMs` while the run lasts, and at its end. */
function liveChart(host: NotebookHost, options: LossChartOptions): (run: Run) => void {
  const displayId = `unroll-loss-${++charts}`;
  let [drawn, status, marks] = [-Infinity, '', 0];
  return (run) => {
    const changes = run.history.changes.length;
    const isSame = run.status === status && changes === marks;
    if (isSame && run.status === 'running' && now() - drawn < drawEveryMs) return;
    [drawn, status, marks] = [now(), run.status, changes];
    const { totalSteps } = progressOf(run);
    const payload = toLossPayload(run.history, run.status, totalSteps, options);
    host.display(lossBundle(payload), { displayId });
  };
}

/** Shows how far back the gradient reaches, and replaces it when more of it was recorded. */
function liveFlow(host: NotebookHost): (run: Run) => void {
  const displayId = `unroll-flow-${++charts}`;
  let [drawn, records] = [-Infinity, 0];
  return ({ history: { gradientFlow: flow }, status }) => {
    const isNew = flow !== undefined && flow.step.length > records;
    if (!isNew || (status === 'running' && now() - drawn < drawFlowEveryMs)) return;
    [drawn, records] = [now(), flow.step.length];
    host.display(flowBundle(flow), { displayId });
  };
}
