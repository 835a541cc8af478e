import { manualSeed } from '../../kernel/rnn/index.js';
import { fit } from '../../kernel/rnn/train/fit.js';
import type { LearningTask } from './learningTasks.js';

export interface Outcome {
  seed: number;
  /** On the test part. */
  result: number;
  steps: number;
  seconds: number;
}

export const reaches = ({ better }: LearningTask, value: number, goal: number): boolean =>
  better === 'lower' ? value <= goal : value >= goal;

/** Trains a task under one seed until validation is good enough or its steps are over, then measures the test part. */
export async function runLearner(task: LearningTask, seed: number): Promise<Outcome> {
  manualSeed(seed);
  const began = performance.now();
  const { measure, ...options } = task.create();
  const run = fit({ ...options, steps: task.steps });
  let steps = 0;
  for await (const report of run) {
    steps = report.step;
    if (steps % task.every === 0 && reaches(task, measure('validation'), task.enough)) break;
  }
  const result = measure('test');
  return { seed, result, steps, seconds: (performance.now() - began) / 1000 };
}
