import { LSTM, manualSeed, randn } from '../../../kernel/rnn/index.js';
import { inspect } from '../../../kernel/rnn/inspect/inspect.js';
import { assertHold } from './models.js';

describe('inspection of layers with masks', () => {
  for (const bidirectional of [false, true])
    it(`shows zoneout and variational dropout as they ran, bidirectional ${bidirectional}`, () => {
      manualSeed(1);
      const layer = new LSTM({
        inputSize: 3,
        hiddenSize: 4,
        bidirectional,
        zoneout: 0.4,
        variationalDropout: 0.3,
      });
      const target = randn([5, 2, bidirectional ? 8 : 4]);
      const trace = inspect(
        layer,
        { input: randn([5, 2, 3]), target },
        { loss: (output, given) => output.sub(given).mul(output.sub(given)).sum() },
      );
      assertHold(trace.check());
    });
});
