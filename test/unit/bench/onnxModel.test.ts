import assert from 'node:assert/strict';
import { createOnnxModel, toOnnxGates } from '../../bench/onnxModel.js';
import { createProblem } from '../../bench/problem.js';
import { workloads } from '../../bench/workloads.js';

/** Fields of a message: number → values, numbers or bytes. */
function read(message: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const fields = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const length = varint();
    const isBytes = (tag & 7) === 2;
    const value = isBytes ? message.subarray(at, at + length) : length;
    if (isBytes) at += length;
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}
const text = (value: number | Uint8Array | undefined): string =>
  new TextDecoder().decode(value as Uint8Array);

describe('the ONNX model of a workload', () => {
  it('has the gates in the order i o f c', () => {
    const blocks = { shape: [8], data: Float32Array.of(1, 1, 2, 2, 3, 3, 4, 4) };
    const { shape, data } = toOnnxGates(blocks);
    assert.deepEqual(shape, [1, 8]);
    assert.deepEqual([...data], [1, 1, 4, 4, 2, 2, 3, 3]);
  });

  it('is a graph from tokens and the state to logits and the next state', () => {
    const workload = workloads['I1']!;
    const model = read(createOnnxModel(workload, createProblem(workload)));
    const graph = read(model.get(7)![0] as Uint8Array);
    const namesOf = (field: number, nameField: number) =>
      graph.get(field)!.map((one) => text(read(one as Uint8Array).get(nameField)![0]));
    assert.deepEqual(namesOf(1, 4), ['Gather', 'LSTM', 'Squeeze', 'MatMul', 'Add']);
    assert.deepEqual(namesOf(11, 1), ['tokens', 'h', 'c']);
    assert.deepEqual(namesOf(12, 1), ['output', 'nextH', 'nextC']);
    assert.deepEqual(namesOf(5, 8), ['embedding', 'W', 'R', 'B', 'directionAxis', 'V', 'b']);
  });

  it('is refused for what the writer has no words for', () => {
    const workload = workloads['W4']!;
    assert.throws(() => createOnnxModel(workload, createProblem(workload)), /one LSTM layer/);
  });
});
