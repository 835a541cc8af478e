/** VS Code's server: the program behind the browser workbench. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers';
import { eachLine } from './eachLine.mjs';
import { writeQuietSettings } from './quietSettings.mjs';
import { startSupervised } from './supervised.mjs';

const startsWithin = 60_000;
const keptOfLog = 200;
/** What a VS Code terminal, an npm script or a coverage run leaves in the environment for its children. */
const notForTheServer = /^(VSCODE_|ELECTRON_|NODE_V8_COVERAGE$|NODE_OPTIONS$)/;

/**
 * @param workbench as `ensureWorkbench` returns it
 * @param options `dataFolder` (settings, logs, extensions), `token` (none for tests on loopback),
 *   `smokeTest` (a built VS Code obeys extensionTestsPath only so), `asksForTrust` (in a folder that it does not know),
 *   `env`, `onLine` (for each line printed)
 * @returns `{ port, log(), ended, stop() }`
 */
export async function startVscodeServer(workbench, options) {
  const { dataFolder, token, smokeTest, asksForTrust, env, onLine } = options;
  writeQuietSettings(path.join(dataFolder, 'data', 'data', 'Machine'));
  const inherited = Object.entries(process.env).filter(([name]) => !notForTheServer.test(name));
  const server = startSupervised(
    workbench.node,
    [
      path.join(workbench.vscode, 'out', 'server-main.js'),
      ...['--host', '127.0.0.1', '--port', '0', '--accept-server-license-terms'],
      ...tokenArguments(dataFolder, token),
      ...(smokeTest ? ['--enable-smoke-test-driver'] : []),
      ...['--disable-telemetry', ...(asksForTrust ? [] : ['--disable-workspace-trust'])],
      ...['--server-data-dir', path.join(dataFolder, 'data')],
      ...['--extensions-dir', path.join(dataFolder, 'extensions')],
    ],
    { env: { ...Object.fromEntries(inherited), ...temporary(dataFolder), ...env }, output: 'pipe' },
  );
  const lines = [];
  const port = await new Promise((resolve, reject) => {
    const onText = (line) => {
      lines.push(line);
      if (lines.length > keptOfLog) lines.shift();
      onLine?.(line);
      const found = /Web UI available at \S+?:(\d+)/.exec(line);
      if (found !== null) resolve(Number(found[1]));
    };
    eachLine(server.stdout, onText);
    eachLine(server.stderr, onText);
    const failed = (what) =>
      reject(new Error(`VS Code's server ${what}. It printed:\n${lines.join('\n')}`));
    const timer = setTimeout(
      () => failed(`did not start within ${startsWithin / 1000} s`),
      startsWithin,
    );
    timer.unref();
    server.ended.then((code) => failed(`ended with ${code}`), reject);
  }).catch(async (error) => {
    await server.stop();
    throw error;
  });
  return { port, log: () => lines.join('\n'), ended: server.ended, stop: server.stop };
}

/** By file: every user of the machine can read a command line. */
function tokenArguments(dataFolder, token) {
  if (token === undefined) return ['--without-connection-token'];
  const file = path.join(dataFolder, 'token');
  writeFileSync(file, token, { mode: 0o600 });
  return ['--connection-token-file', file];
}

/** VS Code leaves sockets behind: in a folder of ours. macOS's paths are too long for a socket in there. */
function temporary(dataFolder) {
  if (process.platform !== 'linux') return {};
  const folder = path.join(dataFolder, 'tmp');
  mkdirSync(folder, { recursive: true });
  return { TMPDIR: folder };
}
