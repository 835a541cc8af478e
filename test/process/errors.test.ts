import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestKernel } from './kernelClient.js';

describe('an error', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = new TestKernel();
    await kernel.value(
      'const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))',
    );
  });
  after(() => kernel.dispose());
  afterEach('the next cell works', async () => assert.equal(await kernel.value('1 + 1'), '2'));

  /** Code whose `¦` marks where the error is to be found. */
  const places: [string, string, string][] = [
    [
      'thrown',
      'type T = {\n  a: 1 };\n\n  ¦throw new RangeError("r")'.replace('¦throw ', 'throw ¦'),
      'RangeError',
    ],
    ['of the engine', 'const no: any = null;\n  no.¦foo.bar', 'TypeError'],
    [
      'in a function',
      'function outer(this: void, x: number) {\n  return x.¦missing();\n}\nouter(1)',
      'TypeError',
    ],
    [
      'behind types and an enum',
      'enum E { A }\ninterface I { x: number }\nconst v = <I>{ x: E.A };\n(v as any).¦f()',
      'TypeError',
    ],
    ['after an await', 'await wait(2);\n\n  throw ¦new Error("late")', 'Error'],
    [
      'in an async function',
      'async function f() {\n  await wait(2);\n  throw ¦new SyntaxError("s");\n}\nawait f()',
      'SyntaxError',
    ],
    [
      'of a rejected promise',
      'const rejected = Promise.reject(¦new Error("no"));\nawait rejected',
      'Error',
    ],
    ['that is no Error', '\n  ¦throw 5', 'ThrownValue'],
    ['that is no Error, thrown before', 'try { throw 5 } catch {}\n\n  ¦throw 5', 'ThrownValue'],
    ['that is no Error, rejected', '\n  ¦await Promise.reject("text")', 'ThrownValue'],
    ['that is undefined', '\n  ¦throw undefined', 'ThrownValue'],
    ['that is undefined, rejected', '\n  ¦await Promise.reject()', 'ThrownValue'],
    [
      'without a stack',
      'const bare = new Error("b");\nbare.stack = undefined;\n ¦throw bare',
      'Error',
    ],
    ['of the parser', 'let fine = 1;\nlet broken = ¦;', 'SyntaxError'],
    ['of the parser, unfinished', 'function f() {\n  if (true) {¦', 'SyntaxError'],
    ['of the engine’s parser', 'let twice = 1;\n  let ¦twice = 2;', 'SyntaxError'],
    ['of a misplaced return', '\n ¦return 5', 'SyntaxError'],
    ['in an object literal cell', '{\n  a: 1, b: ¦nope }', 'ReferenceError'],
    ['in an object at the end', 'const one = 1;\n{ one, b: ¦nope }', 'ReferenceError'],
    ['on the first line of an object literal cell', '{ a: ¦nope }', 'ReferenceError'],
  ];
  for (const [what, marked, name] of places) {
    it(`${what} points at its line and column in the cell`, async () => {
      const lines = marked.split('\n');
      const line = lines.findIndex((one) => one.includes('¦')) + 1;
      const column = lines[line - 1]!.indexOf('¦') + 1;
      const { error, reply } = await kernel.run(marked.replace('¦', ''));
      assert.equal(reply.status, 'error');
      assert.equal(error?.name, name, error?.stack);
      const [frame] = error.frames;
      assert.equal(frame?.cell?.executionCount, reply.executionCount, error.stack);
      assert.deepEqual([frame.line, frame.column], [line, column], error.stack);
      const [, , , caret] = [...error.stack.matchAll(/^.*$/gm)].map(String);
      assert.ok(error.stack.includes('^'), caret);
      assert.doesNotMatch(error.stack, /kernel\.js|node:|__unroll/);
    });
  }

  it('runs nothing of a cell that does not parse', async () => {
    const { order } = await kernel.run('console.log("ran");\nlet x = ;');
    assert.deepEqual(order, ['error SyntaxError']);
  });

  it('shows the way through cells, innermost first', async () => {
    const first = await kernel.run(
      'async function inner() {\n  await wait(1);\n  throw new Error("deep");\n}\n1',
    );
    const { error, reply } = await kernel.run(
      '\nasync function outer() { await inner() }\nawait outer()',
    );
    const way = error?.frames.map((frame) => [frame.cell?.executionCount, frame.line]);
    const [a, b] = [first.reply.executionCount, reply.executionCount];
    assert.deepEqual(way, [
      [a, 3],
      [b, 2],
      [b, 3],
    ]);
    assert.match(error?.stack ?? '', /> 3 \| {3}throw new Error\("deep"\);\n {4}\| {9}\^/);
  });

  it('prints the cell’s own lines when the cell prints it', async () => {
    const { stderr } = await kernel.run(
      'type A = 1;\ntry { null!.x } catch (e) { console.error(e.stack) }',
    );
    assert.match(stderr, /^TypeError: [^\n]+\n {4}at Cell \[\d+\]:2:13\n$/);
  });

  it('brings its causes and its collected errors', async () => {
    const { error } = await kernel.run(
      'throw new Error("top", { cause: new TypeError("below", { cause: "text" }) })',
    );
    assert.deepEqual([error?.cause?.name, error?.cause?.cause?.name], ['TypeError', 'ThrownValue']);
    assert.match(error?.stack ?? '', /Caused by: TypeError: below/);
    const all = await kernel.run(
      'await Promise.any([Promise.reject(new Error("one")), Promise.reject(new Error("two"))])',
    );
    assert.match(all.error?.message ?? '', /- Error: one\n.*- Error: two/s);
  });

  it('that is hostile still gets a report', async () => {
    const { error } = await kernel.run(
      'throw Object.defineProperty(new Error("x"), "message", { get() { throw 1 } })',
    );
    assert.equal(error?.name, 'Error');
    const proxied = await kernel.run(
      'throw new Proxy({}, { get() { throw new Error("trap") }, getPrototypeOf() { throw new Error("trap") } })',
    );
    assert.equal(proxied.reply.status, 'error');
  });

  const asynchronous: [string, string][] = [
    ['a timer', 'setTimeout(() => {\n  throw new Error("lost") }, 5)'],
    ['an immediate', 'setImmediate(() => {\n  throw new Error("lost") })'],
    ['process.nextTick', 'process.nextTick(() => {\n  throw new Error("lost") })'],
    ['a microtask', 'queueMicrotask(() => {\n  throw new Error("lost") })'],
    ['a promise never awaited', '(async () => { await wait(5);\n  throw new Error("lost") })()'],
    [
      'an event of a file',
      'require("node:fs").readFile("/nowhere", () => {\n  throw new Error("lost") })',
    ],
  ];
  for (const [where, code] of asynchronous) {
    it(`in ${where} ends the running cell that started it`, async () => {
      const { error, reply } = await kernel.run(`${code};\nawait wait(3000)`);
      assert.equal(reply.status, 'error');
      assert.equal(error?.message, 'lost');
      assert.deepEqual(error.frames.map(({ line }) => line).slice(0, 1), [2]);
      assert.ok(reply.durationMs < 2500);
    });

    it(`in ${where} after the cell’s end is reported as that cell’s, during a later one`, async () => {
      kernel.strays.length = 0;
      // The timer decides when: after the reply of the first cell, within the second.
      const { reply } = await kernel.run(`setTimeout(() => { ${code} }, 30); 0`);
      assert.equal(reply.status, 'ok');
      const later = await kernel.run('await wait(120); "later"');
      assert.equal(later.result, "'later'");
      const [stray] = kernel.strays;
      assert.ok(stray?.type === 'error' && stray.error.message === 'lost', JSON.stringify(stray));
      assert.equal(stray.parent, reply.parent);
      assert.equal(kernel.strays.length, 1);
    });
  }

  it('elsewhere stops the rest of the body, so that it does not run into the next cell', async () => {
    await kernel.value('let steps = 0');
    const code =
      'setTimeout(() => { throw new Error("elsewhere") }, 10); while (true) { steps++; await wait(2) }';
    assert.equal((await kernel.run(code)).error?.message, 'elsewhere');
    const seen = await kernel.value(
      'await wait(20); const seen = steps; await wait(50); steps - seen',
    );
    assert.equal(seen, '0');
  });

  it('of one cell does not keep its server from working', async () => {
    const { error } = await kernel.run(`
      import http from 'node:http';
      const server = http.createServer(async (_, response) => { await wait(1); response.end('hello') });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      throw new Error('after listen')`);
    assert.equal(error?.message, 'after listen');
    const code =
      'const r = await fetch(`http://127.0.0.1:${(server.address() as any).port}`); const text = await r.text(); server.close(); text';
    assert.equal(await kernel.value(code), "'hello'");
  });

  it('from a promise that a later cell awaits is that cell’s, too', async () => {
    await kernel.run('const doomed = wait(10).then(() => { throw new Error("doomed") }); 0');
    const { error } = await kernel.run('\nawait doomed');
    assert.equal(error?.message, 'doomed');
    await sleep(20);
  });

  it('of process.exit ends the cell and keeps the kernel and its variables', async () => {
    await kernel.value('const survivor = 7');
    const pid = kernel.client.pid;
    const { error } = await kernel.run('\nprocess.exit(3)');
    assert.equal(error?.name, 'ProcessExitError');
    assert.match(error.message, /process\.exit\(3\)/);
    assert.equal(error.frames[0]?.line, 2);
    assert.equal(await kernel.value('survivor'), '7');
    assert.equal(kernel.client.pid, pid);
  });
});
