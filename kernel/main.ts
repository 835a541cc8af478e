/** Process entry: a Session behind the IPC channel that the front end opened. */
import { MessageError, parseRequest } from './contract/parseRequest.js';
import { type KernelEvent, protocolVersion, spareArgument } from './contract/protocol.js';
import { Interrupts } from './session/interrupts.js';
import { Session } from './session/session.js';
import { warmUpCompiler } from './session/warmUpCompiler.js';

type Send = (event: KernelEvent, sent: () => void) => void;

const bundles = new URL('.', import.meta.url);
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
  const send: Send = (event, sent) => channel(event, undefined, undefined, sent);
  const interrupts = new Interrupts(bundles);
  // Ctrl+C in a terminal reaches the whole group; the front end decides what it means.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => interrupts.close(() => exit(0)));
  const isSpare = process.argv[2] === spareArgument;
  // Not for cells to see.
  if (isSpare) process.argv.splice(2, 1);
  interrupts.listen(() => {
    if (isSpare) waitForNotebook(interrupts, send);
    else start(interrupts, send);
  });
}

/** A spare process gets warm, and is the kernel of the notebook that adopts it. */
function waitForNotebook(interrupts: Interrupts, send: Send): void {
  const adopted = (message: unknown) => {
    const request = parseRequest(message);
    if (request.type !== 'adopt') {
      throw new MessageError(`a spare kernel: expected adopt first, got ${request.type}`);
    }
    process.chdir(request.folder);
    // In this turn: Node keeps messages only while nobody has listened to any.
    process.off('message', adopted);
    start(interrupts, send);
  };
  process.on('message', adopted);
  setImmediate(warmUpCompiler);
}

function start(interrupts: Interrupts, send: Send): void {
  const session = new Session({ folder: process.cwd(), bundles, interrupts, send, exit });
  session.install();
  process.on('message', (request) => session.handle(request));
  const { pid, version: node } = process;
  send({ type: 'ready', protocol: protocolVersion, pid, node }, () =>
    setImmediate(() => session.warmUp()),
  );
}
