/** Messages between the Variables view, the pages of single values, and the extension. */
import type { VariableSummary } from './protocol.js';
import { describe } from './readValue.js';
import type { SliceWish, ValueSlice } from './valueSlice.js';

/** Whose variables are shown, or why none are. */
export type VariablesState =
  | 'noNotebook'
  | 'otherKernel'
  | 'untrusted'
  /** The notebook is in no folder on disk. */
  | 'virtual'
  | 'noKernel'
  | 'ended'
  /** They are as they are now. */
  | 'live'
  /** The kernel has not answered: they are as they were before the cell that runs. */
  | 'waiting';

export interface ShownVariable extends Omit<VariableSummary, 'cell'> {
  /** Where the cell that set it stands now, from 0, and how it is called: `[3]`. Left out where it is gone. */
  cell?: { index: number; label: string };
  /** Whether a page of its own can show more than the line. */
  opens: boolean;
}

/** To the list. */
export interface VariablesShown {
  kind: 'variables';
  state: VariablesState;
  /** The notebook's name. */
  notebook: string;
  variables: ShownVariable[];
  /** Counts the kernel's answers: what differs from the answer before has changed. */
  answer: number;
}

/** To the list: ask whether this one is to be taken away. */
export interface ConfirmForget {
  kind: 'confirmForget';
  name: string;
}

/** From the list. */
export type ListMessage =
  | { kind: 'ready' }
  | { kind: 'newNotebook' }
  | { kind: 'open' | 'reveal' | 'forget'; name: string };

/** What a value's page asks for; the variable is the page's own. */
export type ValueWish = Omit<SliceWish, 'name'>;

/** From a value's page. `request` numbers its questions. */
export type ValueMessage =
  { kind: 'ready' } | { kind: 'reveal' } | { kind: 'ask'; request: number; wish: ValueWish };

/** To a value's page. */
export type ValuePageMessage =
  /** What it shows, first of all. */
  | { kind: 'show'; name: string; notebook: string }
  /** A cell has run. */
  | { kind: 'changed' }
  /** `waiting`: the kernel has not answered yet. */
  | { kind: 'answer'; request: number; slice: ValueSlice | string }
  | { kind: 'waiting'; request: number };

/** What came from a page is no message of it. */
export class PageMessageError extends Error {
  override readonly name = 'PageMessageError';
}

/** @throws PageMessageError */
export function parseListMessage(value: unknown): ListMessage {
  const { kind, name } = membersOf(value);
  if (kind === 'ready' || kind === 'newNotebook') return { kind };
  if ((kind === 'open' || kind === 'reveal' || kind === 'forget') && typeof name === 'string')
    return { kind, name };
  throw unknownMessage(value);
}

/** @throws PageMessageError */
export function parseValueMessage(value: unknown): ValueMessage {
  const { kind, request, wish } = membersOf(value);
  if (kind === 'ready' || kind === 'reveal') return { kind };
  if (kind === 'ask' && isCount(request)) return { kind, request, wish: parseWish(wish) };
  throw unknownMessage(value);
}

function parseWish(value: unknown): ValueWish {
  const { path, at, view, row, column, rows, columns } = membersOf(value);
  const isStep = (step: unknown) => typeof step === 'string' || isCount(step);
  const isWish =
    isListOf(path, isStep) &&
    isListOf(at, isCount) &&
    (view === 'page' || view === 'overview') &&
    [row, column, rows, columns].every(isCount);
  if (!isWish) throw unknownMessage(value);
  return { path, at, view, row, column, rows, columns } as ValueWish;
}

function isListOf(value: unknown, is: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is);
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function unknownMessage(value: unknown): PageMessageError {
  return new PageMessageError(
    `a page's message: expected one of its kinds, got ${describe(value)}`,
  );
}
