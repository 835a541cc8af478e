/**
 * Between the debugger and the kernel's inspector, on loopback: keeps the debugger out of worker threads.
 *
 * js-debug attaches to every worker of a process, and has new ones wait for it. The kernel's are its own: the thread
 * that interrupts cells and those that train, which sleep where no message reaches them. Whoever debugs a cell would see
 * them among its threads, with breakpoints that can never be set. So the one message that asks for workers asks for
 * nothing, under the same number; every other byte passes as it is.
 */
import { connect, createServer, type Socket } from 'node:net';

export interface InspectorRelay {
  /** Where to connect instead. */
  url: string;
  close: () => void;
}

const asked = '"NodeWorker.enable"';
/** Of the same length, and without effect: nothing of the kind is on. */
const instead = '"Profiler.disable"'.padEnd(asked.length);

/** @param url The inspector's WebSocket address. */
export async function startRelay(url: string): Promise<InspectorRelay> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const inspector = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, inspector],
      [inspector, client],
    ] as const) {
      sockets.add(socket);
      // Each end ends the other, for whatever reason.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    inspector.pipe(client);
    const filter = new RequestFilter();
    client.on('data', (chunk) => inspector.write(filter.take(chunk)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The relay has no port.');
  const own = new URL(url);
  own.port = String(address.port);
  return {
    url: own.href,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const headerEnd = '\r\n\r\n';

/** What the debugger sends: an HTTP request, then WebSocket frames (RFC 6455), each masked. */
export class RequestFilter {
  #rest: Buffer = Buffer.alloc(0);
  #isOpen = false;

  /** @returns what is to be sent on now; a frame that is not complete waits for its end */
  take(chunk: Buffer): Buffer {
    let data = Buffer.concat([this.#rest, chunk]);
    const whole: Buffer[] = [];
    if (!this.#isOpen) {
      const end = data.indexOf(headerEnd);
      if (end >= 0) {
        this.#isOpen = true;
        whole.push(data.subarray(0, end + headerEnd.length));
        data = data.subarray(end + headerEnd.length);
      }
    }
    while (this.#isOpen) {
      const length = frameLength(data);
      if (length === undefined || length > data.length) break;
      whole.push(withoutWorkers(data.subarray(0, length)));
      data = data.subarray(length);
    }
    this.#rest = data;
    return Buffer.concat(whole);
  }
}

const maskLength = 4;

/** Where the payload's mask is, or the payload where there is none; undefined where the header is not complete. */
function payloadAt(frame: Buffer): { start: number; length: number } | undefined {
  if (frame.length < 2) return undefined;
  const short = frame[1]! & 0x7f;
  if (short < 126) return { start: 2, length: short };
  if (short === 126) {
    return frame.length < 4 ? undefined : { start: 4, length: frame.readUInt16BE(2) };
  }
  return frame.length < 10 ? undefined : { start: 10, length: Number(frame.readBigUInt64BE(2)) };
}

function isMasked(frame: Buffer): boolean {
  return (frame[1]! & 0x80) !== 0;
}

function frameLength(data: Buffer): number | undefined {
  const payload = payloadAt(data);
  return payload && payload.start + (isMasked(data) ? maskLength : 0) + payload.length;
}

/** Such a request is short. */
const maxRequest = 1000;

function withoutWorkers(frame: Buffer): Buffer {
  const { start, length } = payloadAt(frame)!;
  if (length > maxRequest || !isMasked(frame)) return frame;
  const mask = frame.subarray(start, start + maskLength);
  const payload = frame.subarray(start + maskLength);
  const flip = (text: Buffer, from: number) =>
    text.map((byte, at) => byte ^ mask[(from + at) % 4]!);
  const at = Buffer.from(flip(payload, 0)).indexOf(asked);
  if (at < 0) return frame;
  const changed = Buffer.from(frame);
  changed.set(flip(Buffer.from(instead), at), start + maskLength + at);
  return changed;
}
