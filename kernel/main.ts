/** Process entry: a Session behind the IPC channel that the front end opened. */
import type { KernelEvent, KernelRequest } from './contract/protocol.js';
import { protocolVersion } from './contract/protocol.js';
import { Session } from './session/session.js';

const exit = process.exit.bind(process);
const channel = process.send?.bind(process);
// The channel is ours: a cell that used it would talk to the front end.
delete process.send;

if (!channel) {
  process.stderr.write(
    'kernel: there is no IPC channel. A front end starts this program; see kernel/contract/protocol.ts.\n',
  );
  exit(2);
} else {
  start((event, sent) => channel(event, undefined, undefined, sent));
}

function start(send: (event: KernelEvent, sent: () => void) => void): void {
  const bundles = new URL('.', import.meta.url);
  const session = new Session({ folder: process.cwd(), bundles, send, exit });
  // Ctrl+C in a terminal reaches the whole group; the front end decides what it means.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => session.end(0));
  session.install(() => {
    process.on('message', (request) => session.handle(request as KernelRequest));
    const { pid, version: node } = process;
    send({ type: 'ready', protocol: protocolVersion, pid, node }, () =>
      setImmediate(() => session.warmUp()),
    );
  });
}
