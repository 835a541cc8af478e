/** The chapters of docs/api.md, in order, and the files (below kernel/) whose exports belong to each; the first that fits counts. */
export const groups = [
  ['Tensors', /^rnn\/(tensor|factories|expression|ndarray|random|gradcheck|wasm\/engine)\./],
  ['Modules', /^rnn\/(modules\/(module|hooks|summary|flops)|init)\./],
  [
    'Recurrent layers and cells',
    /^rnn\/(cell\/|modules\/(recurrent|cellLayer|timeStepHooks|variationalDropout|zoneout|bidirectional|residual|sequenceLayer))/,
  ],
  ['Layers', /^rnn\/modules\//],
  ['Losses', /^rnn\/losses\//],
  ['Optimisers, clipping and schedules', /^rnn\/optim\//],
  ['Decoding', /^rnn\/(decode\/|train\/generate\.)/],
  ['Training', /^(rnn\/train\/|notebook\/fit\.)/],
  ['Metrics', /^rnn\/metrics\//],
  ['Data', /^rnn\/data\//],
  ['Tasks', /^rnn\/tasks\//],
  ['Interchange', /^io\/interchange\//],
  ['Files and signals', /^io\//],
  ['Inspection', /^(rnn\/inspect\/|notebook\/(inspector|trace))/],
  ['Notebook output', /^notebook\//],
  ['Errors', /^rnn\/errors\./],
];

/** @throws Error for a file of no chapter */
export function groupOf(file) {
  const group = groups.find(([, pattern]) => pattern.test(file));
  if (!group) throw new Error(`api: ${file} is of no chapter; scripts/api/groups.mjs lists them.`);
  return group[0];
}
