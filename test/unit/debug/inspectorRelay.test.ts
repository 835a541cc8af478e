import assert from 'node:assert/strict';
import { RequestFilter } from '../../../src/debug/inspectorRelay.js';

const upgrade = 'GET /secret HTTP/1.1\r\nUpgrade: websocket\r\n\r\n';

/** As RFC 6455, section 5.2, has it. */
function frame(text: string, mask = [0x37, 0xfa, 0x21, 0x3d]): Buffer {
  const payload = Buffer.from(text);
  const header =
    payload.length < 126
      ? [0x81, 0x80 | payload.length]
      : payload.length < 65536
        ? [0x81, 0xfe, payload.length >> 8, payload.length & 255]
        : [0x81, 0xff, 0, 0, 0, 0, ...[24, 16, 8, 0].map((by) => (payload.length >> by) & 255)];
  const masked = payload.map((byte, index) => byte ^ mask[index % 4]!);
  return Buffer.concat([Buffer.from([...header, ...mask]), masked]);
}

/** The texts of whole frames. */
function texts(data: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < data.length;) {
    const short = data[at + 1]! & 0x7f;
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const length =
      short < 126
        ? short
        : short === 126
          ? data.readUInt16BE(at + 2)
          : Number(data.readBigUInt64BE(at + 2));
    const mask = data.subarray(start, start + 4);
    const payload = data.subarray(start + 4, start + 4 + length);
    found.push(Buffer.from(payload.map((byte, index) => byte ^ mask[index % 4]!)).toString());
    at = start + 4 + length;
  }
  return found;
}

describe('the relay to the inspector', () => {
  const enable = '{"id":7,"method":"NodeWorker.enable","params":{"waitForDebuggerOnStart":true}}';
  const others = [
    '{"id":1,"method":"Runtime.enable"}',
    `{"id":2,"method":"Runtime.evaluate","params":{"expression":"${'x'.repeat(300)}"}}`,
    `{"id":3,"method":"Runtime.evaluate","params":{"expression":"${'y'.repeat(70_000)}"}}`,
  ];

  for (const size of [1, 3, 50, 1e6]) {
    it(`asks for no workers, and passes on all else as it is, in pieces of ${size} bytes`, () => {
      const sent = Buffer.concat([
        Buffer.from(upgrade),
        ...[others[0]!, enable, others[1]!, others[2]!].map((text) => frame(text)),
      ]);
      const filter = new RequestFilter();
      const pieces: Buffer[] = [];
      for (let at = 0; at < sent.length; at += size) {
        pieces.push(filter.take(sent.subarray(at, at + size)));
      }
      const received = Buffer.concat(pieces);
      assert.equal(received.length, sent.length);
      assert.equal(received.subarray(0, upgrade.length).toString(), upgrade);
      const [first, changed, ...rest] = texts(received.subarray(upgrade.length));
      assert.deepEqual([first, ...rest], others);
      const request = JSON.parse(changed!) as { id: number; method: string };
      assert.equal(request.id, 7);
      assert.equal(request.method, 'Profiler.disable');
    });
  }
});
