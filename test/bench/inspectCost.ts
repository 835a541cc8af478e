/** `npm run bench -- inspect`: what looking costs, beside the same step in the executor that looks nowhere. */
import {
  GRU,
  Linear,
  LSTM,
  manualSeed,
  Module,
  mse,
  randn,
  RNN,
  type Recurrent,
  type Tensor,
} from '../../kernel/rnn/index.js';
import { inspect } from '../../kernel/rnn/inspect/inspect.js';
import { digits, toMarkdownTable } from './resultTable.js';
import { median, ratioPerRound } from './statistics.js';

class Tagger extends Module {
  readonly head: Linear;

  constructor(readonly net: Recurrent) {
    super();
    this.head = new Linear({ inFeatures: net.hiddenSize, outFeatures: 4, dtype: 'float64' });
  }

  forward(input: Tensor) {
    return this.head.forward(this.net.forward(input).output);
  }
}

const sizes = { inputSize: 8, hiddenSize: 64, numLayers: 2, dtype: 'float64' } as const;
const cells = {
  RNN: () => new RNN(sizes),
  LSTM: () => new LSTM(sizes),
  GRU: () => new GRU(sizes),
};
const lengths = [50, 100, 200];

/** float64 runs in the stepped executor, which is what a trace is compared with. */
function measureOne(cell: keyof typeof cells, timeSteps: number, rounds: number) {
  manualSeed(1);
  const model = new Tagger(cells[cell]());
  const options = { dtype: 'float64' } as const;
  const batch = {
    input: randn([timeSteps, 1, sizes.inputSize], options),
    target: randn([timeSteps, 1, 4], options),
  };
  const step = () => mse(model.forward(batch.input), batch.target).backward();
  const look = () => inspect(model, batch, { loss: mse });
  const times: Record<'step' | 'look', number[]> = { step: [], look: [] };
  // The first round warms up.
  for (let round = 0; round <= rounds; round++)
    for (const [name, run] of [['step', step] as const, ['look', look] as const]) {
      const began = performance.now();
      for (let n = 0; n < Math.ceil(400 / timeSteps); n++) run();
      const took = (performance.now() - began) / Math.ceil(400 / timeSteps);
      if (round > 0) times[name].push(took);
    }
  return times;
}

/** A table: for each cell and length, both times and their ratio, turn by turn. */
export function measureInspect(rounds: number): string {
  const rows = Object.keys(cells).flatMap((cell) =>
    lengths.map((timeSteps) => {
      const { step, look } = measureOne(cell as keyof typeof cells, timeSteps, rounds);
      const ratio = ratioPerRound(look, step);
      return [
        cell,
        String(timeSteps),
        digits(median(step)),
        digits(median(look)),
        `${digits(ratio.median)} (${digits(ratio.lowest)}–${digits(ratio.highest)})`,
      ];
    }),
  );
  return toMarkdownTable([['cell', 'T', 'step, ms', 'inspect, ms', 'ratio'], ...rows]);
}
