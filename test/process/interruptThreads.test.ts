import assert from 'node:assert/strict';
import { TestKernel } from './kernelClient.js';

describe('an interrupt of a training step that runs on several threads', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = new TestKernel({ env: { UNROLL_THREADS: '2' } });
    await kernel.value(`
      import { getThreads, LSTM, manualSeed, randn } from 'unroll';
      manualSeed(1);
      const big = new LSTM({ inputSize: 256, hiddenSize: 512 });
      const long = randn([200, 32, 256]);
      const small = randn([10, 32, 256]);
      const weights = () => big.parameters().map(({ data }) => data.reduce((sum, x) => sum + x, 0)).join();
      const train = (x: typeof small) => {
        big.zeroGrad();
        big.forward(x).output.sum().backward();
        return big.parameters().map(({ grad }) => grad!.data.reduce((sum, x) => sum + x, 0)).join();
      };
      const [weightsBefore, before] = [weights(), train(small)];`);
  });
  after(() => kernel.dispose());

  it('a setting in the environment caps the threads', async () => {
    assert.equal(await kernel.value('getThreads()'), '2');
  });

  for (const pass of ['forward', 'there and back'])
    it(`${pass}: ends in the middle, and the next step gives what it would have given`, async () => {
      const step = pass === 'forward' ? 'big.forward(long)' : 'train(long)';
      const pid = kernel.client.pid;
      const { error, reply } = await kernel.runAndInterrupt(
        `console.log('started'); while (true) ${step};`,
      );
      assert.equal(error?.name, 'Interrupted');
      assert.ok(reply.durationMs < 2500, `took ${String(reply.durationMs)} ms`);
      assert.equal(kernel.client.pid, pid);
      assert.equal(
        await kernel.value('train(small) === before && weights() === weightsBefore'),
        'true',
      );
    });
});
