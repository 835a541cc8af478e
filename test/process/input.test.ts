import assert from 'node:assert/strict';
import type { CellEvent } from '../../kernel/client/kernelClient.js';
import { TestKernel } from './kernelClient.js';

describe('input of cells', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = new TestKernel();
    await kernel.value(`import { input } from 'unroll';`);
  });
  after(() => kernel.dispose());

  const answer = (value: string | null, refusal?: string) => (event: CellEvent) => {
    if (event.type === 'inputRequest') kernel.client.replyInput(event.id, value, refusal);
  };

  it('is a question that the cell waits for, after what it printed before', async () => {
    const run = await kernel.run(
      `console.log('before'); const name = await input('Who?'); console.log('Hello', name)`,
      answer('Ada'),
    );
    assert.deepEqual(run.order, ['stdout before', 'inputRequest', 'stdout Hello Ada']);
    const asked = run.events.find((event) => event.type === 'inputRequest');
    assert.deepEqual([asked?.prompt, asked?.password], ['Who?', false]);
  });

  it('may be a password, which no event of the kernel holds', async () => {
    const run = await kernel.run(
      `const secret = await input('Token?', { password: true }); secret.length`,
      answer('hunter2'),
    );
    assert.equal(run.result, '7');
    assert.equal(run.events.find((event) => event.type === 'inputRequest')?.password, true);
    assert.ok(!JSON.stringify(run.events).includes('hunter2'));
  });

  it('is null where the question is dismissed, and an error where nobody can be asked', async () => {
    assert.equal((await kernel.run(`await input('?')`, answer(null))).result, 'null');
    const refused = await kernel.run(`1;\nawait input('?')`, answer(null, 'nobody is there'));
    assert.deepEqual(
      [refused.error?.name, refused.error?.message],
      ['InputRefusedError', 'nobody is there'],
    );
    assert.equal(refused.error?.frames[0]?.line, 2);
  });

  it('answers several questions at once, each its own', async () => {
    const asked: string[] = [];
    const run = await kernel.run(
      `(await Promise.all([input('a'), input('b'), input('c')])).join()`,
      (event) => {
        if (event.type !== 'inputRequest') return;
        asked.push(event.id);
        if (asked.length < 3) return;
        asked.forEach((id, i) => kernel.client.replyInput(id, String(i)));
        kernel.client.replyInput(asked[0]!, 'too late');
      },
    );
    assert.equal(run.result, "'0,1,2'");
  });

  it('is given up when the cell is stopped, and an answer that comes then is ignored', async () => {
    let id = '';
    const run = await kernel.run(`await input('Still there?')`, (event) => {
      if (event.type !== 'inputRequest') return;
      id = event.id;
      kernel.client.interrupt();
    });
    assert.equal(run.error?.name, 'Interrupted');
    kernel.client.replyInput(id, 'late');
    assert.equal(await kernel.value('1 + 1'), '2');
  });
});
