/** A debugger for a test: speaks the inspector's protocol over a WebSocket of its own (Node 20 has none). */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
}

const headerEnd = '\r\n\r\n';
const maskLength = 4;

export class KernelDebugger {
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners = new Map<string, ((params: unknown) => void)[]>();
  #received = Buffer.alloc(0);
  #opened: (() => void) | undefined;
  #sent = 0;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => this.#take(chunk));
  }

  /** @param url As the kernel tells it. */
  static async attach(url: string): Promise<KernelDebugger> {
    const { hostname, port, pathname, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    const one = new KernelDebugger(socket);
    const key = randomBytes(16).toString('base64');
    const headers = `Host: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13`;
    const opened = new Promise<void>((resolve) => (one.#opened = resolve));
    socket.write(`GET ${pathname} HTTP/1.1\r\n${headers}\r\nSec-WebSocket-Key: ${key}${headerEnd}`);
    await opened;
    await one.send('Runtime.enable');
    await one.send('Debugger.enable');
    return one;
  }

  /** What the inspector answers; rejects where that is an error. */
  async send<T = unknown>(method: string, params: object = {}): Promise<T> {
    const id = ++this.#sent;
    const answer = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    this.socket.write(frame(JSON.stringify({ id, method, params })));
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }

  /** The next event of that name. */
  next<T = unknown>(event: string): Promise<T> {
    return new Promise((resolve) => {
      const listeners = this.#listeners.get(event) ?? [];
      this.#listeners.set(event, [...listeners, resolve as (params: unknown) => void]);
    });
  }

  /** Every event of that name, from now on. */
  on(event: string, listener: (params: unknown) => void): void {
    const again = (params: unknown): void => {
      this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), again]);
      listener(params);
    };
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), again]);
  }

  async leave(): Promise<void> {
    const closed = once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    if (this.#opened) {
      const end = this.#received.indexOf(headerEnd);
      if (end < 0) return;
      this.#opened();
      this.#opened = undefined;
      this.#received = this.#received.subarray(end + headerEnd.length);
    }
    for (let text = this.#nextText(); text !== undefined; text = this.#nextText()) {
      this.#receive(JSON.parse(text) as Message);
    }
  }

  /** Node sends whole, unmasked text frames. */
  #nextText(): string | undefined {
    const data = this.#received;
    if (data.length < 2) return undefined;
    const short = data[1]! & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (data.length < start) return undefined;
    const length =
      short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
    if (data.length < start + length) return undefined;
    this.#received = data.subarray(start + length);
    return data.subarray(start, start + length).toString();
  }

  #receive({ id, method, params, ...answer }: Message): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    } else if (method !== undefined) {
      const listeners = this.#listeners.get(method) ?? [];
      this.#listeners.delete(method);
      for (const listener of listeners) listener(params);
    }
  }
}

/** RFC 6455, section 5.2: text, final, masked. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(payload.length < 126 ? 2 : 4);
  header[0] = 0x81;
  header[1] = 0x80 | (payload.length < 126 ? payload.length : 126);
  if (payload.length >= 126) header.writeUInt16BE(payload.length, 2);
  const mask = randomBytes(maskLength);
  const masked = payload.map((byte, index) => byte ^ mask[index % maskLength]!);
  return Buffer.concat([header, mask, masked]);
}
