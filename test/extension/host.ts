/**
 * The window that the tests run in, as a person sees and uses it. Tests run in the extension host, which
 * has no window: these calls go to the process that drives it (test/host/bridge.mjs).
 */
import process from 'node:process';

/** The bridge could not do what a test asked. */
export class BridgeError extends Error {
  override name = 'BridgeError';
}

export interface ScreenshotOptions {
  /** Device pixels for each CSS pixel: 1 unless told. */
  scale?: number;
  /** Only this element: the first visible one in any frame. */
  selector?: string;
  /** Of the window while the picture is taken, in CSS pixels: 900 unless told. */
  height?: number;
}

/**
 * Saves a PNG of the window (1400 × 900 CSS pixels) under test-results/, or under docs/pictures/ when
 * UNROLL_UPDATE_PICTURES=1.
 * @param name file name without `.png`: letters, digits, `-` and `_`
 * @returns the file's path
 */
export function screenshot(name: string, options: ScreenshotOptions = {}): Promise<string> {
  return call<string>('screenshot', { name, ...options });
}

/**
 * Evaluates a JavaScript expression in every frame of the window (renderers live in nested frames) and
 * returns the values that are neither null nor undefined. Values must survive JSON.
 * @throws BridgeError when the expression throws in every frame
 */
export function evaluateInFrames<T>(expression: string): Promise<T[]> {
  return call<T[]>('evaluateInFrames', { expression });
}

/**
 * Waits until the expression is truthy in some frame, and returns that value.
 * @throws BridgeError with the frames' addresses after `timeoutMs`
 */
export function waitForFrame<T>(expression: string, timeoutMs = 30_000): Promise<T> {
  return call<T>('waitForFrame', { expression, timeoutMs });
}

export interface ClickOptions {
  button?: 'left' | 'right';
  clickCount?: number;
  modifiers?: ('Alt' | 'Control' | 'Meta' | 'Shift')[];
}

/** Clicks the first visible element of the selector (Playwright's syntax) in any frame, once there is one. */
export async function click(selector: string, options: ClickOptions = {}): Promise<void> {
  await call('click', { selector, ...options });
}

/** Puts the pointer on the first visible element of the selector in any frame, once there is one. */
export async function hover(selector: string): Promise<void> {
  await call('hover', { selector });
}

/** Presses a key or a chord where the focus is: `Enter`, `ArrowRight`, `Control+Shift+P`. */
export async function press(key: string): Promise<void> {
  await call('press', { key });
}

/** Types text where the focus is. */
export async function type(text: string): Promise<void> {
  await call('type', { text });
}

interface Answer {
  value?: unknown;
  error?: string;
}

/** What type the value has is the caller's knowledge of the call: what comes is JSON. */
async function call<T>(name: string, parameters: object): Promise<T> {
  const url = process.env['UNROLL_BRIDGE_URL'];
  const token = process.env['UNROLL_BRIDGE_TOKEN'];
  if (url === undefined || token === undefined) {
    throw new BridgeError('There is no bridge to the window: run the tests with `npm test`.');
  }
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ call: name, ...parameters }),
  });
  const answer = (await response.json()) as Answer;
  if (answer.error !== undefined) throw new BridgeError(answer.error);
  return answer.value as T;
}
