import { URLSearchParams } from 'node:url';

/**
 * The address at which the browser workbench opens `folder`. `extension` and `tests` (an extension under
 * development, its tests) are obeyed by a server with the smoke-test driver only. The server's files have
 * the scheme vscode-remote; VS Code's web shell reads the payload.
 */
export function workbenchAddress({ port, folder, token, extension, tests }) {
  const remote = (file) => `vscode-remote://127.0.0.1:${port}${encodeURI(file)}`;
  const payload = [['skipWelcome', 'true']];
  if (extension !== undefined) payload.push(['extensionDevelopmentPath', remote(extension)]);
  if (tests !== undefined) payload.push(['extensionTestsPath', remote(tests)]);
  const query = new URLSearchParams();
  if (token !== undefined) query.set('tkn', token);
  if (folder !== undefined) query.set('folder', folder);
  query.set('payload', JSON.stringify(payload));
  return `http://127.0.0.1:${port}/?${query}`;
}
