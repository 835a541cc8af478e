/**
 * A notebook in VS Code's browser workbench as a person has it: the extension is installed, no test runs inside, and
 * the window is used by mouse and keyboard alone. So it may be reloaded, and its extension host may die.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Frame, Locator, Page } from 'playwright-core';
import type * as vscode from 'vscode';

const run = promisify(execFile);
export const root = path.resolve(import.meta.dirname, '../../..');
const size = { width: 1400, height: 900 };
const opensWithin = 60_000;
const showsWithin = 60_000;

type Vscode = typeof vscode;

export interface WindowOptions {
  /** Cells as nbformat 4.5 has them, in the notebook `window.ipynb`. */
  cells: readonly object[];
  /** The folder is not trusted: Restricted Mode. */
  isRestricted?: boolean;
  /** The window is up before the notebook is opened, by `openInFront`. */
  isOpenedLater?: boolean;
  /** Others of the workspace: path → text. */
  files?: Readonly<Record<string, string>>;
}

interface WorkbenchHost {
  page: Page;
  log(): string;
  close(): Promise<void>;
}

/** The parts that are no TypeScript. */
interface Parts {
  startWorkbenchHost(run: {
    size: { width: number; height: number };
    env: NodeJS.ProcessEnv;
    dataFolder: string;
    folder: string;
    asksForTrust: boolean;
    onConsole: (text: string) => void;
  }): Promise<WorkbenchHost>;
  installExtension(root: string, extensionsFolder: string): Promise<void>;
  installNotebookOpener(root: string, extensionsFolder: string): void;
  installProbe(root: string, extensionsFolder: string): void;
  workbenchAddress: (place: { port: string; folder: string }) => string;
  waitForFrame(page: Page, options: { expression: string; timeoutMs: number }): Promise<unknown>;
}

async function loadParts(): Promise<Parts> {
  const load = (file: string) =>
    import(pathToFileURL(path.join(root, file)).href) as Promise<Partial<Parts>>;
  return {
    ...(await load('test/host/workbenchHost.mjs')),
    ...(await load('scripts/setup/extensionFolder.mjs')),
    ...(await load('scripts/run/workbenchAddress.mjs')),
    ...(await load('test/host/bridge.mjs')),
  } as Parts;
}

export const toCell = (source: string, outputs: readonly object[] = []) => ({
  cell_type: 'code',
  metadata: {},
  execution_count: null,
  outputs,
  source,
});

const toNotebook = (cells: readonly object[]) => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {
    kernelspec: { name: 'unroll', display_name: 'TypeScript (Unroll)', language: 'typescript' },
    language_info: { name: 'typescript' },
  },
  cells: cells.map((cell, index) => ({ id: `cell-${index}`, ...cell })),
});

async function holds(folder: string, text: string): Promise<boolean> {
  if (!existsSync(folder)) return false;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const contents = await Promise.all(
    files.map((file) => readFile(path.join(file.parentPath, file.name), 'utf8')),
  );
  return contents.some((content) => content.includes(text));
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
}

export class NotebookWindow {
  private constructor(
    readonly page: Page,
    private readonly parts: Parts,
    private readonly host: WorkbenchHost,
    private readonly folder: string,
    private readonly console: readonly string[],
    /** Of the workspace. */
    private readonly scheme = 'file',
  ) {}

  /** Opens a window with a notebook of these cells, in a folder of its own. */
  static async open(...sources: string[]): Promise<NotebookWindow> {
    return await NotebookWindow.openWith({ cells: sources.map((source) => toCell(source)) });
  }

  static async openWith(options: WindowOptions): Promise<NotebookWindow> {
    const { cells, isRestricted = false, isOpenedLater = false, files = {} } = options;
    const parts = await loadParts();
    const folder = await mkdtemp(path.join(os.tmpdir(), 'unroll-window-'));
    let host: WorkbenchHost | undefined;
    try {
      const workspace = path.join(folder, 'workspace');
      const extensions = path.join(folder, 'extensions');
      await mkdir(path.join(workspace, '.vscode'), { recursive: true });
      await writeFile(
        path.join(workspace, '.vscode', 'settings.json'),
        // As the desktop has it; the browser saves by itself.
        JSON.stringify({ 'files.autoSave': 'off' }),
      );
      const file = path.join(workspace, 'window.ipynb');
      await writeFile(file, JSON.stringify(toNotebook(cells)));
      await writeFiles(workspace, files);
      await parts.installExtension(root, extensions);
      // The opener does not run in Restricted Mode, where the probe opens the notebook.
      if (!isRestricted && !isOpenedLater) parts.installNotebookOpener(root, extensions);
      parts.installProbe(root, extensions);
      const lines: string[] = [];
      host = await parts.startWorkbenchHost({
        ...{ size, folder: workspace, dataFolder: folder },
        env: { UNROLL_OPEN: file, UNROLL_PROBES: folder, UNROLL_VIRTUAL_FOLDER: workspace },
        asksForTrust: isRestricted,
        onConsole: (text) => lines.push(text),
      });
      const opened = new NotebookWindow(host.page, parts, host, folder, lines);
      if (isRestricted) await opened.openInFront(opened.file);
      if (!isOpenedLater) await opened.isReady();
      return opened;
    } catch (error) {
      await host?.page.screenshot({ path: path.join(root, 'test-results', 'window.png') });
      await host?.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      throw error;
    }
  }

  /** Answers VS Code's question in the middle of the window. @returns what it asked */
  async answer(button: RegExp): Promise<string> {
    const dialog = this.page.locator('.monaco-dialog-box');
    await dialog.waitFor({ timeout: opensWithin });
    const text = await dialog.innerText();
    await dialog.locator('.monaco-button', { hasText: button }).click();
    await dialog.waitFor({ state: 'detached' });
    return text;
  }

  /** Opens a file of the workspace, by its path, as the notebook in front. */
  async openInFront(file: string, scheme = 'file'): Promise<void> {
    await this.inHost(
      async ({ commands, Uri }, address) => {
        await commands.executeCommand('vscode.openWith', Uri.from(address), 'jupyter-notebook');
      },
      { scheme, path: file },
    );
  }

  /**
   * Runs a function in the window's extension host. It is sent as text, so it knows nothing but what it is given.
   *
   * @param argument and what comes back must survive JSON
   */
  async inHost<T, A = undefined>(
    task: (vscode: Vscode, argument: A) => Promise<T> | T,
    argument?: A,
  ): Promise<T> {
    const { url, token } = await this.#probe();
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ source: task.toString(), argument }),
    });
    const answer = (await response.json()) as { value?: T; error?: string };
    if (answer.error !== undefined) throw new Error(`In the extension host: ${answer.error}`);
    return answer.value as T;
  }

  /** Where the probe of this window listens, once it does. */
  async #probe(): Promise<{ url: string; token: string }> {
    const file = path.join(this.folder, `${this.scheme}.json`);
    for (const deadline = Date.now() + opensWithin; !existsSync(file);) {
      if (Date.now() > deadline) throw new Error(`The extension host wrote no ${file}.`);
      await sleep(100);
    }
    return JSON.parse(await readFile(file, 'utf8')) as { url: string; token: string };
  }

  /** A second window of the same VS Code, whose workspace is the same folder under the scheme `unrolltest`. */
  async openVirtual(): Promise<NotebookWindow> {
    const page = await this.page.context().browser()!.newPage({ viewport: size });
    const { port } = new URL(this.page.url());
    await page.goto(this.parts.workbenchAddress({ port, folder: 'unrolltest:/' }));
    const host = { page, log: () => this.host.log(), close: () => page.close() };
    return new NotebookWindow(page, this.parts, host, this.folder, this.console, 'unrolltest');
  }

  get workspace(): string {
    return path.join(this.folder, 'workspace');
  }

  get file(): string {
    return path.join(this.workspace, 'window.ipynb');
  }

  /** The notebook is shown, and our kernel is chosen for it. */
  async isReady(): Promise<void> {
    await this.page
      .locator('.notebookOverlay .cell-list-container')
      .waitFor({ timeout: opensWithin });
    await this.page
      .locator('.kernel-label', { hasText: 'Unroll' })
      .waitFor({ timeout: opensWithin });
  }

  /** Reloads as the command does, which is what VS Code offers after an update of an extension. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load', { timeout: opensWithin });
    await this.command('Developer: Reload Window');
    await loaded;
    await this.isReady();
  }

  async command(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.page.locator('.quick-input-widget input').waitFor();
    await this.page.keyboard.type(title);
    await this.page
      .locator('.quick-input-list .monaco-list-row', { hasText: title })
      .first()
      .waitFor();
    await this.page.keyboard.press('Enter');
  }

  /** Adds text at the end of the cell. */
  async append(index: number, text: string): Promise<void> {
    await this.focus(index);
    await this.page.keyboard.press('ControlOrMeta+End');
    await this.page.keyboard.type(text);
  }

  /** Puts the focus into the cell's editor: what the palette offers depends on where it is. */
  async focus(index: number): Promise<void> {
    await this.#row(index).locator('.monaco-editor').first().click();
  }

  /** Starts the cell by its button; does not wait for its end. */
  async start(index: number): Promise<void> {
    await this.focus(index);
    await this.#row(index).locator('.run-button-container .codicon-notebook-execute').click();
  }

  /** Starts the cell by its button, at once. @returns when, as `Date.now()` says */
  click(index: number): Promise<number> {
    const button = this.#row(index).locator('.run-button-container .codicon-notebook-execute');
    return button.evaluate((element) => {
      const now = Date.now();
      (element as HTMLElement).click();
      return now;
    });
  }

  /** The frame in which outputs are drawn; there is one from the first output on. */
  async outputFrame(): Promise<Frame> {
    for (const frame of this.page.frames()) {
      if (await frame.evaluate(`document.querySelector('.cell_container') !== null`)) return frame;
    }
    throw new Error('The window has no frame that draws outputs: no cell has shown any yet.');
  }

  #row(index: number): Locator {
    return this.page.locator(`.cell-list-container .monaco-list-row[data-index="${index}"]`);
  }

  /** The first match in what the notebook's outputs show, once there is one. */
  async shows(pattern: RegExp, timeoutMs = showsWithin): Promise<string[]> {
    const texts = `[...document.querySelectorAll('.output_container')].map((one) => one.innerText).join('\\n')`;
    try {
      return (await this.waitForFrame(`${texts}.match(${String(pattern)})`, timeoutMs)) as string[];
    } catch (cause) {
      await this.page.screenshot({ path: path.join(root, 'test-results', 'window.png') });
      const said = [...this.console.slice(-20), this.host.log()].join('\n');
      throw new Error(`No output of the notebook shows ${String(pattern)}.\n${said}`, { cause });
    }
  }

  waitForFrame(expression: string, timeoutMs = showsWithin): Promise<unknown> {
    return this.parts.waitForFrame(this.page, { expression, timeoutMs });
  }

  /**
   * Waits until VS Code has put aside the notebook with this text, which it does some ten seconds after a change
   * where files are remote. A reload before that asks the user first.
   */
  async putsAside(text: string): Promise<void> {
    const backups = path.join(this.folder, 'data', 'data', 'User', 'Backups');
    const deadline = Date.now() + showsWithin;
    while (!(await holds(backups, text))) {
      if (Date.now() > deadline) throw new Error(`Nothing under ${backups} holds "${text}".`);
      await sleep(200);
    }
  }

  /** The kernels' processes of this window, the spare one among them. */
  async kernels(): Promise<number[]> {
    const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,command=']);
    const ours = stdout
      .split('\n')
      .filter((line) => line.includes(path.basename(this.folder)) && /dist\/kernel\.js/.test(line));
    return ours.map((line) => Number.parseInt(line.trim(), 10));
  }

  async close(): Promise<void> {
    await this.host.close();
    if (this.scheme !== 'file') return;
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
