import { adding } from './adding.js';
import { anbn } from './anbn.js';
import { copy } from './copy.js';
import { mackeyGlass } from './mackeyGlass.js';
import { embeddedReber, reber } from './reber.js';
import { temporalOrder } from './temporalOrder.js';

/** Tasks of the literature that make their own data; all but `mackeyGlass` (a series) give endless batches. */
export const tasks = {
  adding,
  copy,
  temporalOrder,
  reber,
  embeddedReber,
  mackeyGlass,
  anbn,
} as const;
