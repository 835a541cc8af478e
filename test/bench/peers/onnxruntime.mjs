/** onnxruntime on the CPU: inference of the ONNX file that the driver wrote. */
import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';

const { version } = JSON.parse(
  readFileSync(new URL('node_modules/onnxruntime-node/package.json', import.meta.url), 'utf8'),
);

const tokens = (values, shape) =>
  new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape);

export async function prepare({ workload, problem, threads, onnxFile }) {
  const session = await ort.InferenceSession.create(onnxFile, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
  const { vocabulary, batchSize, hiddenSize } = workload;
  const stateShape = [1, batchSize, hiddenSize];
  const zero = () =>
    new ort.Tensor('float32', new Float32Array(batchSize * hiddenSize), stateShape);
  if (workload.task === 'sample') return { version, steps: samplingSteps(session, zero) };
  const { data, shape } = problem.input;
  const input = vocabulary
    ? { tokens: tokens(data, shape) }
    : { x: new ort.Tensor('float32', data, shape) };
  const feeds = { ...input, h: zero(), c: zero() };
  return {
    version,
    steps: { forward: async () => (await session.run(feeds, ['output'])).output.data },
  };
}

function samplingSteps(session, zero) {
  let state;
  return {
    reset() {
      state = { h: zero(), c: zero() };
    },
    async next(token) {
      const { output, nextH, nextC } = await session.run({
        tokens: tokens([token], [1, 1]),
        ...state,
      });
      state = { h: nextH, c: nextC };
      return output.data;
    },
  };
}
