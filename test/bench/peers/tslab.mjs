/** tslab's Jupyter kernel, spoken to over ZeroMQ as a notebook front end does. A `KernelMaker`. */
import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Dealer, Subscriber } from 'zeromq';

const binary = fileURLToPath(new URL('node_modules/tslab/bin/tslab', import.meta.url));
/** It knows `console` where the types of Node are found from its folder upward. */
const cwd = fileURLToPath(new URL('.', import.meta.url));
const ports = ['shell_port', 'iopub_port', 'stdin_port', 'control_port', 'hb_port'];
const delimiter = '<IDS|MSG>';

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function toFrames(type, content, { key, session }) {
  const header = {
    msg_id: randomUUID(),
    session,
    username: 'bench',
    msg_type: type,
    version: '5.3',
  };
  header.date = new Date().toISOString();
  const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
  const signature = createHmac('sha256', key);
  for (const part of parts) signature.update(part);
  return { id: header.msg_id, frames: [delimiter, signature.digest('hex'), ...parts] };
}

function parse(frames) {
  const texts = frames.map(String);
  const [header, parent, , content] = texts
    .slice(texts.indexOf(delimiter) + 2)
    .map((text) => JSON.parse(text));
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  return { type: header.msg_type, parent: parent.msg_id, content, characters };
}

async function start(node) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tslab-bench-'));
  const key = randomUUID();
  const session = randomUUID();
  const [shellPort, ioPort, ...others] = await Promise.all(ports.map(freePort));
  const connection = { transport: 'tcp', ip: '127.0.0.1', key, signature_scheme: 'hmac-sha256' };
  [shellPort, ioPort, ...others].forEach((port, index) => (connection[ports[index]] = port));
  const file = path.join(folder, 'connection.json');
  await writeFile(file, JSON.stringify(connection));
  const child = spawn(node, [binary, 'kernel', '--config-path', file], {
    cwd,
    stdio: 'ignore',
  });
  const ended = new Promise((_, reject) =>
    child.once('exit', (code, signal) => reject(new Error(`tslab ended with ${signal ?? code}`))),
  );
  ended.catch(() => undefined);
  const shell = new Dealer({ linger: 0 });
  const output = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  // Soon, as it is not there yet.
  shell.reconnectInterval = output.reconnectInterval = 5;
  output.connect(`tcp://127.0.0.1:${ioPort}`);
  output.subscribe('');
  shell.connect(`tcp://127.0.0.1:${shellPort}`);
  const execute = async (code) => {
    const content = { code, silent: false, store_history: true, user_expressions: {} };
    const { id, frames } = toFrames('execute_request', content, { key, session });
    const shown = { text: '', messages: 0, characters: 0 };
    await shell.send(frames);
    // The reply comes on one socket, the output and its end on another.
    let isIdle = false;
    while (!isIdle) {
      const message = parse(await output.receive());
      if (message.parent !== id) continue;
      shown.messages++;
      shown.characters += message.characters;
      if (message.type === 'stream') shown.text = message.content.text;
      isIdle = message.type === 'status' && message.content.execution_state === 'idle';
    }
    const reply = parse(await shell.receive());
    if (reply.content.status !== 'ok')
      throw new Error(`tslab: the cell failed: ${shown.text} ${JSON.stringify(reply.content)}`);
    return shown;
  };
  return {
    pid: child.pid,
    execute: (code) => Promise.race([execute(code), ended]),
    async close() {
      child.kill('SIGKILL');
      shell.close();
      output.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @param node the Node that runs it */
export function createMaker(node, version) {
  return { label: 'tslab', version, start: () => start(node) };
}
