import { Ajv2020 } from 'ajv/dist/2020.js';
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageError, parseControl, parseRequest } from '../../kernel/contract/parseRequest.js';
import { controlFd, type KernelEvent, type KernelRequest } from '../../kernel/contract/protocol.js';
import {
  controlSchemas,
  eventSchemas,
  requestSchemas,
  toJsonSchema,
} from '../../kernel/contract/protocolSchema.js';
import { kernelPath } from './kernelClient.js';
import { trainingCell } from './training.js';

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
const isRequest = ajv.compile(toJsonSchema(requestSchemas));
const isEvent = ajv.compile(toJsonSchema(eventSchemas));
const isControl = ajv.compile(toJsonSchema(controlSchemas));

/** A kernel that is sent whatever a test likes, and everything that it says. */
class RawKernel {
  readonly events: KernelEvent[] = [];
  readonly child: ChildProcess;

  constructor(args: string[] = []) {
    this.child = fork(kernelPath, args, {
      serialization: 'advanced',
      execArgv: ['--no-force-async-hooks-checks'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc', 'pipe'],
    });
    this.child.on('message', (event) => this.events.push(event as KernelEvent));
  }

  send(message: unknown): void {
    this.child.send(message as object);
  }

  control(line: string): void {
    (this.child.stdio[controlFd] as Writable).write(`${line}\n`);
  }

  async event<T extends KernelEvent['type']>(
    type: T,
    isMeant: (event: Extract<KernelEvent, { type: T }>) => boolean = () => true,
  ): Promise<Extract<KernelEvent, { type: T }>> {
    const deadline = Date.now() + 15_000;
    while (Date.now() < deadline) {
      const found = this.events.find(
        (one): one is Extract<KernelEvent, { type: T }> =>
          one.type === type && isMeant(one as Extract<KernelEvent, { type: T }>),
      );
      if (found) return found;
      await sleep(5);
    }
    throw new Error(`no ${type} came: ${JSON.stringify(this.events.slice(-5))}`);
  }

  async run(id: string, code: string) {
    this.send({ type: 'execute', id, cell: { id: 'cell', index: 0 }, code });
    return await this.event('executeReply', ({ parent }) => parent === id);
  }
}

describe('the protocol', () => {
  let kernel: RawKernel;
  before(async () => {
    kernel = new RawKernel(['--spare']);
    kernel.send({ type: 'adopt', folder: process.cwd() });
    await kernel.event('ready');
  });
  after(() => kernel.child.kill('SIGKILL'));

  const requests: { [T in KernelRequest['type']]: Extract<KernelRequest, { type: T }> } = {
    adopt: { type: 'adopt', folder: '/' },
    execute: { type: 'execute', id: 'a', cell: { id: 'c', index: 0 }, code: '1' },
    interrupt: { type: 'interrupt' },
    complete: { type: 'complete', id: 'q', code: 'Ma', cursor: 2 },
    variables: { type: 'variables', id: 'q' },
    slice: {
      ...{ type: 'slice', id: 'q', name: 'x', path: ['a', 0], at: [1], view: 'page' },
      ...{ row: 0, column: 0, rows: 1, columns: 1 },
    },
    forget: { type: 'forget', id: 'q', name: 'x' },
    memory: { type: 'memory', id: 'q' },
    training: { type: 'training', parent: 'a', action: 'change', lr: 0.1, clipNorm: null },
    timers: { type: 'timers', id: 'q', clear: [1, 2] },
    debug: { type: 'debug', id: 'q', action: 'open' },
    inputReply: { type: 'inputReply', id: 'i', value: null, refusal: 'nobody is there' },
    comm: { type: 'comm', commId: 'm', phase: 'open', target: 't', data: {}, buffers: [] },
    shutdown: { type: 'shutdown' },
  };
  for (const [type, request] of Object.entries(requests)) {
    it(`has a schema for the request ${type}, by which the kernel reads it`, () => {
      assert.ok(isRequest(request), JSON.stringify(isRequest.errors));
      assert.equal(parseRequest(request), request);
      for (const member of Object.keys(request)) {
        for (const value of [Symbol.iterator, () => 1, NaN, { type }, [[]]]) {
          // Data of a comm is the renderer's own affair, and numbers may be left out of a change.
          if (['data', 'buffers'].includes(member)) continue;
          assert.throws(() => parseRequest({ ...request, [member]: value }), MessageError, member);
        }
      }
      assert.throws(() => parseRequest({ ...request, besides: 1 }), /got "besides" besides/);
    });
  }

  it('has a schema for every event, and the kernel sends nothing else', async () => {
    await kernel.run(
      'text',
      'console.log("out"); console.error("err"); setInterval(() => {}, 1e6); 1',
    );
    await kernel.run(
      'rich',
      'import { clearOutput, display, html, tensor } from "unroll"; clearOutput(); display(html("<b>b</b>"), { id: "d" }); display(html("<i>i</i>"), { id: "d" }); const t = tensor([[1, 2]]); t',
    );
    await kernel.run(
      'fails',
      'function f() { throw new Error("outer", { cause: new TypeError("inner") }) }\nf()',
    );
    await kernel.run('parses', 'let = ;');
    await kernel.run('library', 'JSON.parse("{")');
    await kernel.run('model', trainingCell);
    const training = kernel.run('training', 'run = fit(training(300)); await run');
    await kernel.event('training');
    kernel.send({ type: 'training', action: 'pause' });
    await kernel.event('status', ({ state }) => state === 'paused');
    kernel.send({ type: 'training', action: 'change', lr: 0.02, clipNorm: 1 });
    kernel.send({ type: 'training', action: 'resume' });
    await training;
    const asking = kernel.run(
      'asks',
      'import { input } from "unroll"; await input("?", { password: true })',
    );
    const { id } = await kernel.event('inputRequest');
    kernel.send({ type: 'inputReply', id, value: 'answer' });
    await asking;
    kernel.send({ type: 'complete', id: 'c', code: 'Mat', cursor: 3 });
    kernel.send({ type: 'variables', id: 'v' });
    const slice = { ...requests.slice, name: 't', path: [], rows: 9, columns: 9 };
    kernel.send({ ...slice, id: 's' });
    kernel.send({ ...slice, id: 'o', view: 'overview' });
    kernel.send({ ...slice, id: 'm', name: 'model' });
    kernel.send({ ...slice, id: 'n', name: 'never' });
    await kernel.event('sliceReply', ({ id: answered }) => answered === 'n');
    kernel.send({ type: 'forget', id: 'f', name: 't' });
    kernel.send({ type: 'memory', id: 'b' });
    await kernel.run('missing', 'import "no-such-package"');
    kernel.send({ type: 'timers', id: 't' });
    kernel.send({ type: 'debug', id: 'd', action: 'open' });
    kernel.send({ type: 'debug', id: 'd', action: 'close' });
    kernel.send({ type: 'comm', commId: 'm', phase: 'open', target: 'nobody', data: null });
    kernel.send({ type: 'nonsense' });
    await Promise.all(
      (
        [
          ...(['completeReply', 'variablesReply', 'timersReply', 'comm', 'refused'] as const),
          ...(['sliceReply', 'forgetReply', 'memoryReply'] as const),
        ] as const
      ).map((type) => kernel.event(type)),
    );
    const seen = new Set<string>(kernel.events.map(({ type }) => type));
    assert.deepEqual([...seen].sort(), Object.keys(eventSchemas).sort());
    for (const event of kernel.events) {
      assert.ok(
        isEvent(event),
        `${JSON.stringify(event).slice(0, 500)}: ${JSON.stringify(isEvent.errors?.slice(0, 20))}`,
      );
    }
  });

  const hostile: [string, unknown, RegExp][] = [
    ['a text', 'execute', /expected one of the types .*, got "execute"/],
    ['a number', 7, /got 7/],
    ['a list', [{ type: 'execute' }], /got a list of 1/],
    ['null', null, /got null/],
    ['no type', { id: 'x' }, /got the type nothing/],
    ['a type of an object’s own', { type: 'constructor' }, /got the type "constructor"/],
    ['an event', { type: 'ready', protocol: 1, pid: 1, node: 'v1' }, /got the type "ready"/],
    [
      'a cell without code',
      { type: 'execute', id: 'h1', cell: { id: 'c', index: 0 } },
      /execute: expected a member code, got none/,
    ],
    [
      'code that is none',
      { type: 'execute', id: 'h2', cell: { id: 'c', index: 0 }, code: { toString: 1 } },
      /execute\.code: expected string/,
    ],
    [
      'a place before the first',
      { type: 'execute', id: 'h3', cell: { id: 'c', index: -1 }, code: '' },
      /execute\.cell\.index: expected at least 0/,
    ],
    ['a prototype', { type: 'variables', id: 'q', ['__proto__x']: {} }, /besides/],
    [
      'a cursor nowhere',
      { type: 'complete', id: 'q', code: '', cursor: Infinity },
      /complete\.cursor: expected integer/,
    ],
    [
      'an order that is none',
      { type: 'training', action: 'abandon' },
      /training\.action: expected pause, resume, stop, change/,
    ],
    ['timers of all kinds', { type: 'timers', id: 'q', clear: ['all'] }, /timers\.clear/],
    ['a second notebook', { type: 'adopt', folder: '/' }, /adopt: expected before anything else/],
  ];
  for (const [what, message, reason] of hostile) {
    it(`refuses ${what}, and the kernel lives`, async () => {
      kernel.events.length = 0;
      kernel.send(message);
      assert.match((await kernel.event('refused')).reason, reason);
      const { status } = await kernel.run(`after ${what}`, '1 + 1');
      assert.equal(status, 'ok');
    });
  }

  it('ends a cell that could not be read, with the reason', async () => {
    kernel.events.length = 0;
    kernel.send({ type: 'execute', id: 'unread', cell: 'first', code: '1' });
    const reply = await kernel.event('executeReply');
    assert.deepEqual([reply.parent, reply.status], ['unread', 'error']);
    assert.equal((await kernel.event('error')).error.name, 'MessageError');
  });

  for (const line of [
    'no JSON',
    '{"type":"interrupt","parent":7}',
    '{"type":"rm"}',
    'null',
    '{'.repeat(1e5),
  ]) {
    it(`refuses the control line ${line.slice(0, 40)}, and interrupts work`, async () => {
      assert.throws(() => parseControl(line), MessageError);
      kernel.events.length = 0;
      kernel.control(line);
      await kernel.event('refused');
      kernel.send({
        type: 'execute',
        id: `stuck ${line.slice(0, 40)}`,
        cell: { id: 'c', index: 0 },
        code: 'while (true);',
      });
      await kernel.event('status', ({ state }) => state === 'busy');
      const order = { type: 'interrupt' } as const;
      assert.ok(isControl(order));
      kernel.control(JSON.stringify(order));
      assert.equal((await kernel.event('error')).error.name, 'Interrupted');
    });
  }

  it('has a spare process end where it is not adopted first', async () => {
    const spare = new RawKernel(['--spare']);
    const ended = new Promise((resolve) => spare.child.once('exit', resolve));
    spare.send({ type: 'shutdown' });
    assert.equal(await ended, 1);
  });
});
