import type { LearningTask } from './learningTasks.js';
import { reaches, type Outcome } from './runLearner.js';

export interface TaskOutcomes {
  task: LearningTask;
  /** One for each seed. */
  outcomes: readonly Outcome[];
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const digits = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(4);

/** The outcome that is farthest from what is wanted. */
export const worstOf = ({ task, outcomes }: TaskOutcomes): number => {
  const results = outcomes.map(({ result }) => result);
  return task.better === 'lower' ? Math.max(...results) : Math.min(...results);
};

export const isLearnt = (one: TaskOutcomes): boolean =>
  reaches(one.task, worstOf(one), one.task.threshold);

const columns = [
  'task',
  'cell',
  'measured',
  'baseline',
  'threshold',
  'mean',
  'worst',
  'steps',
  's per run',
  'reached',
];

/** A row for each task: its results over all seeds beside what luck gets and what is wanted. */
export function toOutcomeTable(rows: readonly TaskOutcomes[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const body = rows.map((one) => {
    const { task, outcomes } = one;
    const sign = task.better === 'lower' ? '≤' : '≥';
    return line([
      task.title,
      task.cell,
      task.quantity,
      `${digits(task.baseline.value)} (${task.baseline.name})`,
      `${sign} ${digits(task.threshold)}`,
      digits(mean(outcomes.map(({ result }) => result))),
      digits(worstOf(one)),
      mean(outcomes.map(({ steps }) => steps)).toFixed(0),
      mean(outcomes.map(({ seconds }) => seconds)).toFixed(1),
      isLearnt(one) ? 'yes' : 'NO',
    ]);
  });
  return [line(columns), line(columns.map(() => '---')), ...body].join('\n');
}
