import assert from 'node:assert/strict';
import { TestKernel } from './kernelClient.js';

describe('a kernel with a memory cap', () => {
  const kernels: TestKernel[] = [];
  const start = () => {
    const kernel = new TestKernel({ memoryLimit: 320 });
    kernels.push(kernel);
    return kernel;
  };
  after(() => Promise.all(kernels.map((kernel) => kernel.dispose())));

  it('that is exceeded by tensors ends the cell, with the cap and the largest tensors', async () => {
    const kernel = start();
    await kernel.value("import { ones } from 'unroll'; const weights = ones([4000, 5000]); 0");
    const { error } = await kernel.run(
      'const all: unknown[] = []; while (true) all.push(new Float64Array(1e5).fill(1))',
    );
    assert.equal(error?.name, 'KernelDiedError');
    assert.match(error.message, /ran out of memory.*cap is 320 MB/);
    assert.match(error.message, /weights Tensor \[4000, 5000\] 77 MB \(cell 1\)/);
    assert.match((await kernel.run('typeof weights')).stderr, /fresh kernel/);
  });

  it('that is exceeded by objects says so as well', async () => {
    const { error } = await start().run(
      'const all: unknown[] = []; while (true) all.push(new Array(1e4).fill(0).map((_, i) => ({ i })))',
    );
    assert.match(error?.message ?? '', /ran out of memory.*320 MB/);
  });

  it('collects garbage before it gives up', async () => {
    const code = `let sum = 0;
      for (const end = performance.now() + 1500; performance.now() < end; ) sum += new Float64Array(2e6).fill(1)[0]!;
      sum > 0`;
    assert.equal(await start().value(code), 'true');
  });

  it('passes the number of threads on', async () => {
    const kernel = new TestKernel({ threads: 3 });
    kernels.push(kernel);
    assert.equal(await kernel.value('process.env.UNROLL_THREADS'), "'3'");
  });
});
