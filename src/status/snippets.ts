/** What a cell often begins with; bodies in VS Code's snippet syntax, each runs once its places are filled in. */
export interface Snippet {
  prefix: string;
  title: string;
  body: readonly string[];
}

export const snippets: readonly Snippet[] = [
  {
    prefix: 'unroll-model',
    title: 'a recurrent model as a class',
    body: [
      "import { Linear, LSTM, type LSTMState, Module, type Tensor } from 'unroll';",
      '',
      'class ${1:Model} extends Module {',
      '  lstm = new LSTM({ inputSize: ${2:8}, hiddenSize: ${3:32} });',
      '  head = new Linear({ inFeatures: ${3:32}, outFeatures: ${4:1} });',
      '  forward(input: Tensor, state?: LSTMState) {',
      '    const result = this.lstm.forward(input, state);',
      '    return { output: this.head.forward(result.output), state: result.state };',
      '  }',
      '}',
      'const model = new ${1:Model}();',
      'model.summary()',
    ],
  },
  {
    prefix: 'unroll-fit',
    title: 'train a model, with a live loss curve',
    body: [
      "import { Adam, fit, mse } from 'unroll';",
      '',
      'const history = await fit({',
      '  model: ${1:model},',
      '  data: ${2:data},',
      '  loss: ${3:mse},',
      '  optimizer: new Adam(${1:model}.parameters(), { lr: ${4:3e-3} }),',
      '  steps: ${5:500},',
      '  clipNorm: 1,',
      '});',
    ],
  },
  {
    prefix: 'unroll-inspect',
    title: 'walk one batch through backpropagation in time',
    body: [
      "import { inspect, mse } from 'unroll';",
      '',
      'const [batch] = ${2:data};',
      'inspect(${1:model}, batch!, { loss: ${3:mse} })',
    ],
  },
  {
    prefix: 'unroll-cell',
    title: 'a recurrent cell of your own, from its equations',
    body: [
      "import { defineCell, Recurrent } from 'unroll';",
      '',
      'const ${1:leaky} = defineCell({',
      "  name: '${2:Leaky}',",
      '  parameters: ({ inputSize, hiddenSize }) => ({',
      '    weight_ih: [hiddenSize, inputSize],',
      '    weight_hh: [hiddenSize, hiddenSize],',
      '    bias: [hiddenSize],',
      '  }),',
      '  states: ({ hiddenSize }) => ({ h: hiddenSize }),',
      '  step({ x, h }, { weight_ih, weight_hh, bias }) {',
      "    const n = x.linear(weight_ih, bias).add(h.linear(weight_hh)).tanh().as('n');",
      '    return { h: h.mul(${3:0.9}).add(n.mul(${4:0.1})) };',
      '  },',
      '});',
      'const layer = new Recurrent({ cell: ${1:leaky}, inputSize: ${5:8}, hiddenSize: ${6:32} });',
    ],
  },
  {
    prefix: 'unroll-adding',
    title: 'the adding problem: data to try a memory on',
    body: [
      "import { tasks } from 'unroll';",
      '',
      'const data = tasks.adding({ timeSteps: ${1:50}, batchSize: ${2:32} });',
      'const [example] = data;',
      'example',
    ],
  },
  {
    prefix: 'unroll-csv',
    title: 'a table from a CSV file',
    body: [
      "import { readFileSync } from 'node:fs';",
      "import { parseCsv } from 'unroll';",
      '',
      "const table = parseCsv(readFileSync('${1:data.csv}', 'utf8'));",
      'table',
    ],
  },
];
