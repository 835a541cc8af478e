import { execFile } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

const run = promisify(execFile);

/** The browser that the workbench uses, too. The caller closes it. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = await browserPath();
  return await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

async function browserPath(): Promise<string> {
  const url = pathToFileURL(path.resolve('scripts/setup/browser.mjs')).href;
  const print = `const { ensureBrowser } = await import('${url}'); console.log(await ensureBrowser());`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', print]);
  return stdout.trim().split('\n').at(-1) ?? '';
}
