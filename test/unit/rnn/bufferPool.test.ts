import assert from 'node:assert/strict';
import { lstmCell } from '../../../kernel/rnn/index.js';
import { BufferPool } from '../../../kernel/rnn/fused/bufferPool.js';
import { compileProgram } from '../../../kernel/rnn/fused/compile.js';
import { createEngine } from '../../../kernel/rnn/wasm/engine.js';

describe('the buffers of a layer', () => {
  const engine = createEngine()!;
  const program = lstmCell.program({ inputSize: 3, hiddenSize: 5, bias: true });
  const createPool = () => new BufferPool(compileProgram(program, engine)!);
  const dropped = {};

  it('serve one run at a time, and the next of the same size', () => {
    const pool = createPool();
    const first = pool.take(1, 2, 1);
    const second = pool.take(1, 2, 1);
    assert.notEqual(first, second);
    pool.giveBack(first);
    assert.equal(pool.take(1, 2, 1), first);
  });

  it('are given back once, though the layer and its runs may be found dropped in any order', () => {
    const pool = createPool();
    const taken = Array.from({ length: 8 }, () => pool.take(1, 2, 1));
    for (const buffers of taken) pool.watch(dropped, buffers);
    pool.close();
    for (const buffers of taken) pool.giveBack(buffers);
    const held = new Set<number>();
    for (const { parts } of taken)
      for (const { rooms } of parts)
        for (const { length } of rooms) {
          const { byteOffset } = engine.allocate(length);
          assert.ok(!held.has(byteOffset), `${byteOffset} is handed out twice`);
          held.add(byteOffset);
        }
    assert.equal(pool.bytesTaken, 0);
  });
});
